"""What to measure next: which system to ask which question, until the frontier is sure enough, with few calls.

The questions are put into one random order for all systems, and each system is asked them in that order, as far as is
needed. So any two systems are compared on the same questions, of which either is a random sample, whatever was asked of
whom; evidence that holds at every time (`stats.sequential`) does the rest. The shape is that of Adaptive Pareto Exploration
(Kone, Kaufmann & Richert 2023, "Adaptive Algorithms for Relaxed Pareto Set Identification"): report the frontier of the
estimates, ask about the comparisons that it still lacks. Departures: paired differences instead of intervals for each
system, betting instead of sub-Gaussian bounds, all lacking comparisons at once, and a tolerance on either axis.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isocost.plan.measuring.goals import Shares, Verdict, best, even_shares, frontier, shares
from isocost.plan.measuring.pairs import Flags, Floats, Pairs, Terms
from isocost.records.errors import InputError
from isocost.stats import Interval, anytime_mean, anytime_share

Pair = tuple[str, str]


class Manner(NamedTuple):
    """How to measure. cost_tolerance: costs within this part of each other count as equal.

    these: the quality meant is that on these very questions (all asked is all known), or on questions like these.
    pilot: questions that every system is asked first, to share the error out. step: questions between two looks.
    """

    cost_tolerance: float = 0.05
    these: bool = True
    pilot: int = 20
    step: int = 5


class Estimated(NamedTuple):
    """What is known of a system: quality and mean cost with anytime intervals, how many questions it was asked, of how many
    the call failed, whether it is reported, and whether that is settled."""

    quality: Interval
    cost: Interval
    asked: int
    failed: int
    reported: bool
    settled: bool


class Measure:
    """Asks for (system, item) pairs and is told their scores and costs, until the frontier is known.

    The promise, with probability `confidence`, once `done` with nothing `undecided`, whatever the truth: every system left
    out is matched by one on the frontier (quality at least its own less `tolerance`, cost at most 1 + `cost_tolerance` times
    its own), and none on the frontier is beaten by any system by more than both tolerances. With a `budget` (a mean cost a
    question) the frontier is one system, or none: its mean cost is at most 1 + `cost_tolerance` times the budget, and none
    that is cheaper than the budget by that factor is better by more than `tolerance`.

    Quality is a mean of scores in [0, 1], and its part of the promise is exact. Costs have no bound, so that theirs holds as
    numbers grow (a normal mixture). A failed call is no answer: two systems are compared on the questions that both
    answered. A system none of whose pilot questions was answered is `silent`, and left out.
    """

    def __init__(
        self,
        systems: Iterable[str],
        items: Iterable[str],
        *,
        rng: np.random.Generator,
        confidence: float = 0.95,
        tolerance: float = 0.02,
        budget: float | None = None,
        manner: Manner = Manner(),
    ) -> None:
        self.systems, self.confidence, self.tolerance, self.budget, self.manner = (
            tuple(systems),
            confidence,
            tolerance,
            budget,
            manner,
        )
        given = tuple(items)
        _check(self.systems, given, confidence, tolerance, budget, manner)
        self.items = tuple(given[i] for i in rng.permutation(len(given)))
        self._row = {name: row for row, name in enumerate(self.systems)}
        self._place = {item: place for place, item in enumerate(self.items)}
        rows, n = len(self.systems) + (budget is not None), len(self.items)
        self._scores, self._costs = np.full((rows, n), np.nan), np.full((rows, n), np.nan)
        self._told = np.zeros((rows, n), dtype=bool)
        if budget is not None:  # one row more, which costs just the budget
            self._scores[-1], self._costs[-1], self._told[-1] = 0.0, budget, True
        pilot = min(manner.pilot, n)
        self._goal = np.full(rows, pilot)
        self._pairs = Pairs(rows, n, Terms(tolerance, manner.cost_tolerance, n if manner.these else 0, pilot))
        self._shares: Shares | None = None
        self._verdict = Verdict(np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool), [])

    def ask(self) -> list[Pair]:
        """The pairs to measure now, in the order of the questions; none when done. Asking again repeats what was not told."""
        asked = self._asked()
        places = [
            (place, row)
            for row in range(len(self.systems))
            for place in range(asked[row], self._goal[row])
            if not self._told[row, place]
        ]
        return [(self.systems[row], self.items[place]) for place, row in sorted(places)]

    def tell(self, pairs: Sequence[Pair], scores: Sequence[float | None], costs: Sequence[float | None]) -> None:
        """Takes what these pairs scored, in [0, 1], and cost; None or NaN: the call failed, or its cost is not known.

        Pairs that were not asked for are welcome (records of an earlier run); each pair is told once.
        """
        values, paid = _floats(scores), _floats(costs)
        if not len(pairs) == len(values) == len(paid):
            raise InputError(
                f"tell needs a score and a cost for each of {len(pairs)} pairs, got {len(values)} and {len(paid)}."
            )
        places = [self._find(pair) for pair in pairs]
        _check_values(pairs, values, paid)
        repeated = [pair for pair, place in zip(pairs, places, strict=True) if self._told[place]]
        if repeated or len(set(places)) < len(places):
            raise InputError(f"a pair is told once, {repeated[0] if repeated else 'one of these'} was told before.")
        for place, value, cost in zip(places, values, paid, strict=True):
            self._told[place], self._scores[place], self._costs[place] = True, value, cost
        self._look()

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask: the goal is reached, or every question that could help was asked."""
        return bool((self._asked() >= self._goal).all())

    @property
    def frontier(self) -> tuple[str, ...]:
        """The systems reported by what is known now, the cheapest first; with a budget the best one, or none."""
        rows = [row for row in range(len(self.systems)) if self._verdict.reported[row]]
        return tuple(self.systems[row] for row in sorted(rows, key=lambda row: np.nan_to_num(self._mean_cost(row), nan=np.inf)))

    @property
    def undecided(self) -> tuple[str, ...]:
        """The systems of which it is not yet sure enough whether they are to be reported."""
        return tuple(name for name, row in self._row.items() if not self._verdict.settled[row])

    @property
    def silent(self) -> tuple[str, ...]:
        """The systems that answered none of the pilot's questions."""
        return tuple(name for name, row in self._row.items() if not self._alive()[row])

    @property
    def calls(self) -> int:
        """How many pairs were told."""
        return int(self._told[: len(self.systems)].sum())

    @property
    def saved(self) -> float:
        """The part of all pairs that was not asked."""
        return 1 - self.calls / (len(self.systems) * len(self.items))

    @property
    def estimates(self) -> dict[str, Estimated]:
        """What is known of each system by itself; its intervals hold at every time, each with the confidence."""
        population, asked = (len(self.items) if self.manner.these else None), self._asked()
        found = {}
        for name, row in self._row.items():
            scores, costs = self._scores[row, : asked[row]], self._costs[row, : asked[row]]
            failed = int(np.isnan(scores).sum())
            whole = None if failed else population  # how many questions would be answered is not known
            found[name] = Estimated(
                anytime_share(scores, self.confidence, whole),
                anytime_mean(costs, self.confidence, whole),
                int(asked[row]),
                failed,
                bool(self._verdict.reported[row]),
                bool(self._verdict.settled[row]),
            )
        return found

    def _look(self) -> None:
        """Takes in what was told, as far as it has no gaps, and when all that was asked is there, decides what to ask next."""
        asked = self._asked()
        if (asked < self._goal).any():
            return
        if self._shares is None:  # before any bet: it is told of the pilot alone, whatever else is there
            self._pairs.advance(self._scores, self._costs, np.minimum(asked, self._pairs.terms.pilot))
            delta = 1 - self.confidence
            self._shares = shares(self._pairs, delta) if self.budget is None else even_shares(self._pairs, delta)
        self._pairs.advance(self._scores, self._costs, asked)
        judge = frontier if self.budget is None else best
        self._verdict = judge(self._pairs, self._shares, self._alive())
        for pair in self._verdict.needs:
            behind = min(asked[row] for row in pair)
            for row in pair:
                if asked[row] == behind < len(self.items):
                    self._goal[row] = max(self._goal[row], min(behind + self.manner.step, len(self.items)))

    def _asked(self) -> NDArray[np.int64]:
        """How many questions each system was told, up to its first gap."""
        return np.where(self._told.all(axis=1), self._told.shape[1], np.argmin(self._told, axis=1))

    def _alive(self) -> Flags:
        pilot = self._pairs.terms.pilot
        silent = self._told[:, :pilot].all(axis=1) & np.isnan(self._scores[:, :pilot]).all(axis=1)
        return np.asarray(~silent)

    def _mean_cost(self, row: int) -> float:
        costs = self._costs[row][~np.isnan(self._costs[row])]
        return float(costs.mean()) if len(costs) else np.nan

    def _find(self, pair: Pair) -> tuple[int, int]:
        system, item = pair
        if system not in self._row or item not in self._place:
            raise InputError(f"{pair} is no pair of a system and an item that this is about.")
        return self._row[system], self._place[item]


def _floats(values: ArrayLike | Sequence[float | None]) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _check_values(pairs: Sequence[Pair], scores: Floats, costs: Floats) -> None:
    wrong = np.flatnonzero((scores < 0) | (scores > 1))
    if len(wrong):
        at = wrong[0]
        raise InputError(f"a score lies between 0 and 1, {pairs[at]} has {scores[at]}. Hint: None for a failed call.")
    wrong = np.flatnonzero((costs < 0) | np.isinf(costs))
    if len(wrong):
        at = wrong[0]
        raise InputError(f"a cost is finite and not negative, {pairs[at]} has {costs[at]}. Hint: None where it is not known.")


def _check(
    systems: tuple[str, ...], items: tuple[str, ...], confidence: float, tolerance: float, budget: float | None, manner: Manner
) -> None:
    for what, names in (("systems", systems), ("items", items)):
        if not names or len(set(names)) < len(names):
            raise InputError(
                f"{what} must be at least one name, each once, got {len(names)}, {len(set(names))} of them distinct."
            )
    for name, value, low, high in (
        ("confidence", confidence, 0.5, 1 - 1e-12),
        ("tolerance", tolerance, 0.0, 0.5),
        ("cost_tolerance", manner.cost_tolerance, 0.0, 10.0),
        ("pilot", manner.pilot, 2, 10**6),
        ("step", manner.step, 1, 10**6),
        ("budget", 0.0 if budget is None else budget, 0.0, 1e300),
    ):
        if not low <= value <= high:
            raise InputError(f"{name} must lie between {low:g} and {high:g}, got {value}.")
