"""From the relaxation to whole levels: the few swaps that could beat the best plan found, and the best set of them.

At the relaxation's price every level of an item loses something against the item's own (its reduced cost). A plan that beats
the best one found uses only swaps that lose less than the gap that is left, and loses less in all: the search goes through
these swaps alone, those that lose least first, and keeps the plans that no other plan beats in both cost and value (the
expanding core of Pisinger 1995, "A minimal algorithm for the multiple-choice knapsack problem", by reduced costs, not slopes).
"""

from functools import partial
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from isocost.allocate.rows import in_blocks
from isocost.allocate.sums import add, join

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
ROOM = 1 << 16  # swaps that one block of rows may name
EPSILON = 2.0**-53
TILT = 1e-3  # how much plans far from the budget count as losing more, when some must be left out


class Swaps(NamedTuple):
    """Swaps that lose less than `limit` at the price: `item` leaves its level for `level`.

    `value` (high, low) is what all items' own levels are worth; `excess` bounds what rounding may have hidden from the losses.
    """

    item: Levels
    level: Levels
    limit: float
    value: tuple[float, float]
    excess: float


class Found(NamedTuple):
    """The best set of swaps: its gain, their positions, and the least that an unexplored plan loses (infinite: none is left).

    `blur` is what rounding can hide in a gain.
    """

    gain: float
    chosen: Levels
    floor: float
    blur: float


class Moves(NamedTuple):
    """The swaps of each item together, `ends[g]:ends[g + 1]`, in the order of the items' turns; costs as (high, low)."""

    ends: Levels
    cost: Floats
    rest: Floats
    gain: Floats
    loss: Floats


class Plan(NamedTuple):
    """A plan to improve on: what it has spent (high, low) of the budget, its price, the gain to beat, and by how much.

    `unit` divides every gain (0: none is known); an improvement of less than `enough` is not looked for.
    """

    spent: float
    rest: float
    budget: float
    price: float
    gain: float
    unit: float
    enough: float


class Effort(NamedTuple):
    """How many plans are kept at a time, and about how many are looked at in all."""

    width: int
    work: int


def near(value: Floats, cost: Floats, level: Levels, price: float, limit: float) -> Swaps:
    """The swaps that lose less than the limit against the items' levels at the price; a smaller limit if they are too many."""
    for most in (limit, limit / 8, limit / 64):
        blocks = in_blocks(partial(_near, value, cost, level, price, most), *value.shape)
        if all(len(block[0]) < ROOM for block in blocks):
            break
    else:
        most = 0.0
    item, other = (np.concatenate([block[side] for block in blocks]) for side in (0, 1))
    total = (0.0, 0.0)
    for block in blocks:
        total = join(*total, block[2], block[3])
    return Swaps(item, other, most, total, sum(block[4] for block in blocks))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _near(
    value: Floats, cost: Floats, level: Levels, price: float, limit: float, start: int, stop: int
) -> tuple[Levels, Levels, float, float, float]:
    item, other = np.empty(ROOM, dtype=np.intp), np.empty(ROOM, dtype=np.intp)
    count, high, low, excess, size = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(start, stop):
        own = level[i]
        score = value[i, own] - price * cost[i, own]
        high, low = add(high, low, value[i, own])
        over, largest = 0.0, 0.0
        for j in range(value.shape[1]):
            v, spent = value[i, j], price * cost[i, j]
            loss = score - (v - spent)
            if loss < limit and j != own and count < ROOM:
                item[count], other[count] = i, j
                count += 1
            if -loss > over:
                over = -loss
            if abs(v) + spent > largest:
                largest = abs(v) + spent
        excess += over
        size += largest
    return item[:count], other[:count], high, low, excess + 4 * EPSILON * size


def search(value: Floats, cost: Floats, level: Levels, swaps: Swaps, plan: Plan, effort: Effort) -> Found:
    """The best set of swaps, at most one an item, that keeps the plan within its budget; none if none gains more than it has.

    Where the effort does not reach for all plans, `floor` says what was left out.
    """
    i, j = swaps.item, swaps.level
    own = level[i]
    more, gain = cost[i, j] - cost[i, own], value[i, j] - value[i, own]
    rest = (cost[i, j] - more) - cost[i, own]
    loss = np.maximum(0.0, plan.price * more - gain)
    order = np.lexsort((j, loss, i))
    first = np.flatnonzero(np.diff(i[order], prepend=-1))
    turn = np.argsort(_turns(more[order], loss[order], first), kind="stable")
    sizes = np.diff(first, append=len(order))[turn]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    order = order[np.repeat(first[turn] - ends[:-1], sizes) + np.arange(len(order))]
    moves = Moves(ends, more[order], rest[order], gain[order], loss[order])
    best, chain, floor, blur = _search(moves, plan, effort.width, effort.work)
    return Found(best, order[chain], floor, blur)


def _turns(more: Floats, loss: Floats, first: Levels) -> Levels:
    """When each item's turn comes: items that lose least by spending more and by spending less are taken alternately."""
    if not len(first):
        return first
    sides = [np.minimum.reduceat(np.where(side, loss, np.inf), first) for side in (more > 0, more <= 0)]
    return np.minimum(*(np.argsort(np.argsort(side, kind="stable"), kind="stable") for side in sides))


class _Bounds(NamedTuple):
    """What the items from a place on can still do: the least loss of a swap, of a unit down and up, and the most cost down."""

    least: Floats
    down: Floats
    up: Floats
    most: Floats


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _bounds(moves: Moves, price: float) -> _Bounds:
    groups = len(moves.ends) - 1
    least, down, up, most = (
        np.full(groups + 1, np.inf),
        np.full(groups + 1, np.inf),
        np.full(groups + 1, price),
        np.zeros(groups + 1),
    )
    for g in range(groups - 1, -1, -1):
        least[g], down[g], up[g], drop = least[g + 1], down[g + 1], up[g + 1], 0.0
        for t in range(moves.ends[g], moves.ends[g + 1]):
            cost, loss = moves.cost[t], moves.loss[t]
            least[g] = min(least[g], loss)
            drop = max(drop, -cost)
            if cost > 0:
                up[g] = min(up[g], loss / cost)
            elif cost < 0:
                down[g] = min(down[g], loss / -cost)
        most[g] = most[g + 1] + drop
    return _Bounds(least, down, up, most)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _least(bounds: _Bounds, g: int, above: bool, over: float, loss: float) -> float:
    """The least that a plan loses in the end which has lost `loss`, is `over` the budget, and must swap an item from g on."""
    if above:
        if over > bounds.most[g] * (1 + 1e-9):
            return np.inf
        loss += max(bounds.least[g], bounds.down[g] * over)
    else:
        loss += max(bounds.least[g], -over * bounds.up[g])
    return loss


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _search(moves: Moves, plan: Plan, width: int, work: int) -> tuple[float, Levels, float, float]:
    """Goes through the items, and keeps the plans that no plan beats in cost and value and that may still gain enough."""
    bounds, slack = _bounds(moves, plan.price), (plan.budget - plan.spent) - plan.rest
    parent, swap, used = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.int32), 0
    # Rows: cost (high, low), gain, loss, and the last swap's place in the chain of those that made the plan.
    old, now, new = np.empty((5, 2 * width + 1)), np.empty((5, 2 * width + 1)), np.empty((5, 2 * width + 1))
    old[0, 0], old[1, 0], old[2, 0], old[3, 0], old[4, 0] = plan.spent, plan.rest, 0.0, 0.0, -1.0
    size, floor, best, last = 1, np.inf, plan.gain, -1
    blur = plan.price * plan.budget * 4 * EPSILON
    for t in range(len(moves.gain)):
        blur = max(blur, 64 * EPSILON * (abs(moves.gain[t]) + moves.loss[t]))
    margin = max(plan.enough, plan.unit - blur, blur)
    limit = plan.price * slack - best - margin
    for g in range(len(moves.ends) - 1):
        first, end = moves.ends[g], moves.ends[g + 1]
        if bounds.least[g] >= limit:
            break
        work -= size * (end - first) * (end - first + 1)
        if work < 0:
            for s in range(size):
                floor = min(floor, _least(bounds, g, old[0, s] > plan.budget, (old[0, s] - plan.budget) + old[1, s], old[3, s]))
            break
        while len(swap) < used + size * (end - first):
            parent, swap = np.concatenate((parent, parent)), np.concatenate((swap, swap))
        for s in range(size):
            _copy(old, s, now, s)
        count = size
        for t in range(first, end):
            x, y, kept, top = 0, 0, 0, -np.inf
            while x < size or y < count:
                swapped = False
                if x < size:
                    high, low = add(old[0, x], old[1, x], moves.cost[t])
                    high, low = add(high, low, moves.rest[t])
                    gain = old[2, x] + moves.gain[t]
                    swapped = y == count or high < now[0, y] or (high == now[0, y] and (low, -gain) < (now[1, y], -now[2, y]))
                if swapped:
                    loss, node = old[3, x] + moves.loss[t], old[4, x]
                    x += 1
                else:
                    high, low, gain, loss, node = now[0, y], now[1, y], now[2, y], now[3, y], now[4, y]
                    y += 1
                if gain <= top:
                    continue
                top = gain
                better = high <= plan.budget and gain > best
                lost = _least(bounds, g + 1, high > plan.budget, (high - plan.budget) + low, loss)
                if better:
                    best, last = gain, used
                    limit = plan.price * slack - best - margin
                if swapped and (better or lost < limit):
                    parent[used], swap[used] = int(node), t
                    node = used
                    used += 1
                if lost < limit:
                    new[0, kept], new[1, kept], new[2, kept], new[3, kept], new[4, kept] = high, low, gain, loss, node
                    kept += 1
            if kept > width:
                kept, left = _trim(new, kept, width, bounds, g + 1, plan)
                floor = min(floor, left)
            now, new, count = new, now, kept
        old, now, size = now, old, count
    chain = np.empty(len(moves.ends), dtype=np.intp)
    length = 0
    while last >= 0:
        chain[length] = swap[last]
        length, last = length + 1, parent[last]
    return best, chain[:length], floor, blur


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _smallest(numbers: Floats, place: int) -> float:
    """The number at the place in ascending order, by Hoare's selection (numpy's takes numba twelve seconds to compile)."""
    left, right = 0, len(numbers) - 1
    while left < right:
        middle, a, b = numbers[(left + right) // 2], left, right
        while a <= b:
            while numbers[a] < middle:
                a += 1
            while numbers[b] > middle:
                b -= 1
            if a <= b:
                numbers[a], numbers[b] = numbers[b], numbers[a]
                a, b = a + 1, b - 1
        if place <= b:
            right = b
        elif place >= a:
            left = a
        else:
            break
    number: float = numbers[place]
    return number


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _copy(source: Floats, s: int, target: Floats, t: int) -> None:
    for row in range(5):
        target[row, t] = source[row, s]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _trim(plans: Floats, count: int, width: int, bounds: _Bounds, g: int, plan: Plan) -> tuple[int, float]:
    """Keeps, in their order, the plans that may lose least; their number, and the least that one left out loses."""
    rank, floor, budget, price = np.empty(count), np.inf, plan.budget, plan.price
    for s in range(count):
        over = (plans[0, s] - budget) + plans[1, s]
        lost = _least(bounds, g, plans[0, s] > budget, over, plans[3, s])
        rank[s] = lost + TILT * price * abs(over)
    edge, kept = _smallest(rank.copy(), width), 0
    for s in range(count):
        if rank[s] < edge:
            _copy(plans, s, plans, kept)
            kept += 1
        else:
            floor = min(floor, _least(bounds, g, plans[0, s] > budget, (plans[0, s] - budget) + plans[1, s], plans[3, s]))
    return kept, floor
