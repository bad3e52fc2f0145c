"""One level for each item, the most value within a budget: the multiple-choice knapsack, with its price and a proved bound."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.allocate.check import affordable, checked
from isocost.allocate.highs import by_highs
from isocost.allocate.hull import at_price
from isocost.allocate.relax import Relaxed, relaxed
from isocost.allocate.sums import join, picked
from isocost.allocate.swaps import Effort, Plan, near, search

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
FIRST, USUAL, EXACT = Effort(1 << 10, 1 << 20), Effort(1 << 13, 1 << 23), Effort(1 << 17, 1 << 27)
CLOSE = 1e-9  # of the value: a gap that is worth no proof unless it is asked for


class Choice(NamedTuple):
    """A level for each item (n,), its summed value and cost, and how good it is.

    `value` and `cost` are sums exact to 106 bits, rounded once (as `math.fsum` does); `cost` is at most the budget. `price` is
    the dual variable: the value that one more unit of budget buys (0: nothing more to buy). No choice within the budget is
    worth more than `bound`. `optimal`: it is proved that none is better, up to the rounding that `bound - value` shows.
    """

    level: Levels
    value: float
    cost: float
    price: float
    bound: float
    optimal: bool


def single(value: ArrayLike, cost: ArrayLike, budget: float, exact: bool) -> Choice:
    """What `choose` says of one budget."""
    table = checked(value, cost)
    amount = affordable(table, budget)
    if table.most <= amount:
        level = at_price(table.value, table.cost, 0.0)
        worth = picked(table.value, level)[0]
        return Choice(level, worth, table.most, 0.0, worth, True)
    plan = relaxed(table.value, table.cost, amount)
    return _closed(table.value, table.cost, plan, amount, float(table.whole), exact)


def _closed(value: Floats, cost: Floats, plan: Relaxed, budget: float, unit: float, exact: bool) -> Choice:
    """The relaxation's whole part, improved by the swaps that can improve it: those nearest to the price, then all others."""
    level, price = plan.level, plan.price
    room = price * ((budget - plan.spent[0]) - plan.spent[1])  # what the relaxation gains at most
    enough = 0.0 if exact else CLOSE * abs(picked(value, level)[0] + room)
    item, to = plan.more
    gain = float((value[item, to] - value[item, level[item]]).sum())
    start = Plan(*plan.spent, budget, price, gain, unit, enough)
    some = value[plan.near], cost[plan.near], level[plan.near]
    swaps = near(*some, price, np.inf)
    found = search(*some, swaps, start, FIRST)
    if found.gain > gain:
        item, to = plan.near[swaps.item[found.chosen]], swaps.level[found.chosen]
    gap = room - found.gain
    swaps = near(value, cost, level, price, gap if gap > enough else 0.0)
    last = search(value, cost, level, swaps, start._replace(gain=found.gain, enough=0.0), EXACT if exact else USUAL)
    floor = min(last.floor, swaps.limit)
    if last.gain > found.gain:
        item, to = swaps.item[last.chosen], swaps.level[last.chosen]
    if exact and floor < room - last.gain - last.blur and swaps.limit >= gap:
        floor = max(floor, room - by_highs(value, cost, level, swaps, start))
    worth, spent = _swapped(value, level, item, to, swaps.value), _swapped(cost, level, item, to, plan.spent)
    ahead = max(0.0, room - last.gain - floor)
    bound = worth + ahead + swaps.excess
    bound = max(worth, math.floor(bound) if unit else bound)
    level[item] = to
    return Choice(level, worth, spent, price, bound, ahead <= last.blur or bound <= worth)


def _swapped(table: Floats, level: Levels, item: Levels, to: Levels, total: tuple[float, float]) -> float:
    """The table's sum over the levels, which is the total, after some items have taken others."""
    high, low = picked(-table[item], level[item])
    return float(join(*join(*total, high, low), *picked(table[item], to))[0])
