"""Evidence and intervals that hold at every time: against slow twins, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from tests.oracles import measure as oracle

from isocost.stats import anytime_mean, anytime_share, drift_evidence, evidence
from isocost.stats.sequential import SHARPEST, fractions


@given(
    st.lists(st.one_of(st.floats(-1, 1), st.just(math.nan)), min_size=1, max_size=30),
    st.sampled_from([None, 30, 100]),
    st.integers(0, 5),
)
def test_evidence_is_the_mean_wealth_of_its_bettors(values: list[float], population: int | None, start: int) -> None:
    expected = oracle.evidence(values, -1.0, population, start, fractions(population or len(values)).tolist())
    np.testing.assert_allclose(evidence(values, population=population, start=start), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("finite", [True, False])
def test_evidence_against_a_true_null_ever_exceeds_its_bar_as_rarely_as_it_says(finite: bool) -> None:
    rng, alpha, runs, n = np.random.default_rng(0), 0.1, 600, 200
    whole = np.r_[np.ones(40), -np.ones(40), np.zeros(120)]
    exceeded = 0
    for _ in range(runs):
        values = rng.permutation(whole) if finite else rng.choice(whole, n)
        exceeded += evidence(values, population=n if finite else None).max() >= math.log(1 / alpha)
    assert exceeded / runs <= alpha + 2 * math.sqrt(alpha * (1 - alpha) / runs)


def test_evidence_is_certain_where_the_rest_cannot_undo_it() -> None:
    assert evidence([1.0] * 52, population=100)[-1] == math.inf
    assert evidence([1.0] * 3, population=100)[-1] < math.inf


def test_missing_values_say_nothing() -> None:
    with_gaps = evidence([0.5, math.nan, -0.2, math.nan, 1.0])
    assert with_gaps[[0, 2, 4]] == pytest.approx(evidence([0.5, 0.0, -0.2, 0.0, 1.0])[[0, 2, 4]])


@pytest.mark.parametrize(("drift", "variance"), [(0.0, 1.0), (5.0, 10.0), (-3.0, 50.0), (20.0, 100.0)])
def test_drift_evidence_is_a_half_normal_mixture_of_likelihood_ratios(drift: float, variance: float) -> None:
    def ratio(effect: float) -> float:
        weight = 2 * norm.pdf(effect, scale=math.sqrt(SHARPEST))
        return float(math.exp(effect * drift - effect**2 * variance / 2) * weight)

    assert float(drift_evidence(drift, variance)) == pytest.approx(math.log(quad(ratio, 0, 10)[0]), rel=1e-6)


@pytest.mark.parametrize(("share", "finite"), [(0.5, True), (0.95, True), (0.8, False)])
def test_an_anytime_share_covers_at_all_times_at_once(share: float, finite: bool) -> None:
    rng, n, runs = np.random.default_rng(1), 150, 100
    whole = (np.arange(n) < share * n).astype(float)
    truth, missed = whole.mean(), 0
    for _ in range(runs):
        values = rng.permutation(whole) if finite else rng.choice(whole, n)
        ends = [anytime_share(values[:t], 0.9, n if finite else None) for t in (5, 40, 149)]
        missed += any(not end.low <= truth <= end.high for end in ends)
    assert missed / runs <= 0.1 + 2 * math.sqrt(0.09 / runs)


@pytest.mark.parametrize("finite", [True, False])
def test_an_anytime_mean_of_skewed_values_covers_from_twenty_on(finite: bool) -> None:
    rng, n, runs, missed = np.random.default_rng(2), 400, 300, 0
    whole = rng.lognormal(0, 0.7, size=n)
    for _ in range(runs):
        values = rng.permutation(whole) if finite else rng.choice(whole, n)
        ends = [anytime_mean(values[:t], 0.9, n if finite else None) for t in range(20, n, 20)]
        missed += any(not end.low <= whole.mean() <= end.high for end in ends)
    assert missed / runs <= 0.1 + 2 * math.sqrt(0.09 / runs)


def test_what_was_seen_to_the_end_is_known() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0])
    whole = anytime_share(values, population=4)
    assert whole.low == pytest.approx(0.5)
    assert whole.high == pytest.approx(0.5)
    assert anytime_mean(10 * values, population=4)[1:3] == (5.0, 5.0)


def test_one_value_or_none_bounds_nothing() -> None:
    assert anytime_mean([3.0])[1:3] == (-math.inf, math.inf)
    assert anytime_mean([math.nan]).n == 0
    assert anytime_share([])[1:3] == (0.0, 1.0)
    assert anytime_share([1.0]).low < 0.5


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 2 values"):
        evidence([0.0, 0.0, 0.0], population=2)
    with pytest.raises(ValueError, match="floor"):
        evidence([-0.5], floor=-0.1)
    with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
        anytime_share([2.0])
    with pytest.raises(ValueError, match="population of 1"):
        anytime_mean([1.0, 2.0], population=1)
