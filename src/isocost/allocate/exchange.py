"""From mixed levels to whole ones within several budgets: rounding that remembers its error, then changes by ones and twos."""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def rounded(plans: NDArray[np.intp], share: Floats, cost: Floats, unit: Floats) -> Levels:
    """One plan (n,) for a mixture of plans (m, n) by their shares (m,), that costs about what the mixture costs.

    Each item in turn takes the level of that plan which brings what was spent so far nearest to what the mixture would have
    spent, in units (r,): error feedback, as in sigma-delta modulation. cost is (n, k, r).
    """
    count, n = plans.shape
    budgets = cost.shape[2]
    level: Levels = plans[0].copy()
    error, aim = np.zeros(budgets), np.zeros(budgets)
    for i in range(n):
        same = True
        for m in range(1, count):
            same &= plans[m, i] == plans[0, i]
        if same:
            continue
        aim[:] = 0.0
        for m in range(count):
            for a in range(budgets):
                aim[a] += share[m] * cost[i, plans[m, i], a]
        nearest = np.inf
        for m in range(count):
            off = 0.0
            for a in range(budgets):
                off += ((error[a] + cost[i, plans[m, i], a] - aim[a]) / unit[a]) ** 2
            if off < nearest:
                nearest, level[i] = off, plans[m, i]
        for a in range(budgets):
            error[a] += cost[i, level[i], a] - aim[a]
    return level


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def exchanged(value: Floats, cost: Floats, level: Levels, left: Floats, unit: Floats) -> bool:
    """Changes the levels (n,) of one or two items at a time, the best change first, until none helps; whether the budgets hold.

    left (r,) is what the plan leaves of the budgets, negative where it overspends. While it overspends a change helps that
    overspends less, in units (r,); from then on one that is worth more and overspends nothing. NaN values are no levels.
    """
    n, k = value.shape
    budgets = len(left)
    item, other = np.empty(n * k, dtype=np.intp), np.empty(n * k, dtype=np.intp)
    gain, more = np.empty(n * k), np.empty((n * k, budgets))
    for _ in range(20 * n + 100):
        size = 0
        for i in range(n):
            for j in range(k):
                if j != level[i] and value[i, j] == value[i, j]:
                    item[size], other[size] = i, j
                    size += 1
        for t in range(size):
            i, j = item[t], other[t]
            gain[t] = value[i, j] - value[i, level[i]]
            more[t] = cost[i, j] - cost[i, level[i]]
        if left.min() >= 0:
            first, second = _best_gain(item[:size], gain[:size], more[:size], left)
        else:
            first, second = _least_over(item[:size], gain[:size], more[:size], left, unit)
        if first < 0:
            break
        for t in (first, second):
            if t >= 0:
                level[item[t]] = other[t]
                left -= more[t]
    return bool(left.min() >= 0)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _best_gain(item: Levels, gain: Floats, more: Floats, left: Floats) -> tuple[int, int]:
    """The change of one or two items that gains most and fits into what is left; -1 for none."""
    order = np.argsort(-gain, kind="mergesort")
    best, first, second = 1e-12 * np.abs(gain).sum() / max(1, len(gain)), -1, -1
    for s in range(len(order)):
        x = order[s]
        if 2 * gain[x] <= best:
            break
        if gain[x] > best and (more[x] <= left).all():
            best, first, second = gain[x], x, -1
        for t in range(s + 1, len(order)):
            y = order[t]
            if gain[x] + gain[y] <= best:
                break
            fits = item[x] != item[y]
            for a in range(len(left)):
                fits &= more[x, a] + more[y, a] <= left[a]
            if fits:
                best, first, second = gain[x] + gain[y], x, y
    return first, second


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _least_over(item: Levels, gain: Floats, more: Floats, left: Floats, unit: Floats) -> tuple[int, int]:
    """The change of one or two items after which least is overspent, and of those the one that gains most; -1 for none."""
    least, most, first, second = 0.0, -np.inf, -1, -1
    for a in range(len(left)):
        least += max(0.0, -left[a]) / unit[a]
    least *= 1 - 1e-12
    for x in range(len(gain)):
        for y in range(x, len(gain)):
            if y > x and item[x] == item[y]:
                continue
            over, pair = 0.0, 1.0 if y > x else 0.0
            for a in range(len(left)):
                over += max(0.0, more[x, a] + pair * more[y, a] - left[a]) / unit[a]
            worth = gain[x] + pair * gain[y]
            if over < least or (over == least and worth > most and first >= 0):
                least, most, first, second = over, worth, x, y if y > x else -1
    return first, second
