"""Sums of floats, exact to about 106 bits: a number is the unevaluated sum of two doubles (Dekker 1971; Knuth, TAOCP 2)."""

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def add(high: float, low: float, x: float) -> tuple[float, float]:
    """(high, low) + x, with high the sum rounded once."""
    total = high + x
    back = total - high
    low += (high - (total - back)) + (x - back)
    rounded = total + low
    return rounded, low - (rounded - total)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def join(high: float, low: float, more: float, rest: float) -> tuple[float, float]:
    """(high, low) + (more, rest), with high the sum rounded once."""
    high, low = add(high, low, rest)
    high, low = add(high, low, more)
    return high, low


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def picked(table: NDArray[np.float64], level: NDArray[np.intp]) -> tuple[float, float]:
    """The sum of each row's entry at its level; the first of the two is what `math.fsum` says."""
    high, low = 0.0, 0.0
    for i in range(len(level)):
        high, low = add(high, low, table[i, level[i]])
    return high, low


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def running(first: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the first numbers, and after it the sums with one more of the others each, (len(then) + 1,)."""
    high, low, out = 0.0, 0.0, np.empty(len(then) + 1)
    for x in first:
        high, low = add(high, low, x)
    out[0] = high
    for t in range(len(then)):
        high, low = add(high, low, then[t])
        out[t + 1] = high
    return out
