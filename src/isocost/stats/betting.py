"""The compiled loops of the betting martingales; apart, so that only those who bet pay for importing the compiler."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 0.9  # of the wealth may be lost in one bet, so that it never ends
ROUNDING = 1e-9


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def stake(value: float, floor: float, null: float, ratio: float, fractions: Floats, logs: Floats) -> float:
    """Bets once, for each fraction, that the value exceeds its null mean; the log of the mean wealth.

    floor: the least that the value can be; ratio: how much faster to bet, as a finite population runs out; logs: the log
    wealth of each fraction, changed in place. A null mean below the floor is refuted for certain: infinite.
    """
    room = null - floor
    if room < -ROUNDING:
        return math.inf
    most = -math.inf
    for g in range(len(fractions)):
        if room > ROUNDING:  # at the floor the null leaves nothing to bet on
            logs[g] += math.log1p(min(fractions[g] * ratio, MOST / room) * (value - null))
        most = max(most, logs[g])
    total = 0.0
    for g in range(len(fractions)):
        total += math.exp(logs[g] - most)
    return most + math.log(total / len(fractions))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def stream(values: Floats, floor: float, population: int, start: int, fractions: Floats) -> Floats:
    """The log wealth after each value, against the null that the mean is at most 0; see `sequential.evidence`."""
    found = np.zeros(len(values))
    logs = np.zeros(len(fractions))
    total, wealth = 0.0, 0.0
    for t in range(len(values)):
        left = population - t
        known = not math.isnan(values[t])
        value = values[t] if known else 0.0
        if t >= start and wealth < math.inf:
            null, ratio = (-total / left, population / left) if population else (0.0, 1.0)
            wealth = stake(value, floor, null, ratio, fractions, logs)
        total += value
        if population and t + 1 == population:
            wealth = math.inf if total > ROUNDING else wealth
        found[t] = wealth
    return found
