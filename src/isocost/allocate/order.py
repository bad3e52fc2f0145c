"""Stable sorting of many slopes at the speed of sorting plain integers."""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]
FEW = 1 << 12  # numbers that are sorted sooner as they are


def descending(numbers: Floats) -> Levels:
    """The positions of numbers >= 0, the largest first, the earlier first among equals.

    The bits of doubles >= 0 are in the doubles' order: as many leading bits as fit beside the position are sorted with it, as
    one integer (numpy sorts integers ten times faster than it sorts positions), and runs of equal leading bits are mended.
    """
    n = len(numbers)
    if n < FEW:
        return np.argsort(-numbers, kind="stable")
    low = np.uint64(n.bit_length())
    bits = ~numbers.view(np.uint64) << np.uint64(1)  # the sign says nothing
    key = (bits >> low << low) | np.arange(n, dtype=np.uint64)
    key.sort()
    order = (key & ((np.uint64(1) << low) - np.uint64(1))).astype(np.intp)
    _mend(bits, low, order)
    return order


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _mend(bits: NDArray[np.uint64], low: np.uint64, order: Levels) -> None:
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and bits[order[stop]] >> low == bits[order[start]] >> low:
            stop += 1
        arrange(bits, order[start:stop])
        start = stop


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def arrange(key: Floats, places: Levels) -> None:
    """Sorts the places by their keys, then by themselves, in their own memory (Shell's sort: short, and quick on few)."""
    gap = (len(places) + 1) // 2
    while gap > 0:
        for t in range(gap, len(places)):
            place, at = places[t], t
            while at >= gap:
                other = places[at - gap]
                if key[other] < key[place] or (key[other] == key[place] and other < place):
                    break
                places[at] = other
                at -= gap
            places[at] = place
        gap //= 2
