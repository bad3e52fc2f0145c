"""`stages`: a pipeline whose stages each have their own choice of system and votes, one budget over all of them.

A system belongs to a stage by its name: what stands before the first ":" is the stage, as in "retrieve:bm25", "write:small",
"write:large". Each is measured alone, on the same questions, graded by what its stage is to do. The whole's quality at a
question is made of its stages' there: their product (a chain holds where all links hold, independently given the question),
their minimum, or a function of the user's.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from isocost.allocate import choose
from isocost.frontier import staircase
from isocost.plan.draws import draws, mean
from isocost.plan.evidence import NOTHING, Evidence, Floats
from isocost.plan.lots import Lots, by_lot, settle
from isocost.plan.options import chosen
from isocost.plan.rule import Goal, Kind, Outcome, Plain
from isocost.records import InputError

Combine = Callable[[Floats], Floats]
Config = tuple[int, ...]  # a level for each stage

EVERY = 4096  # so many pipelines are all tried
BUDGETS = 64  # at so many budgets the allocator is asked where there are more


class Part(Struct, frozen=True, omit_defaults=True):
    """A stage's system, and how many votes of it."""

    system: str
    votes: int = 1


class Pipeline(Struct, frozen=True):
    """One choice for every stage, and with what probability a question takes it."""

    weight: float
    parts: tuple[Part, ...]


class Stages(Plain, frozen=True):
    """A rule: one pipeline, or two by lot.

    sensitivity: by stage, how much better the whole would be on the questions of the fit if this stage were always right, all
    else as it is; `limiting` is the stage of the most. price: the quality of the whole that one more unit of budget buys.
    """

    ways: tuple[Pipeline, ...]
    price: float
    quality: str
    limiting: str
    sensitivity: dict[str, float]

    def spend(self, evidence: Evidence) -> Outcome:
        """Each question's outcome in expectation; NaN where a stage has no answer to replay. Seconds are one after another."""
        return by_lot(
            [way.weight for way in self.ways], [_spend(way.parts, combination(self.quality), evidence) for way in self.ways]
        )


class Options(Struct, frozen=True):
    """quality: "product", "minimum", or "module:function" of a (stages, n) array, stages by name, to (n,). votes: to try."""

    quality: str = "product"
    votes: tuple[int, ...] = (1, 3, 5)


class Level(NamedTuple):
    """One choice for a stage; (n,) what it gets on each question."""

    part: Part
    worth: Floats
    paid: Floats
    seconds: Floats


def _fit(evidence: Evidence, goal: Goal, rng: np.random.Generator, **options: Any) -> Stages:
    """The best lot of pipelines: all are tried where they are few, else those that the allocator and exchanges lead to."""
    asked = chosen(options, Options)
    combine = combination(asked.quality)
    levels = levels_of(evidence, asked.votes)
    valued = _Valued(list(levels.values()), combine, goal)
    configs, lots = search(valued, goal)
    ways = [
        Pipeline(weight, tuple(stage[level].part for stage, level in zip(valued.levels, configs[row], strict=True)))
        for row, weight in zip(lots.rows, lots.weights, strict=True)
    ]
    gains = sum(
        weight * _sensitivity([stage[k].worth for stage, k in zip(valued.levels, configs[row], strict=True)], combine, evidence)
        for row, weight in zip(lots.rows, lots.weights, strict=True)
    )
    sensitivity = dict(zip(levels, np.asarray(gains).tolist(), strict=True))
    return Stages(tuple(ways), lots.price, asked.quality, max(sensitivity, key=sensitivity.__getitem__), sensitivity)


STAGES = Kind(_fit, Stages.restore)


def combination(name: str) -> Combine:
    """What makes a whole of its stages' qualities, (stages, n) to (n,)."""
    known: dict[str, Combine] = {"product": lambda q: np.prod(q, axis=0), "minimum": lambda q: np.min(q, axis=0)}
    if name in known:
        return known[name]
    module, colon, function = name.partition(":")
    try:
        found: Combine = getattr(import_module(module), function) if colon else known[name]
    except (ImportError, AttributeError, KeyError) as error:
        raise InputError(f"quality: expected 'product', 'minimum' or an importable 'module:function', got '{name}'.") from error
    return found


def levels_of(evidence: Evidence, votes: Sequence[int]) -> dict[str, list[Level]]:
    """The choices of each stage, stages by name, on the questions that all of them have answered; dearer ones last."""
    unnamed = [name for name in evidence.systems if not name.partition(":")[2]]
    if unnamed:
        raise InputError(
            f"stages: expected systems named 'stage:system', got {unnamed}. Hint: name them 'retrieve:bm25', 'write:small', ..."
        )
    found: dict[str, list[Level]] = {name: [] for name in sorted({name.partition(":")[0] for name in evidence.systems})}
    for row, system in enumerate(evidence.systems):
        for count in sorted(set(votes)):
            if count == 1 or (evidence.answer[row] != NOTHING).any():
                plays = draws(evidence, system, count)
                level = Level(Part(system, count), mean(plays.worth), mean(plays.paid), mean(plays.seconds))
                if not np.isnan(level.worth + level.paid).all():
                    found[system.partition(":")[0]].append(level)
    return _common(found)


def _common(found: dict[str, list[Level]]) -> dict[str, list[Level]]:
    """On the questions where every choice is known; choices known on less than half of them are let go."""
    most = max((int((~np.isnan(level.worth + level.paid)).sum()) for stage in found.values() for level in stage), default=0)
    often = {
        name: [level for level in stage if 2 * (~np.isnan(level.worth + level.paid)).sum() >= most]
        for name, stage in found.items()
    }
    lost = [name for name, stage in often.items() if not stage]
    at = np.all([~np.isnan(level.worth + level.paid) for stage in often.values() for level in stage], axis=0)
    if lost or not at.any():
        raise InputError(
            f"stages must be measured on the same questions: {lost or list(found)} have too few in common with the others. "
            "Hint: run every stage on every item."
        )
    return {
        name: [
            Level(level.part, *(values[at] for values in level[1:])) for level in sorted(stage, key=lambda x: x.paid[at].mean())
        ]
        for name, stage in often.items()
    }


class _Valued:
    """Pipelines and their (cost, quality, share in time), each worked out once."""

    def __init__(self, levels: Sequence[Sequence[Level]], combine: Combine, goal: Goal) -> None:
        self.levels, self.combine = levels, combine
        self.limit = goal.latency.seconds if goal.latency else np.inf
        self.known: dict[Config, tuple[float, float, float]] = {}

    def __call__(self, config: Config) -> tuple[float, float, float]:
        if config not in self.known:
            picked = [stage[level] for stage, level in zip(self.levels, config, strict=True)]
            worth = whole(self.combine, np.array([level.worth for level in picked]))
            seconds = np.sum([level.seconds for level in picked], axis=0)
            cost = float(np.sum([level.paid for level in picked], axis=0).mean())
            self.known[config] = cost, float(worth.mean()), float((seconds <= self.limit).mean())
        return self.known[config]


def whole(combine: Combine, qualities: Floats) -> Floats:
    """(n,) the quality of the whole of (stages, n); NaN where a stage's is not known. InputError for a function that errs."""
    known = ~np.isnan(qualities).any(axis=0)
    result = np.full(qualities.shape[1], np.nan)
    told = np.asarray(combine(qualities[:, known]), dtype=float)
    if told.shape != (int(known.sum()),):
        raise InputError(f"quality: the function must give one number a question, {(int(known.sum()),)}; it gave {told.shape}.")
    result[known] = told
    return result


def search(valued: _Valued, goal: Goal) -> tuple[list[Config], Lots]:
    """Pipelines, and the best lot of them: from the allocator's, by exchanges of one stage as long as these help."""
    sizes = [len(stage) for stage in valued.levels]
    if np.prod([float(size) for size in sizes]) <= EVERY:
        configs = list(product(*map(range, sizes)))
        return configs, _best(valued, configs, goal)
    configs = sorted(_starts(valued.levels))
    spread: set[Config] = set()
    while True:
        cost, quality, _ = np.array([valued(config) for config in configs]).T
        front = {configs[row] for row in staircase(cost, quality)} - spread
        if not front:
            return configs, _best(valued, configs, goal)
        spread |= front
        near = {(*config[:t], k, *config[t + 1 :]) for config in front for t in range(len(sizes)) for k in range(sizes[t])}
        configs = sorted({*configs, *near})


def _best(valued: _Valued, configs: Sequence[Config], goal: Goal) -> Lots:
    cost, quality, in_time = np.array([valued(config) for config in configs]).T
    return settle(cost, quality, goal, in_time)


def _starts(levels: Sequence[Sequence[Level]]) -> set[Config]:
    """What the allocator chooses for a product of mean qualities (a sum of logarithms), at many budgets."""
    shape = (len(levels), max(map(len, levels)))
    value, cost = np.full(shape, np.nan), np.full(shape, np.nan)
    for t, stage in enumerate(levels):
        value[t, : len(stage)] = np.log([max(float(level.worth.mean()), 1e-9) for level in stage])
        cost[t, : len(stage)] = [float(level.paid.mean()) for level in stage]
    low, high = np.nanmin(cost, axis=1).sum(), np.nanmax(cost, axis=1).sum()
    budgets = low + (high - low) * np.linspace(0, 1, BUDGETS) ** 2
    return {tuple(choose(value, cost, budget * (1 + 1e-12)).level.tolist()) for budget in budgets}


def _sensitivity(worth: Sequence[Floats], combine: Combine, evidence: Evidence) -> Floats:
    """(stages,) what the whole gains if one stage's quality were the best that is ever given."""
    qualities, best = np.array(worth), float(np.nanmax(evidence.worth))
    now = combine(qualities).mean()
    rows = np.eye(len(qualities), dtype=bool)
    return np.array([combine(np.where(row[:, None], best, qualities)).mean() - now for row in rows])


def _spend(parts: Sequence[Part], combine: Combine, evidence: Evidence) -> Outcome:
    plays = [draws(evidence, part.system, part.votes) for part in parts]
    there = np.all([play.there[:, 0] for play in plays], axis=0)
    shares = np.zeros((len(evidence.items), len(evidence.systems)))
    for part in parts:
        shares[:, evidence.systems.index(part.system)] = part.votes
    worth = whole(combine, np.array([mean(play.worth) for play in plays]))
    paid = np.sum([mean(play.paid) for play in plays], axis=0)
    seconds = np.sum([mean(play.seconds) for play in plays], axis=0)
    worth, paid, seconds = (np.where(there, values, np.nan) for values in (worth, paid, seconds))
    return Outcome(worth, paid, seconds, np.where(there[:, None], shares, np.nan))
