"""Do new records still fit a plan? Quality, cost, calibration and shares against what it expects, system by system too."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from scipy.special import ndtr

from isocost.metrics import Estimate
from isocost.metrics.estimate import estimate
from isocost.plan.evidence import Evidence, Floats, gather
from isocost.plan.expect import predictions
from isocost.plan.plan import Plan
from isocost.records import InputError
from isocost.records.store import Records
from isocost.stats import Interval, clustered_mean, holm
from isocost.stats.proportions import z_of

LEVEL = 0.05  # the chance that a plan which fits is said not to


class Test(Struct, frozen=True):
    """One comparison: what was expected, what was found, and the probability of so large a difference by chance.

    system: "" for the plan as a whole. p is adjusted for all the tests made; None: one of the two has no interval.
    """

    what: str
    system: str
    expected: Estimate
    found: Estimate
    p: float | None

    @property
    def differs(self) -> bool:
        """Whether the difference is no chance."""
        return self.p is not None and self.p < LEVEL


class Check(Struct, frozen=True, kw_only=True):
    """Whether records fit a plan, in words and test by test."""

    fits: bool
    verdict: str
    questions: int
    tests: tuple[Test, ...]
    notes: tuple[str, ...] = ()


def check(plan: Plan, records: Records) -> Check:
    """Whether these records still fit the plan, at the prices it was made with.

    Half of the error goes to the plan as a whole (quality, cost, answers in time, calibration), half to its systems (how often
    each is asked, its quality, its cost), each half by Holm (1979): a plan that fits is said not to with at most 5 %.
    Raises InputError where a system that the plan asks has no usable answers here.
    """
    evidence = gather(records, quality=plan.quality, unit=plan.unit, prices=plan.prices, columns=plan.columns)
    notes = [*_missing(plan, evidence), *_prices(plan, records)]
    if evidence.fingerprint == plan.made.fingerprint:
        notes.append("these are the very records that the plan was made from, so that they fit says little")
    known = evidence.aligned(plan.systems)
    whole, parts = _tests(plan, known)
    tests = (*_corrected(whole), *_corrected(parts))
    wrong = [test for test in tests if test.differs]
    return Check(
        fits=not wrong,
        verdict=_verdict(wrong, len(tests)),
        questions=len(evidence.items),
        tests=tests,
        notes=tuple(notes),
    )


def _tests(plan: Plan, evidence: Evidence) -> tuple[list[Test], list[Test]]:
    """Of the plan as a whole, and of its systems."""
    rule = plan.restore()
    outcome = rule.spend(evidence)
    limit = plan.goal.latency.seconds if plan.goal.latency else math.inf
    found = {
        "quality": outcome.worth,
        "cost": outcome.paid,
        "in_time": np.where(np.isnan(outcome.seconds), np.nan, outcome.seconds <= limit),
        "calibration": outcome.worth - predictions(rule, evidence, outcome),
    }
    tests = [_test(name, "", plan.expected[name], values, evidence) for name, values in found.items() if name in plan.expected]
    parts = []
    for row, system in enumerate(plan.systems):
        share, was = outcome.shares[:, row], plan.measured[system]
        parts += [_compared("share", system, plan.shares[system], _share(share, evidence))] if share.any() else []
        for name, values in (("quality", evidence.quality[row]), ("cost", evidence.cost[row])):
            parts += [] if np.isnan(values).all() else [_test(name, system, was[name], values, evidence)]
    return tests, parts


def _test(what: str, system: str, expected: Estimate, values: Floats, evidence: Evidence) -> Test:
    return _compared(what, system, expected, estimate(clustered_mean(values, evidence.groups), evidence.basis))


def _compared(what: str, system: str, expected: Estimate, found: Estimate) -> Test:
    """The two by the normal approximation, each with the error that its interval shows."""
    errors = [_error(expected), _error(found)]
    p = None
    if expected.value is not None and found.value is not None and None not in errors:
        error = math.hypot(*(error or 0.0 for error in errors))
        gap = abs(found.value - expected.value)
        p = 1.0 if gap <= 1e-9 * max(1.0, abs(expected.value)) else float(2 * ndtr(-gap / error)) if error else 0.0
    return Test(what, system, expected, found, p)


def _share(values: Floats, evidence: Evidence) -> Estimate:
    """A share that is the same for every question is a setting, not a sample: it leaves no doubt."""
    if values.min() < values.max():
        return estimate(clustered_mean(values, evidence.groups), evidence.basis)
    value = float(values[0])
    return estimate(Interval(value, value, value, len(values), "the same for every question"), evidence.basis)


def _error(found: Estimate) -> float | None:
    return None if found.low is None or found.high is None else (found.high - found.low) / 2 / z_of(0.95)


def _corrected(tests: Sequence[Test]) -> list[Test]:
    made = [test for test in tests if test.p is not None]
    adjusted = holm([2 * test.p for test in made if test.p is not None])
    found = dict(zip(map(id, made), (min(1.0, float(p)) for p in adjusted), strict=True))
    return [replace(test, p=found.get(id(test))) for test in tests]


def _verdict(wrong: Sequence[Test], count: int) -> str:
    if not wrong:
        return f"the records fit the plan: none of {count} tests finds a difference"
    told = "; ".join(
        f"{test.what}{f' of {test.system}' if test.system else ''} {test.found.value:.4g} "
        f"instead of {test.expected.value:.4g} (p {test.p:.2g})"
        for test in wrong
    )
    return f"the records do not fit the plan: {told}"


def _missing(plan: Plan, evidence: Evidence) -> list[str]:
    missing = [name for name in plan.systems if name not in evidence.systems]
    reasons = {name: (evidence.left_out or {}).get(name, "it has no records") for name in missing}
    asked = {name: why for name, why in reasons.items() if plan.shares[name].value}
    if asked:
        told = "; ".join(f"{name}: {why}" for name, why in asked.items())
        raise InputError(
            f"the plan asks systems that have no usable answers in these records: {told}. "
            "Hint: measure them on these questions, or make a plan without them (--systems)."
        )
    return [f"{name}, which the plan never asks, is not here: {why}" for name, why in reasons.items()]


def _prices(plan: Plan, records: Records) -> list[str]:
    now = records.manifest.prices
    changed = [model for model, price in plan.prices.items() if model in now and now[model] != price]
    return [f"prices differ from the plan's for {', '.join(changed)}; the plan's are used"] if changed else []
