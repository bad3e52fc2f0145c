"""route: each system's quality and cost are predicted before a question is asked; the most quality - price * cost is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from msgspec import Struct

from isocost.plan.evidence import Evidence, Floats
from isocost.plan.features import Space
from isocost.plan.goal import amount
from isocost.plan.options import chosen
from isocost.plan.predict import PREDICTORS, Predictor, Seen, Trial, attempt, under
from isocost.plan.pricing import Expected, Prices, lottery, mixed, onehot, pick, priced
from isocost.plan.rule import Arrays, Goal, Kind, Latency, Outcome, drawn
from isocost.records import InputError

LADDER = (0.3, 1.0, 3.0)  # the prices, in multiples of the goal's, at which predictors are compared


@dataclass(frozen=True)
class Router:
    """The fitted rule."""

    systems: tuple[str, ...]
    space: Space
    prices: Prices
    notes: Mapping[str, Any]
    quality: Predictor
    cost: Predictor
    timely: Predictor | None = None

    @property
    def price(self) -> float:
        """The quality that one more unit of budget would buy."""
        return (self.prices.low + self.prices.high) / 2

    def expected(self, evidence: Evidence) -> Expected:
        """What it expects of its systems on these questions, from what is known before they are asked."""
        points = self.space.of(evidence)
        return Expected(self.quality(points), self.cost(points), self.timely(points) if self.timely else None)

    def predicted(self, evidence: Evidence) -> Floats:
        """(n, S): the quality it expects of the evidence's systems; NaN for those it does not know."""
        return placed(self.expected(evidence).quality, self.systems, evidence.systems, np.nan)

    def spend(self, evidence: Evidence) -> Outcome:
        """What asking the chosen system gets."""
        asked, own = lottery(self.expected(evidence), self.prices), evidence.aligned(self.systems)
        return drawn(own, asked)._replace(shares=placed(asked, self.systems, evidence.systems, 0.0))

    def settings(self) -> dict[str, Any]:
        """The systems, what is looked at, who predicts, the prices, and how the predictor was chosen."""
        return {
            "systems": list(self.systems),
            **self.space.settings(),
            **{name: list(predictor.regressions) for name, predictor in self._predictors().items()},
            "prices": self.prices._asdict(),
            "notes": dict(self.notes),
        }

    def arrays(self) -> Arrays:
        """The numbers of the space and of the predictors."""
        parts = {"space": self.space.arrays()} | {name: each.arrays() for name, each in self._predictors().items()}
        return {f"{part}.{name}": values for part, arrays in parts.items() for name, values in arrays.items()}

    def _predictors(self) -> dict[str, Predictor]:
        named = {"quality": self.quality, "cost": self.cost, "timely": self.timely}
        return {name: predictor for name, predictor in named.items() if predictor is not None}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Arrays) -> Self:
        """The same rule again."""

        def predictor(name: str) -> Predictor | None:
            return Predictor.restore(settings[name], under(name, arrays), amount=name == "cost") if name in settings else None

        quality, cost = predictor("quality"), predictor("cost")
        if quality is None or cost is None:
            raise InputError("a route plan has 'quality' and 'cost', the names of its regressions; one is missing.")
        prices = Prices(**settings["prices"])
        space = Space.restore(settings, under("space", arrays))
        return cls(tuple(settings["systems"]), space, prices, settings["notes"], quality, cost, predictor("timely"))


class Options(Struct, frozen=True):
    """How a router is made.

    features: text (statistics and topics of the words), statistics, length, columns, nothing; left out: all there is.
    predictor: one of PREDICTORS; left out: the one whose decisions are worth most on questions that it has not seen.
    """

    features: str | None = None
    predictor: str | None = None


def fit(evidence: Evidence, goal: Goal, rng: np.random.Generator, **options: Any) -> Router:
    """The router for this goal, with these `Options`.

    Raises InputError where no router can meet the goal, naming what could be met.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn brings it

    asked = chosen(options, Options)
    evidence = evidence.usable()
    unasked = np.isnan(evidence.quality).all(axis=0) | np.isnan(evidence.cost).all(axis=0)
    known = evidence.take(np.flatnonzero(~unasked))
    _checked(known, goal, asked.predictor)
    what = asked.features or ("text" if any(known.questions) else "columns" if known.columns else "nothing")
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other longer than they work
        return _learned(known, goal, what, asked.predictor, rng)


def _learned(evidence: Evidence, goal: Goal, what: str, predictor: str | None, rng: np.random.Generator) -> Router:
    seen = Seen.of(evidence, what, rng)
    names = seen.names(predictor)
    tables = [evidence.quality, evidence.cost] + ([_in_time(evidence, goal.latency)] if goal.latency else [])
    trials = [attempt(seen, table, names, rng, amount=table is evidence.cost) for table in tables]
    others = [min(names, key=partial(_error, trial)) for trial in trials[1:]]
    besides = [trial.expected(name) for trial, name in zip(trials[1:], others, strict=True)]
    worth = decided({name: Expected(trials[0].expected(name), *besides) for name in names}, evidence, goal)
    best = (max(names, key=lambda name: worth[name]), *others)
    made = [trial.fitted(name, rng) for trial, name in zip(trials, best, strict=True)]
    settled = Expected(*(trial.settled(name) for trial, name in zip(trials, best, strict=True)))
    notes = {"chosen": best[0], "worth": worth}
    return Router(evidence.systems, seen.space, priced(settled, evidence, goal), notes, *made)


def placed(table: Floats, names: Sequence[str], among: Sequence[str], other: float) -> Floats:
    """(n, len(among)): the columns of these names among others."""
    wide = np.full((len(table), len(among)), other)
    own = [column for column, name in enumerate(names) if name in among]
    wide[:, [among.index(names[column]) for column in own]] = table[:, own]
    return wide


def decided(trial: Mapping[str, Expected], evidence: Evidence, goal: Goal) -> dict[str, float]:
    """What each predictor's decisions are worth: mean quality - price * cost over a ladder of prices about the goal's."""
    price = priced(next(iter(trial.values())), evidence, Goal(budget=goal.budget, at_least=goal.at_least)).low
    worth = {}
    for name, expected in trial.items():
        gains = []
        for step in LADDER:
            made = onehot(pick(expected, price * step), len(evidence.systems))
            gain = mixed(evidence.quality, made) - price * step * mixed(evidence.cost, made)
            gains.append(float(np.nanmean(gain)))
        worth[name] = float(np.mean(gains))
    return worth


def _checked(evidence: Evidence, goal: Goal, predictor: str | None) -> None:
    """That this evidence can be learned from, towards this goal."""
    if predictor is not None and predictor not in PREDICTORS:
        raise InputError(f"predictor: expected one of {', '.join(PREDICTORS)}, got '{predictor}'.")
    if not len(evidence.items):
        raise InputError("a router learns from questions with a scored answer and a known cost; there are none.")
    if goal.latency and np.isnan(evidence.seconds).all():
        raise InputError("a goal in seconds needs records that say how long their answers took; these do not.")
    _reachable(evidence, goal)


def _reachable(evidence: Evidence, goal: Goal) -> None:
    """That the goal is not clearly out of reach: by three standard errors, for a part of the questions may be fitted on."""
    if goal.budget is not None:
        cheapest = np.nanmin(evidence.cost, axis=0)
        floor, error = cheapest.mean(), cheapest.std() / np.sqrt(len(cheapest))
        if goal.budget < floor - 3 * error - 1e-12:
            raise InputError(
                f"expected a budget of at least {amount(floor, evidence.unit)}, which asking the cheapest system each time "
                f"costs, got {amount(goal.budget, evidence.unit)}. Hint: raise the budget, or add a cheaper system."
            )
    if goal.at_least is not None:
        best = np.nanmax(evidence.quality, axis=0)
        top, error = best.mean(), best.std() / np.sqrt(len(best))
        if goal.at_least > top + 3 * error + 1e-12:
            raise InputError(
                f"expected {evidence.quality_name} of at most {top:.4f}, which asking the right system each time would get, "
                f"got {goal.at_least:g}. Hint: ask for less, or add a better system."
            )


def _in_time(evidence: Evidence, latency: Latency) -> Floats:
    """(S, n): the share of attempts that were answered in time; NaN where no time is known."""
    known = ~np.isnan(evidence.seconds)
    counts = known.sum(axis=-1)
    made = (known & (evidence.seconds <= latency.seconds)).sum(axis=-1)
    return np.asarray(np.divide(made, counts, out=np.full(counts.shape, np.nan), where=counts > 0))


def _error(trial: Trial, predictor: str) -> float:
    """The mean squared error on unseen questions, each system's in units of its mean."""
    mean = np.array([np.nanmean(row) if not np.isnan(row).all() else 1.0 for row in trial.table])
    over = (trial.expected(predictor).T - trial.table) / np.where(mean == 0, 1.0, mean)[:, None]
    return float(np.nanmean(over**2))


ROUTE = Kind(fit, Router.restore)
