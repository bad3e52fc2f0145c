"""Slow obvious twins of `isocost.stats`: each from its definition, by search or by loops, without its formulas."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np


def bisect(inside: Callable[[float], bool], low: float, high: float) -> float:
    """Where `inside` changes from its value at low."""
    start = inside(low)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) == start else (low, middle)
    return (low + high) / 2


def wilson(successes: float, n: float, z: float) -> tuple[float, float]:
    """All p that a score test does not reject."""
    share = successes / n

    def kept(p: float) -> bool:
        return abs(share - p) <= z * math.sqrt(p * (1 - p) / n)

    return bisect(kept, share, 0.0) if share > 0 else 0.0, bisect(kept, share, 1.0) if share < 1 else 1.0


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(B <= k), summed."""
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


def clopper_pearson(successes: int, n: int, tail: float) -> tuple[float, float]:
    """The p at which so many successes, or so few, have just the tail's probability."""
    low = bisect(lambda p: 1 - binomial_cdf(successes - 1, n, p) <= tail, 0.0, 1.0) if successes else 0.0
    high = bisect(lambda p: binomial_cdf(successes, n, p) >= tail, 0.0, 1.0) if successes < n else 1.0
    return low, high


def cluster_error(values: Sequence[float], clusters: Sequence[int]) -> float:
    """The standard error of Miller 2024, eq. 4: a sum over all pairs of values in a cluster, times G/(G-1)."""
    n, groups, mean = len(values), len(set(clusters)), sum(values) / len(values)
    double = sum((values[i] - mean) * (values[j] - mean) for i in range(n) for j in range(n) if clusters[i] == clusters[j])
    return math.sqrt(max(0.0, groups / (groups - 1) * double)) / n


def fieller(up: np.ndarray, down: np.ndarray, t: float) -> tuple[float, float]:
    """The least and the greatest ratio, on a fine grid, at which the mean of up - ratio * down could be 0."""
    grid = np.linspace(0, 4 * up.mean() / down.mean(), 400_001)
    difference = up.mean() - grid * down.mean()
    error = np.sqrt((up.var(ddof=1) - 2 * grid * np.cov(up, down)[0, 1] + grid**2 * down.var(ddof=1)) / len(up))
    kept = grid[np.abs(difference) <= t * error]
    return float(kept.min()), float(kept.max())


def holm(p: Sequence[float]) -> list[float]:
    """By closed testing: a hypothesis is as sure as the least sure Bonferroni test of any set that holds it."""
    sets = [s for size in range(1, len(p) + 1) for s in combinations(range(len(p)), size)]
    return [max(min(1.0, len(s) * min(p[i] for i in s)) for s in sets if h in s) for h in range(len(p))]


def pass_at_k(n: int, c: int, k: int) -> float:
    """The share of all subsets of k attempts that hold a right one."""
    attempts = [1] * c + [0] * (n - c)
    subsets = list(combinations(range(n), k))
    return sum(any(attempts[i] for i in s) for s in subsets) / len(subsets)


def resampled_sums(seed: int, table: np.ndarray) -> np.ndarray:
    """The kernel's stream in plain integers, one row added at a time."""
    state, left, units, wrap = seed, len(table), len(table), 2**64 - 1
    total = np.zeros(table.shape[1])
    while left:
        state = (state + 0x9E3779B97F4A7C15) & wrap
        word = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & wrap
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & wrap
        word ^= word >> 31
        for part in (word & 0xFFFFFFFF, word >> 32):
            if left and (part * units) % 2**32 >= 2**32 % units:
                total += table[(part * units) >> 32]
                left -= 1
    return total
