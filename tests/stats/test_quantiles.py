"""Quantiles and their intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import stats as oracle

from isocost.stats import quantile_interval


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.sampled_from([0.1, 0.5, 0.9, 0.99]))
def test_the_value_is_numpys_and_lies_inside(values: list[float], q: float) -> None:
    found = quantile_interval(values, q)
    assert found.value == np.quantile(values, q)
    assert found.low <= np.quantile(values, q, method="higher")
    assert found.high >= np.quantile(values, q, method="lower")


@pytest.mark.parametrize(("n", "q"), [(20, 0.5), (60, 0.9), (35, 0.25)])
def test_the_ranks_leave_half_of_the_error_on_each_side(n: int, q: float) -> None:
    found = quantile_interval(np.arange(1.0, n + 1), q)
    assert oracle.binomial_cdf(int(found.low) - 1, n, q) <= 0.025 < oracle.binomial_cdf(int(found.low), n, q)
    assert oracle.binomial_cdf(int(found.high) - 1, n, q) >= 0.975 > oracle.binomial_cdf(int(found.high) - 2, n, q)


def test_what_the_sample_cannot_bound_is_open() -> None:
    """The greatest of 60 bounds no 99th percentile; one value bounds no median."""
    assert quantile_interval(np.arange(60.0), 0.99).high == math.inf
    assert quantile_interval([3.0], 0.5)[:3] == (3.0, -math.inf, math.inf)
    assert quantile_interval([3.0, 4.0], 0.5, [1, 1])[1:3] == (-math.inf, math.inf)
    assert quantile_interval([math.nan], 0.5).n == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_interval([1.0], 99)


def test_single_values_in_clusters_are_independent() -> None:
    values = np.random.default_rng(0).random(50)
    assert quantile_interval(values, 0.5, np.arange(50)) == quantile_interval(values, 0.5)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_clustered_quantiles_cover(q: float) -> None:
    """40 questions of 4 attempts that share half of their variance: the truth is inside about 95 % of the time."""
    from scipy.special import ndtri

    rng, studies = np.random.default_rng(3), 800
    shared = rng.normal(size=(studies, 40, 1)) * math.sqrt(0.5)
    values = (shared + rng.normal(size=(studies, 40, 4)) * math.sqrt(0.5)).reshape(studies, -1)
    clusters = np.repeat(np.arange(40), 4)
    inside = [(f := quantile_interval(row, q, clusters)).low <= ndtri(q) <= f.high for row in values]
    assert np.mean(inside) >= 0.935
