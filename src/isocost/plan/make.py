"""Making a plan: fit, cross-fit, compare, write down."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from msgspec import Struct

from isocost.plan.baselines import baselines
from isocost.plan.evidence import Evidence
from isocost.plan.expect import cross_fit, expect, mean_of, split
from isocost.plan.kinds import kind
from isocost.plan.plan import Made, Plan
from isocost.plan.rule import Goal


class How(Struct, frozen=True, kw_only=True):
    """How a plan is made and judged: in so many folds, with this seed, from records at this path."""

    folds: int = 5
    seed: int = 0
    records: str = ""


def make(evidence: Evidence, goal: Goal, name: str, options: Mapping[str, Any] | None = None, how: How = How()) -> Plan:
    """The plan of this kind for this goal, with what it will achieve on questions it was not made from.

    Raises InputError where the goal cannot be met or the kind does not apply, saying why.
    """
    rng = np.random.default_rng(how.seed)
    fit = partial(kind(name).fit, **(options or {}))
    rule = fit(evidence, goal, rng.spawn(1)[0])
    folds = split(evidence.groups, how.folds, rng)
    held = cross_fit(fit, evidence, goal, folds, rng)
    found = expect(held, evidence, goal, folds, rng)
    expected = {"quality": found.quality, "cost": found.cost, "in_time": found.in_time}
    return Plan(
        kind=name,
        goal=goal,
        quality=evidence.quality_name,
        unit=evidence.unit,
        systems=evidence.systems,
        price=rule.price,
        made=Made(
            records=how.records,
            fingerprint=evidence.fingerprint,
            questions=len(evidence.items),
            folds=int(folds.max()) + 1,
            seed=how.seed,
        ),
        notes=found.notes,
        rule=rule.settings(),
        expected={part: estimate for part, estimate in expected.items() if estimate is not None},
        over_mix=found.over_mix,
        beats_mix=found.beats_mix,
        baselines=baselines(held.outcome, evidence, goal, folds, rng),
        shares=found.shares,
        measured=_measured(evidence, rng),
        prices=dict(evidence.prices),
        arrays=dict(rule.arrays()),
    )


def _measured(evidence: Evidence, rng: np.random.Generator) -> dict[str, Any]:
    return {
        name: {"quality": mean_of(worth, evidence, rng), "cost": mean_of(paid, evidence, rng, floor=0.0)}
        for name, worth, paid in zip(evidence.systems, evidence.quality, evidence.cost, strict=True)
    }
