"""The compiled loop of the bootstrap; apart, so that only those who draw pay for importing the compiler."""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


# "contract" lets a product and a sum become one instruction; nothing else about floats is loosened.
@numba.njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]  # numba has no types
def resampled_sums(seeds: NDArray[np.uint64], table: Floats) -> Floats:
    """Sums of the table's columns over its rows drawn with replacement, one row of sums a seed.

    The stream is SplitMix64 (Steele, Lea & Flood 2014). A draw is Lemire's (2019) multiply-and-shift with rejection, so that
    each row is equally likely to the last bit. Four rows are added at a time, for all seeds: the table is read once.
    """
    units, columns = table.shape
    tally = np.zeros((len(seeds), units + 3), dtype=np.uint16)  # three empty rows more, so that fours fit
    mask, half, bound = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(units)
    threshold = np.uint64(2**32) % bound
    for draw in range(len(seeds)):
        state, left = seeds[draw], units
        while left > 0:
            state += np.uint64(0x9E3779B97F4A7C15)
            word = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            word ^= word >> np.uint64(31)
            for part in (word & mask, word >> half):
                product = part * bound
                if (product & mask) >= threshold and left > 0:
                    tally[draw, product >> half] += np.uint16(1)
                    left -= 1
    sums, last = np.zeros((len(seeds), columns)), units - 1
    for i in range(0, units, 4):
        j, k, m = min(i + 1, last), min(i + 2, last), min(i + 3, last)
        for draw in range(len(seeds)):
            a, b, c, d = float(tally[draw, i]), float(tally[draw, i + 1]), float(tally[draw, i + 2]), float(tally[draw, i + 3])
            for column in range(columns):
                value = sums[draw, column]
                value += a * table[i, column]
                value += b * table[j, column]
                value += c * table[k, column]
                value += d * table[m, column]
                sums[draw, column] = value
    return sums
