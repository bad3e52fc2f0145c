"""Trials go where they are wanted: the expectation is exact, budgets hold, hard questions are covered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from isocost.plan.trials import Trials, rollouts, spread, wanted


@given(st.integers(0, 5), st.integers(0, 8), st.integers(0, 6))
def test_the_expected_gain_is_that_of_the_beta_binomial(right: int, wrong: int, target: int) -> None:
    """E[the sum of 1 / k over the right answers wanted that t trials give], summed over the distribution itself."""
    found = wanted(np.array([right]), np.array([right + wrong]), np.array([target]))[0]
    need = max(target - right, 0)
    for t in (0, 1, 2, 7, 64):
        counts = np.arange(t + 1)
        worth = np.array([sum(1 / (right + k) for k in range(1, min(need, count) + 1)) for count in counts])
        exact = (worth * betabinom.pmf(counts, t, 0.5 + right, 0.5 + wrong)).sum()
        assert found[t] == pytest.approx(exact, abs=1e-8)


def test_hard_questions_get_their_right_answers() -> None:
    """With as many trials in all, more of the hard questions are covered than by the same number for each."""
    rng = np.random.default_rng(0)
    rates = np.concatenate([np.full(100, 0.9), np.full(100, 0.1)])
    trials = Trials(200, 2)
    for _ in range(8):
        asked = trials.ask(200.0)
        assert asked.sum() <= 200
        trials.tell(asked, rng.binomial(asked, rates))
    uniform = rng.binomial(8, rates)
    assert trials.met[100:].sum() > 1.5 * (uniform[100:] >= 2).sum()
    assert trials.met[:100].all()


def test_dear_questions_wait() -> None:
    asked = Trials(2, 1, cost=[1.0, 10.0]).ask(11.0)
    assert asked[0] >= 1
    assert asked @ [1, 10] <= 11


def test_spread_is_the_expected_deviation_and_peaks_in_the_middle() -> None:
    draws = np.random.default_rng(1).beta(3.5, 5.5, size=200_000)
    assert spread(3, 8) == pytest.approx(np.sqrt(draws * (1 - draws)).mean(), abs=1e-3)
    assert np.argmax(spread(np.arange(11), np.full(11, 10))) == 5


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=20), st.integers(0, 200))
def test_rollouts_sum_to_the_total_and_follow_the_weights(weight: list[float], total: int) -> None:
    found = rollouts(weight, total)
    assert found.sum() == total
    assert np.abs(found - total * np.array(weight) / sum(weight)).max() <= 1
    assert rollouts(weight, total + 2 * len(weight), least=2).min() >= 2


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(ValueError, match="expected targets of at least 0"):
        Trials(2, -1)
    with pytest.raises(ValueError, match="expected from 0 to 1 right answers of question 1, got 2"):
        Trials(2, 1).tell(np.array([1, 1]), np.array([0, 2]))
    with pytest.raises(ValueError, match="a total of at least 4"):
        rollouts([1, 1], 3, least=2)
