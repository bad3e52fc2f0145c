"""A budget for each group inside a whole: tenants, teams or stages that share one purse."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from isocost.allocate.check import Checked, affordable, checked
from isocost.allocate.milp import Found, Problem, improved
from isocost.allocate.single import Choice, single

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

    value and cost (n, k) as in `choose`; groups (n,) numbers each item's group, from 0; budget (g,). Without a total every
    group is a problem of its own. With one that is too small for all of them, all items are one problem at one price; a
    group that then spends more than its own budget is settled within that, and leaves the others the rest at a lower price, at
    which it would not spend less (water-filling). The bound is the dual at these prices: it holds however the choice was
    found. `exact` hands what may still be better to HiGHS. ValueError: as `choose`, naming the group.
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
        shared = single(table.value[rest], table.cost[rest], total - math.fsum(cost_of[settled]), False)
        level[rest], common = shared.level, shared.price
        chosen = table.cost[np.arange(len(level)), level]
        spent = np.array([math.fsum(chosen[group == number]) for number in range(len(b))])
        over = (spent > b) & ~settled
        if not over.any():
            break
        for index, own in enumerate(alone):
            if over[index]:
                level[group == index] = own.level
        settled |= over
    prices = np.where(settled, np.maximum(price - common, 0.0), 0.0)
    return _certified(table, _Purses(group, b, float(total)), level, prices, common, exact)


def _numbers(groups: ArrayLike, items: int, shape: tuple[int, ...]) -> Levels:
    group = np.asarray(groups)
    if len(shape) != 1 or group.shape != (items,):
        raise ValueError(f"budget must be (groups,) and groups ({items},), one number an item, got {shape} and {group.shape}")
    if items and not (np.issubdtype(group.dtype, np.integer) and group.min() >= 0 and group.max() < shape[0]):
        raise ValueError(f"groups must be whole numbers from 0 to {shape[0] - 1}, got {np.unique(group)[[0, -1]].tolist()}")
    return group.astype(np.intp)


def _alone(table: Checked, budget: Floats, group: Levels, exact: bool) -> list[Choice]:
    """Every group within its own budget."""
    found = []
    for number in range(len(budget)):
        own = group == number
        try:
            found.append(single(table.value[own], table.cost[own], float(budget[number]), exact))
        except ValueError as error:
            raise ValueError(f"group {number}: {error}") from None
    return found


class _Purses(NamedTuple):
    """Each item's group (n,), the groups' budgets (g,), and the whole's."""

    group: Levels
    budget: Floats
    total: float


def _certified(table: Checked, purses: _Purses, level: Levels, prices: Floats, common: float, exact: bool) -> GroupsChoice:
    """The plan with the dual at these prices as its bound, or the plan that HiGHS finds beyond it."""
    group, b, total = purses

    def used(item: Levels, at: Levels) -> csr_array:
        m, cost = np.arange(len(item)), table.cost[item, at]
        entries = np.tile(cost, 2), (np.append(group[item], np.full(len(m), len(b))), np.tile(m, 2))
        return csr_array(entries, shape=(len(b) + 1, len(m)))

    problem = Problem(table.value, used, np.append(b, total), table.whole)
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
