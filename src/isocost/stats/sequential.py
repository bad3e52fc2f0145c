"""Anytime-valid inference: evidence and intervals that hold however often one looks, and whenever one stops.

The values come in random order. `population=None`: they are drawn independently, and the mean is that of what they are drawn
from. `population=N`: they are drawn without replacement from N, and the mean is that of these N, so that it is known when all
have been seen (Waudby-Smith & Ramdas 2020, "Confidence sequences for sampling without replacement").
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr

from isocost.stats.proportions import Floats, Interval, check_confidence

LIKELY_EVIDENCE, LIKELY_QUESTIONS = 7.0, 150.0  # the normal mixture is narrowest there
SHARPEST = (2 * LIKELY_EVIDENCE + math.log(2 * LIKELY_EVIDENCE) + 1) / LIKELY_QUESTIONS
HALVINGS = 30


def fractions(horizon: int) -> Floats:
    """The bets that share the capital: a geometric grid from what decides at the horizon to the most one may bet.

    For evidence 8 and variance v the best bet is sqrt(2 * 8 / (v * horizon)); the grid begins at it for v = .1. Between
    neighbours at most a twentieth of the growth is lost. Departure from Waudby-Smith & Ramdas (2021): a mixture, not one
    predicted bet (their section 4.3), so that the evidence does not depend on how a variance was guessed.
    """
    least = min(0.35, math.sqrt(160 / max(horizon, 1)))
    return np.geomspace(least, 0.9, 1 + math.ceil(math.log(0.9 / least) / math.log(1.62)))


def evidence(values: ArrayLike, *, floor: float = -1.0, population: int | None = None, start: int = 0) -> Floats:
    """The log of an e-process after each value: large where it is not believable that their mean is at most 0.

    Under the null it exceeds log(1/alpha) at any time with at most probability alpha (Ville). values: none below `floor`;
    NaN: missing, which is to say that the mean is over the rest, and that the rest's *sum* is at most 0. start: how many
    values to look at without betting. Waudby-Smith & Ramdas 2021, "Estimating means of bounded random variables by betting",
    eq. (4.1), and section 5 without replacement; each bet is faster by N/(N - t) as a population of N runs out.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or (population is not None and len(array) > population):
        raise ValueError(f"values must be one row of at most {population} values, got shape {array.shape}.")
    if not floor < 0 or (array < floor).any():
        raise ValueError(f"floor must be below 0 and at most every value, got {floor} and a least value of {np.nanmin(array)}.")
    from isocost.stats.betting import stream

    found: Floats = stream(array, floor, population or 0, start, fractions(population or len(array)))
    return found


def drift_evidence(drift: ArrayLike, variance: ArrayLike) -> Floats:
    """The log of a one-sided normal mixture: large where a sum with this variance is not believable to drift downwards.

    drift: sums of values less their null means, in units of a standard deviation; variance: of the sums, in the same units.
    Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021, eq. (2.8) in closed form. With an estimated standard deviation it
    is valid as the numbers grow (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021), which needs no bound on the values.
    """
    s, v = np.asarray(drift, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    whole = 1 + v * SHARPEST
    root = np.sqrt(SHARPEST / whole)
    return np.asarray(math.log(2) - np.log(whole) / 2 + SHARPEST * s * s / (2 * whole) + log_ndtr(root * s))


def anytime_share(values: ArrayLike, confidence: float = 0.95, population: int | None = None) -> Interval:
    """The mean of values in [0, 1] and its interval, which holds at every time at once; NaN is dropped.

    All means that betting has not refuted, on either side with half of the error (Waudby-Smith & Ramdas 2021, section 4).
    """
    seen = _known(values, population)
    if len(seen) and not (seen.min() >= 0 and seen.max() <= 1):
        raise ValueError(f"values must lie in [0, 1], got {seen.min()} to {seen.max()}.")
    if not len(seen):
        return Interval(math.nan, 0.0, 1.0, 0, "unbounded: no values")
    bar, value = math.log(2 / (1 - check_confidence(confidence))), float(seen.mean())
    low, high = _unrefuted(seen, bar, population), 1 - _unrefuted(1 - seen, bar, population)
    return Interval(value, min(low, value), max(high, value), len(seen), "betting, anytime")


def anytime_mean(values: ArrayLike, confidence: float = 0.95, population: int | None = None) -> Interval:
    """The mean of values without a known bound and its asymptotic interval, which holds at every time at once.

    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, "Time-uniform central limit theory", eq. (5); without replacement the
    number of values counts as n N/(N - n). NaN is dropped; one value bounds nothing.
    """
    seen = _known(values, population)
    n, value = len(seen), float(seen.mean()) if len(seen) else math.nan
    if population is not None and n == population:
        return Interval(value, value, value, n, "all of them")
    if n < 2:
        return Interval(value, -math.inf, math.inf, n, "unbounded: one value" if n else "unbounded: no values")
    v = n if population is None else n * population / (population - n)
    bar = 2 * math.log(1 / (1 - check_confidence(confidence))) + math.log1p(v * SHARPEST)
    half = float(seen.std(ddof=1)) * math.sqrt((v + 1 / SHARPEST) * bar) / v
    return Interval(value, value - half, value + half, n, "normal mixture, anytime, asymptotic")


def _known(values: ArrayLike, population: int | None) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    seen = array[~np.isnan(array)]
    if population is not None and len(seen) > population:
        raise ValueError(f"a population of {population} cannot have shown {len(seen)} values.")
    return seen


def _unrefuted(values: Floats, bar: float, population: int | None) -> float:
    """The least mean that is not refuted as an upper bound; wealth falls as the null mean rises."""
    from isocost.stats.betting import stream

    bets, low, high = fractions(population or len(values)), 0.0, float(values.mean())
    for _ in range(HALVINGS if high > 0 else 0):
        middle = (low + high) / 2
        refuted = stream(values - middle, -middle, population or 0, 0, bets).max() >= bar
        low, high = (middle, high) if refuted else (low, middle)
    return low
