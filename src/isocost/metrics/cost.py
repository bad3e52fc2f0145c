"""What it took: tokens, calls, money, and the two kinds of cost per correct answer."""

import math

import numpy as np

from isocost.metrics.answers import Answers, sums
from isocost.metrics.estimate import Estimate, estimate, missing
from isocost.metrics.means import mean_of
from isocost.metrics.prices import Floats
from isocost.metrics.quality import right
from isocost.stats import Interval, mean_of_sums, ratio_of_sums, wilson


def prompt_tokens(answers: Answers) -> Floats:
    """Prompt tokens; 0 where the budget allowed no call at all."""
    return np.where(answers.refused, 0.0, answers["prompt_tokens"])


def completion_tokens(answers: Answers) -> Floats:
    """Completion tokens; 0 where the budget allowed no call at all."""
    return np.where(answers.refused, 0.0, answers["completion_tokens"])


def tokens(answers: Answers) -> Floats:
    """Prompt and completion tokens together."""
    return prompt_tokens(answers) + completion_tokens(answers)


def calls(answers: Answers) -> Floats:
    """Calls made; not known where a record holds none though the budget forbade none (an imported log, say)."""
    made = answers["n_calls"]
    return np.where((made == 0) & ~answers.refused, np.nan, made)


def dollars(answers: Answers) -> Floats:
    """What each answer cost; unknown throughout if any of the system's models has no price: part of a cost is no cost."""
    cost, unpriced = answers.cost
    return np.full(len(cost), np.nan) if unpriced else cost


def cost(answers: Answers) -> Estimate:
    """Mean dollars an answer, or "unpriced" and the models that have no price."""
    unpriced = answers.cost[1]
    return missing(f"unpriced: {', '.join(unpriced)}", answers.basis) if unpriced else mean_of(answers, dollars(answers))


def cost_per_correct_pooled(answers: Answers) -> Estimate | None:
    """All dollars over all right answers: what a right answer costs in bulk. Fieller's interval, clustered by question."""
    spent, correct = _graded(answers)
    if not len(spent):
        return None
    up, down = answers.sums(spent), answers.sums(correct)
    asked, n = up.counts > 0, int(up.counts.sum())
    size = n / asked.sum()  # per answer rather than per cluster, so that the denominator is a share
    found = ratio_of_sums(up.totals[asked] / size, down.totals[asked] / size)
    method = f"infinite: no answer is right; low by {found.method}" if math.isinf(found.value) else found.method
    return estimate(found._replace(n=n, method=method), answers.basis)


def cost_per_correct_per_question(answers: Answers, *, instead: float = math.inf) -> Estimate | None:
    """The mean over questions of (mean dollars / mean correctness): what it costs until each question is right once.

    The cost-of-pass of Erol et al. 2025, eq. 1, averaged over questions: infinite if any question was never answered right,
    unless those can be had `instead` otherwise, for so many dollars (an expert's hour); so can then the ones that cost more.
    Where it is infinite, low is the bound that the solved questions alone give.
    """
    spent, correct = _graded(answers)
    if not len(spent):
        return None
    money, hits = answers.by_item(spent), answers.by_item(correct)
    solved = hits.totals > 0
    each = np.full(len(solved), np.inf)
    each[solved] = money.totals[solved] / hits.totals[solved]
    each = np.minimum(each, instead)
    unsolved = np.isinf(each)
    at_least = mean_of_sums(*sums(np.where(unsolved, 0.0, each), money.clusters))
    if not unsolved.any():
        return estimate(at_least, answers.basis, floor=0.0)
    low = max(0.0, at_least.low) if math.isfinite(at_least.low) else at_least.low
    method = f"infinite: {int(unsolved.sum())} of {len(each)} questions never answered right; low from the others"
    return estimate(Interval(math.inf, low, math.inf, len(each), method), answers.basis)


def never_solved(answers: Answers) -> Estimate | None:
    """The share of questions that no graded attempt answered right."""
    correct = answers.by_item(right(answers)).totals
    if not len(correct):
        return None
    found = wilson(int((correct == 0).sum()), len(correct))
    one = found._replace(low=0.0, high=1.0, method="unbounded: one question")
    return estimate(one if len(correct) == 1 else found, answers.basis)


def _graded(answers: Answers) -> tuple[Floats, Floats]:
    """Dollars and correctness where both are known; empty if nothing is."""
    spent, correct = dollars(answers), right(answers)
    unknown = np.isnan(spent) | np.isnan(correct)
    if unknown.all():
        return np.empty(0), np.empty(0)
    return np.where(unknown, np.nan, spent), np.where(unknown, np.nan, correct)
