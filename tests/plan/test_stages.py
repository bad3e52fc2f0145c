"""One budget over a pipeline: as good as trying every pipeline, and it names the stage that limits."""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from tests.plan.worlds import made

from isocost.plan import stages
from isocost.plan.evidence import Evidence
from isocost.plan.lots import settle
from isocost.plan.rule import Goal, Latency
from isocost.plan.stages import STAGES, Stages
from isocost.records import InputError


def pipeline(rng: np.random.Generator, sizes: tuple[int, ...] = (3, 2, 3), n: int = 40) -> Evidence:
    """Stages of so many systems: dearer ones are better, by another amount in each stage."""
    names, worth, paid = [], [], []
    for stage, size in enumerate(sizes):
        ease, gain = rng.normal(0, 0.5, size=n), rng.uniform(0.2, 2)
        for k in range(size):
            names.append(f"s{stage}:m{k}")
            worth.append(rng.random((n, 2)) < 1 / (1 + np.exp(-(gain * k + ease[:, None]))))
            paid.append(np.full((n, 2), (stage + 1) * 2.0**k * rng.uniform(0.8, 1.2)))
    return made(np.array(worth), np.array(paid), systems=tuple(names))


def tried(evidence: Evidence, combine: str) -> tuple[np.ndarray, np.ndarray]:
    """Cost and quality of every pipeline, by the book."""
    by_stage: dict[str, list[int]] = {}
    for row, name in enumerate(evidence.systems):
        by_stage.setdefault(name.split(":")[0], []).append(row)
    cost, quality = [], []
    for rows in product(*by_stage.values()):
        cost.append(evidence.cost[list(rows)].sum(axis=0).mean())
        quality.append(WHOLES[combine](evidence.quality[list(rows)]).mean())
    return np.array(cost), np.array(quality)


def weakest_half(qualities: np.ndarray) -> np.ndarray:
    """A user's function: half of the weakest stage, half of the mean."""
    return np.asarray(qualities.min(axis=0) / 2 + qualities.mean(axis=0) / 2)


WHOLES = {
    "product": lambda q: np.prod(q, axis=0),
    "minimum": lambda q: np.min(q, axis=0),
    "tests.plan.test_stages:weakest_half": weakest_half,
}


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("combine", WHOLES)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("every", [4096, 4])
def test_the_capacity_under_a_budget_is_that_of_brute_force(
    monkeypatch: pytest.MonkeyPatch, combine: str, seed: int, every: int
) -> None:
    """Where all pipelines are tried exactly; where the allocator starts and exchanges follow, it finds the same here."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    monkeypatch.setattr(stages, "EVERY", every)
    evidence = pipeline(np.random.default_rng(seed))
    cost, quality = tried(evidence, combine)
    for budget in np.quantile(cost, [0.05, 0.3, 0.7]):
        rule = STAGES.fit(evidence, Goal(budget=float(budget)), rng(), quality=combine)
        lots, got = settle(cost, quality, Goal(budget=float(budget))), rule.spend(evidence)
        assert got.worth.mean() == pytest.approx(
            np.dot(lots.weights, quality[list(lots.rows)]), rel=1e-9 if every > 4 else 0.01
        )
        assert got.paid.mean() <= budget * (1 + 1e-9)


def test_the_limiting_stage_is_named() -> None:
    """One stage is planted that is right half as often as the others, whatever is paid."""
    evidence = pipeline(rng(), sizes=(2, 2, 2), n=300)
    evidence.worth[:] = rng().random(evidence.worth.shape) < np.array([0.9, 0.95, 0.4, 0.45, 0.9, 0.95])[:, None, None]
    rule = STAGES.fit(evidence, Goal(), rng())
    assert isinstance(rule, Stages)
    assert rule.limiting == "s1"
    assert rule.sensitivity["s1"] == pytest.approx(0.9**2 * 0.55, abs=0.1)


def test_a_stage_may_vote() -> None:
    """Where three votes are better than one, the plan with money takes them."""
    right = rng().random((2, 200, 5)) < 0.75
    evidence = made(right, 1.0, np.where(right, 0, 1), systems=("plan:m", "write:m"))
    rule = STAGES.fit(evidence, Goal(budget=8.0), rng())
    got = rule.spend(evidence)
    assert {part.votes for way in rule.ways for part in way.parts} >= {3}  # type: ignore[attr-defined]
    assert got.shares.sum(axis=1).mean() == pytest.approx(got.paid.mean())
    assert got.worth.mean() > 0.66


def test_settings_make_the_same_rule_again() -> None:
    evidence = pipeline(rng())
    rule = STAGES.fit(evidence, Goal(budget=9.0), rng())
    assert STAGES.restore(rule.settings(), rule.arrays()) == rule


def test_worth_is_not_looked_at() -> None:
    evidence = pipeline(rng())
    rule = STAGES.fit(evidence, Goal(budget=9.0), rng())
    blind = rule.spend(replace(evidence, worth=np.full_like(evidence.worth, np.nan)))
    assert np.array_equal(blind.paid, rule.spend(evidence).paid)
    assert np.isnan(blind.worth).all()


def test_a_question_that_a_stage_did_not_answer_is_not_known() -> None:
    evidence = pipeline(rng())
    for cube in (evidence.worth, evidence.paid, evidence.seconds):
        cube[:3, 0] = np.nan
    got = STAGES.fit(evidence, Goal(), rng()).spend(evidence)
    assert np.isnan([got.worth[0], got.paid[0], got.seconds[0]]).all()
    assert not np.isnan(got.worth[1:]).any()


def test_seconds_add_up() -> None:
    evidence = pipeline(rng())
    got = STAGES.fit(evidence, Goal(latency=Latency(0.9, 120.0)), rng()).spend(evidence)
    assert (got.seconds <= 120).mean() >= 0.9


def test_what_cannot_be_is_said() -> None:
    evidence = pipeline(rng())
    with pytest.raises(InputError, match=r"named 'stage:system', got \['a', 'b'\]"):
        STAGES.fit(made(np.ones((2, 3, 1)), 1.0), Goal(), rng())
    with pytest.raises(InputError, match="importable 'module:function', got 'mean'"):
        STAGES.fit(evidence, Goal(), rng(), quality="mean")
    with pytest.raises(InputError, match="got 'nowhere:f'"):
        STAGES.fit(evidence, Goal(), rng(), quality="nowhere:f")
    with pytest.raises(InputError, match="one number a question"):
        STAGES.fit(evidence, Goal(), rng(), quality="numpy:sum")
    evidence.worth[:3, :20], evidence.worth[3:, 20:] = np.nan, np.nan
    with pytest.raises(InputError, match="measured on the same questions"):
        STAGES.fit(evidence, Goal(), rng())
    assert "tests.plan.test_stages" in sys.modules
