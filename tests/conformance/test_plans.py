"""What every kind of plan owes: a new one adds its line to CASES and inherits the rest."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from isocost.plan import KINDS, Evidence, Goal, Latency, Outcome, Plan, Rule, kind, open_plan
from isocost.plan.expect import cross_fit, expect, split
from isocost.plan.plan import Made
from isocost.records import InputError

Options = dict[str, Any]


class Case(NamedTuple):
    """The evidence that a kind applies to, made of a seed and a number of questions, and the options to try it with."""

    world: Callable[[int, int], Evidence]
    options: Options = {}
    goal: Goal = Goal(budget=4.0)


def world(seed: int, n: int, attempts: int = 1, names: tuple[str, ...] = ("a", "b", "c")) -> Evidence:
    """Three systems, the dearer the better; hard questions are longer, and each system knows roughly when it is right."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=n)
    skill, costs = np.array([-0.5, 0.8, 2.0]), np.array([1.0, 3.0, 9.0])
    shape = (3, n, attempts)
    right = rng.random(shape) < (1 / (1 + np.exp(2 * hard - 2 * skill[:, None])))[:, :, None]
    return Evidence(
        systems=names,
        items=tuple(f"q{i}" for i in range(n)),
        worth=right.astype(float),
        paid=costs[:, None, None] * rng.uniform(0.7, 1.3, size=shape),
        seconds=costs[:, None, None] * rng.uniform(0.5, 1.5, size=shape),
        confidence=np.clip(0.5 + 0.3 * (2 * right - 1) + rng.normal(0, 0.2, shape), 0, 1).round(2),
        answer=np.where(right, 0, rng.integers(1, 4, size=shape)),
        groups=np.arange(n),
        questions=tuple("hard " * max(1, round(12 + 6 * value)) + "?" for value in hard),
        columns={},
    )


CASES = {
    "fixed": Case(world),
    "mix": Case(world),
    "route": Case(world, {"predictor": "linear"}),
    "cascade": Case(world),
    "samples": Case(lambda seed, n: world(seed, n, attempts=4)),
    "effort": Case(world),
    "stages": Case(lambda seed, n: world(seed, n, names=("read:a", "write:b", "write:c")), goal=Goal(budget=7.0)),
}

NEED_TWO = {"effort"}  # one system is not enough for these
KNOWN = {  # what a kind does not do yet
    ("route", "holes"): "overspends by a quarter where answers are missing",
}

every_kind = pytest.mark.parametrize("name", list(CASES))


def fitted(name: str, evidence: Evidence, goal: Goal | None = None, seed: int = 0) -> Rule:
    return kind(name).fit(evidence, goal or CASES[name].goal, np.random.default_rng(seed), **CASES[name].options)


def unless_known(request: pytest.FixtureRequest, name: str, what: str) -> None:
    if (name, what) in KNOWN:
        request.applymarker(pytest.mark.xfail(reason=KNOWN[name, what], strict=False))


def same(first: Outcome, second: Outcome) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_kind_has_a_case() -> None:
    assert set(CASES) == set(KINDS)


@every_kind
def test_is_the_same_again_from_its_file(name: str, tmp_path: Path) -> None:
    evidence, others = CASES[name].world(0, 60), CASES[name].world(1, 40)
    rule, goal = fitted(name, evidence), CASES[name].goal
    rng = np.random.default_rng(0)
    folds = split(evidence.groups, 2, rng)
    found = expect(cross_fit(lambda *given: rule, evidence, goal, folds, rng), evidence, goal, folds, rng)
    plan = Plan(
        kind=name,
        goal=goal,
        quality="accuracy",
        unit="cost",
        systems=evidence.systems,
        price=rule.price,
        made=Made(records="runs/x", fingerprint="", questions=60, folds=2, seed=0),
        rule=rule.settings(),
        expected={"quality": found.quality, "cost": found.cost},
        over_mix=found.over_mix,
        beats_mix=found.beats_mix,
        baselines={},
        shares=found.shares,
        measured={},
        arrays=dict(rule.arrays()),
    )
    plan.save(tmp_path / "plan.toml")
    again = open_plan(tmp_path / "plan.toml")
    same(again.spend(others), rule.spend(others))
    assert again.restore().settings() == rule.settings()
    assert again.price == rule.price


@every_kind
def test_the_same_seed_gives_the_same_rule(name: str) -> None:
    evidence, others = CASES[name].world(0, 60), CASES[name].world(1, 40)
    same(fitted(name, evidence).spend(others), fitted(name, evidence).spend(others))


@every_kind
def test_never_looks_at_what_an_answer_is_worth_when_it_spends(name: str) -> None:
    evidence, others = CASES[name].world(0, 60), CASES[name].world(1, 40)
    rule = fitted(name, evidence)
    swapped = replace(others, worth=np.random.default_rng(2).permuted(others.worth, axis=1))
    before, after = rule.spend(others), rule.spend(swapped)
    np.testing.assert_array_equal(before.shares, after.shares)
    np.testing.assert_array_equal(before.paid, after.paid)


@every_kind
def test_a_question_is_decided_alone(name: str) -> None:
    """The other questions of the batch, and their order, change nothing."""
    evidence, others = CASES[name].world(0, 60), CASES[name].world(1, 40)
    rule = fitted(name, evidence)
    order = np.random.default_rng(0).permutation(40)[:15]
    whole, part = rule.spend(others), rule.spend(others.take(order))
    np.testing.assert_allclose(part.paid, whole.paid[order])
    np.testing.assert_allclose(part.shares, whole.shares[order])


@every_kind
def test_keeps_the_budget_in_expectation_on_questions_it_has_not_seen(name: str, request: pytest.FixtureRequest) -> None:
    """Over three fits on 120 questions each, spent on 600: at most 8 % over, which is what calibrating on 120 leaves."""
    unless_known(request, name, "budget")
    others = CASES[name].world(99, 600)
    paid = [np.nanmean(fitted(name, CASES[name].world(seed, 120), seed=seed).spend(others).paid) for seed in range(3)]
    assert np.mean(paid) <= CASES[name].goal.budget * 1.08


@every_kind
def test_outcomes_are_arrays_by_question(name: str) -> None:
    evidence = CASES[name].world(0, 60)
    outcome = fitted(name, evidence).spend(evidence)
    assert [values.shape for values in outcome] == [(60,), (60,), (60,), (60, 3)]
    assert (outcome.shares >= 0).all()
    assert np.isfinite(outcome.shares).all()
    assert (outcome.shares.sum(axis=1) >= 1 - 1e-9).all()  # every question is asked of somebody
    assert np.nanmin(outcome.worth) >= 0
    assert np.nanmax(outcome.worth) <= 1


@every_kind
@pytest.mark.parametrize(
    "goal", [Goal(budget=0.0), Goal(budget=0.01), Goal(at_least=1.5), Goal(budget=1.2, latency=Latency(1.0, 1e-6))]
)
def test_an_impossible_goal_is_an_error_that_says_what_is_possible(name: str, goal: Goal) -> None:
    with pytest.raises(InputError) as error:
        fitted(name, CASES[name].world(0, 60), goal)
    assert len(str(error.value)) > 40


@every_kind
def test_a_budget_above_the_dearest_is_fine(name: str) -> None:
    evidence = CASES[name].world(0, 60)
    outcome = fitted(name, evidence, Goal(budget=1e6)).spend(evidence)
    assert np.nanmean(outcome.worth) >= np.nanmean(fitted(name, evidence).spend(evidence).worth) - 0.05


@every_kind
def test_a_quality_to_reach_is_reached_where_it_was_fitted(name: str) -> None:
    evidence = CASES[name].world(0, 120)
    most = float(np.nanmean(fitted(name, evidence, Goal(budget=100.0)).spend(evidence).worth))
    outcome = fitted(name, evidence, Goal(at_least=0.8 * most)).spend(evidence)
    assert np.nanmean(outcome.worth) >= 0.8 * most - 0.05


@every_kind
def test_missing_answers_and_questions_that_nobody_solves(name: str, request: pytest.FixtureRequest) -> None:
    unless_known(request, name, "holes")
    evidence = CASES[name].world(0, 90)
    rng = np.random.default_rng(0)
    lost = rng.random(evidence.worth.shape[:2]) < 0.1
    worth = np.where(lost[..., None], np.nan, evidence.worth)
    worth[:, :5] = np.where(np.isnan(worth[:, :5]), np.nan, 0.0)
    cubes = {part: np.where(lost[..., None], np.nan, getattr(evidence, part)) for part in ("paid", "seconds", "confidence")}
    holes = replace(evidence, worth=worth, answer=np.where(lost[..., None], -1, evidence.answer), **cubes)
    outcome = fitted(name, holes).spend(holes)
    assert (~np.isnan(outcome.worth)).sum() > 30
    assert np.nanmean(outcome.paid) < CASES[name].goal.budget * 1.25


@every_kind
def test_a_system_without_records_is_never_asked(name: str, request: pytest.FixtureRequest) -> None:
    unless_known(request, name, "absent")
    evidence = CASES[name].world(0, 60)
    cubes = {part: getattr(evidence, part).copy() for part in ("worth", "paid", "seconds", "confidence")}
    for values in cubes.values():
        values[1] = np.nan
    without = replace(evidence, answer=evidence.answer * [[[1]], [[0]], [[1]]] - [[[0]], [[1]], [[0]]], **cubes)
    if name == "stages":
        pytest.skip("a stage's only other system is not enough to show it")
    assert not fitted(name, without).spend(without).shares[:, 1].any()


@every_kind
def test_one_system_is_enough_or_the_error_says_what_is(name: str) -> None:
    evidence = CASES[name].world(0, 60)
    single = evidence.of(evidence.systems[:1])
    if name in NEED_TWO:
        with pytest.raises(InputError, match="needs 2"):
            fitted(name, single)
    else:
        assert np.nanmean(fitted(name, single).spend(single).paid) <= CASES[name].goal.budget
