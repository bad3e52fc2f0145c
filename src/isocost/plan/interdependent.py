"""Which whole pipeline to measure next, where what a stage is worth depends on what the stage before hands over.

`stages` multiplies qualities that were measured alone; that misleads where a better draft makes the checker's samples
superfluous, or a poor one wastes them. Then whole pipelines must be measured, and the question is which. The problem is
AgentTTS's (Wang et al. 2025, arXiv 2508.00890: models and samples for the subtasks under one budget; what is best for a stage
depends on those before). Departure: in place of a language model that proposes, a Gaussian process whose mean is the
independent pipeline; it learns what the independent view misses, and the next trial is that of most expected improvement.
"""

from collections.abc import Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from isocost.allocate import choose
from isocost.plan.evidence import Floats
from isocost.records import InputError

Config = tuple[int, ...]  # for each stage, which of its options

ALIKE = 0.5  # correlation of two systems of a stage at equal votes
REACH = 4.0  # doublings of the votes over which a stage's worth changes
AROUND = 3  # so many of the best are exchanged from: around one alone a search can be trapped
USUAL = 0.1  # by how much a pipeline's quality is taken to vary before any was measured


class Option(NamedTuple):
    """One choice for a stage: a system, how many votes of it, what they cost, and their quality measured alone if known."""

    system: str
    votes: float
    cost: float
    alone: float | None = None


class Search:
    """Asks for one pipeline at a time, is told its measured quality, and names the best for the budget.

    stages: the options of each, in the pipeline's order. budget: what a pipeline may cost, a sum over its stages.
    noise: the standard error of a told quality. The first pipeline asked for is the allocator's: the product of the qualities
    alone is largest, or, where one of them is not known, each stage's dearest option within an even part. From then on one or
    two stages of the few best so far are exchanged. No random numbers are drawn: the same answers lead the same way.
    """

    def __init__(self, stages: Sequence[Sequence[Option]], budget: float, *, noise: float = 0.0) -> None:
        self.stages, self.budget, self.noise = tuple(map(tuple, stages)), budget, noise
        _check(self.stages, budget, noise)
        self.told: dict[Config, float] = {}
        known = all(option.alone is not None for stage in self.stages for option in stage)
        self._alone = [np.array([option.alone if known else 0.0 for option in stage], dtype=float) for stage in self.stages]
        self._cost = [np.array([option.cost for option in stage], dtype=float) for stage in self.stages]
        self._kernel = [_alike(stage) for stage in self.stages]
        self._start = _independent(self._alone, self._cost, budget) if known else _even(self._cost, budget)

    def ask(self) -> Config | None:
        """The pipeline to measure next, always within the budget; None when every one that exchanges reach was told."""
        if self._start not in self.told:
            return self._start
        told = [config for config in self.told if self.cost(config) <= self.budget]
        mean, _ = self._believed(np.array(told))
        around = filter(None, (self._near(told[row]) for row in np.argsort(-mean, kind="stable")))
        untold = sorted(set().union(*islice(around, AROUND)))
        if not untold:
            return None
        expected = _improvement(*self._believed(np.array(untold)), float(mean.max()))
        return untold[int(np.argmax(expected))]

    def tell(self, config: Config, quality: float) -> None:
        """Takes what a pipeline scored; one that was not asked for is welcome, also beyond the budget. Each is told once."""
        within = len(config) == len(self.stages) and all(
            0 <= k < len(stage) for k, stage in zip(config, self.stages, strict=True)
        )
        if not within or config in self.told:
            fact = "was told before" if within else "is none of these stages'"
            raise InputError(f"a pipeline is one option of each stage, told once; {config} {fact}.")
        if not np.isfinite(quality):
            raise InputError(f"a quality is a finite number, {config} has {quality}.")
        self.told[config] = quality

    @property
    def best(self) -> Config | None:
        """The told pipeline within the budget that is believed best; None before there is one."""
        within = [config for config in self.told if self.cost(config) <= self.budget]
        if not within:
            return None
        return within[int(np.argmax(self._believed(np.array(within))[0]))]

    def cost(self, config: Config) -> float:
        """What a pipeline costs."""
        return float(sum(cost[k] for cost, k in zip(self._cost, config, strict=True)))

    def _near(self, config: Config) -> set[Config]:
        """The untold pipelines within the budget that differ in at most two stages."""
        sizes, found = [len(stage) for stage in self.stages], {config}
        for one, other in combinations(range(len(sizes)), 2) if len(sizes) > 1 else [(0, 0)]:
            for j in range(sizes[one]):
                for k in range(sizes[other]):
                    near = list(config)
                    near[other], near[one] = k, j
                    found.add(tuple(near))
        return {near for near in found if near not in self.told and self.cost(near) <= self.budget}

    def _believed(self, configs: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Posterior mean and standard deviation of each pipeline's quality, given all that was told."""
        seen = np.array(list(self.told))
        missed = np.array(list(self.told.values())) - self._product(seen)
        inner = self._covariance(seen, seen) + 1e-6 * np.eye(len(seen))
        scale = (USUAL**2 + missed @ cho_solve(cho_factor(inner), missed)) / (1 + len(seen))  # its posterior, one prior trial
        factor = cho_factor(inner + self.noise**2 / scale * np.eye(len(seen)))
        across = self._covariance(configs, seen)
        mean = self._product(configs) + across @ cho_solve(factor, missed)
        left = 1 - (across * cho_solve(factor, across.T).T).sum(axis=1)
        return mean, np.sqrt(scale * np.maximum(left, 0))

    def _product(self, configs: NDArray[np.int64]) -> Floats:
        return np.asarray(np.prod([alone[configs[:, t]] for t, alone in enumerate(self._alone)], axis=0))

    def _covariance(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
        """Of what is missed: half common to all pipelines, half each stage's own part and every interplay, weighed alike."""
        parts = [(1 + kernel[a[:, t, None], b[:, t]]) / 2 for t, kernel in enumerate(self._kernel)]
        return np.asarray((1 + np.prod(parts, axis=0)) / 2)


def _alike(stage: Sequence[Option]) -> Floats:
    """Correlations of a stage's options: a Matern kernel of order 3/2 over the doublings of votes."""
    system, votes = np.array([option.system for option in stage]), np.log2([option.votes for option in stage])
    apart = np.sqrt(3) * np.abs(votes[:, None] - votes) / REACH
    return np.asarray(np.where(system[:, None] == system, 1.0, ALIKE) * (1 + apart) * np.exp(-apart))


def _independent(alone: Sequence[Floats], cost: Sequence[Floats], budget: float) -> Config:
    shape = (len(cost), max(map(len, cost)))
    value, paid = np.full(shape, np.nan), np.full(shape, np.nan)
    for t in range(len(cost)):
        value[t, : len(cost[t])], paid[t, : len(cost[t])] = np.log(np.maximum(alone[t], 1e-9)), cost[t]
    return tuple(choose(value, paid, budget).level.tolist())


def _even(cost: Sequence[Floats], budget: float) -> Config:
    """Each stage's dearest option within its cheapest and an even part of what the cheapest leave."""
    part = (budget - sum(float(one.min()) for one in cost)) / len(cost)
    return tuple(int(np.argmax(np.where(one <= one.min() + part, one, -np.inf))) for one in cost)


def _improvement(mean: Floats, sd: Floats, best: float) -> Floats:
    """Expected improvement over the best (Jones et al. 1998, eq. 15)."""
    sd = np.maximum(sd, 1e-12)
    z = (mean - best) / sd
    return np.asarray(sd * (z * ndtr(z) + np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)))


def _check(stages: Sequence[Sequence[Option]], budget: float, noise: float) -> None:
    options = [option for stage in stages for option in stage]
    if not stages or not all(stages):
        raise InputError(f"a pipeline needs an option for each stage, got {[len(stage) for stage in stages]} of them.")
    wrong = [
        o for o in options if not (o.votes > 0 and 0 <= o.cost < np.inf) or (o.alone is not None and not 0 <= o.alone <= 1)
    ]
    if wrong:
        raise InputError(f"an option has votes above 0, a cost of at least 0 and a quality from 0 to 1, got {wrong[0]}.")
    least = sum(min(option.cost for option in stage) for stage in stages)
    if not budget >= least or not noise >= 0:
        raise InputError(f"expected a budget of at least {least:g} and a noise of at least 0, got {budget} and {noise}.")
