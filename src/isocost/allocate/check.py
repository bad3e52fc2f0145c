"""What the allocator accepts: tables in which every item has a level, and a budget that pays the cheapest of each."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.allocate.rows import in_blocks
from isocost.allocate.sums import add, join

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]


class Checked(NamedTuple):
    """Two tables (n, k) of doubles that hold what `choose` needs, and what one reading of them says.

    `least` is the cost of every item's cheapest level and `most` that of its best level (the cheapest of them), each rounded
    once from the exact sum; `whole` says that all values are integers.
    """

    value: Floats
    cost: Floats
    least: float
    most: float
    whole: bool


def checked(value: ArrayLike, cost: ArrayLike) -> Checked:
    """The two tables as doubles; a ValueError names the item whose values or costs cannot be used."""
    v, c = np.ascontiguousarray(value, dtype=float), np.ascontiguousarray(cost, dtype=float)
    if v.ndim != 2 or v.shape != c.shape:
        raise ValueError(f"value and cost must have the same shape (items, levels), got {v.shape} and {c.shape}")
    blocks = in_blocks(lambda start, stop: _read(v, c, start, stop), *v.shape)
    for bad, *_ in blocks:
        if bad >= 0:
            raise ValueError(_complaint(bad, v[bad], c[bad]))
    sums = [0.0, 0.0, 0.0, 0.0]
    for _, least, less, most, more, _ in blocks:
        sums = [*join(sums[0], sums[1], least, less), *join(sums[2], sums[3], most, more)]
    return Checked(v, c, sums[0], sums[2], all(block[-1] for block in blocks))


def affordable(table: Checked, budget: float) -> float:
    """The budget, if every item's cheapest level fits into it; a ValueError says what they cost otherwise."""
    amount = float(budget)
    if not np.isfinite(amount):
        raise ValueError(f"budget must be a finite number, got {amount}. Hint: {table.most!r} buys every item's best level")
    if amount < table.least:
        raise ValueError(f"budget must be at least {table.least!r}, the cost of every item's cheapest level, got {budget!r}")
    return amount


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _read(value: Floats, cost: Floats, start: int, stop: int) -> tuple[int, float, float, float, float, bool]:
    """The first item that cannot be used (-1: none), the least cost, the best levels' cost; whether all values are integers."""
    least, less, most, more, whole = 0.0, 0.0, 0.0, 0.0, True
    for i in range(start, stop):
        low, top, price = np.inf, -np.inf, np.inf
        for j in range(value.shape[1]):
            v, c = value[i, j], cost[i, j]
            if v != v:
                continue
            if not (0.0 <= c < np.inf and -np.inf < v < np.inf):
                return i, 0.0, 0.0, 0.0, 0.0, False
            whole &= v == np.rint(v)
            low = min(low, c)
            if v > top or (v == top and c < price):
                top, price = v, c
        if low == np.inf:
            return i, 0.0, 0.0, 0.0, 0.0, False
        least, less = add(least, less, low)
        most, more = add(most, more, price)
    return -1, least, less, most, more, whole


def _complaint(item: int, value: Floats, cost: Floats) -> str:
    for level, (v, c) in enumerate(zip(value.tolist(), cost.tolist(), strict=True)):
        if np.isinf(v):
            return f"values must be finite, got {v} at item {item}, level {level}. Hint: NaN forbids a level"
        if not np.isnan(v) and not 0 <= c < np.inf:
            hint = "Hint: a NaN value forbids a level, whatever its cost"
            return f"costs must be finite and at least 0, got {c} at item {item}, level {level}. {hint}"
    return f"every item needs a level to choose, item {item} has none: its {len(value)} values are all NaN"
