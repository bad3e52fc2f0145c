"""The bootstrap: of any statistic, and, compiled, of the means of many rows at once."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from isocost.stats.proportions import Floats, cluster_codes, t_of

FEW = 4_000_000  # draws that numpy makes sooner than numba is imported
TOGETHER = 16  # replicates summed in one pass over the table


class Bootstrapped(NamedTuple):
    """A statistic, its bootstrap interval, and the replicates it was read from."""

    value: float
    low: float
    high: float
    n: int
    method: str
    replicates: Floats


def bootstrap(
    values: ArrayLike,
    statistic: Callable[[Floats], float] = np.mean,
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Bootstrapped:
    """The statistic of the values, resampled along their first axis, whole clusters together (Efron 1979).

    The interval is the percentile interval, widened for few clusters as the t is (the expanded percentile interval of
    Hesterberg 2015, section 4.1). One cluster, or replicates without any spread, leave it unbounded.
    """
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    if n == 0 or replicates < 1:
        raise ValueError(f"bootstrap needs at least 1 value and 1 replicate, got {n} and {replicates}.")
    value = float(statistic(array))
    codes = cluster_codes(clusters, n)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    if len(members) < 2:
        return Bootstrapped(value, -math.inf, math.inf, n, "unbounded: one cluster", np.full(replicates, value))
    drawn = np.empty(replicates)
    for replicate in range(replicates):
        chosen = rng.integers(len(members), size=len(members))
        rows = chosen if clusters is None else np.concatenate([members[c] for c in chosen])
        drawn[replicate] = statistic(array[rows])
    return Bootstrapped(value, *_percentiles(drawn, len(members), confidence), n, f"bootstrap, {replicates} replicates", drawn)


def bootstrap_means(matrix: ArrayLike, replicates: int, rng: np.random.Generator, clusters: ArrayLike | None = None) -> Floats:
    """Bootstrap replicates of each row's mean, shape (replicates, rows); NaN cells are missing.

    matrix: (rows, items). Every row of a replicate is resampled by the same items (whole clusters of them, if given), so the
    replicates keep what the rows share. A mean of nothing is NaN. The same rng state gives the same replicates on any number
    of cores.
    """
    totals, counts = _sums(np.atleast_2d(np.asarray(matrix, dtype=np.float64)), clusters)
    rows, units = totals.shape
    if np.isinf(totals).any():
        raise ValueError("bootstrap means need finite values, got an infinite one. Hint: NaN marks a missing value.")
    if units == 0 or replicates < 1:
        raise ValueError(f"bootstrap needs at least 1 item and 1 replicate, got {units} and {replicates}.")
    table = np.ascontiguousarray((totals if counts is None else np.concatenate((totals, counts))).T)
    sums = _few_sums(table, replicates, rng) if replicates * units <= FEW else _many_sums(table, replicates, rng)
    with np.errstate(invalid="ignore"):
        means: Floats = sums / units if counts is None else sums[:, :rows] / sums[:, rows:]
    return means


def _few_sums(table: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    """Sums of the table's columns over its rows drawn with replacement; done before a compiler would be imported."""
    units = len(table)
    drawn = rng.integers(units, size=(replicates, units)) + np.arange(0, replicates * units, units)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=replicates * units).reshape(replicates, units)
    sums: Floats = weights.astype(np.float64) @ table
    return sums


def _many_sums(table: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    """The same, compiled, each replicate with a stream of its own."""
    from isocost.stats.kernels import resampled_sums

    seeds = rng.integers(2**64, size=replicates, dtype=np.uint64)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda start: resampled_sums(seeds[start : start + TOGETHER], table), range(0, replicates, TOGETHER))
        return np.concatenate(list(parts))


def _sums(matrix: Floats, clusters: ArrayLike | None) -> tuple[Floats, Floats | None]:
    """Totals of each row by cluster; counts too, unless each is 1."""
    known = ~np.isnan(matrix)
    whole = bool(known.all())
    if clusters is None:
        return (matrix, None) if whole else (np.where(known, matrix, 0.0), known.astype(np.float64))
    codes = cluster_codes(clusters, matrix.shape[1])
    filled = matrix if whole else np.where(known, matrix, 0.0)
    totals = np.array([np.bincount(codes, weights=row) for row in filled])
    return totals, np.array([np.bincount(codes, weights=row) for row in known])


def _percentiles(drawn: Floats, clusters: int, confidence: float) -> tuple[float, float]:
    if drawn.min() == drawn.max():
        return -math.inf, math.inf
    tail = float(ndtr(-math.sqrt(clusters / (clusters - 1)) * t_of(confidence, clusters - 1)))
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)
