"""What each system is expected to achieve, or to cost, on each question: a regression, the factors, the systems' curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from isocost.plan.curves import Curves, factors
from isocost.plan.evidence import Evidence, Floats
from isocost.plan.features import Space, check
from isocost.plan.regress import REGRESSIONS, Regression
from isocost.plan.rule import Arrays

PREDICTORS: dict[str, tuple[str, ...]] = {
    "constant": (),
    **{name: (name,) for name in REGRESSIONS},
    "blend": tuple(REGRESSIONS),
}
"""What may be chosen among: no question differs from another, one regression, the mean of all."""
FOLDS = 5


@dataclass(frozen=True)
class Predictor:
    """A fitted prediction: the mean of its regressions gives the factors, the curves make each system's expectation of them."""

    regressions: Mapping[str, Regression]
    curves: Curves
    amount: bool

    def __call__(self, points: Floats) -> Floats:
        """(n, S): what is expected of each system at these points."""
        return self.curves(_mean(points, self.regressions), amount=self.amount)

    def arrays(self) -> Arrays:
        """The numbers of it."""
        found = {f"curves.{name}": np.asarray(values) for name, values in self.curves._asdict().items()}
        for name, regression in self.regressions.items():
            found |= {f"{name}.{part}": values for part, values in regression.arrays().items()}
        return found

    @classmethod
    def restore(cls, names: Sequence[str], arrays: Arrays, *, amount: bool) -> Self:
        """The same prediction again."""
        return cls(
            {name: REGRESSIONS[name](**under(name, arrays)) for name in names}, Curves(**under("curves", arrays)), amount
        )


class Seen(NamedTuple):
    """Questions as points (n, d) of a space, (n,) the fold of each; by fold the others' points and its own in their space.

    A space is made of its questions' words, so they lie otherwise in it than questions to come: plans overspent by 6 to 14 %
    (ZeroEval, in dollars) when prices were found there. So each fold is seen through the words of the others.
    """

    space: Space
    points: Floats
    folds: NDArray[np.intp]
    apart: Mapping[int, tuple[Floats, Floats]]

    @classmethod
    def of(cls, evidence: Evidence, what: str, rng: np.random.Generator) -> Self:
        """These questions, in spaces of these features; InputError where they do not have them."""
        check(evidence, what)
        space, folds = Space.fit(evidence, what, rng), fold(evidence.groups, rng)

        def apart(out: NDArray[np.bool_]) -> tuple[Floats, Floats]:
            others = evidence.take(rest(out))
            theirs = Space.fit(others, what, rng)
            return theirs.of(others), theirs.of(evidence.take(out))

        return cls(space, space.of(evidence), folds, {int(each): apart(folds == each) for each in np.unique(folds)})

    def names(self, predictor: str | None) -> list[str]:
        """The predictors to compare: this one, or all that there is reason to try."""
        return [predictor] if predictor else list(PREDICTORS) if self.points.shape[1] and self.folds.any() else ["constant"]


@dataclass(frozen=True)
class Trial:
    """A table (S, n) and what could be said of it: (n, r) factors found for each question by the others' regressions."""

    points: Floats
    table: Floats
    folds: NDArray[np.intp]
    amount: bool
    targets: Floats
    found: Mapping[str, Floats]

    def expected(self, predictor: str) -> Floats:
        """(n, S): what is expected of each question by regressions and curves that have not seen it: to compare predictors."""
        found = self._factors(predictor)
        result = np.empty((len(self.points), len(self.table)))
        for fold in np.unique(self.folds):
            out = self.folds == fold
            others = rest(out)
            result[out] = Curves.fit(found[others], self.table[:, others], amount=self.amount)(found[out], amount=self.amount)
        return result

    def settled(self, predictor: str) -> Floats:
        """(n, S): the same by the curves that the fitted prediction will have, which have seen it: to find a price."""
        found = self._factors(predictor)
        return Curves.fit(found, self.table, amount=self.amount)(found, amount=self.amount)

    def fitted(self, predictor: str, rng: np.random.Generator) -> Predictor:
        """The prediction for questions to come: regressions on all of these, curves over what was found out of fold."""
        made = {name: REGRESSIONS[name].fit(self.points, self.targets, rng) for name in PREDICTORS[predictor]}
        return Predictor(made, Curves.fit(self._factors(predictor), self.table, amount=self.amount), self.amount)

    def _factors(self, predictor: str) -> Floats:
        names = PREDICTORS[predictor]
        return np.mean([self.found[name] for name in names], axis=0) if names else np.empty((len(self.points), 0))


def attempt(seen: Seen, table: Floats, names: Sequence[str], rng: np.random.Generator, *, amount: bool = False) -> Trial:
    """The regressions of these predictors, each fold's factors found by the other folds'.

    table: (S, n) shares (a quality), or amounts >= 0 (a cost); NaN where not known.
    """
    targets = factors(_relative(table) if amount else table)
    wanted = sorted({name for predictor in names for name in PREDICTORS[predictor]})
    found = {name: np.zeros_like(targets) for name in wanted}
    for fold, (others, own) in seen.apart.items() if targets.any() else ():  # no question differs from another
        out = seen.folds == fold
        for name in wanted:
            found[name][out] = REGRESSIONS[name].fit(others, targets[rest(out)], rng)(own)
    return Trial(seen.points, table, seen.folds, amount, targets, found)


def rest(out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All but a fold; itself where there is but one."""
    return ~out if not out.all() else out


def fold(groups: NDArray[np.int64], rng: np.random.Generator, most: int = FOLDS) -> NDArray[np.intp]:
    """(n,) a fold for each question, at random, groups whole and folds of like size; one fold where there is one group."""
    codes, sizes = np.unique(groups, return_inverse=True)[1], np.unique(groups, return_counts=True)[1]
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled, of = np.zeros(min(most, len(sizes))), np.empty(len(sizes), dtype=np.intp)
    for group in order:
        of[group] = np.argmin(filled)
        filled[of[group]] += sizes[group]
    return of[codes]


def _relative(table: Floats) -> Floats:
    """Amounts as logarithms of how many times a system's mean they are, none below a twentieth."""
    mean = np.array([np.nanmean(row) if not np.isnan(row).all() else 1.0 for row in table])
    return np.log(np.maximum(table / np.where(mean == 0, 1.0, mean)[:, None], 0.05))


def _mean(points: Floats, regressions: Mapping[str, Regression]) -> Floats:
    return np.mean([each(points) for each in regressions.values()], axis=0) if regressions else np.empty((len(points), 0))


def under(name: str, arrays: Arrays) -> dict[str, Any]:
    """The arrays whose names begin with `name.`, without it."""
    return {key.removeprefix(f"{name}."): values for key, values in arrays.items() if key.startswith(f"{name}.")}
