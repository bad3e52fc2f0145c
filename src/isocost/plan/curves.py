"""Many systems at once: a few factors say what kind of question it is, and each system answers to them in its own way.

The matrix of what S systems did on n questions is nearly of low rank: mostly a question is hard or easy, and dear or cheap, for
all of them. So only the few factors are predicted from the text, and each system has a response curve over them, as in item
response theory: strength is shared where it is common, and 44 systems cost little more than two.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from isocost.plan.evidence import Floats

FACTORS = 4
PRIOR = 1.0  # precision of a response's slopes, over factors of variance 1
BELIEF = 4.0  # how many systems the prior belief in a spread counts for
STEPS, LIMIT = 50, 30.0


def factors(table: Floats, most: int = FACTORS) -> Floats:
    """(n, r): the questions' scores on the leading directions of an (S, n) table with missing entries (NaN).

    What is missing is filled from the directions themselves, a few times over (Mazumder et al. 2010, hard thresholds); first
    by system's mean and question's deviation. r is at most `most` and S. Where r = S nothing is lost.
    """
    known = ~np.isnan(table)
    centre = np.array([np.mean(row[seen]) if seen.any() else 0.0 for row, seen in zip(table, known, strict=True)])
    over = np.where(known, table - centre[:, None], 0.0)
    filled = np.where(known, over, (over.sum(axis=0) / np.maximum(known.sum(axis=0), 1))[None, :])
    rank = min(most, *table.shape)
    for _ in range(1 if known.all() else 10):
        turned = np.linalg.eigh(filled @ filled.T)[1][:, ::-1][:, :rank]
        scores = filled.T @ turned
        filled = np.where(known, over, turned @ scores.T)
    return np.asarray(scores)


class Curves(NamedTuple):
    """Each system's response: (S, 1 + r) weights over standardised factors, constant first; its unit (S,) and bounds (S, 2)."""

    weights: Floats
    centre: Floats
    scale: Floats
    unit: Floats
    bounds: Floats

    @classmethod
    def fit(cls, found: Floats, table: Floats, *, amount: bool) -> Self:
        """The curves that best explain an (S, n) table by the (n, r) factors found for the questions.

        Canonical links (logistic for shares, logarithmic for amounts), so that each system's expectations add up to what was
        observed: calibrated in the large. A share lies in [0, 1], or in as wide a range as was seen of all systems; an amount
        within what was seen of its system.
        """
        centre, scale = found.mean(axis=0), found.std(axis=0)
        scale = np.where(scale == 0, 1.0, scale)
        known = ~np.isnan(table)
        counts = np.maximum(known.sum(axis=1), 1)
        low, high = (np.where(known, table, out).T for out in (np.inf, -np.inf))
        if amount:
            unit = np.where(known, table, 0.0).sum(axis=1) / counts
            bounds = np.stack([low.min(axis=0), high.max(axis=0)], axis=1)
            free = (unit == 0)[:, None]  # its curve is flat, and multiplied by 0
            target = np.where(free, 1.0, np.where(known, table, 0.0) / np.where(free, 1.0, unit[:, None]))
        else:
            bounds = np.tile([low.min(initial=0.0), high.max(initial=1.0)], (len(table), 1))
            unit = bounds[:, 1] - bounds[:, 0]
            target = (np.where(known, table, 0.0) - bounds[:, :1]) / unit[:, None]
        return cls(_shared((found - centre) / scale, target, known, amount), centre, scale, unit, bounds)

    def __call__(self, found: Floats, *, amount: bool) -> Floats:
        """(n, S): what each system is expected to do where these factors are found."""
        line = self.weights[:, 0] + ((found - self.centre) / self.scale) @ self.weights[:, 1:].T
        if not amount:
            return np.asarray(self.bounds[:, 0] + self.unit * expit(line))
        return np.clip(self.unit * np.exp(np.minimum(line, 50.0)), *self.bounds.T)


def _shared(found: Floats, target: Floats, known: NDArray[np.bool_], amount: bool) -> Floats:
    """Every system's weights, drawn to the systems' mean as far as their spread is no more than noise (empirical Bayes).

    The spread of each weight is what is left of the observed one when the weights' own errors are taken off, with a little
    prior belief in a spread (two for the constants, a half for the slopes), so that two systems are hardly drawn together, and
    forty by what they show.
    """
    first, errors = _newton(found, target, known, amount, np.zeros(found.shape[1] + 1), np.r_[0.0, [PRIOR] * found.shape[1]])
    centre = first.mean(axis=0)
    over = ((first - centre) ** 2).sum(axis=0) - (len(first) - 1) * errors.mean(axis=0)
    believed = np.r_[4.0, [0.25] * found.shape[1]]
    spread = (np.maximum(over, 0.0) + BELIEF * believed) / (len(first) - 1 + BELIEF)
    return _newton(found, target, known, amount, centre, 1 / spread)[0]


def _newton(
    found: Floats, target: Floats, known: NDArray[np.bool_], amount: bool, centre: Floats, precision: Floats
) -> tuple[Floats, Floats]:
    """All systems' ridge regressions of a canonical link at once, by damped Newton steps: weights, and their variances.

    Each system is lent one more question, of the middling kind, on which it does as all do on average: so that three right
    answers are not certainty.
    """
    usual = np.where(known, target, 0.0).sum() / max(known.sum(), 1)
    design = np.column_stack([np.ones(len(found) + 1), np.vstack([found, np.zeros(found.shape[1])])])
    target = np.column_stack([np.where(known, target, 0.0), np.full(len(target), usual)])
    known = np.column_stack([known, np.ones(len(target), dtype=bool)])
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    weights = np.tile(centre, (len(target), 1))
    for _ in range(STEPS):
        line = np.clip(weights @ design.T, -LIMIT, LIMIT)
        expected = np.exp(line) if amount else expit(line)
        spread = np.where(known, expected if amount else expected * (1 - expected), 0.0)
        slope = np.where(known, target - expected, 0.0) @ design - (weights - centre) * precision
        curve = (spread @ products).reshape(len(target), len(centre), -1) + np.diag(precision)
        step = np.linalg.solve(curve, slope[:, :, None])[:, :, 0]
        weights = weights + step * np.minimum(1.0, 2.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-12))
        if np.abs(step).max() < 1e-6:  # the error is about its square
            break
    return weights, np.diagonal(np.linalg.inv(curve), axis1=1, axis2=2)
