"""Expectations are honest: held out, covered, without optimism, and fair to the mix."""

from functools import partial

import numpy as np
import pytest
from tests.plan.worlds import made, tiered

from isocost.plan import Evidence, Goal, How, Latency, Outcome, make
from isocost.plan.baselines import NAMES, baselines
from isocost.plan.expect import cross_fit, expect, split, widened
from isocost.plan.fixed import FIXED, Fixed
from isocost.plan.kinds import kind
from isocost.plan.mix import MIX
from isocost.plan.rule import drawn
from isocost.plan.select import select
from isocost.records import InputError


def noise(rng: np.random.Generator, n: int, systems: int = 5) -> Evidence:
    """Systems that are all right six times of ten, whatever the question: there is nothing to learn."""
    worth = (rng.random((systems, n, 1)) < 0.6).astype(float)
    return made(worth, rng.lognormal(0, 0.5, worth.shape))


def judged(evidence: Evidence, goal: Goal, fit, seed: int = 0):
    rng = np.random.default_rng(seed)
    folds = split(evidence.groups, 5, rng)
    return expect(cross_fit(fit, evidence, goal, folds, rng), evidence, goal, folds, rng)


def test_groups_stay_together_and_folds_are_even() -> None:
    groups = np.repeat(np.arange(20), 3)
    folds = split(groups, 5, np.random.default_rng(0))
    assert all(len(set(folds[groups == group])) == 1 for group in range(20))
    assert np.bincount(folds).tolist() == [12] * 5
    with pytest.raises(InputError, match="at least 2 questions"):
        split(np.zeros(9, dtype=np.int64), 5, np.random.default_rng(0))
    with pytest.raises(InputError, match="folds"):
        split(groups, 1, np.random.default_rng(0))


def test_every_rule_is_judged_on_questions_it_has_not_seen() -> None:
    """A rule that remembers its questions gets nothing on others."""
    evidence = made(np.ones((2, 30, 1)), 1.0)

    class Memory(Fixed):
        seen: tuple[str, ...] = ()

        def spend(self, evidence: Evidence) -> Outcome:
            here = np.array([float(item in self.seen) for item in evidence.items])
            return drawn(evidence, np.array([1.0, 0.0]))._replace(worth=here)

    found = judged(evidence, Goal(), lambda known, goal, rng: Memory("a", known.items))
    assert found.quality.value == 0.0


def test_on_pure_noise_nothing_is_promised_and_the_intervals_cover() -> None:
    """Over 60 worlds: the mean expectation is the truth within three standard errors; 95 % intervals cover as they say."""
    goal, found = Goal(budget=1.1), []
    for seed in range(60):
        found.append(judged(noise(np.random.default_rng(seed), 120), goal, FIXED.fit, seed))
    values = np.array([each.quality.value for each in found])
    assert values.mean() - 0.6 < 3 * values.std(ddof=1) / np.sqrt(len(values))
    covered = [each.quality.low <= 0.6 <= each.quality.high for each in found]
    assert np.mean(covered) >= 0.85  # 95 % is meant; of 60 worlds fewer than 51 would cover once in a thousand
    assert not any(each.beats_mix for each in found)


def test_choosing_a_kind_on_noise_flatters_and_is_taken_off() -> None:
    """The kind that looked best among eight lucky ones: its correction is what it will lose."""
    rng, gaps, taken = np.random.default_rng(5), [], []
    for _ in range(40):
        evidence = noise(rng, 60, systems=8)
        fits = {name: partial(lambda known, goal, rng, name: Fixed(name), name=name) for name in evidence.systems}
        chosen = select(fits, evidence, Goal(), split(evidence.groups, 5, rng), rng)
        gaps.append(np.nanmean(chosen.held[chosen.name].outcome.worth) - 0.6)
        taken.append(chosen.optimism[0])
    assert np.mean(gaps) > 0.03
    assert abs(np.mean(gaps) - np.mean(taken)) < 0.02


def test_the_mix_equals_itself_at_equal_cost() -> None:
    found = judged(tiered(np.random.default_rng(0), n=100), Goal(budget=3.0), MIX.fit)
    assert found.over_mix.value == 0.0
    assert not found.beats_mix


def test_an_oracle_beats_the_mix_and_a_bad_router_does_not() -> None:
    evidence = tiered(np.random.default_rng(2), n=150)

    class Knows(Fixed):
        sign: float = 1.0

        def spend(self, evidence: Evidence) -> Outcome:
            right = evidence.quality.T * self.sign - np.arange(3) * 1e-3
            return drawn(evidence, np.eye(3)[np.argmax(right, axis=1)])

    good = judged(evidence, Goal(budget=3.0), lambda known, goal, rng: Knows("a", 1.0))
    bad = judged(evidence, Goal(budget=3.0), lambda known, goal, rng: Knows("a", -1.0))
    assert good.beats_mix
    assert good.over_mix.low > 0
    assert bad.over_mix.high < 0


def test_the_difference_at_equal_cost_is_that_of_a_line_between_two_systems() -> None:
    """Two systems: the mix of cost c gets (c - 1) / 2 of the way; no fold can change that much."""
    rng = np.random.default_rng(0)
    easy = rng.random(4000) < 0.5
    evidence = made([easy[:, None], np.ones((4000, 1))], np.array([[[1.0]], [[3.0]]]))

    class Half(Fixed):
        def spend(self, evidence: Evidence) -> Outcome:
            hard = evidence.quality[0] == 0  # half of the hard ones and none of the easy
            first = hard & (np.arange(len(hard)) % 2 == 0)
            return drawn(evidence, np.stack((~first, first), axis=1).astype(float))

    found = judged(evidence, Goal(), lambda known, goal, rng: Half("a"))
    share = (found.cost.value - 1) / 2
    assert found.over_mix.value == pytest.approx(found.quality.value - (easy.mean() * (1 - share) + share), abs=2e-3)
    assert found.over_mix.value == pytest.approx(0.25 - 0.125, abs=0.02)


def test_a_goal_out_of_reach_on_a_fold_is_said() -> None:
    evidence = tiered(np.random.default_rng(0), n=40)
    found = judged(evidence, Goal(budget=float(np.nanmin(np.nanmean(evidence.cost, axis=1)))), FIXED.fit)
    assert any("out of reach" in note for note in found.notes)
    with pytest.raises(InputError, match="cheapest"):
        make(evidence, Goal(budget=0.0), "fixed")


def test_answers_in_time_are_counted() -> None:
    evidence = tiered(np.random.default_rng(0), n=60)
    found = judged(evidence, Goal(latency=Latency(0.9, 20.0)), FIXED.fit)
    assert found.in_time is not None
    assert found.in_time.value > 0.8


def test_rules_that_differ_widen_the_interval_and_equal_ones_do_not() -> None:
    folds = np.arange(100) % 5
    found = judged(tiered(np.random.default_rng(0), n=100), Goal(), FIXED.fit).quality
    assert widened(found, np.ones(100), folds) == found
    wider = widened(found, (folds == 0).astype(float), folds)
    assert wider.high - wider.low > found.high - found.low
    assert "rules" in wider.method


def test_baselines_stand_in_their_order() -> None:
    """The oracle, which no plan beats, keeps to the budget; the mix is the plan itself here, a random router costs as much."""
    evidence, goal = tiered(np.random.default_rng(4), n=200), Goal(budget=3.0)
    rng = np.random.default_rng(0)
    folds = split(evidence.groups, 5, rng)
    plan = cross_fit(kind("mix").fit, evidence, goal, folds, rng).outcome
    found = baselines(plan, evidence, goal, folds, rng)
    assert tuple(found) == NAMES
    value = {name: each["quality"].value for name, each in found.items()}
    assert value["oracle"] >= max(known for known in value.values() if known is not None)
    assert found["oracle"]["cost"].value <= max(3.0, np.nanmean(plan.paid)) + 1e-9
    assert value["mix"] == pytest.approx(np.nanmean(plan.worth))
    assert found["mix"]["difference"].value == pytest.approx(0.0, abs=1e-12)
    assert found["random"]["cost"].value == pytest.approx(np.nanmean(plan.paid), rel=0.05)


def test_the_oracle_is_what_trying_everything_finds() -> None:
    evidence = tiered(np.random.default_rng(8), n=7)
    rng = np.random.default_rng(0)
    folds = np.arange(7) % 2
    plan = cross_fit(kind("fixed").fit, evidence, Goal(budget=3.5), folds, rng).outcome
    got = baselines(plan, evidence, Goal(budget=3.5), folds, rng)["oracle"]["quality"].value
    budget = max(3.5, float(plan.paid.mean())) * 7
    choices = np.stack(np.meshgrid(*[np.arange(3)] * 7)).reshape(7, -1)
    worth = sum(evidence.quality[choices[i], i] for i in range(7))
    paid = sum(evidence.cost[choices[i], i] for i in range(7))
    assert got * 7 == pytest.approx(worth[paid <= budget + 1e-9].max())


def test_a_plan_of_no_kind_is_the_best_kind_and_says_so() -> None:
    evidence = tiered(np.random.default_rng(1), n=60)
    plan = make(evidence, Goal(budget=3.0), how=How(folds=2))
    assert any(note.startswith("chosen among") for note in plan.notes)
    assert plan.kind in ("mix", "route", "cascade", "fixed")
    with pytest.raises(InputError, match="--kind"):
        make(evidence, Goal(budget=3.0), options={"features": "length"})


def test_unknown_options_name_the_known() -> None:
    evidence = tiered(np.random.default_rng(1), n=30)
    with pytest.raises(InputError, match="options"):
        make(evidence, Goal(budget=3.0), "fixed", {"colour": "red"})
    with pytest.raises(InputError, match="features"):
        make(evidence, Goal(budget=3.0), "route", {"colour": "red"})
