"""Effort goes where it helps: curves rise, the budget holds, and hard questions get more."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression
from tests.plan.worlds import made

from isocost.plan.effort import EFFORT, Effort, concave, rising
from isocost.plan.evidence import Evidence
from isocost.plan.rule import Goal, Latency
from isocost.records import InputError


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def knob(n: int = 600) -> Evidence:
    """Three levels of effort; whether more helps depends on a column that is known before."""
    hard = rng().random(n)
    chance = np.stack([1 - hard, np.clip(1.3 - hard, 0, 0.95), np.full(n, 0.95)])[:, :, None]
    right = rng().random((3, n, 1)) < chance
    return made(right, np.array([1.0, 3.0, 9.0])[:, None, None], systems=("low", "middle", "high"), columns={"hard": hard})


@given(st.lists(st.lists(st.floats(-1, 1), min_size=4, max_size=4), min_size=1, max_size=5))
def test_rising_is_isotonic_regression(rows: list[list[float]]) -> None:
    values = np.array(rows)
    expected = [IsotonicRegression().fit_transform(range(4), row) for row in rows]
    assert rising(values) == pytest.approx(np.array(expected), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_concave_is_the_nearest_concave_rising_curve(seed: int) -> None:
    """Against a general solver under the inequalities; the order of the costs does not matter."""
    generator = np.random.default_rng(seed)
    cost, values = np.cumsum(generator.uniform(0.5, 3, size=5)), generator.random((1, 5))
    found = concave(values, cost)[0]
    slopes = np.diff(found) / np.diff(cost)
    assert (slopes >= -1e-9).all()
    assert (np.diff(slopes) <= 1e-9).all()
    limits = [
        {"type": "ineq", "fun": lambda q: np.diff(q)},
        {"type": "ineq", "fun": lambda q: -np.diff(np.diff(q) / np.diff(cost))},
    ]
    other = minimize(lambda q: ((q - values[0]) ** 2).sum(), np.linspace(0, 1, 5), constraints=limits, method="SLSQP")
    assert ((found - values[0]) ** 2).sum() <= other.fun + 1e-6
    mixed = generator.permutation(5)
    assert concave(values[:, mixed], cost[mixed])[0] == pytest.approx(found[mixed])


def test_hard_questions_get_more_and_the_mix_is_beaten() -> None:
    """On questions that were not seen: the budget holds, and quality lies above the line between the levels."""
    evidence = knob(1200)
    rule = EFFORT.fit(evidence.take(np.arange(600)), Goal(budget=3.0), rng())
    unseen = evidence.take(np.arange(600, 1200))
    got, hard = rule.spend(unseen), unseen.columns["hard"]
    assert got.paid.mean() == pytest.approx(3.0, rel=0.1)
    assert got.paid[hard > 0.8].mean() > 2 * got.paid[hard < 0.2].mean()
    level = np.interp(got.paid.mean(), unseen.cost.mean(axis=1), unseen.quality.mean(axis=1))
    assert got.worth.mean() > level + 0.03
    assert rule.price is not None
    assert rule.price > 0


def test_the_budget_holds_where_many_questions_look_alike() -> None:
    """Three kinds of question only: a price alone would send all of a kind to one level or another."""
    evidence = knob(1200)
    evidence.columns["hard"][:] = np.floor(evidence.columns["hard"] * 3)
    rule = EFFORT.fit(evidence.take(np.arange(600)), Goal(budget=3.0), rng())
    assert rule.spend(evidence.take(np.arange(600, 1200))).paid.mean() == pytest.approx(3.0, rel=0.1)


def test_settings_and_arrays_make_the_same_rule_again() -> None:
    evidence = knob(200)
    rule = EFFORT.fit(evidence, Goal(at_least=0.8), rng(), levels="low,middle,high")
    again = EFFORT.restore(rule.settings(), rule.arrays())
    for one, two in zip(rule.spend(evidence), again.spend(evidence), strict=True):
        assert np.array_equal(one, two)
    with pytest.raises(InputError, match="shape: expected one of concave, rising, free, got ''"):
        EFFORT.restore({}, {})


def test_worth_is_not_looked_at() -> None:
    evidence = knob(200)
    rule = EFFORT.fit(evidence, Goal(budget=3.0), rng())
    blind = rule.spend(replace(evidence, worth=np.full_like(evidence.worth, np.nan)))
    assert np.array_equal(blind.paid, rule.spend(evidence).paid)


def test_levels_come_in_the_order_of_cost_and_slow_ones_are_left_out() -> None:
    evidence = knob(200).of(["high", "low", "middle"])
    rule = EFFORT.fit(evidence, Goal(budget=3.0), rng())
    assert isinstance(rule, Effort)
    assert rule.router.systems == ("low", "middle", "high")
    quick = EFFORT.fit(evidence, Goal(latency=Latency(1.0, 31.0)), rng())
    assert isinstance(quick, Effort)
    assert quick.router.systems == ("low", "middle")


def test_a_missing_level_is_not_known_rather_than_free() -> None:
    evidence = knob(200)
    for cube in (evidence.worth, evidence.paid, evidence.seconds):
        cube[:, 0] = np.nan
        cube[1, 1] = np.nan
    got = EFFORT.fit(evidence, Goal(budget=3.0), rng()).spend(evidence)
    assert np.isnan([got.worth[0], got.paid[0]]).all()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"levels": "low"}, "needs 2 levels or more"),
        ({"levels": "low,top"}, "expected systems among"),
        ({"shape": "round"}, "expected one of concave, rising, free, got 'round'"),
        ({"predictor": "oracle"}, "predictor: expected one of"),
        ({"knob": 1}, "expected some of levels, features, predictor, shape"),
    ],
)
def test_what_cannot_be_is_said(options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        EFFORT.fit(knob(50), Goal(), rng(), **options)


def test_a_budget_below_the_lowest_level_is_refused() -> None:
    with pytest.raises(InputError, match="budget"):
        EFFORT.fit(knob(100), Goal(budget=0.5), rng())
    with pytest.raises(InputError, match="latency: expected 2 levels"):
        EFFORT.fit(knob(100), Goal(latency=Latency(1.0, 1.0)), rng())
