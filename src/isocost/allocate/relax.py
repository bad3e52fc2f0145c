"""The linear relaxation: levels may be mixed, so the best plan buys upgrades by slope until the budget is spent."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from isocost.allocate.hull import Steps, steps
from isocost.allocate.order import descending
from isocost.allocate.rows import in_blocks
from isocost.allocate.sums import add, join, picked

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
FEW = 1000  # items whose upgrades are sorted sooner than a sample says which of them matter
NEAR = 64  # upgrades on each side of the price whose items are worth a first search


class Relaxed(NamedTuple):
    """The relaxation's whole part: every upgrade before the first that the budget no longer pays.

    `level` (n,) costs `spent` (high and low part of an exact sum), within the budget; `price` is the slope of that first
    upgrade, the relaxation's dual variable; `near` are the items whose upgrades have slopes nearest to it. `more` is a plan to
    begin with, as the items that get another level and that level: the later upgrades that the budget still pays, one by one.
    """

    level: Levels
    spent: tuple[float, float]
    price: float
    near: Levels
    more: tuple[Levels, Levels]


def relaxed(value: Floats, cost: Floats, budget: float) -> Relaxed:
    """The relaxation's whole part at a budget that pays every item's cheapest level, and not every item's best.

    A sample brackets the price; one reading of the tables settles every item that has one best level in the whole bracket, and
    only the others' upgrades are sorted.
    """
    n, k = value.shape
    low, high = _bracket(value, cost, budget) if n > FEW else (0.0, np.inf)
    level, core, spent = np.empty(n, dtype=np.intp), np.arange(n), (0.0, 0.0)
    if high < np.inf:
        open_ = np.empty(n, dtype=np.bool_)
        settled, least, most = 0.0, 0.0, 0.0
        sums = in_blocks(lambda a, b: _settle(value, cost, low, high, level, open_, a, b), n, k)
        spent = sums[0][:2]
        for block in sums[1:]:
            spent = join(*spent, *block[:2])
        settled = spent[0]
        least, most = settled + sum(b[2] for b in sums), settled + sum(b[3] for b in sums)
        if least <= budget < most:
            core = np.flatnonzero(open_)
        else:  # the sample misled
            low, high, spent = 0.0, np.inf, (0.0, 0.0)
    upgrades = steps(value[core], cost[core])
    level[core] = upgrades.start
    spent = join(*spent, *picked(cost[core], upgrades.start))
    order = by_slope(upgrades, low, high)
    bought, *spent = buy(upgrades, order, cost[core], *spent, budget)
    level[core[upgrades.item[order[:bought]]]] = upgrades.level[order[:bought]]
    price = float(upgrades.slope[order[bought]]) if bought < len(order) else low
    around = order[max(0, bought - NEAR) : bought + NEAR]
    own = level[core]
    filled = _fill(upgrades, order[bought:], own, cost[core], *spent, budget)
    changed = np.flatnonzero(filled != own)
    more = core[changed], filled[changed]
    return Relaxed(level, (spent[0], spent[1]), price, core[np.unique(upgrades.item[around])], more)


def by_slope(upgrades: Steps, low: float = 0.0, high: float = np.inf) -> Levels:
    """The upgrades down to the low slope, the steepest first, item by item among equals; not sorted above the high slope."""
    if low == 0 and high == np.inf:
        return descending(upgrades.slope)
    first = np.flatnonzero(upgrades.slope > high)
    rest = np.flatnonzero((upgrades.slope >= low) & (upgrades.slope <= high))
    return np.concatenate([first, rest[descending(upgrades.slope[rest])]])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def buy(upgrades: Steps, order: Levels, cost: Floats, high: float, low: float, budget: float) -> tuple[int, float, float]:
    """How many upgrades the budget pays after (high, low) is spent, in their order up to the first it does not; and the sum."""
    for count in range(len(order)):
        t = order[count]
        i = upgrades.item[t]
        more, rest = add(high, low, -cost[i, upgrades.before[t]])
        more, rest = add(more, rest, cost[i, upgrades.level[t]])
        if more > budget:
            return count, high, low
        high, low = more, rest
    return len(order), high, low


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(upgrades: Steps, order: Levels, own: Levels, cost: Floats, high: float, low: float, budget: float) -> Levels:
    """The levels after every upgrade in the order that its item has come to and that the budget still pays."""
    level = own.copy()
    for t in order:
        i = upgrades.item[t]
        if level[i] == upgrades.before[t]:
            more, rest = add(high, low, -cost[i, upgrades.before[t]])
            more, rest = add(more, rest, cost[i, upgrades.level[t]])
            if more <= budget:
                high, low, level[i] = more, rest, upgrades.level[t]
    return level


def _bracket(value: Floats, cost: Floats, budget: float) -> tuple[float, float]:
    """Two slopes that very likely lie on both sides of the price, from a sample of items drawn with a fixed seed."""
    n = len(value)
    rows = np.random.default_rng(0).integers(n, size=int(2 * n ** (2 / 3)))
    sample, m = steps(value[rows], cost[rows]), len(rows)
    if not len(sample.slope):
        return 0.0, np.inf
    order = by_slope(sample)
    base = cost[rows, sample.start]
    spent = np.cumsum(sample.cost[order]) + base.sum()
    at = int(np.searchsorted(spent, budget * (m / n)))
    each = base + np.bincount(sample.item[order[:at]], sample.cost[order[:at]], m)
    reach = 4 * each.std() * np.sqrt(m)
    slope = np.concatenate([[2 * sample.slope[order[0]]], sample.slope[order], [0.0]])
    first, last = np.searchsorted(spent, budget * (m / n) + np.array([-reach, reach]))
    return float(slope[last + 1]), float(slope[first + (first > 0)])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _settle(
    value: Floats, cost: Floats, low: float, high: float, level: Levels, open_: NDArray[np.bool_], start: int, stop: int
) -> tuple[float, float, float, float]:
    """Levels that are best at both prices, and their exact cost; what the other items cost at the high price and at the low."""
    spent, rest, least, most = 0.0, 0.0, 0.0, 0.0
    for i in range(start, stop):
        thrifty, lavish, a, b = -np.inf, -np.inf, 0, 0
        for j in range(value.shape[1]):
            v, c = value[i, j], cost[i, j]
            score = v - high * c
            if score > thrifty or (score == thrifty and c < cost[i, a]):
                thrifty, a = score, j
            score = v - low * c
            if score > lavish or (score == lavish and c > cost[i, b]):
                lavish, b = score, j
        level[i], open_[i] = a, a != b
        if a == b:
            spent, rest = add(spent, rest, cost[i, a])
        else:
            least += cost[i, a]
            most += cost[i, b]
    return spent, rest, least, most
