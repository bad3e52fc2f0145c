"""A budget for each group inside a whole: tenants, teams or stages that share one purse."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scipy.sparse import csr_array

from isocost.allocate.check import Checked, affordable, checked
from isocost.allocate.choose import Choice, choose
from isocost.allocate.milp import Found, Problem, improved

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]


class GroupsChoice(NamedTuple):
    """A level for each item (n,), the summed value, each group's cost and price (g,), the whole's price, and how good it is.

    One more unit in group g's budget and in the whole buys `price[g] + total_price`; in the group's alone `price[g]`, in the
    whole's alone `total_price`. No choice within all budgets is worth more than `bound`.
    """

    level: Levels
    value: float
    cost: Floats
    price: Floats
    total_price: float
    bound: float
    optimal: bool


def choose_in_groups(
    value: ArrayLike, cost: ArrayLike, budget: ArrayLike, groups: ArrayLike, *, total: float | None = None, exact: bool = False
) -> GroupsChoice:
    """The levels that are worth most together, within each group's budget and within the total.

    value and cost (n, k) as in `choose`; groups (n,) numbers each item's group, from 0; budget (g,). Without a total every group
    is a problem of its own. With one: where the groups together would like to spend more than the total, all of them are one
    problem at one price; a group that then spends more than its own budget is settled within that budget and leaves the others
    the rest, at a lower price, at which no group once settled would spend less (water-filling). The bound is the dual at
    these prices, so it certifies what came out whatever way it was found. ValueError: as `choose`, naming the group.
    """
    table = checked(value, cost)
    b, group = np.asarray(budget, dtype=np.float64), _numbers(groups, len(table.value), np.shape(budget))
    alone = _alone(table, b, group, exact)
    level = np.zeros(len(group), dtype=np.intp)
    for number, own in enumerate(alone):
        level[group == number] = own.level
    cost_of = np.array([own.cost for own in alone])
    price, bound = np.array([own.price for own in alone]), math.fsum(own.bound for own in alone)
    if total is None or math.fsum(cost_of) <= affordable(table, total):
        worth = math.fsum(own.value for own in alone)
        return GroupsChoice(level, worth, cost_of, price, 0.0, max(worth, bound), all(own.optimal for own in alone))
    settled = np.zeros(len(b), dtype=np.bool_)
    common = 0.0
    while not settled.all():
        rest = np.flatnonzero(~settled[group])
        found = choose(table.value[rest], table.cost[rest], total - math.fsum(cost_of[settled]))
        level[rest], common = found.level, found.price
        chosen = table.cost[np.arange(len(level)), level]
        spent = np.array([math.fsum(chosen[group == number]) for number in range(len(b))])
        over = (spent > b) & ~settled
        if not over.any():
            break
        for number in np.flatnonzero(over):
            level[group == number] = alone[number].level
        settled |= over
    prices = np.where(settled, np.maximum(price - common, 0.0), 0.0)
    limits = np.append(b, float(total))
    problem = Problem(
        table.value, lambda item, _level: _rows(table.cost[item, _level], group[item], len(b)), limits, table.whole
    )
    net = table.value - (prices[group] + common)[:, None] * table.cost
    best = np.nanmax(net, axis=1, keepdims=True)
    dual = math.fsum([*best.ravel(), *(prices * b), common * total])
    dual += 1e-13 * (abs(dual) + float(np.nanmax(np.abs(table.value))))  # so that rounding cannot break the bound
    found = Found(level, dual, False)
    if exact:
        found = improved(problem, level, np.where(np.isnan(net), np.inf, best - net), dual)
    plan = level if found.level is None else found.level
    worth = problem.worth(plan)
    bound = max(worth, math.floor(found.bound + 1e-9) if table.whole else found.bound)
    proved = found.proved or bound - worth <= 1e-12 * abs(worth)
    return GroupsChoice(plan, worth, problem.spent(plan)[:-1], prices, common, bound, proved)


def _numbers(groups: ArrayLike, items: int, shape: tuple[int, ...]) -> Levels:
    group = np.asarray(groups)
    if len(shape) != 1 or group.shape != (items,):
        raise ValueError(f"budget must be (groups,) and groups ({items},), one number an item, got {shape} and {group.shape}")
    if items and not (np.issubdtype(group.dtype, np.integer) and 0 <= group.min() and group.max() < shape[0]):
        raise ValueError(f"groups must be whole numbers from 0 to {shape[0] - 1}, got {np.unique(group)[[0, -1]].tolist()}")
    return group.astype(np.intp)


def _alone(table: Checked, budget: Floats, group: Levels, exact: bool) -> list[Choice]:
    """Every group within its own budget."""
    found = []
    for number in range(len(budget)):
        own = group == number
        try:
            found.append(choose(table.value[own], table.cost[own], budget[number], exact=exact))
        except ValueError as error:
            raise ValueError(f"group {number}: {error}") from None
    return found


def _rows(cost: Floats, group: Levels, groups: int) -> csr_array:
    """What levels of these costs use of each group's budget and of the whole."""
    m = np.arange(len(cost))
    entries = np.tile(cost, 2), (np.append(group, np.full(len(cost), groups)), np.append(m, m))
    return csr_array(entries, shape=(groups + 1, len(cost)))
