"""Trials given to questions by what is known of their pass rates: until each has its target of right answers, or where an
answer teaches most.

After each round a pass rate has a Beta posterior, and the next round's trials are chosen by it. `ask` and `tell`
leave the loop to the caller.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, gammaln

from isocost.allocate import choose
from isocost.plan.evidence import Floats, Integers

PRIOR = (0.5, 0.5)  # Jeffreys': a question is as likely easy or hard as anything between
ROUND = 64  # trials of one question in one round at most


class Trials:
    """How many trials each question gets next, so that as many as possible reach their target of right answers.

    Difficulty-aware rejection sampling (DART-Math: Tong et al. 2024, arXiv 2407.13690) samples each query until it has its
    target, the same for all or proportional to difficulty. Here a question's first right answer is worth 1, its k-th 1 / k,
    and the trials of a round are those of most expected worth under the posterior and a budget: what is covered comes before
    what is full. target: a number, or one for each question. cost: of a trial.
    """

    def __init__(self, questions: int, target: ArrayLike, *, cost: ArrayLike = 1.0, prior: tuple[float, float] = PRIOR) -> None:
        self.target = np.broadcast_to(np.asarray(target, dtype=np.int64), questions)
        self.cost = np.broadcast_to(np.asarray(cost, dtype=float), questions)
        if (self.target < 0).any() or not (self.cost > 0).all() or min(prior) <= 0:
            raise ValueError(
                f"expected targets of at least 0, costs and a prior above 0, got {self.target.min(initial=0)}, "
                f"{self.cost.min(initial=1)} and {prior}."
            )
        self.prior = prior
        self.made, self.right = np.zeros(questions, dtype=np.int64), np.zeros(questions, dtype=np.int64)

    def ask(self, budget: float) -> Integers:
        """(n,) how many trials to make of each question next, their cost within the budget."""
        value = wanted(self.right, self.made, self.target, self.prior)
        cost = self.cost[:, None] * np.arange(value.shape[1])
        level = choose(value, cost, budget).level
        return np.asarray(level, dtype=np.int64)

    def tell(self, made: Integers, right: Integers) -> None:
        """How many trials were made of each question, and how many of them were right."""
        made, right = np.asarray(made), np.asarray(right)
        if ((right < 0) | (right > made)).any():
            worst = int(np.argmax((right < 0) | (right > made)))
            raise ValueError(f"expected from 0 to {made[worst]} right answers of question {worst}, got {right[worst]}.")
        self.made, self.right = self.made + made, self.right + right

    @property
    def met(self) -> NDArray[np.bool_]:
        """(n,) which questions have their target."""
        return np.asarray(self.right >= self.target)


def wanted(right: Integers, made: Integers, target: Integers, prior: tuple[float, float] = PRIOR) -> Floats:
    """(n, ROUND + 1): what so many more trials are expected to be worth, the k-th right answer of a question being worth 1 / k.

    A trial counts where the target is not yet met: the t-th adds the sum over r below it of P(r right so far) times
    E[p | r of t - 1 more] / (r + 1), beta-binomial terms. It falls with t, so that whatever is chosen first is worth most.
    """
    a, b = prior[0] + right, prior[1] + made - right
    need = np.maximum(target - right, 0)
    t = np.arange(ROUND)[:, None]
    k = np.arange(int(need.max(initial=0)))
    gains = np.zeros((len(need), ROUND))
    ways = np.where(k <= t, gammaln(t + 1) - gammaln(k + 1) - gammaln(np.maximum(t - k, 0) + 1), -np.inf)
    for i, (alpha, beta) in enumerate(zip(a, b, strict=True)):
        seen = np.exp(ways + betaln(alpha + k, beta + np.maximum(t - k, 0)) - betaln(alpha, beta))
        gains[i] = (seen * (alpha + k) / (alpha + beta + t) / (right[i] + k + 1))[:, : need[i]].sum(axis=1)
    return np.hstack([np.zeros((len(need), 1)), np.cumsum(gains, axis=1)])


def spread(right: ArrayLike, made: ArrayLike, prior: tuple[float, float] = PRIOR) -> Floats:
    """(n,) the expected standard deviation of one trial, E[sqrt(p (1 - p))] under each question's posterior.

    It peaks where a question is answered half of the time: there a trial tells most, and a policy gradient is largest (CurES:
    arXiv 2510.01037, draws prompts and rollouts by it; we take its expectation under the posterior in closed form).
    """
    right, made = np.asarray(right, dtype=float), np.asarray(made, dtype=float)
    a, b = prior[0] + right, prior[1] + made - right
    return np.asarray(np.exp(betaln(a + 0.5, b + 0.5) - betaln(a, b)))


def rollouts(weight: ArrayLike, total: int, *, least: int = 0) -> Integers:
    """(n,) whole numbers that sum to the total, in proportion to the weights above `least` each; largest remainders first.

    With `spread` as the weight this is Neyman's allocation (1934): the mean over all questions has its least variance.
    """
    weight = np.asarray(weight, dtype=float)
    free = total - least * len(weight)
    if free < 0 or not (weight >= 0).all() or not weight.sum() > 0:
        raise ValueError(
            f"expected weights of at least 0, not all 0, and a total of at least {least * len(weight)}, "
            f"got {weight.min(initial=0)} to {weight.max(initial=0)} and {total}."
        )
    share = free * weight / weight.sum()
    whole = np.floor(share).astype(np.int64)
    whole[np.argsort(whole - share, kind="stable")[: free - int(whole.sum())]] += 1
    return np.asarray(whole + least, dtype=np.int64)
