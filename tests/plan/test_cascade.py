"""A cascade is searched exactly over its grid, spends what it says, and looks at nothing it could not see."""

from dataclasses import replace

import numpy as np
import pytest
from tests.oracles import plans as oracle
from tests.plan.worlds import made, tiered

from isocost.plan.cascade import CASCADE, Cascade
from isocost.plan.lots import settle
from isocost.plan.rule import Goal, Latency
from isocost.records import InputError


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("attempts", [1, 2])
def test_nothing_of_all_that_can_be_tried_is_better(seed: int, attempts: int) -> None:
    """On a small grid the search sees every threshold, so brute force finds nothing above its hull."""
    evidence = tiered(np.random.default_rng(seed), n=12, attempts=attempts)
    tried = np.array(list(oracle.cascades(evidence, 3)))
    for budget in (1.5, 3.0, 6.0):
        rule = CASCADE.fit(evidence, Goal(budget=budget), rng(), votes=(1,))
        lots = settle(tried[:, 0], tried[:, 1], Goal(budget=budget))
        got = rule.spend(evidence)
        best = np.dot(lots.weights, tried[list(lots.rows), 1])
        assert got.worth.mean() == pytest.approx(best)
        assert got.paid.mean() == pytest.approx(np.dot(lots.weights, tried[list(lots.rows), 0]))
        assert rule.price == pytest.approx(lots.price)


def test_the_cost_of_every_stage_is_counted() -> None:
    """Two questions: one stops at the first system, one goes on; sums of cost and seconds, shares of who was asked."""
    evidence = made([[[1], [0]], [[1], [1]]], [[[1.0], [1.0]], [[5.0], [5.0]]], confidence=[[[0.9], [0.1]], [[0.5], [0.5]]])
    rule = CASCADE.fit(evidence, Goal(at_least=1.0), rng())
    got = rule.spend(evidence)
    assert got.worth.tolist() == [1, 1]
    assert got.paid.tolist() == [1, 6]
    assert got.seconds.tolist() == [10, 60]
    assert got.shares.tolist() == [[1, 0], [1, 1]]


def test_agreement_is_a_signal() -> None:
    """Where two cheap systems agree the dear one is spared: no confidence is recorded."""
    right = rng().random((3, 400, 1)) < np.array([0.7, 0.7, 0.99])[:, None, None]
    answer = np.where(right, 0, rng().integers(1, 50, size=right.shape))
    evidence = made(right, np.array([1.0, 1.0, 20.0])[:, None, None], answer)
    rule = CASCADE.fit(evidence, Goal(at_least=0.97), rng())
    signals = {step.signal for way in rule.ways for step in way.steps}  # type: ignore[attr-defined]
    assert "agreement" in signals
    assert rule.spend(evidence).paid.mean() < 0.7 * 20


def test_votes_of_one_system_can_be_a_stage() -> None:
    """With several attempts recorded, a vote whose share is high saves the dear system."""
    generator = rng()
    ease = generator.choice([0.95, 0.3], size=(300, 1), p=[0.7, 0.3])
    right = generator.random((300, 5)) < ease
    answer = np.where(right, 0, generator.integers(1, 50, size=right.shape))
    worth, said = np.stack([right, np.ones_like(right)]), np.stack([answer, 0 * answer])
    evidence = made(worth, np.array([1.0, 30.0])[:, None, None], said)
    rule = CASCADE.fit(evidence, Goal(at_least=0.97), rng())
    assert any(step.votes > 1 for way in rule.ways for step in way.steps)  # type: ignore[attr-defined]
    assert rule.spend(evidence).paid.mean() < 15
    assert rule.spend(evidence).worth.mean() >= 0.97 - 1e-9


def test_settings_make_the_same_rule_again() -> None:
    evidence = tiered(rng(), attempts=3)
    rule = CASCADE.fit(evidence, Goal(budget=4.0), rng())
    again = CASCADE.restore(rule.settings(), rule.arrays())
    for one, two in zip(rule.spend(evidence), again.spend(evidence), strict=True):
        assert np.array_equal(one, two, equal_nan=True)


def test_worth_is_not_looked_at() -> None:
    evidence = tiered(rng(), attempts=2)
    rule = CASCADE.fit(evidence, Goal(budget=4.0), rng())
    blind = rule.spend(replace(evidence, worth=np.full_like(evidence.worth, np.nan)))
    assert np.array_equal(blind.paid, rule.spend(evidence).paid)
    assert np.isnan(blind.worth).all()


def test_a_missing_answer_is_not_known_rather_than_free() -> None:
    evidence = tiered(rng())
    rule = CASCADE.fit(evidence, Goal(), rng())
    for cube in (evidence.worth, evidence.paid, evidence.seconds, evidence.confidence):
        cube[:, 0] = np.nan
    evidence.answer[:, 0] = -1
    got = rule.spend(evidence)
    assert np.isnan([got.worth[0], got.paid[0], got.seconds[0], *got.shares[0]]).all()
    assert not np.isnan(got.paid[1:]).any()
    assert isinstance(CASCADE.fit(evidence, Goal(budget=4.0), rng()), Cascade)


def test_latency_leaves_out_what_is_too_slow() -> None:
    evidence = tiered(rng())
    rule = CASCADE.fit(evidence, Goal(latency=Latency(0.95, 40.0)), rng())
    assert (rule.spend(evidence).seconds <= 40).mean() >= 0.95
    with pytest.raises(InputError, match="latency: expected a share of at most"):
        CASCADE.fit(evidence, Goal(latency=Latency(0.95, 1.0)), rng())


@pytest.mark.parametrize(
    ("goal", "options", "says"),
    [
        (Goal(budget=0.01), {}, "budget: expected at least"),
        (Goal(at_least=1.5), {}, "at_least: expected a quality of at most"),
        (Goal(at_least=0.7, budget=0.1), {}, "budget: a quality of 0.7 costs"),
        (Goal(), {"systems": "a,x"}, "expected systems among"),
        (Goal(), {"depth": 3}, "expected some of systems, stages"),
        (Goal(), {"stages": 9}, "stages: expected 1 to 5, got 9"),
        (Goal(), {"votes": "one"}, "Expected `int`"),
    ],
)
def test_what_cannot_be_is_said_with_its_values(goal: Goal, options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        CASCADE.fit(tiered(rng()), goal, rng(), **options)


def test_a_plan_that_someone_broke_is_refused() -> None:
    rule = CASCADE.fit(tiered(rng()), Goal(), rng())
    with pytest.raises(InputError, match="cascade:"):
        CASCADE.restore({**rule.settings(), "price": "much"}, {})
