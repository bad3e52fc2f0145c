"""Means and ratios, robust to clusters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit
from tests.oracles import stats as oracle

from isocost.stats import clustered_mean, mean_of_sums, ratio_of_sums, wilson

T19 = 2.093024054408263  # Student's t, 19 degrees of freedom, 97.5 %
rows = st.lists(st.tuples(st.integers(-1000, 1000), st.integers(0, 5)), min_size=3, max_size=25).filter(
    lambda pairs: len({c for _, c in pairs}) > 1
)


@given(rows)
def test_the_error_is_the_double_sum_of_millers_equation(pairs: list[tuple[int, int]]) -> None:
    values, clusters = [float(v) + 5000.5 for v, _ in pairs], [c for _, c in pairs]
    found = clustered_mean(values, clusters)
    narrow = clustered_mean(values, clusters, 0.5)
    assert found.value == pytest.approx(np.mean(values))
    if math.isfinite(found.low):
        ratio = (found.high - found.value) / (narrow.high - narrow.value)
        assert ratio > 1
        error = oracle.cluster_error(values, clusters)

        assert found.high - found.value == pytest.approx(stdtrit(len(set(clusters)) - 1, 0.975) * error, abs=1e-9)


def test_without_clusters_it_is_students_interval() -> None:
    values = np.arange(20.0)
    half = T19 * values.std(ddof=1) / math.sqrt(20)
    assert clustered_mean(values)[:4] == pytest.approx((9.5, 9.5 - half, 9.5 + half, 20))


@given(rows, st.randoms())
def test_order_does_not_matter_and_labels_may_be_anything(pairs: list[tuple[int, int]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = clustered_mean([v for v, _ in pairs], [c for _, c in pairs])
    two = clustered_mean([v for v, _ in shuffled], [f"q{c}" for _, c in shuffled])
    assert one[:4] == pytest.approx(two[:4])


def test_a_missing_value_is_left_out() -> None:
    assert clustered_mean([1.0, math.nan, 3.5], [0, 0, 1]) == clustered_mean([1.0, 3.5], [0, 1])


@pytest.mark.parametrize(("values", "clusters"), [([7.0], None), ([1.0, 2.0, 3.5], [4, 4, 4]), ([7.0, 7.0], None)])
def test_one_value_one_cluster_or_no_spread_bounds_nothing(values: list[float], clusters: list[int] | None) -> None:
    found = clustered_mean(values, clusters)
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.method.startswith("unbounded")


def test_all_right_is_bounded_like_a_share() -> None:
    """Twelve right answers are 12 of 12; twelve halves leave room on both sides."""
    assert clustered_mean(np.ones(12))[:3] == wilson(12, 12)[:3]
    half = clustered_mean(np.full(12, 0.5))
    assert half.low < 0.5 < half.high


def test_nothing_is_nothing() -> None:
    assert clustered_mean([]).n == 0
    assert math.isnan(mean_of_sums([], []).value)
    with pytest.raises(ValueError, match="one row"):
        clustered_mean(np.ones((2, 2)))
    with pytest.raises(ValueError, match="one cluster label"):
        clustered_mean([1.0, 2.0], [1])


def test_the_ratio_is_fiellers_set() -> None:
    rng = np.random.default_rng(3)
    up, down = rng.gamma(2, 1, 20), rng.binomial(1, 0.7, 20).astype(float)
    found = ratio_of_sums(up, down)
    assert found.value == pytest.approx(up.sum() / down.sum())
    assert found[1:3] == pytest.approx(oracle.fieller(up, down, T19), abs=1e-4)


def test_a_ratio_whose_denominator_may_be_nothing_is_open_upwards() -> None:
    found = ratio_of_sums([1.0, 2, 3, 2], [0.0, 0, 1, 0])
    assert 0 <= found.low < found.value < found.high == math.inf


def test_a_ratio_over_nothing_is_infinite_and_bounded_below() -> None:
    """Ten answers of a dollar, none right: a right one costs at least what the share's upper end allows."""
    found = ratio_of_sums(np.ones(10), np.zeros(10))
    assert found.value == found.high == math.inf
    assert found.low == pytest.approx(1 / wilson(0, 10, 0.975).high)


def test_all_right_still_leaves_doubt_about_the_ratio() -> None:
    found = ratio_of_sums(np.ones(10), np.ones(10))
    assert found.low <= 1 == found.value < found.high == pytest.approx(1 / wilson(10, 10, 0.975).low)


def test_one_cluster_bounds_no_ratio() -> None:
    assert ratio_of_sums([2.0], [1.0])[:3] == (2.0, 0.0, math.inf)


def test_fiellers_interval_covers() -> None:
    """Cost grows with difficulty, so that cost and correctness are correlated: the truth is inside about 95 % of the time."""
    rng, studies, n = np.random.default_rng(5), 1500, 60
    hard = rng.random((studies, n))
    right = (rng.random((studies, n)) < 1 - 0.8 * hard).astype(float)
    cost = (1 + 3 * hard) * rng.exponential(1, (studies, n))
    truth = (1 + 3 * 0.5) / 0.6
    inside = [(found := ratio_of_sums(c, r)).low <= truth <= found.high for c, r in zip(cost, right, strict=True)]
    assert 0.93 <= np.mean(inside) <= 0.97
