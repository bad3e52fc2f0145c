"""The flattery of choosing on the questions one reports on: large where all are equal, gone where all are far apart."""

import numpy as np
import pytest

from isocost.frontier import frontier_optimism, hypervolume, nondominated


def test_where_all_systems_are_equal_the_chosen_ones_looked_better_than_they_are() -> None:
    """Ten systems of accuracy .6 and the same cost in ten worlds: what looks best is the luckiest."""
    rng, found = np.random.default_rng(1), []
    for _ in range(10):
        y = (rng.random((10, 200)) < 0.6).astype(float)
        found.append(frontier_optimism(np.ones((10, 200)), y, reference=(3.0, 0.0), splits=20, rng=rng))
    assert min(one.hypervolume.value for one in found) > 0
    assert min(one.axes[1].value for one in found) > 0
    assert np.mean([one.hypervolume.low > 0 for one in found]) >= 0.5
    assert [one.axes[0].value for one in found] == pytest.approx([0.0] * 10)


def test_where_systems_are_far_apart_there_is_none() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random((3, 2000)) < np.array([[0.2], [0.5], [0.8]])).astype(float)
    x = np.array([[1.0], [2.0], [3.0]]) * rng.lognormal(0, 0.1, (3, 2000))
    found = frontier_optimism(x, y, reference=(4.0, 0.0), rng=rng)
    assert abs(found.hypervolume.value) < 1e-3
    assert abs(found.axes[1].value) < 1e-3


def test_it_agrees_with_halving_and_choosing_by_hand() -> None:
    """The obvious way, on fresh halvings: choose on one half, measure on the other."""
    rng = np.random.default_rng(2)
    y, x = (rng.random((6, 61)) < 0.6).astype(float), rng.lognormal(0, 1, (6, 61))
    y[0, :20] = np.nan
    reference, maximise = (5.0, 0.0), (False, True)
    found = frontier_optimism(x, y, reference=reference, splits=400, rng=rng)
    losses = []
    for _ in range(400):
        order = rng.permutation(61)
        for seen, fresh in ((order[:30], order[30:]), (order[30:], order[:30])):
            a, b = (np.column_stack([x[:, half].mean(axis=1), np.nanmean(y[:, half], axis=1)]) for half in (seen, fresh))
            chosen = nondominated(a, maximise)
            volume = hypervolume(a[chosen], reference, maximise) - hypervolume(b[chosen], reference, maximise)
            losses.append([volume, *((a - b)[chosen].mean(axis=0) * (-1, 1))])
    expected, error = np.mean(losses, axis=0), np.std(losses, axis=0) / np.sqrt(400)
    measured = [found.hypervolume.value, found.axes[0].value, found.axes[1].value]
    assert (np.abs(measured - expected) < 4 * np.sqrt(2) * error).all()


def test_its_interval_covers_the_expected_optimism() -> None:
    """60 worlds of equal systems; nominally 95 %, known to be wider than need be."""
    rng, found = np.random.default_rng(3), []
    for _ in range(60):
        y = (rng.random((6, 120)) < 0.6).astype(float)
        x = np.ones((6, 1)) * rng.lognormal(0, 0.3, (6, 120))
        found.append(frontier_optimism(x, y, reference=(3.0, 0.0), splits=20, rng=rng).hypervolume)
    expected = np.mean([one.value for one in found])
    assert expected > 0
    assert np.mean([one.low <= expected <= one.high for one in found]) >= 0.9


def test_more_questions_than_bundles_give_the_same_answer() -> None:
    rng = np.random.default_rng(4)
    y, x = (rng.random((8, 4000)) < 0.6).astype(float), np.ones((8, 4000))
    fine = frontier_optimism(x[:, :1000], y[:, :1000], reference=(3.0, 0.0), rng=rng).axes[1]
    coarse = frontier_optimism(x, y, reference=(3.0, 0.0), rng=rng).axes[1]
    assert coarse.value == pytest.approx(fine.value / 2, abs=0.01)  # four times the questions, half of the noise


def test_three_questions_bound_nothing() -> None:
    found = frontier_optimism(np.ones((2, 3)), np.ones((2, 3)), rng=np.random.default_rng(0)).hypervolume
    assert np.isnan(found.value)
    assert (found.low, found.high) == (-np.inf, np.inf)
