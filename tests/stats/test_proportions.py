"""Shares and their intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import stats as oracle

from isocost.stats import clopper_pearson, clustered_wilson, wilson

trials = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(trials)
def test_wilson_is_the_set_that_a_score_test_keeps(case: tuple[int, int]) -> None:
    low, high = oracle.wilson(*case, 1.959963984540054)
    assert wilson(*case)[1:3] == pytest.approx((low, high), abs=1e-9)


@given(trials)
def test_clopper_pearson_inverts_the_binomial_sum(case: tuple[int, int]) -> None:
    assert clopper_pearson(*case)[1:3] == pytest.approx(oracle.clopper_pearson(*case, 0.025), abs=1e-9)


def test_wilson_at_the_edges_has_its_closed_form() -> None:
    """No success in n: [0, z^2/(n + z^2)]."""
    z2 = 1.959963984540054**2
    assert wilson(0, 10)[:4] == pytest.approx((0, 0, z2 / (10 + z2), 10))
    assert wilson(10, 10)[:3] == pytest.approx((1, 10 / (10 + z2), 1))


@given(trials, st.floats(0.5, 0.98))
def test_more_confidence_is_never_narrower_and_the_value_is_inside(case: tuple[int, int], confidence: float) -> None:
    for interval in (wilson, clopper_pearson):
        narrow, wide = interval(*case, confidence), interval(*case, confidence + 0.01)
        assert 0 <= wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high <= 1
        assert narrow.high > narrow.low


def test_no_trials_say_nothing() -> None:
    assert wilson(0, 0)[1:] == (0.0, 1.0, 0, "unbounded: no trials")
    assert math.isnan(clopper_pearson(0, 0).value)


@pytest.mark.parametrize("bad", [(-1, 5), (6, 5), (1, math.inf)])
def test_impossible_counts_are_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="successes must lie between 0"):
        wilson(*bad)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 95"):
        wilson(1, 2, 95)


def test_trials_in_clusters_of_one_are_plain_wilson() -> None:
    values = np.array([1.0, 0, 1, 1, 0, 1])
    assert clustered_wilson(values, np.ones(6))[:4] == wilson(4, 6)[:4]


def test_equal_repeats_are_worth_their_clusters_only() -> None:
    """Ten questions answered five times alike bound no better than ten answers do, by t instead of z."""
    once = np.array([1.0, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    repeated = clustered_wilson(5 * once, np.full(10, 5.0))
    assert repeated.high - repeated.low > wilson(6, 10).high - wilson(6, 10).low
    assert repeated.n == 50


def test_all_right_is_worth_no_more_than_its_clusters() -> None:
    """40 right answers to 8 questions: an interval at least as wide as that of 8 of 8, never a zero one."""
    found = clustered_wilson(np.full(8, 5.0), np.full(8, 5.0))
    assert found.high == found.value == 1
    assert 0.3 < found.low < wilson(8, 8).low


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=2, max_size=20))
def test_the_clustered_interval_holds_its_value_and_widens(pairs: list[tuple[int, int]]) -> None:
    counts = np.array([float(n) for _, n in pairs])
    totals = np.minimum([float(c) for c, _ in pairs], counts)
    narrow, wide = clustered_wilson(totals, counts, 0.9), clustered_wilson(totals, counts, 0.95)
    assert 0 <= wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high <= 1
    assert narrow.high > narrow.low


def test_one_cluster_bounds_nothing() -> None:
    assert clustered_wilson([3.0], [5.0])[1:3] == (0.0, 1.0)


@pytest.mark.parametrize(("p", "within"), [(0.5, 0.3), (0.8, 0.3), (0.95, 0.3), (0.98, 0.3), (0.95, 0.8), (0.7, 0.0)])
def test_clustered_wilson_covers(p: float, within: float) -> None:
    """Beta-binomial questions (30 of 5 attempts, intraclass correlation given): the truth is inside about 95 % of the time."""
    rng, studies = np.random.default_rng(7), 1500
    spread = (1 - within) / within if within else 0
    chances = rng.beta(p * spread, (1 - p) * spread, (studies, 30)) if within else np.full((studies, 30), p)
    totals = rng.binomial(5, chances).astype(float)
    inside = [(found := clustered_wilson(row, np.full(30, 5.0))).low <= p <= found.high for row in totals]
    assert np.mean(inside) >= 0.94
