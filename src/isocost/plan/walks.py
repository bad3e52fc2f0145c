"""The compiled count of votes as they come in; apart, so that only those who count pay for importing the compiler."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Walk(NamedTuple):
    """(m, A), after each draw: the place of the leader's first vote (-1: none), its votes, the runner-up's, and how many of the
    last draws in a row were the same answer."""

    leader: Integers
    most: Integers
    second: Integers
    run: Integers


def walk(codes: Integers) -> Walk:
    """The votes of (m, A) answers counted from the left; a negative code is no vote. Of equal counts the first seen leads."""
    return Walk(*_walk(np.ascontiguousarray(codes, dtype=np.int64)))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _walk(codes: Integers) -> tuple[Integers, Integers, Integers, Integers]:
    rows, length = codes.shape
    leader, most = np.full((rows, length), -1), np.zeros((rows, length), dtype=np.int64)
    second, run = np.zeros((rows, length), dtype=np.int64), np.zeros((rows, length), dtype=np.int64)
    first, votes = np.empty(length, dtype=np.int64), np.empty(length, dtype=np.int64)
    for row in range(rows):
        different, top = 0, -1  # of the answers in order of first sight: how many, and the place of the leader among them
        for draw in range(length):
            code = codes[row, draw]
            if code >= 0:
                place = 0
                while place < different and codes[row, first[place]] != code:
                    place += 1
                if place == different:
                    first[place], votes[place] = draw, 0
                    different += 1
                votes[place] += 1
                if top < 0 or votes[place] > votes[top] or (votes[place] == votes[top] and place < top):
                    top = place
                run[row, draw] = run[row, draw - 1] + 1 if draw and codes[row, draw - 1] == code else 1
            if top >= 0:
                leader[row, draw], most[row, draw] = first[top], votes[top]
                for place in range(different):
                    if place != top and votes[place] > second[row, draw]:
                        second[row, draw] = votes[place]
    return leader, most, second, run
