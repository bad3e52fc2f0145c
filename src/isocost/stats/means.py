"""Intervals of a mean and of a ratio of means, robust to clusters."""

import math

import numpy as np
from numpy.typing import ArrayLike

from isocost.stats.proportions import (
    Floats,
    Interval,
    cluster_codes,
    clustered_wilson,
    nonempty,
    t_of,
    variance_of_mean,
    wilson,
)


def clustered_mean(values: ArrayLike, clusters: ArrayLike | None = None, confidence: float = 0.95) -> Interval:
    """The mean of the values and its interval, robust to any dependence within clusters.

    Values that are all 0 or 1 are a share: `clustered_wilson`. Others: t on clusters - 1 degrees of freedom with the
    cluster-robust variance (`variance_of_mean`). One cluster, or values without any spread, leave the interval unbounded;
    if all the values lie in [0, 1] and are equal, they still bound their mean as a share would.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"values must be one row, got shape {array.shape}.")
    codes, kept = cluster_codes(clusters, len(array)), ~np.isnan(array)
    array, codes = array[kept], codes[kept]
    totals, counts = np.bincount(codes, weights=array), np.bincount(codes)
    if len(array) and ((array == 0) | (array == 1)).all():
        return clustered_wilson(totals, counts, confidence)
    if len(array) and 0 <= array.min() == array.max() <= 1:
        return clustered_wilson(totals, counts, confidence, binary=False)
    return mean_of_sums(totals, counts, confidence)


def mean_of_sums(totals: ArrayLike, counts: ArrayLike, confidence: float = 0.95) -> Interval:
    """`clustered_mean` of any values, from each cluster's total and count."""
    sums, sizes = nonempty(totals, counts)
    clusters, n = len(sizes), int(sizes.sum())
    if clusters == 0:
        return Interval(math.nan, -math.inf, math.inf, 0, "unbounded: no values")
    mean = float(sums.sum()) / n
    if clusters == 1:
        return Interval(mean, -math.inf, math.inf, n, "unbounded: one value" if n == 1 else "unbounded: one cluster")
    variance = variance_of_mean(sums, sizes)
    if variance == 0:
        return Interval(mean, -math.inf, math.inf, n, "unbounded: no spread")
    half = t_of(confidence, clusters - 1) * math.sqrt(variance)
    return Interval(mean, mean - half, mean + half, n, "t" if n == clusters else f"t, {clusters} clusters")


def ratio_of_sums(numerators: ArrayLike, denominators: ArrayLike, confidence: float = 0.95) -> Interval:
    """sum(numerators)/sum(denominators) of non-negative totals by cluster, and Fieller's interval (Fieller 1954).

    All theta for which the mean of numerator - theta * denominator could be 0, by the t of its variance. An end is infinite
    where the denominator itself could be 0, and the ratio is infinite where it is 0 in every cluster; then, or where the
    denominator shows no spread, its mean is bounded as a share (it must lie in [0, 1])
    and both ends take half of the error.
    """
    up, down = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    g = len(up)
    if g < 2:
        value = math.nan if g == 0 else _over(float(up[0]), float(down[0]))
        return Interval(value, 0.0, math.inf, g, "unbounded: one cluster" if g else "unbounded: no values")
    a, b = float(up.mean()), float(down.mean())
    if b == 0 or down.min() == down.max():
        return _boxed_ratio(up, b, confidence)
    t2 = t_of(confidence, g - 1) ** 2 / g
    (aa, ab), (_, bb) = np.cov(up, down).tolist()
    # theta is inside where (b^2 - t2 bb) theta^2 - 2 (ab_mean) theta + (a^2 - t2 aa) <= 0.
    square, cross, constant = b * b - t2 * bb, a * b - t2 * ab, a * a - t2 * aa
    root = math.sqrt(max(0.0, cross * cross - square * constant))
    if square > 0:
        low, high = (cross - root) / square, (cross + root) / square
    else:  # The denominator could be 0: the set is open upwards, and starts at its one positive end, if any.
        low, high = (
            (0.0 if constant <= 0 or square == 0 else max(0.0, (cross - root) / square, (cross + root) / square)),
            math.inf,
        )
    return Interval(a / b, max(0.0, min(low, a / b)), max(high, a / b), g, "Fieller")


def _boxed_ratio(up: Floats, b: float, confidence: float) -> Interval:
    each = (1 + confidence) / 2
    top = mean_of_sums(up, np.ones(len(up)), each)
    low, high = (top.value, top.value) if top.method == "unbounded: no spread" else (top.low, top.high)
    share = wilson(b * len(up), len(up), each) if b <= 1 else Interval(b, b, b, len(up), "")
    return Interval(
        _over(top.value, b), max(0.0, low) / share.high, _over(high, share.low), len(up), "numerator t, denominator Wilson"
    )


def _over(a: float, b: float) -> float:
    return a / b if b else math.inf
