"""A router predicts before it asks, keeps to its goal, and is the same again when it is restored."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isocost.plan.evidence import NOTHING, Evidence
from isocost.plan.mix import MIX
from isocost.plan.pricing import Expected, Prices, lottery, pick
from isocost.plan.route import ROUTE
from isocost.plan.rule import Goal, Latency
from isocost.records import InputError

COSTS = (1.0, 5.0)


def world(rng: np.random.Generator, n: int = 400, **more: Any) -> Evidence:
    """Two systems: on questions about sums both are right, on those about integrals mostly the dear one alone."""
    hard = rng.permutation(n) < 0.4 * n
    texts = [f"What is the {'integral' if h else 'sum'} of {rng.integers(90)} and {rng.integers(90)}?" for h in hard]
    right = np.stack([rng.random(n) < np.where(hard, 0.1, 0.9), rng.random(n) < np.where(hard, 0.85, 0.92)])
    shape = (2, n, 1)
    cubes = {
        "worth": right[:, :, None].astype(float),
        "paid": (np.array(COSTS)[:, None] * rng.uniform(0.8, 1.2, size=(2, n)))[:, :, None],
        "seconds": (np.array([1.0, 4.0])[:, None] * rng.uniform(0.5, 1.5, size=(2, n)))[:, :, None],
        "confidence": np.full(shape, np.nan),
        "answer": np.full(shape, NOTHING),
    }
    known = Evidence(
        systems=("small", "large"),
        items=tuple(map(str, range(n))),
        groups=np.arange(n),
        questions=tuple(texts),
        columns={"hard": hard.astype(float)},
        **cubes,
    )
    return replace(known, **more)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isocost.plan.regress.ROUNDS", 20)


@pytest.fixture(scope="module")
def known() -> Evidence:
    return world(np.random.default_rng(0))


@pytest.fixture(scope="module")
def unseen() -> Evidence:
    return world(np.random.default_rng(1), 1000)


def test_it_asks_the_dear_system_what_the_cheap_one_cannot_and_beats_the_mix(known: Evidence, unseen: Evidence) -> None:
    goal = Goal(budget=2.6)
    outcome = ROUTE.fit(known, goal, np.random.default_rng(2)).spend(unseen)
    mix = MIX.fit(known, goal, np.random.default_rng(2)).spend(unseen)
    assert outcome.paid.mean() == pytest.approx(2.6, rel=0.1)
    assert outcome.worth.mean() > mix.worth.mean() + 0.1
    hard = unseen.columns["hard"] > 0
    assert outcome.shares[hard, 1].mean() > 0.9 > 0.1 > outcome.shares[~hard, 1].mean()


@pytest.mark.parametrize("budget", [1.5, 3.0, 4.5])
def test_where_no_question_differs_it_is_the_mix(known: Evidence, budget: float) -> None:
    goal = Goal(budget=budget)
    rule = ROUTE.fit(known, goal, np.random.default_rng(0), predictor="constant")
    mix = MIX.fit(known, goal, np.random.default_rng(0))
    np.testing.assert_allclose(rule.spend(known).shares, mix.spend(known).shares, atol=1e-6)
    assert rule.spend(known).paid.mean() == pytest.approx(budget)
    assert rule.price == pytest.approx(mix.price, rel=0.05)


def test_it_reaches_a_quality_for_less_than_the_mix(known: Evidence, unseen: Evidence) -> None:
    goal = Goal(at_least=0.8)
    rule = ROUTE.fit(known, goal, np.random.default_rng(0), predictor="linear")
    mix = MIX.fit(known, goal, np.random.default_rng(0))
    assert rule.spend(unseen).worth.mean() > 0.77
    assert rule.spend(unseen).paid.mean() < mix.spend(unseen).paid.mean() - 0.5


def test_answers_come_in_time_where_that_is_the_goal(known: Evidence, unseen: Evidence) -> None:
    goal = Goal(budget=10.0, latency=Latency(0.8, 2.5))
    outcome = ROUTE.fit(known, goal, np.random.default_rng(0), predictor="linear").spend(unseen)
    free = ROUTE.fit(known, Goal(budget=10.0), np.random.default_rng(0), predictor="linear").spend(unseen)
    in_time = lambda shares: (shares * (unseen.latency.T <= 2.5)).sum(axis=1).mean()  # noqa: E731  # one use each
    assert in_time(outcome.shares) > 0.77
    assert in_time(free.shares) < 0.75
    with pytest.raises(InputError, match="of the answers within"):
        ROUTE.fit(known, Goal(latency=Latency(1.0, 0.6)), np.random.default_rng(0), predictor="linear")


@pytest.mark.parametrize(
    ("predictor", "features"),
    [("constant", "length"), ("linear", "nothing"), ("neighbours", "columns"), ("boosted", "statistics"), ("blend", "text")],
)
def test_restored_from_a_file_it_spends_the_same(known: Evidence, unseen: Evidence, predictor: str, features: str) -> None:
    goal = Goal(budget=2.0, latency=Latency(0.5, 4.0))
    rule = ROUTE.fit(known, goal, np.random.default_rng(0), predictor=predictor, features=features)
    file = io.BytesIO()
    np.savez(file, **rule.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = ROUTE.restore(rule.settings(), dict(arrays))
    for one, other in zip(rule.spend(unseen), again.spend(unseen), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def test_it_never_looks_at_what_systems_answered(known: Evidence, unseen: Evidence) -> None:
    rule = ROUTE.fit(known, Goal(budget=2.0), np.random.default_rng(0))
    blind = replace(unseen, **{name: np.full_like(getattr(unseen, name), np.nan) for name in ("worth", "paid", "seconds")})
    assert np.array_equal(rule.spend(unseen).shares, rule.spend(blind).shares)
    assert np.isnan(rule.spend(blind).worth).all()


def test_no_word_of_a_question_is_kept(known: Evidence) -> None:
    rule = ROUTE.fit(known, Goal(budget=2.0), np.random.default_rng(0))
    assert "integral" not in repr(rule.settings())
    assert all(values.dtype.kind in "fi" for values in rule.arrays().values())


def test_predictions_are_in_the_evidences_order_and_calibrated(known: Evidence, unseen: Evidence) -> None:
    rule = ROUTE.fit(known, Goal(budget=2.0), np.random.default_rng(0))
    found = rule.predicted(unseen)
    turned = rule.predicted(unseen.aligned(["large", "other", "small"]))
    assert np.array_equal(turned[:, [2, 0]], found)
    assert np.isnan(turned[:, 1]).all()
    truth = np.where(unseen.columns["hard"][:, None] > 0, [0.1, 0.85], [0.9, 0.92])
    assert np.abs(found - truth).mean() < 0.06
    assert ((found - unseen.quality.T) ** 2).mean() < ((unseen.quality.mean(axis=1) - unseen.quality.T) ** 2).mean()


def test_answers_that_are_missing_do_no_harm(known: Evidence, unseen: Evidence) -> None:
    worth = known.worth.copy()
    worth[np.random.default_rng(3).random(worth.shape) < 0.4] = np.nan
    worth[:, :5] = np.nan
    part = replace(known, worth=worth, paid=np.where(np.isnan(worth), np.nan, known.paid))
    outcome = ROUTE.fit(part, Goal(budget=2.6), np.random.default_rng(2)).spend(unseen)
    assert outcome.paid.mean() == pytest.approx(2.6, rel=0.15)
    assert outcome.worth.mean() > 0.8


def test_the_same_seed_makes_the_same_router(known: Evidence) -> None:
    one, other = (ROUTE.fit(known, Goal(budget=2.0), np.random.default_rng(5)) for _ in range(2))
    assert one.settings() == other.settings()
    assert all(np.array_equal(values, other.arrays()[name]) for name, values in one.arrays().items())


def test_scores_beyond_one_are_predicted_too(known: Evidence, unseen: Evidence) -> None:
    wide = replace(known, worth=10 * known.worth - 2)
    rule = ROUTE.fit(wide, Goal(budget=2.6), np.random.default_rng(2), predictor="linear")
    same = ROUTE.fit(known, Goal(budget=2.6), np.random.default_rng(2), predictor="linear")
    np.testing.assert_allclose(rule.predicted(unseen), 10 * same.predicted(unseen) - 2, atol=0.2)


def test_without_texts_or_columns_it_routes_by_nothing(known: Evidence) -> None:
    bare = replace(known, questions=("",) * len(known.items), columns={})
    rule = ROUTE.fit(bare, Goal(budget=2.0), np.random.default_rng(0))
    assert rule.settings()["features"] == "nothing"
    assert rule.spend(bare).paid.mean() == pytest.approx(2.0)
    with pytest.raises(InputError, match="need the questions' texts"):
        ROUTE.fit(bare, Goal(budget=2.0), np.random.default_rng(0), features="length")


@pytest.mark.parametrize(
    ("goal", "options", "message"),
    [
        (Goal(budget=0.2), {}, "expected a budget of at least"),
        (Goal(at_least=0.999), {}, "which asking the right system each time would get"),
        (Goal(budget=2.0), {"predictor": "oracle"}, "predictor: expected one of constant, linear"),
        (Goal(budget=2.0), {"features": "smell"}, "features: expected one of text"),
        (Goal(budget=2.0), {"depth": 3}, "expected some of features, predictor"),
    ],
)
def test_what_cannot_be_is_refused_by_name(known: Evidence, goal: Goal, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ROUTE.fit(known, goal, np.random.default_rng(0), **options)


def test_a_plan_with_columns_needs_them(known: Evidence, unseen: Evidence) -> None:
    rule = ROUTE.fit(known, Goal(budget=2.0), np.random.default_rng(0), features="columns")
    with pytest.raises(InputError, match="was made with the columns"):
        rule.spend(replace(unseen, columns={}))


def test_one_question_and_one_system_are_enough_to_go_on(known: Evidence) -> None:
    rule = ROUTE.fit(known.take(np.array([0])).of(["small"]), Goal(budget=9.0), np.random.default_rng(0))
    assert rule.spend(known).shares.tolist() == [[1.0, 0.0]] * len(known.items)


def test_among_equals_the_cheapest_is_asked_and_prices_mix() -> None:
    expected = Expected(np.array([[0.5, 0.5], [0.2, 0.9]]), np.array([[2.0, 1.0], [1.0, 2.0]]))
    assert pick(expected, 0.0).tolist() == [1, 1]
    assert pick(expected, 1.0).tolist() == [1, 0]
    assert lottery(expected, Prices(0.0, 1.0, 0.25)).tolist() == [[0.0, 1.0], [0.75, 0.25]]
