"""How good: accuracy, mean score, pass@k."""

import numpy as np

from isocost.metrics.answers import Answers, sums
from isocost.metrics.estimate import Estimate, estimate
from isocost.metrics.prices import Floats
from isocost.stats import clustered_wilson, mean_of_sums

# The k for which pass@k is reported, as far as the attempts reach.
KS = (1, 2, 3, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1000)


def right(answers: Answers) -> Floats:
    """1 where the score is 1 (fully right), 0 where it is less, NaN where there is none."""
    score = answers["score"]
    return np.where(np.isnan(score), np.nan, (score >= 1).astype(np.float64))


def accuracy(answers: Answers) -> Estimate | None:
    """The share of graded answers that are fully right."""
    sums = answers.sums(right(answers))
    return estimate(clustered_wilson(*sums), answers.basis) if len(sums.counts) else None


def mean_score(answers: Answers) -> Estimate | None:
    """The mean score of graded answers, partly right ones in part."""
    score = answers["score"]
    known = score[~np.isnan(score)]
    if len(known) == 0:
        return None
    if known.min() < 0 or known.max() > 1:  # a score of another kind: no bounds to use
        return estimate(mean_of_sums(*answers.sums(score)), answers.basis)
    binary = bool(((known == 0) | (known == 1)).all())
    return estimate(clustered_wilson(*answers.sums(score), binary=binary), answers.basis)


def pass_at_k(answers: Answers) -> dict[str, Estimate]:
    """The chance that at least one of k attempts at a question is right, for the k that questions have attempts for.

    Unbiased for each question with n >= k attempts and c right ones: 1 - C(n-c, k)/C(n, k) (Chen et al. 2021, eq. 1), then
    the mean over those questions.
    """
    if not answers.attempts:
        return {}
    correct, attempts, _, clusters = answers.by_item(right(answers))
    found: dict[str, Estimate] = {}
    for k in KS:
        enough = attempts >= k
        if attempts.max(initial=0) < max(2, k):
            break
        passed = pass_estimate(attempts[enough], correct[enough], k)
        left_out = int((~enough).sum())
        note = f"{left_out} questions with fewer than {k} attempts left out" if left_out else ""
        found[f"pass@{k}"] = estimate(clustered_wilson(*sums(passed, clusters[enough]), binary=False), answers.basis, note=note)
    return found


def pass_estimate(n: Floats, c: Floats, k: int) -> Floats:
    """1 - C(n-c, k)/C(n, k), as the product that neither overflows nor cancels."""
    failed = np.ones(len(n))
    for j in range(k):
        failed *= np.maximum(n - c - j, 0.0) / (n - j)
    return 1 - failed
