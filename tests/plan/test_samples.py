"""Votes are counted one by one, stop where their rule says, and cost what was drawn."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta
from tests.oracles import plans as oracle
from tests.oracles import voting
from tests.plan.worlds import made

from isocost.plan.evidence import Evidence
from isocost.plan.rule import Goal, Latency
from isocost.plan.samples import NEVER, SAMPLES, STOPS, Samples, Vote, ahead, first_stop, played
from isocost.plan.walks import walk
from isocost.records import InputError


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def coins(chance: float, n: int = 400, attempts: int = 9) -> Evidence:
    """A system that is right with this chance, whose wrong answers are all the same."""
    right = rng().random((1, n, attempts)) < chance
    return made(right, 1.0, right.astype(int))


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=12))
def test_votes_are_counted_as_they_come(codes: list[int]) -> None:
    """After each draw: the leader, of equal counts the first seen; the runner-up; the last equal ones in a row."""
    found = walk(np.array([codes]))
    for drawn in range(1, len(codes) + 1):
        now = (found.leader[0, drawn - 1], found.most[0, drawn - 1], found.second[0, drawn - 1])
        leader, most, second = oracle.tally(codes[:drawn])
        assert now[1:] == (most, second)
        assert codes[now[0]] == codes[leader] if most else now[0] == -1
        run = next((back for back in range(drawn) if codes[drawn - 1 - back] != codes[drawn - 1]), drawn)
        assert found.run[0, drawn - 1] == (run if codes[drawn - 1] >= 0 else 0)


def test_the_posterior_is_the_beta_distribution() -> None:
    most, second = np.array([1, 3, 9, 40]), np.array([0, 2, 3, 11])
    assert ahead(most, second) == pytest.approx(beta.sf(0.5, most + 1, second + 1))


@pytest.mark.parametrize("stop", STOPS)
def test_the_rules_stop_where_they_say(stop: str) -> None:
    """Each against a loop over the votes of each order."""
    evidence = coins(0.7, n=20)
    tape, figure = played(evidence, "a", 1, 6), {"never": 0.0, "window": 3, "posterior": 0.9, "gain": 20.0}[stop]
    found = first_stop(stop, figure, tape)
    for place in np.ndindex(found.shape):
        most, second, run = (part[place] for part in (tape.most, tape.second, tape.run))
        told = NEVER
        for t in range(1, 10):
            sure = beta.sf(0.5, most[t - 1] + 1, second[t - 1] + 1)
            holds = {
                "never": False,
                "window": t % 3 == 0 and run[t - 1] >= 3,
                "posterior": sure >= figure,
                "gain": (1 - sure) * figure <= tape.paid[place][t - 1] / t,
            }
            if holds[stop]:
                told = t
                break
        assert found[place] == told


def test_a_vote_gets_what_dynamic_programming_says() -> None:
    """Quality and number of samples of the posterior rule on coins, against the exact recursion over counts."""
    rule = Samples((Vote(1.0, "a", 9, "posterior", 0.9),), 0.0, seed=5, orders=24)
    got = rule.spend(coins(0.7, n=4000))
    right, samples = voting.early(9, 0.7, voting.posterior(0.9))
    assert got.worth.mean() == pytest.approx(right, abs=0.02)
    assert got.paid.mean() == pytest.approx(samples, abs=0.05)
    assert got.shares[:, 0].mean() == got.paid.mean()


def test_early_stopping_buys_the_same_quality_for_less() -> None:
    """The plan for the quality of a full vote draws fewer samples than the full vote."""
    generator = rng()
    chance = generator.choice([0.95, 0.6], size=(1, 500, 1))
    right = generator.random((1, 500, 15)) < chance
    evidence = made(right, 1.0, np.where(right, 0, generator.integers(1, 30, size=right.shape)))
    full = Samples((Vote(1.0, "a", 15),), 0.0, seed=1, orders=15).spend(evidence).worth.mean()
    got = SAMPLES.fit(evidence, Goal(at_least=full - 0.005), rng()).spend(evidence)
    assert got.worth.mean() >= full - 0.006
    assert got.paid.mean() < 7


def test_dear_questions_get_fewer_samples_when_the_price_decides() -> None:
    """Of two kinds of question that differ in cost alone, "gain" spends its samples on the cheap ones."""
    right = rng().random((1, 600, 11)) < 0.65
    paid = np.where(np.arange(600) < 300, 1.0, 10.0)[None, :, None]
    evidence = made(right, paid, right.astype(int))
    rule = SAMPLES.fit(evidence, Goal(budget=12.0), rng(), stop="gain")
    count = rule.spend(evidence).shares[:, 0]
    assert count[:300].mean() > 1.5 * count[300:].mean()
    blind = SAMPLES.fit(evidence, Goal(budget=12.0), rng(), stop="posterior")
    assert rule.spend(evidence).worth.mean() >= blind.spend(evidence).worth.mean() - 1e-3


def test_settings_make_the_same_rule_again() -> None:
    evidence = coins(0.7)
    rule = SAMPLES.fit(evidence, Goal(budget=3.3), rng())
    assert SAMPLES.restore(rule.settings(), rule.arrays()) == rule
    assert len(rule.ways) == 2  # type: ignore[attr-defined]
    assert rule.spend(evidence).paid.mean() == pytest.approx(3.3)


def test_worth_is_not_looked_at() -> None:
    evidence = coins(0.7)
    rule = SAMPLES.fit(evidence, Goal(budget=3.3), rng())
    blind = rule.spend(replace(evidence, worth=np.full_like(evidence.worth, np.nan)))
    assert np.array_equal(blind.paid, rule.spend(evidence).paid)


def test_a_question_without_enough_attempts_is_not_known() -> None:
    evidence = coins(0.5, n=60)
    for cube in (evidence.worth, evidence.paid, evidence.seconds):
        cube[0, 0, 2:] = np.nan
    evidence.answer[0, 0, 2:] = -1
    assert np.isnan(Samples((Vote(1.0, "a", 5),), 0.0, 1, 8).spend(evidence).worth[0])
    assert not np.isnan(SAMPLES.fit(evidence, Goal(), rng()).spend(evidence).worth[1:]).any()
    assert np.isnan(Samples((Vote(1.0, "a", 50),), 0.0, 1, 8).spend(evidence).paid).all()


def test_a_vote_takes_the_time_of_all_its_samples() -> None:
    got = SAMPLES.fit(coins(0.7), Goal(latency=Latency(1.0, 30.0)), rng()).spend(coins(0.7))
    assert got.seconds.max() <= 30


@pytest.mark.parametrize(
    ("attempts", "goal", "options", "says"),
    [
        (1, Goal(), {}, "2 attempts or more of its questions"),
        (5, Goal(), {"stop": "soon"}, "expected some of never, window, posterior, gain"),
        (5, Goal(), {"systems": "b"}, "expected records of 'b'"),
        (5, Goal(budget=0.5), {}, "budget: expected at least 1 a question, got 0.5"),
    ],
)
def test_what_cannot_be_is_said(attempts: int, goal: Goal, options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        SAMPLES.fit(coins(0.7, attempts=attempts), goal, rng(), **options)


def test_without_recorded_answers_there_is_nothing_to_count() -> None:
    evidence = coins(0.7)
    with pytest.raises(InputError, match="their answers recorded"):
        SAMPLES.fit(replace(evidence, answer=np.full_like(evidence.answer, -1)), Goal(), rng())
