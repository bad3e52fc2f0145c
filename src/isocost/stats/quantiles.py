"""Distribution-free intervals of a quantile."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from isocost.stats.proportions import Floats, Interval, check_confidence, cluster_codes, clustered_wilson


def quantile_interval(values: ArrayLike, q: float, clusters: ArrayLike | None = None, confidence: float = 0.95) -> Interval:
    """The q-quantile (linear between order statistics) and its interval; an end that n values cannot bound is infinite.

    Independent values: the two order statistics whose ranks leave at most half of the error on each side (Conover 1999,
    3.2): exact whatever the distribution. Clusters: Woodruff's (1952): the interval of the share at or below the quantile,
    robust to clusters, read back through the empirical distribution.
    """
    if not 0 < q < 1:
        raise ValueError(f"q must lie between 0 and 1, got {q}. Hint: .5 for the median.")
    array = np.asarray(values, dtype=np.float64)
    kept = ~np.isnan(array)
    codes = None if clusters is None else cluster_codes(clusters, len(array))[kept]
    array = array[kept]
    n = len(array)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0, "unbounded: no values")
    ordered = np.sort(array)  # once, and faster here than three selections
    value = _linear(ordered, q)
    if codes is not None and np.bincount(codes).max() > 1:
        share = clustered_wilson(np.bincount(codes, weights=array <= value), np.bincount(codes), confidence)
        if share.method.startswith("unbounded"):
            return Interval(value, -math.inf, math.inf, n, share.method)
        shift = q - share.value  # around q, not around the share found: they differ by the rounding of ranks only
        low, high = math.floor(n * (share.low + shift)), math.floor(n * (share.high + shift)) + 1
        return Interval(value, *_order_statistics(ordered, low, high), n, "Woodruff")
    return Interval(value, *_order_statistics(ordered, *_ranks(n, q, confidence)), n, "order statistics")


def _ranks(n: int, q: float, confidence: float) -> tuple[int, int]:
    tail = (1 - check_confidence(confidence)) / 2
    return _binomial_quantile(tail, n, q), _binomial_quantile(1 - tail, n, q) + 1


def _binomial_quantile(probability: float, n: int, q: float) -> int:
    """The smallest k with P(B <= k) >= probability, by bisection."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bdtr(middle, n, q) >= probability else (middle, high)
    return high


def _linear(ordered: Floats, q: float) -> float:
    """`numpy.quantile` of sorted values, to the last digit."""
    place = (len(ordered) - 1) * q
    below = math.floor(place)
    return float(np.quantile(ordered[below : below + 2], place - below))


def _order_statistics(ordered: Floats, low: int, high: int) -> tuple[float, float]:
    """The values of two ranks counted from 1; beyond the ends, infinite."""
    first = -math.inf if low < 1 else float(ordered[low - 1])
    return first, math.inf if high > len(ordered) else float(ordered[high - 1])
