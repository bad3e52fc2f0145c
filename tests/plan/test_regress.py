"""The regressions are what scikit-learn's are, and the systems' curves share what is common."""

import numpy as np
import pytest

from isocost.plan.curves import Curves, factors
from isocost.plan.predict import fold
from isocost.plan.regress import PENALTIES, Boosted, Linear
from isocost.plan.trees import grow


def test_ridge_and_its_penalties_are_those_of_scikit_learn() -> None:
    from sklearn.linear_model import RidgeCV

    rng = np.random.default_rng(0)
    points = rng.normal(size=(120, 15))
    targets = points[:, :3] @ rng.normal(size=(3, 2)) + rng.normal(size=(120, 2)) * [1, 30]
    own = Linear.fit(points, targets, rng)(points)
    theirs = RidgeCV(alphas=PENALTIES, alpha_per_target=True).fit(points, targets).predict(points)
    np.testing.assert_allclose(own, theirs, atol=1e-10)


def test_a_tree_is_that_of_scikit_learn_where_bins_lose_nothing() -> None:
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(0)
    codes = rng.integers(0, 8, size=(400, 5)).astype(np.uint8)
    targets = rng.normal(size=(400, 3)) + codes[:, :1] * [1, 0, 0.2] + (codes[:, 1:2] > 3) * codes[:, 2:3]
    seen = rng.permutation(400)[:300]
    *_, value, at = grow(codes, targets, seen, np.tile(np.arange(5), (7, 1)), 32, 20)
    theirs = DecisionTreeRegressor(max_depth=3, min_samples_leaf=20).fit(codes[seen], targets[seen])
    np.testing.assert_allclose(value[at], theirs.predict(codes), atol=1e-12)


def test_boosted_trees_predict_what_they_were_fitted_to_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isocost.plan.regress.ROUNDS", 30)
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.normal(size=(300, 5)), rng.integers(2, size=300)])
    targets = np.column_stack([np.sin(points[:, 0]), points[:, 1] > 0])
    boosted = Boosted.fit(points, targets, rng)
    slow = np.tile(boosted.start, (300, 1))
    for row, point in enumerate(points):
        for tree in range(30):
            node = 0
            while node < 7:
                node = 2 * node + (1 if point[boosted.feature[tree, node]] <= boosted.threshold[tree, node] else 2)
            slow[row] += boosted.value[tree, node - 7]
    np.testing.assert_allclose(boosted(points), slow, atol=1e-12)
    assert ((boosted(points) - targets) ** 2).mean() < 0.5 * targets.var(axis=0).mean()
    few = Boosted.fit(points[:30], targets[:30], rng)
    np.testing.assert_allclose(few(points), np.tile(few(points[:1]), (300, 1)))  # nothing to split: a constant


def test_factors_of_a_low_rank_table_give_it_back_though_a_third_is_missing() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(12, 1)) @ rng.normal(size=(1, 200))
    seen = np.where(rng.random(table.shape) < 0.33, np.nan, table)
    found = factors(seen, 1)
    assert found.shape == (200, 1)
    assert abs(np.corrcoef(found[:, 0], table[0])[0, 1]) > 0.99


def test_forty_alike_systems_get_one_curve_and_unlike_ones_their_own() -> None:
    rng = np.random.default_rng(0)
    found = rng.normal(size=(300, 1))
    chance = 1 / (1 + np.exp(-found[:, 0]))
    alike = (rng.random((40, 300)) < chance).astype(float)
    weights = Curves.fit(found, alike, amount=False).weights
    assert weights[:, 1].std() < 0.12 < np.abs(weights[:, 1].mean() - 0.0)
    unlike = np.where(np.arange(40)[:, None] < 20, alike, 1 - alike)
    slopes = Curves.fit(found, unlike, amount=False).weights[:, 1]
    assert slopes[:20].min() > 0.3
    assert slopes[20:].max() < -0.3


def test_without_factors_a_curve_is_the_mean_and_three_right_answers_are_not_certainty() -> None:
    table = np.array([[1.0, 1.0, 1.0, np.nan], [0.0, 1.0, 0.0, 1.0]])
    share = Curves.fit(np.empty((4, 0)), table, amount=False)(np.empty((1, 0)), amount=False)[0]
    assert 0.7 < share[0] < 1
    assert share[1] == pytest.approx(0.5, abs=0.15)
    cost = np.array([[1.0, 3.0, np.nan, 2.0], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(Curves.fit(np.empty((4, 0)), cost, amount=True)(np.empty((1, 0)), amount=True), [[2.0, 0.0]])


def test_folds_keep_groups_whole_and_are_of_like_size() -> None:
    groups = np.repeat(np.arange(30), 4)
    folds = fold(groups, np.random.default_rng(0))
    assert all(len(set(folds[groups == group])) == 1 for group in range(30))
    assert np.bincount(folds).tolist() == [24] * 5
