"""Paired differences, and the correction for making many of them."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, stdtr

from isocost.stats.proportions import Floats, cluster_codes, nonempty, t_of, variance_of_mean, z_of


class Difference(NamedTuple):
    """A mean difference, its interval, and the probability of one as large if there were none."""

    value: float
    low: float
    high: float
    n: int
    method: str
    p: float


def paired_difference(
    a: ArrayLike, b: ArrayLike, clusters: ArrayLike | None = None, confidence: float = 0.95, *, share: bool = False
) -> Difference:
    """The mean of a - b over the pairs where both are known (Miller 2024, section 4: pairing removes what questions share).

    In general: t on the differences, robust to clusters. Pairs of 0/1 values, each its own cluster: the interval of Bonett &
    Price (2012), the plain one after adding one pair of each discordant kind, and the exact test of McNemar. `share` says that
    all values lie in [0, 1] (means of attempts, say): then t too takes two such pairs more, each the size of a cluster, so that
    systems which never differed are not proved equal; equal values in [0, 1] are taken so in any case.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"a and b must be two rows of equal length, got shapes {first.shape} and {second.shape}.")
    kept = ~(np.isnan(first) | np.isnan(second))
    codes = cluster_codes(clusters, len(first))[kept]
    first, second = first[kept], second[kept]
    differences = first - second
    totals, counts = nonempty(np.bincount(codes, weights=differences), np.bincount(codes))
    n, groups = len(differences), len(counts)
    if groups < 2:
        value = float(differences.mean()) if n else math.nan
        return Difference(value, -math.inf, math.inf, n, "unbounded: one cluster" if n else "unbounded: no pairs", 1.0)
    if groups == n and _within(first, second, binary=True):
        return _binary_difference(differences, confidence)
    if share or (variance_of_mean(totals, counts) == 0 and _within(first, second)):
        return _share_difference(totals, counts, confidence)
    return _t_difference(totals, counts, confidence)


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p of McNemar (1947): a fair coin for each pair in which just one of the two is right."""
    n = only_a + only_b
    return 1.0 if n == 0 else min(1.0, 2 * float(bdtr(min(only_a, only_b), n, 0.5)))


def holm(p: ArrayLike) -> Floats:
    """The p values adjusted for being many (Holm 1979): below alpha with at most probability alpha that any is wrong."""
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(raw, kind="stable")
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)))
    return adjusted


def _within(first: Floats, second: Floats, *, binary: bool = False) -> bool:
    both = np.concatenate((first, second))
    return bool((((both == 0) | (both == 1)) if binary else ((both >= 0) & (both <= 1))).all())


def _binary_difference(differences: Floats, confidence: float) -> Difference:
    n, wins, losses = len(differences), int((differences > 0).sum()), int((differences < 0).sum())
    up, down = (wins + 1) / (n + 2), (losses + 1) / (n + 2)
    half, value = z_of(confidence) * math.sqrt((up + down - (up - down) ** 2) / (n + 2)), (wins - losses) / n
    low, high = min(max(-1.0, up - down - half), value), max(min(1.0, up - down + half), value)
    return Difference(value, low, high, n, "Bonett-Price, exact McNemar", mcnemar(wins, losses))


def _share_difference(totals: Floats, counts: Floats, confidence: float) -> Difference:
    n, clusters = int(counts.sum()), len(counts)
    size, value = n / clusters, float(totals.sum()) / n
    more = _t_difference(np.append(totals, (size, -size)), np.append(counts, (size, size)), confidence)
    low, high = min(max(-1.0, more.low), value), max(min(1.0, more.high), value)
    return Difference(value, low, high, n, f"paired t, two pairs added, {clusters} clusters", more.p)


def _t_difference(totals: Floats, counts: Floats, confidence: float) -> Difference:
    n, clusters = round(counts.sum()), len(counts)
    value, variance = float(totals.sum() / counts.sum()), variance_of_mean(totals, counts)
    if variance == 0:
        return Difference(value, -math.inf, math.inf, n, "unbounded: no spread", 1.0)
    error = math.sqrt(variance)
    half = t_of(confidence, clusters - 1) * error
    p = 2 * float(stdtr(clusters - 1, -abs(value) / error))
    return Difference(
        value, value - half, value + half, n, "paired t" if n == clusters else f"paired t, {clusters} clusters", p
    )
