"""What is known of every ordered pair of systems from the questions that both were asked."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isocost.plan.measuring.kernel import (
    COMMON,
    COST,
    DRIFT,
    LEAD,
    LEAD2,
    MARGIN,
    MARGIN2,
    OTHER,
    PRICED,
    SUMS,
    State,
    Told,
    advance,
)
from isocost.stats import drift_evidence
from isocost.stats.sequential import fractions

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
ROUNDING = 1e-9


class Terms(NamedTuple):
    """What pairs are compared by. population: 0 where the questions stand for more like them."""

    tolerance: float
    cost_tolerance: float
    population: int
    pilot: int


class Pairs:
    """Evidence and differences, matrices (i, j), of systems that answer the same questions in the same random order.

    as_good: log evidence that i is no worse than j by more than the tolerance, as of the last common question (`as_good_now`)
    and the most at any time; no_dearer: the same of i's cost. lead, dearer: mean difference i - j of quality and of cost.
    upto: the questions compared.
    """

    def __init__(self, systems: int, questions: int, terms: Terms) -> None:
        self.terms, self.questions = terms, questions
        self._fractions = fractions(questions)
        square = (systems, systems)
        self.as_good_now, self.as_good, self.no_dearer = np.zeros(square), np.zeros(square), np.zeros(square)
        self.upto = np.zeros(square, dtype=np.int64)
        self._sums = np.zeros((*square, SUMS))
        self._state = State(np.zeros((*square, len(self._fractions))), self.as_good_now, self._sums, self.upto)

    def advance(self, scores: Floats, costs: Floats, asked: NDArray[np.int64]) -> None:
        """Takes in what the systems answered: (systems, questions), NaN for failures; asked: how far each was asked."""
        advance(Told(scores, costs, asked), tuple(self.terms), self._fractions, self._state)
        sums = self._sums
        self.common, self.priced = sums[..., COMMON], sums[..., PRICED]
        self.lead = sums[..., LEAD] / np.maximum(self.common, 1)
        self.dearer = (sums[..., COST] - sums[..., OTHER]) / np.maximum(self.priced, 1)
        if self.terms.population:  # what was asked to the end is known
            known = (self.upto == self.terms.population) & (self.common > 0)
            held = sums[..., LEAD] + self.terms.tolerance * self.common >= -ROUNDING
            self.as_good_now[known] = np.where(held, np.inf, -np.inf)[known]
        self.as_good = np.maximum(self.as_good, self.as_good_now)
        self.no_dearer = np.maximum(self.no_dearer, self._cost_evidence())

    def _cost_evidence(self) -> Floats:
        """A one-sided normal mixture since the pilot, by the standard deviation of all that was seen."""
        population, pilot, t = self.terms.population, self.terms.pilot, self.upto.astype(float)
        margin, drift = self._sums[..., MARGIN], self._sums[..., DRIFT]
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = _worth(t, population) - _worth(np.float64(pilot), population)
            drift = np.nan_to_num(drift / self._spread(MARGIN, MARGIN2, self.priced), nan=0.0, posinf=np.inf, neginf=-np.inf)
            found = np.where(np.isinf(drift), np.where(drift > 0, np.inf, 0.0), drift_evidence(drift, np.maximum(worth, 0)))
        found = np.where((self.upto > pilot) & (self.priced > 1), found, 0.0)
        known = (self.upto == population) & (self.priced > 0)
        held = margin >= -ROUNDING * self._sums[..., OTHER]
        return np.asarray(np.where(known, np.where(held, np.inf, -np.inf), found))

    def _spread(self, total: int, squares: int, n: Floats) -> Floats:
        """The standard deviation; 0 where rounding is all that varies."""
        n = np.maximum(n, 1)
        mean, square = self._sums[..., total] / n, self._sums[..., squares] / n
        variance = square - mean**2
        return np.asarray(np.sqrt(np.where(variance > 1e-12 * square, variance, 0.0) * n / np.maximum(n - 1, 1)))

    def expected(self) -> Floats:
        """How many questions it may take to show that i is as good as j: for evidence 9, judged by what is known now."""
        value = self.lead + self.terms.tolerance
        with np.errstate(divide="ignore"):
            endless = np.where(value > 0, 18 * self._variance() / np.maximum(value, 1e-12) ** 2, np.inf)
            return np.asarray(1 / (1 / endless + 1 / self.questions))

    def standing(self) -> tuple[Floats, Floats]:
        """By how many standard errors i is as good as j, and no dearer."""
        good = (self.lead + self.terms.tolerance) * np.sqrt(self.common / self._variance())
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = self._sums[..., MARGIN] / np.maximum(self.priced, 1)
            cheap = mean * np.sqrt(self.priced) / self._spread(MARGIN, MARGIN2, self.priced)
        return good, np.nan_to_num(cheap, nan=0.0)

    def _variance(self) -> Floats:
        """Of the lead, one question that differed added: a few equal answers do not prove that all are."""
        n = np.maximum(self.common, 1)
        return np.asarray(np.maximum(self._sums[..., LEAD2] / n - self.lead**2, 0) + 1 / n)


def _worth(t: Floats | np.float64, population: int) -> Floats:
    """So many questions drawn without replacement are worth this many drawn with."""
    return np.asarray(population * t / (population - t) if population else t, dtype=float)
