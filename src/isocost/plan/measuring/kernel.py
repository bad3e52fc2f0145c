"""The compiled loop over pairs of systems; apart, so that importing a plan does not import the compiler."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from isocost.stats.betting import stake

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COMMON, LEAD, LEAD2, PRICED, COST, OTHER, MARGIN, MARGIN2, DRIFT = range(9)
SUMS = 9


class Told(NamedTuple):
    """What the systems answered: scores and costs (systems, questions), NaN where not known; how far each was asked."""

    scores: Floats
    costs: Floats
    asked: Counts


class State(NamedTuple):
    """Of each ordered pair: the log wealth of each bet, that of them all, sums by the names above, the questions compared."""

    logs: Floats
    wealth: Floats
    sums: Floats
    upto: Counts


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def advance(told: Told, terms: tuple[float, float, int, int], fractions: Floats, state: State) -> None:
    """Brings every ordered pair (i, j) up to the questions that both were asked; the state changes in place.

    terms: tolerance, cost tolerance, population (0: unlimited), pilot. Against "i is worse than j by the tolerance or more"
    goes a bet on s_i - s_j + tolerance; what drifts is (1 + cost tolerance) c_j - c_i. A question that either failed adds 0
    to sums whose null is 0, so it says nothing; one whose cost is unknown, nothing of costs.
    """
    scores, costs, asked = told
    logs, wealth, sums, upto = state
    tolerance, slack, population, pilot = terms
    for i in range(len(asked)):
        for j in range(len(asked)):
            end = min(asked[i], asked[j])
            if i == j or upto[i, j] >= end:
                continue
            own = sums[i, j]
            for t in range(upto[i, j], end):
                left = population - t
                ratio = population / left if population else 1.0
                lead, margin = scores[i, t] - scores[j, t], (1 + slack) * costs[j, t] - costs[i, t]
                answered, priced = not np.isnan(lead), not np.isnan(lead + margin)
                value, drift = (lead + tolerance if answered else 0.0), (margin if priced else 0.0)
                if t >= pilot:
                    null = -(own[LEAD] + tolerance * own[COMMON]) / left if population else 0.0
                    if wealth[i, j] < np.inf:
                        wealth[i, j] = stake(value, tolerance - 1, null, ratio, fractions, logs[i, j])
                    own[DRIFT] += (drift + (own[MARGIN] / left if population else 0.0)) * ratio
                if answered:
                    own[COMMON] += 1
                    own[LEAD] += lead
                    own[LEAD2] += lead * lead
                if priced:
                    own[PRICED] += 1
                    own[COST] += costs[i, t]
                    own[OTHER] += costs[j, t]
                    own[MARGIN] += drift
                    own[MARGIN2] += drift * drift
            upto[i, j] = end
