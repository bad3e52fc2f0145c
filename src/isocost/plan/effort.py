"""`effort`: which level of an ordered knob a question gets: a token budget, a number of examples, a depth of retrieval, ...

The levels are systems in the order of what they cost. Their qualities on a question are predicted before it is asked, as a
router's are, and then made one gain curve: more effort does not hurt ("rising"), and what it adds gets less ("concave"), unless
the evidence speaks against it ("free"). The levels come from the allocator's price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from msgspec import Struct
from scipy.optimize import nnls

from isocost.plan.evidence import Evidence, Floats
from isocost.plan.options import chosen
from isocost.plan.predict import PREDICTORS, Seen, attempt
from isocost.plan.pricing import Expected, lottery, mixed, priced
from isocost.plan.route import Router, decided
from isocost.plan.rule import Arrays, Goal, Kind, Outcome, OutOfReach
from isocost.records import InputError

SHAPES = ("concave", "rising", "free")


@dataclass(frozen=True)
class Effort:
    """A rule: the router among the levels, dearer ones last, whose predictions are made curves of this shape."""

    router: Router
    shape: str

    @property
    def price(self) -> float:
        """The quality that one more unit of budget buys."""
        return self.router.price

    def curves(self, evidence: Evidence) -> Expected:
        """(n, levels): the quality and the cost expected of each level at each question."""
        return shaped(self.router.expected(evidence), self.shape)

    def spend(self, evidence: Evidence) -> Outcome:
        """What asking the chosen levels gets; NaN where a level that is chosen has no answer to replay."""
        own, asked = evidence.of(self.router.systems), lottery(self.curves(evidence), self.router.prices)
        shares = np.zeros((len(evidence.items), len(evidence.systems)))
        shares[:, [evidence.systems.index(name) for name in self.router.systems]] = asked
        return Outcome(mixed(own.quality, asked), mixed(own.cost, asked), mixed(own.latency, asked), shares)

    def predicted(self, evidence: Evidence) -> Floats:
        """(n, S): the quality it expects of each system, NaN of those that are no level."""
        found = np.full((len(evidence.items), len(evidence.systems)), np.nan)
        found[:, [evidence.systems.index(name) for name in self.router.systems]] = self.curves(evidence).quality
        return found

    def settings(self) -> dict[str, Any]:
        """The shape, and the router's."""
        return {"shape": self.shape, **self.router.settings()}

    def arrays(self) -> Arrays:
        """The router's."""
        return self.router.arrays()

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Arrays) -> Self:
        """The same rule again."""
        rest = dict(settings)
        shape = rest.pop("shape", "")
        if shape not in SHAPES:
            raise InputError(f"shape: expected one of {', '.join(SHAPES)}, got '{shape}'.")
        return cls(Router.restore(rest, arrays), shape)


class Options(Struct, frozen=True):
    """levels: the systems in the order of effort (all, by mean cost). features, predictor: as of a router.

    shape: of the gain curves, one of SHAPES; left out: the one whose decisions are worth most on unseen questions.
    """

    levels: tuple[str, ...] = ()
    features: str | None = None
    predictor: str | None = None
    shape: str | None = None


def _fit(evidence: Evidence, goal: Goal, rng: np.random.Generator, **options: Any) -> Effort:
    """The curves, and the price at which their levels meet the goal."""
    asked = chosen(options, Options)
    for name, value, known in (("shape", asked.shape, SHAPES), ("predictor", asked.predictor, tuple(PREDICTORS))):
        if value is not None and value not in known:
            raise InputError(f"{name}: expected one of {', '.join(known)}, got '{value}'.")
    levels = evidence.of(asked.levels or evidence.systems).usable()
    levels = _in_order(_timely(levels, goal), by_cost=not asked.levels)
    goal = Goal(budget=goal.budget, at_least=goal.at_least)  # whatever level is chosen now is in time
    _reachable(levels, goal)
    what = asked.features or ("text" if any(levels.questions) else "columns" if levels.columns else "nothing")
    seen = Seen.of(levels, what, rng)
    names = seen.names(asked.predictor)
    quality, cost = (attempt(seen, table, names, rng, amount=k == 1) for k, table in enumerate((levels.quality, levels.cost)))
    cost_by = min(names, key=lambda name: float(np.nanmean((cost.expected(name).T - levels.cost) ** 2)))
    shapes = [asked.shape] if asked.shape else SHAPES
    unseen = {
        f"{name} {shape}": shaped(Expected(quality.expected(name), cost.expected(cost_by)), shape)
        for name in names
        for shape in shapes
    }
    worth = decided(unseen, levels, goal)
    name, shape = max(worth, key=lambda key: worth[key]).split(" ")
    made = quality.fitted(name, rng), cost.fitted(cost_by, rng)
    # A budget is kept by the predictions that will be decided on; a quality is promised only by ones that had not seen it.
    by_all = Expected(made[0](seen.points), made[1](seen.points))
    unseen_by = Expected(quality.settled(name), cost.settled(cost_by))
    prices = priced(shaped(by_all if goal.at_least is None else unseen_by, shape), levels, goal)
    return Effort(Router(levels.systems, seen.space, prices, {"chosen": name, "worth": worth}, *made), shape)


EFFORT = Kind(_fit, Effort.restore)


def shaped(expected: Expected, shape: str) -> Expected:
    """The expectations with each question's qualities made a curve of this shape, nearest by least squares."""
    if shape == "free":
        return expected
    if shape == "rising":
        return expected._replace(quality=rising(expected.quality))
    return expected._replace(quality=concave(expected.quality, expected.cost.mean(axis=0)))


def rising(values: Floats) -> Floats:
    """(n, k): the nearest rows that never fall: isotonic regression by its min-max form (Barlow et al. 1972, eq. 1.9)."""
    k = values.shape[1]
    sums = np.cumsum(np.hstack([np.zeros((len(values), 1)), values]), axis=1)
    first, last = np.ogrid[:k, :k]
    means = (sums[:, None, 1:] - sums[:, :-1, None]) / np.maximum(last - first + 1, 1)  # of columns first .. last
    means = np.where(last >= first, means, np.inf)
    least = np.minimum.accumulate(means[:, :, ::-1], axis=2)[:, :, ::-1]  # over every last column from here on
    return np.stack([least[:, : j + 1, j].max(axis=1) for j in range(k)], axis=1)


def concave(values: Floats, cost: Floats) -> Floats:
    """(n, k): the nearest rows that never fall and rise ever less along the cost: sums of ramps (NNLS)."""
    order = np.argsort(cost, kind="stable")
    along = cost[order] - cost[order[0]]
    knots = np.unique(along)[1:]
    ramps = np.minimum(along[:, None], knots) / (knots[-1] if len(knots) else 1.0)
    basis = np.hstack([np.ones((len(cost), 1)), -np.ones((len(cost), 1)), ramps])
    result = np.empty_like(values)
    result[:, order] = np.array([basis @ nnls(basis, row)[0] for row in values[:, order]]).reshape(values.shape)
    return result


def _in_order(evidence: Evidence, *, by_cost: bool) -> Evidence:
    """The levels in order, on the questions of which something is known."""
    cost = np.nanmean(evidence.cost, axis=1)
    if len(cost) < 2:
        raise InputError(f"effort needs 2 levels or more, got {list(evidence.systems)}. Hint: name them with levels=a,b,c.")
    if by_cost:
        evidence = evidence.of([evidence.systems[row] for row in np.argsort(cost, kind="stable")])
    blank = np.isnan(evidence.quality).all(axis=0) | np.isnan(evidence.cost).all(axis=0)
    if blank.all():
        raise InputError("effort learns from questions with a scored answer and a known cost; there are none.")
    if np.nanmin(evidence.quality) < 0 or np.nanmax(evidence.quality) > 1:
        low, high = np.nanmin(evidence.quality), np.nanmax(evidence.quality)
        raise InputError(f"effort predicts qualities in [0, 1], got {low:g} to {high:g}.")
    return evidence.take(np.flatnonzero(~blank))


def _reachable(evidence: Evidence, goal: Goal) -> None:
    least, most = float(np.nanmin(evidence.cost, axis=0).mean()), float(np.nanmax(evidence.quality, axis=0).mean())
    if goal.budget is not None and goal.budget < least * (1 - 1e-9):
        raise InputError(
            f"budget: expected at least {least:.4g} a question, what the lowest level costs, got {goal.budget:.4g}."
        )
    if goal.at_least is not None and goal.at_least > most + 1e-9:
        raise OutOfReach(
            f"at_least: expected at most {most:.4g}, the best level for each question, got {goal.at_least:.4g}.",
            Goal(at_least=most),
        )


def _timely(evidence: Evidence, goal: Goal) -> Evidence:
    """The levels that are in time often enough by themselves."""
    if goal.latency is None:
        return evidence
    known = ~np.isnan(evidence.seconds)
    share = (known & (evidence.seconds <= goal.latency.seconds)).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    quick = [name for name, part in zip(evidence.systems, share, strict=True) if part >= goal.latency.share]
    if len(quick) < 2:
        raise InputError(
            f"latency: expected 2 levels that answer {goal.latency.share:.4g} of the questions within "
            f"{goal.latency.seconds:g} s, got {quick}. Hint: allow more time."
        )
    return evidence.of(quick)
