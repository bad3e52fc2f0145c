"""Which kind of plan serves a goal best, and how much choosing among them flatters the one that was chosen."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isocost.plan.evidence import Evidence, Floats
from isocost.plan.expect import Fitting, Folds, Held, cross_fit
from isocost.plan.mix import MIX
from isocost.plan.rule import Goal
from isocost.records import InputError

REPLICATES = 400


class Selected(NamedTuple):
    """The kind chosen, what each kind that applies got, why the others do not, and what choosing flatters by.

    optimism: (quality, cost) by which the chosen kind's means look better than those of a kind chosen so on other questions.
    """

    name: str
    held: dict[str, Held]
    left_out: dict[str, str]
    optimism: tuple[float, float]


def select(fits: Mapping[str, Fitting], evidence: Evidence, goal: Goal, folds: Folds, rng: np.random.Generator) -> Selected:
    """The kind that does best by cross-fitting, ties to the first.

    What choosing flatters by is measured as Tsamardinos, Greasidou & Borboudakis (2018) do (bootstrap bias corrected
    cross-validation): choose on questions drawn with replacement, look at the questions not drawn.
    """
    held: dict[str, Held] = {}
    left_out = {}
    for (name, fit), stream in zip(fits.items(), rng.spawn(len(fits)), strict=True):
        try:
            held[name] = cross_fit(fit, evidence, goal, folds, stream)
        except InputError as error:
            left_out[name] = str(error)
    if not held:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise InputError(f"no kind of plan meets the goal. {reasons}")
    price = MIX.fit(evidence, goal, rng).price or 0.0 if "mix" in held else 0.0
    kinds = list(held)
    worth, paid = (np.array([getattr(held[name].outcome, part) for name in kinds]) for part in ("worth", "paid"))
    whole = np.ones((1, worth.shape[1]))
    chosen = int(_best(worth, paid, whole, goal, price)[0])
    looks = tuple(float(_means(values, whole)[chosen, 0]) for values in (worth, paid))
    honest = _unseen(worth, paid, evidence.groups, goal, price, rng) if len(kinds) > 1 else looks
    return Selected(kinds[chosen], held, left_out, (looks[0] - honest[0], looks[1] - honest[1]))


def _best(worth: Floats, paid: Floats, weights: Floats, goal: Goal, price: float) -> NDArray[np.intp]:
    """The row that serves the goal best under each of the weights (R, n); of equal ones the first."""
    quality, cost = _means(worth, weights), _means(paid, weights)
    scale = float(np.nanmax(np.abs(quality), initial=1.0))
    if goal.at_least is not None:
        short = np.maximum(0.0, goal.at_least - quality)
        score = -cost - (short / price if price else short * float(np.nanmax(cost, initial=0.0)) * 1e3 / scale)
    else:
        over = np.maximum(0.0, cost - goal.budget) if goal.budget is not None else 0.0
        score = quality - price * over
    rounded = np.round(score / max(float(np.nanmax(np.abs(score), initial=0.0)), 1e-300), 9)
    return np.asarray(np.argmax(np.where(np.isnan(rounded), -np.inf, rounded), axis=0))


def _unseen(
    worth: Floats, paid: Floats, groups: NDArray[np.int64], goal: Goal, price: float, rng: np.random.Generator
) -> tuple[float, float]:
    """What the kind that is best on questions drawn with replacement gets and costs on those not drawn, on average."""
    codes = np.unique(groups, return_inverse=True)[1]
    count = int(codes.max()) + 1
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=REPLICATES).astype(np.float64)[:, codes]
    best, columns = _best(worth, paid, drawn, goal, price), np.arange(REPLICATES)
    others = (drawn == 0).astype(np.float64)
    quality, cost = (float(np.nanmean(_means(values, others)[best, columns])) for values in (worth, paid))
    return quality, cost


def _means(values: Floats, weights: Floats) -> Floats:
    """(kinds, R): the weighted means of what is known."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((np.where(known, values, 0.0) @ weights.T) / (known.astype(np.float64) @ weights.T))
