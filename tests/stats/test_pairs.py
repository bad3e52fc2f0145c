"""Paired differences and their correction."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import stats as oracle

from isocost.stats import clustered_mean, holm, mcnemar, paired_difference

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@given(p_values)
def test_holm_is_the_closed_bonferroni_test(p: list[float]) -> None:
    assert holm(p) == pytest.approx(oracle.holm(p))


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_a_fair_coin(a: int, b: int) -> None:
    assert mcnemar(a, b) == pytest.approx(min(1.0, 2 * oracle.binomial_cdf(min(a, b), a + b, 0.5)))


def test_a_difference_of_quantities_is_the_mean_of_differences() -> None:
    rng = np.random.default_rng(0)
    a, b, clusters = rng.random(30), rng.random(30), np.repeat(np.arange(10), 3)
    found = paired_difference(a, b, clusters)
    assert found[:4] == pytest.approx(clustered_mean(a - b, clusters)[:4])
    assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


def test_p_and_interval_agree_at_the_edge() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.3, 1, 40), rng.normal(0, 1, 40)
    p = paired_difference(a, b).p
    edge = paired_difference(a, b, confidence=1 - p)
    assert min(abs(edge.low), abs(edge.high)) == pytest.approx(0, abs=1e-9)


def test_pairs_of_right_and_wrong_have_bonett_and_prices_interval() -> None:
    """20 pairs, 6 and 1 discordant: the plain interval after one more of each kind."""
    a, b = np.zeros(20), np.zeros(20)
    a[:6], b[6] = 1, 1
    found = paired_difference(a, b)
    up, down = 7 / 22, 2 / 22
    half = 1.959963984540054 * math.sqrt((up + down - (up - down) ** 2) / 22)
    assert found[:3] == pytest.approx((0.25, up - down - half, up - down + half))
    assert found.p == mcnemar(6, 1)


def test_the_same_answers_leave_room_for_a_difference() -> None:
    """No discordant pair in 50 is not a proof of equality."""
    found = paired_difference(np.ones(50), np.ones(50))
    assert found.low < 0 == found.value < found.high
    assert found.p == 1


def test_equal_shares_leave_room_for_a_difference_too() -> None:
    """Systems that shared every attempt, in clusters: the interval holds 0 and more, though no difference was seen."""
    found = paired_difference(np.full(20, 0.4), np.full(20, 0.4), np.repeat(np.arange(10), 2))
    assert -0.5 < found.low < 0 == found.value < found.high < 0.5
    assert found.p == 1


def test_differences_of_shares_cover() -> None:
    """Means of 3 attempts at 40 questions, nearly all right: the true difference is inside about 95 % of the time."""
    rng, studies = np.random.default_rng(6), 1000
    chance = rng.beta(6, 0.5, (studies, 40))
    a, b = rng.binomial(3, chance) / 3, rng.binomial(3, 0.95 * chance) / 3
    truth = 0.05 * 6 / 6.5
    inside = [(d := paired_difference(x, y, share=True)).low <= truth <= d.high for x, y in zip(a, b, strict=True)]
    assert np.mean(inside) >= 0.94


def test_swapping_the_two_turns_the_sign() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 2, 25).astype(float), rng.integers(0, 2, 25).astype(float)
    one, two = paired_difference(a, b), paired_difference(b, a)
    assert (one.value, one.low, one.high, one.p) == pytest.approx((-two.value, -two.high, -two.low, two.p))


def test_only_pairs_count() -> None:
    assert paired_difference([1.0, math.nan, 3.5], [0.5, 1.0, math.nan]).n == 1
    assert paired_difference([1.0], [0.0])[1:3] == (-math.inf, math.inf)
    assert paired_difference([2.5, 2.5], [1.0, 1.0])[1:3] == (-math.inf, math.inf)
    assert math.isnan(paired_difference([], []).value)
    with pytest.raises(ValueError, match="two rows of equal length"):
        paired_difference([1.0], [1.0, 2.0])


def test_the_binary_interval_covers() -> None:
    """Two systems that share the questions' difficulty: the true difference is inside about 95 % of the time."""
    rng, studies, n = np.random.default_rng(4), 2000, 60
    u = rng.random((studies, n))
    a, b = (u < 0.9).astype(float), (np.where(rng.random((studies, n)) < 0.8, u, rng.random((studies, n))) < 0.8).astype(float)
    inside = [(d := paired_difference(x, y)).low <= 0.1 <= d.high for x, y in zip(a, b, strict=True)]
    assert 0.935 <= np.mean(inside) <= 0.985
