"""What stands beside every plan: the best single system, the mix, a random router, one by length alone, and the oracle."""

import math
from functools import partial

import numpy as np

from isocost.allocate import choose
from isocost.metrics import Estimate
from isocost.metrics.estimate import estimate, missing
from isocost.plan.evidence import Evidence
from isocost.plan.expect import Folds, cross_fit, mean_of
from isocost.plan.fixed import FIXED
from isocost.plan.kinds import kind
from isocost.plan.mix import MIX
from isocost.plan.rule import Goal, Outcome, drawn
from isocost.records import InputError
from isocost.stats import Interval, paired_difference

Baseline = dict[str, Estimate]
NAMES = ("best_single", "mix", "random", "length", "oracle")


def baselines(plan: Outcome, evidence: Evidence, goal: Goal, folds: Folds, rng: np.random.Generator) -> dict[str, Baseline]:
    """Quality and cost of each baseline on held-out questions, and `difference`: the plan's quality less its own, paired.

    All have the plan's goal and its folds. random: one system for each question, drawn with the plan's own shares. length: a
    router with a linear predictor that sees how long the question is, and nothing else. oracle: knows what each answer is
    worth before it is asked, and may spend the budget, or what the plan spent if that is more: no choice of one system for
    each question is worth more.
    """
    fits = {"best_single": FIXED.fit, "mix": MIX.fit}
    found = {name: cross_fit(fit, evidence, goal, folds, rng).outcome for name, fit in fits.items()}
    found["random"] = _random(plan, evidence, folds)
    unknown: dict[str, str] = {}
    try:
        length = partial(kind("route").fit, features="length", predictor="linear")
        found["length"] = cross_fit(length, evidence, goal, folds, rng).outcome
    except InputError as error:  # no texts, say
        unknown["length"] = str(error)
    found["oracle"] = _oracle(plan, evidence, goal)
    estimates = {name: _estimates(outcome, plan, evidence, rng) for name, outcome in found.items()}
    why = {name: missing(text, evidence.basis) for name, text in unknown.items()}
    estimates |= {name: {"quality": reason, "cost": reason, "difference": reason} for name, reason in why.items()}
    return {name: estimates[name] for name in NAMES}


def _estimates(outcome: Outcome, plan: Outcome, evidence: Evidence, rng: np.random.Generator) -> Baseline:
    both = np.concatenate((outcome.worth, plan.worth))
    share = bool(np.nanmin(both, initial=0.0) >= 0 and np.nanmax(both, initial=1.0) <= 1)
    difference = paired_difference(plan.worth, outcome.worth, evidence.groups, share=share)
    return {
        "quality": mean_of(outcome.worth, evidence, rng),
        "cost": mean_of(outcome.paid, evidence, rng, floor=0.0),
        "difference": estimate(Interval(*difference[:5]), evidence.basis),
    }


def _random(plan: Outcome, evidence: Evidence, folds: Folds) -> Outcome:
    """Drawn with the shares that the plan has on the other questions of the fold, which says nothing about any one of them."""
    shares = np.array([plan.shares[folds == fold].sum(axis=0) for fold in range(int(folds.max()) + 1)])
    asked = shares.sum(axis=1, keepdims=True)
    return drawn(evidence, np.divide(shares, asked, out=np.zeros(shares.shape), where=asked > 0)[folds])


def _oracle(plan: Outcome, evidence: Evidence, goal: Goal) -> Outcome:
    worth, paid = evidence.quality.T, evidence.cost.T
    usable = ~np.isnan(worth + paid)
    rows = np.flatnonzero(usable.any(axis=1))
    budget = math.inf
    if goal.budget is not None or goal.at_least is not None:
        spent = plan.paid[~np.isnan(plan.paid)]
        budget = max(goal.budget or 0.0, float(spent.mean()) if len(spent) else 0.0)
    value, cost = np.where(usable, worth, np.nan)[rows], np.where(usable, paid, 0.0)[rows]
    least = float(np.min(cost, axis=1, where=usable[rows], initial=math.inf).sum())
    most = float(np.max(cost, axis=1, where=usable[rows], initial=0.0).sum())
    level = choose(value, cost, float(np.clip(budget * len(rows), least * (1 + 1e-12), most * (1 + 1e-12)))).level
    shares = np.zeros(worth.shape)
    shares[rows, level] = 1.0
    outcome = drawn(evidence, shares)
    unknown = ~usable.any(axis=1)
    for values in outcome[:3]:
        values[unknown] = np.nan
    return outcome
