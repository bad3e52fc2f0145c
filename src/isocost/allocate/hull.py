"""Each item's efficient levels: those that are best at some price of the budget, and the steps from one to the next."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from isocost.allocate.order import arrange
from isocost.allocate.rows import in_blocks

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]


class Steps(NamedTuple):
    """The upgrades along every item's efficient hull, item by item, from the cheapest level up.

    Upgrade t raises `item[t]` from level `before[t]` to `level[t]`, adds `cost[t]` > 0 and `value[t]` > 0, and buys `slope[t]`,
    value a unit of cost, which never rises within an item. `start` (n,) is every item's cheapest efficient level.
    """

    start: Levels
    item: Levels
    before: Levels
    level: Levels
    slope: Floats
    cost: Floats
    value: Floats


def steps(value: Floats, cost: Floats) -> Steps:
    """The upgrades that linear relaxation can use: dominated and LP-dominated levels are left out (Sinha & Zoltners 1979).

    The tables (n, k) are as `checked` returns them. Of equal levels the first stands.
    """
    n, k = value.shape
    hull, size = np.empty((n, k), dtype=np.int32), np.empty(n, dtype=np.int64)
    in_blocks(lambda start, stop: _hulls(value, cost, hull, size, start, stop), n, k)
    ends = np.cumsum(size - 1)
    count = int(ends[-1]) if n else 0
    out = Steps(hull[:, 0].astype(np.intp), *np.empty((3, count), dtype=np.intp), *np.empty((3, count)))
    in_blocks(lambda start, stop: _fill(value, cost, hull, size, ends, out, start, stop), n, k)
    return out


def reordered(upgrades: Steps, order: Levels) -> Steps:
    """The upgrades in another order, or some of them."""
    out = Steps(upgrades.start, *np.empty((3, len(order)), dtype=np.intp), *np.empty((3, len(order))))

    def take(start: int, stop: int) -> None:
        for part, to in zip(upgrades[1:], out[1:], strict=True):
            np.take(part, order[start:stop], out=to[start:stop], mode="clip")  # no checks: the order is ours

    in_blocks(take, len(order), len(out))
    return out


def at_price(value: Floats, cost: Floats, price: float) -> Levels:
    """Each item's best level when cost is paid for at the price: largest value - price * cost, the cheapest of equals, (n,)."""
    level = np.empty(len(value), dtype=np.intp)
    in_blocks(lambda start, stop: _at_price(value, cost, price, level, start, stop), *value.shape)
    return level


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _by_cost(value: Floats, cost: Floats, order: NDArray[np.int32]) -> int:
    """Fills order with a row's allowed levels from the cheapest up, the earlier first among equals; their number."""
    count = 0
    for j in range(len(value)):
        if value[j] == value[j]:
            order[count] = j
            count += 1
    arrange(cost, order[:count])
    return count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _hulls(value: Floats, cost: Floats, hull: NDArray[np.int32], size: NDArray[np.int64], start: int, stop: int) -> None:
    """The upper left hull of each row's points, by Andrew's monotone chain, in place of the row's order by cost."""
    for i in range(start, stop):
        v, c, row = value[i], cost[i], hull[i]
        top = 0
        for t in range(_by_cost(v, c, row)):
            j = row[t]
            if top > 0 and v[j] <= v[row[top - 1]]:
                continue
            if top > 0 and c[j] == c[row[top - 1]]:
                top -= 1
            while top > 1:
                a, b = row[top - 2], row[top - 1]
                if (v[b] - v[a]) * (c[j] - c[b]) > (v[j] - v[b]) * (c[b] - c[a]):
                    break
                top -= 1
            row[top] = j
            top += 1
        size[i] = top


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(
    value: Floats,
    cost: Floats,
    hull: NDArray[np.int32],
    size: NDArray[np.int64],
    ends: Levels,
    out: Steps,
    start: int,
    stop: int,
) -> None:
    for i in range(start, stop):
        at, slope = ends[i] - size[i] + 1, np.inf
        for t in range(1, size[i]):
            a, b = hull[i, t - 1], hull[i, t]
            out.item[at], out.before[at], out.level[at] = i, a, b
            out.cost[at], out.value[at] = cost[i, b] - cost[i, a], value[i, b] - value[i, a]
            slope = min(slope, out.value[at] / out.cost[at])  # rounding must not turn two steps of an item around
            out.slope[at] = slope
            at += 1


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _at_price(value: Floats, cost: Floats, price: float, level: Levels, start: int, stop: int) -> None:
    for i in range(start, stop):
        best, spent, at = -np.inf, np.inf, -1
        for j in range(value.shape[1]):
            score = value[i, j] - price * cost[i, j]
            if score > best or (score == best and cost[i, j] < spent):
                best, spent, at = score, cost[i, j], j
        level[i] = at
