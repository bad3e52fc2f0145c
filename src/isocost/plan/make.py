"""Making a plan: fit, cross-fit, compare, write down."""

from collections.abc import Mapping
from functools import partial
from inspect import signature
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from isocost.metrics import Estimate
from isocost.plan.baselines import baselines
from isocost.plan.evidence import Evidence
from isocost.plan.expect import Expectation, Fitting, cross_fit, expect, mean_of, split
from isocost.plan.kinds import KINDS, kind
from isocost.plan.plan import Made, Plan
from isocost.plan.rule import Goal
from isocost.plan.select import Selected, select
from isocost.records import InputError


class How(Struct, frozen=True, kw_only=True):
    """How a plan is made and judged: in so many folds, with this seed, from records at this path."""

    folds: int = 5
    seed: int = 0
    records: str = ""


def make(
    evidence: Evidence, goal: Goal, name: str | None = None, options: Mapping[str, Any] | None = None, how: How = How()
) -> Plan:
    """The plan of this kind for this goal, with what it will achieve on questions it was not made from.

    name None: the kind that does best by cross-fitting; what choosing it flatters is taken off. Raises InputError where the
    goal cannot be met or the kind does not apply, saying why.
    """
    rng = np.random.default_rng(how.seed)
    folds = split(evidence.groups, how.folds, rng)
    if name is None:
        if options:
            raise InputError(f"options {list(options)} belong to a kind. Hint: name it with --kind.")
        selected = select({each: kind(each).fit for each in KINDS}, evidence, goal, folds, rng)
        name, held = selected.name, selected.held[selected.name]
        rule = kind(name).fit(evidence, goal, rng.spawn(1)[0])
    else:
        fit = _fitting(name, options or {})
        rule = fit(evidence, goal, rng.spawn(1)[0])
        held, selected = cross_fit(fit, evidence, goal, folds, rng), None
    found = expect(held, evidence, goal, folds, rng)
    if selected is not None:
        found = _sobered(found, selected)
    expected = {
        "quality": found.quality,
        "cost": found.cost,
        "in_time": found.in_time,
        "calibration": found.calibration,
    }
    return Plan(
        kind=name,
        goal=goal,
        quality=evidence.quality_name,
        unit=evidence.unit,
        systems=evidence.systems,
        columns=tuple(evidence.columns),
        price=rule.price,
        made=Made(
            records=how.records,
            fingerprint=evidence.fingerprint,
            questions=len(evidence.items),
            folds=int(folds.max()) + 1,
            seed=how.seed,
        ),
        notes=(*found.notes, *(f"{system} is left out: {why}" for system, why in (evidence.left_out or {}).items())),
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


def _fitting(name: str, options: Mapping[str, Any]) -> Fitting:
    """The kind's fit with these options, which it must know."""
    fit = kind(name).fit
    own = list(signature(fit).parameters.values())[3:]  # after evidence, goal and rng
    known = [parameter.name for parameter in own]
    some = any(parameter.kind is parameter.VAR_KEYWORD for parameter in own)  # such a kind checks them itself
    unknown = [] if some else [option for option in options if option not in known]
    if unknown:
        raise InputError(f"kind '{name}' has the options {known or 'none'}, got {unknown}.")
    return partial(fit, **options)


def _sobered(found: Expectation, selected: Selected) -> Expectation:
    """The expectation less what choosing the kind flatters, and words that say so."""
    quality, cost = max(0.0, selected.optimism[0]), min(0.0, selected.optimism[1])
    over = _shifted(found.over_mix, -quality)
    note = (
        f"chosen among {', '.join(selected.held)} by cross-fitting; that flatters, so {quality:.2g} were taken off the quality "
        f"and {-cost:.2g} put on the cost (bootstrap, questions not drawn)"
    )
    return msgspec.structs.replace(
        found,
        quality=_shifted(found.quality, -quality),
        cost=_shifted(found.cost, -cost),
        over_mix=over,
        beats_mix=found.beats_mix and over.low is not None and over.low > 0,
        notes=(note, *found.notes, *(f"{name} does not apply: {why}" for name, why in selected.left_out.items())),
    )


def _shifted(found: Estimate, by: float) -> Estimate:
    ends = {name: None if (end := getattr(found, name)) is None else end + by for name in ("value", "low", "high")}
    return msgspec.structs.replace(found, **ends)


def _measured(evidence: Evidence, rng: np.random.Generator) -> dict[str, Any]:
    return {
        name: {"quality": mean_of(worth, evidence, rng), "cost": mean_of(paid, evidence, rng, floor=0.0)}
        for name, worth, paid in zip(evidence.systems, evidence.quality, evidence.cost, strict=True)
    }
