"""The bootstrap."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles import stats as oracle

from isocost.stats import bootstrap, bootstrap_means, clustered_mean, resample
from isocost.stats.kernels import resampled_sums


@pytest.fixture(params=["numpy", "compiled"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test holds for few draws and for many: two ways to the same distribution."""
    if request.param == "compiled":
        monkeypatch.setattr(resample, "FEW", 0)


both = pytest.mark.usefixtures("either_way")


@settings(max_examples=25)
@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 2**64 - 1))
def test_the_kernel_is_its_slow_twin(units: int, columns: int, seed: int) -> None:
    table = np.random.default_rng(units).normal(size=(units, columns))
    fast = resampled_sums(np.array([seed, 7], dtype=np.uint64), table)
    assert fast == pytest.approx(np.array([oracle.resampled_sums(seed, table), oracle.resampled_sums(7, table)]))


@both
def test_every_item_is_drawn_as_often_as_a_fair_die_says() -> None:
    """Over 4,000 replicates the weights of 10 items have mean 1, variance 9/10 and covariance -1/10."""
    weights = 10 * bootstrap_means(np.eye(10), 4000, np.random.default_rng(0))
    assert weights.sum(axis=1) == pytest.approx(10)
    assert weights.mean(axis=0) == pytest.approx(np.ones(10), abs=0.06)
    covariance = np.cov(weights.T)
    assert np.diag(covariance) == pytest.approx(np.full(10, 0.9), abs=0.12)
    assert covariance[0, 1:] == pytest.approx(np.full(9, -0.1), abs=0.05)


@both
def test_means_of_many_rows_vary_as_their_standard_errors_say() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.random((5, 300))
    means = bootstrap_means(matrix, 2000, rng)
    assert means.shape == (2000, 5)
    assert means.mean(axis=0) == pytest.approx(matrix.mean(axis=1), abs=0.002)
    assert means.std(axis=0) == pytest.approx(matrix.std(axis=1) / math.sqrt(300), rel=0.08)


@both
def test_rows_are_resampled_together() -> None:
    """A row and its double stay double in every replicate."""
    row = np.random.default_rng(0).random(50)
    means = bootstrap_means(np.stack((row, 2 * row)), 100, np.random.default_rng(1))
    assert means[:, 1] == pytest.approx(2 * means[:, 0])


@both
def test_a_missing_cell_is_left_out_of_its_row_only() -> None:
    row = np.array([1.0, math.nan, 1.0, 1.0])
    means = bootstrap_means(np.stack((row, np.arange(4.0))), 200, np.random.default_rng(0))
    assert set(np.round(means[:, 0][~np.isnan(means[:, 0])], 12)) == {1.0}
    assert means[:, 1].std() > 0
    assert np.isnan(bootstrap_means([[math.nan, math.nan]], 3, np.random.default_rng(0))).all()


@both
def test_clusters_are_drawn_whole() -> None:
    """Values that differ between clusters only: the replicates vary as their cluster means do."""
    values, clusters = np.repeat(np.random.default_rng(0).normal(size=40), 5), np.repeat(np.arange(40), 5)
    means = bootstrap_means(values, 2000, np.random.default_rng(1), clusters)
    assert means.std() == pytest.approx(values[::5].std() / math.sqrt(40), rel=0.08)


@both
def test_the_same_seed_gives_the_same_bytes() -> None:
    matrix = np.random.default_rng(0).random((3, 70))
    one, two = (bootstrap_means(matrix, 50, np.random.default_rng(9)).tobytes() for _ in range(2))
    assert one == two


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
def test_an_infinite_cell_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        bootstrap_means([[1.0, bad]], 10, np.random.default_rng(0))


def test_the_general_bootstrap_of_a_mean_agrees_with_t() -> None:
    values = np.random.default_rng(0).normal(size=80)
    found, exact = bootstrap(values, rng=np.random.default_rng(1), replicates=4000), clustered_mean(values)
    assert found[:3] == pytest.approx(exact[:3], abs=0.02)
    assert found.replicates.shape == (4000,)


def test_any_statistic_of_rows_in_clusters() -> None:
    rng = np.random.default_rng(0)
    pairs, clusters = rng.random((60, 2)), np.repeat(np.arange(20), 3)
    found = bootstrap(pairs, lambda rows: float(np.corrcoef(rows.T)[0, 1]), rng=rng, replicates=300, clusters=clusters)
    assert -1 < found.low < found.value < found.high < 1
    assert found.n == 60


def test_one_cluster_or_no_spread_bounds_nothing() -> None:
    rng = np.random.default_rng(0)
    assert bootstrap([4.0], rng=rng)[1:3] == (-math.inf, math.inf)
    assert bootstrap([4.0, 5.0], rng=rng, clusters=[1, 1])[1:3] == (-math.inf, math.inf)
    assert bootstrap([4.0, 4.0, 4.0], rng=rng, replicates=50)[1:3] == (-math.inf, math.inf)
    with pytest.raises(ValueError, match="at least 1 value"):
        bootstrap([], rng=rng)
    with pytest.raises(ValueError, match="at least 1 item"):
        bootstrap_means(np.empty((2, 0)), 10, rng)


def test_the_widened_percentile_interval_is_nearly_as_wide_as_students_for_few_values() -> None:
    """Of 8 values the plain percentile interval is about 20 % narrower than t's; widened, it nearly makes up for that."""
    rng, widened, plain = np.random.default_rng(2), [], []
    for values in rng.normal(size=(30, 8)):
        found, exact = bootstrap(values, rng=rng, replicates=400), clustered_mean(values)
        widened.append((found.high - found.low) / (exact.high - exact.low))
        plain.append(np.diff(np.quantile(found.replicates, (0.025, 0.975)))[0] / (exact.high - exact.low))
    assert np.mean(plain) < 0.85
    assert 0.9 < np.mean(widened) < 1.05
