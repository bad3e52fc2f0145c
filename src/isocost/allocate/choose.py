"""One level for each item, the most value within a budget: the multiple-choice knapsack, with its price and a proved bound."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.allocate.check import affordable, checked
from isocost.allocate.hull import at_price
from isocost.allocate.relax import Relaxed, relaxed
from isocost.allocate.sums import add, picked
from isocost.allocate.swaps import Found, Plan, Swaps, near, search

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
FIRST, USUAL, EXACT = (1 << 10, 1 << 20), (1 << 13, 1 << 23), (1 << 18, 1 << 28)  # plans kept at a time, and looked at in all
CLOSE = 1e-9  # of the value: a gap that is worth no proof unless it is asked for


class Choice(NamedTuple):
    """A level for each item (n,), its summed value and cost, and how good it is.

    `value` and `cost` are the exact sums rounded once (`math.fsum`); `cost` is at most the budget. `price` is the dual variable:
    the value that one more unit of budget buys (0: nothing more to buy). No choice within the budget is worth more than `bound`.
    `optimal` says that this is proved to be the best choice, up to the rounding that `bound - value` shows.
    """

    level: Levels
    value: float
    cost: float
    price: float
    bound: float
    optimal: bool


def choose(
    value: ArrayLike,
    cost: ArrayLike,
    budget: ArrayLike,
    *,
    exact: bool = False,
    at_least: float | None = None,
    groups: ArrayLike | None = None,
) -> Choice:
    """The levels that are worth most together and cost at most the budget."""
    table = checked(value, cost)
    amount = affordable(table, float(budget))  # type: ignore[arg-type]
    if table.most <= amount:
        level = at_price(table.value, table.cost, 0.0)
        worth = picked(table.value, level)[0]
        return Choice(level, worth, table.most, 0.0, worth, True)
    plan = relaxed(table.value, table.cost, amount)
    return _closed(table.value, table.cost, plan, amount, float(table.whole), exact)


def _closed(value: Floats, cost: Floats, plan: Relaxed, budget: float, unit: float, exact: bool) -> Choice:
    """The relaxation's whole part, improved by the swaps that can improve it."""
    level, price = plan.level, plan.price
    room = price * ((budget - plan.spent[0]) - plan.spent[1])
    enough = 0.0 if exact else CLOSE * abs(picked(value, level)[0] + room)
    start = Plan(*plan.spent, budget, price, 0.0, unit, enough)
    some = value[plan.near], cost[plan.near], level[plan.near]
    swaps = near(*some, price, np.inf)
    found = search(some[1], some[0], swaps, some[2], start, *FIRST)
    chosen = plan.near[swaps.item[found.chosen]], swaps.level[found.chosen]
    gap = room - found.gain
    swaps = near(value, cost, level, price, gap if gap > enough else 0.0)
    last = search(cost, value, swaps, level, start._replace(gain=found.gain, enough=0.0), *(EXACT if exact else USUAL))
    if last.gain > found.gain:
        chosen = swaps.item[last.chosen], swaps.level[last.chosen]
    worth, spent = swaps.value, plan.spent
    for item, to in zip(*chosen, strict=True):
        worth = add(*add(*worth, -value[item, level[item]]), value[item, to])
        spent = add(*add(*spent, -cost[item, level[item]]), cost[item, to])
    ahead = max(0.0, room - last.gain - min(last.floor, swaps.limit))
    bound = worth[0] + ahead + swaps.excess
    if unit:
        bound = math.floor(bound)
    level[chosen[0]] = chosen[1]
    return Choice(level, worth[0], spent[0], price, max(bound, worth[0]), ahead <= last.blur or bound <= worth[0])
