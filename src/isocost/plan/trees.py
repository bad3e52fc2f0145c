"""The compiled growth of one small tree; apart, so that only those who grow trees pay for importing the compiler."""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def grow(
    codes: NDArray[np.uint8], over: Floats, seen: NDArray[np.int64], tried: NDArray[np.int64], bins: int, leaf: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]:
    """A full binary tree that splits so that what is left over varies least within its leaves, summed over all targets.

    codes: (n, d) which bin each coordinate lies in. over: (n, r) targets. seen: the rows it is grown on. tried:
    (2^depth - 1, k) the coordinates that each node may split by. leaf: a side has at least so many rows. Gives by node the
    coordinate and the last bin that goes left (`bins` where nothing is split: all go left), by leaf its mean (0 where it is
    empty), and each row's leaf. The children of node i are 2 i + 1 and 2 i + 2.
    """
    inner, targets = len(tried), over.shape[1]
    feature, cut = np.zeros(inner, dtype=np.int64), np.full(inner, bins, dtype=np.int64)
    at, first = np.zeros(len(codes), dtype=np.int64), 0
    while first < inner:  # a level of nodes: first, ..., 2 first
        best = np.full(first + 1, -1.0)
        for k in range(tried.shape[1]):
            count, total = np.zeros((first + 1, bins)), np.zeros((first + 1, bins, targets))
            for i in seen:
                node, bin_ = at[i] - first, codes[i, tried[at[i], k]]
                count[node, bin_] += 1
                for t in range(targets):
                    total[node, bin_, t] += over[i, t]
            for node in range(first + 1):
                rows, sums = count[node].sum(), total[node].sum(axis=0)
                least = (sums**2).sum() / max(rows, 1.0)
                left, below = 0.0, np.zeros(targets)
                for b in range(bins - 1):
                    left += count[node, b]
                    square, other = 0.0, 0.0
                    for t in range(targets):
                        below[t] += total[node, b, t]
                        square += below[t] ** 2
                        other += (sums[t] - below[t]) ** 2
                    if count[node, b] > 0 and left >= leaf and rows - left >= leaf:
                        gain = square / left + other / (rows - left) - least
                        if gain > max(best[node], 1e-12 * least):
                            best[node] = gain
                            feature[first + node], cut[first + node] = tried[first + node, k], b
        for i in range(len(codes)):
            at[i] = 2 * at[i] + 1 + (codes[i, feature[at[i]]] > cut[at[i]])
        first = 2 * first + 1
    at -= inner
    size, value = np.zeros((inner + 1, 1)), np.zeros((inner + 1, targets))
    for i in seen:
        size[at[i]] += 1
        value[at[i]] += over[i]
    return feature, cut, value / np.maximum(size, 1.0), at
