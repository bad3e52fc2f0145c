"""The budget-value curve against one choice a budget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.allocate import best_value

from isocost.allocate import choose, frontier


def table(seed: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    value, cost = rng.integers(-9, 30, (n, k)).astype(float), rng.integers(0, 30, (n, k)).astype(float)
    value[rng.random((n, k)) < 0.15] = np.nan
    value[:, 0] = np.where(np.isnan(value[:, 0]), 0.0, value[:, 0])
    return value, cost


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 4))
def test_every_plan_of_the_curve_is_the_best_of_its_cost(seed: int, n: int, k: int) -> None:
    value, cost = table(seed, n, k)
    curve = frontier(value, cost)
    for t, (spent, worth, price) in enumerate(zip(curve.cost, curve.value, curve.price, strict=True)):
        level = curve.level_at(spent)
        assert cost[np.arange(n), level].sum() <= spent
        assert value[np.arange(n), level].sum() == worth == best_value(value, cost, spent)
        assert price == choose(value, cost, spent).price
        assert curve.at(spent) == t
    assert curve.price[-1] == 0


@pytest.mark.parametrize("seed", range(5))
def test_choices_lie_between_the_curve_and_its_chords(seed: int) -> None:
    value, cost = table(seed, 300, 6)
    curve = frontier(value, cost)
    assert (np.diff(curve.price) <= 0).all()
    for budget in np.linspace(curve.cost[0], curve.cost[-1] * 1.1, 9):
        found = choose(value, cost, float(budget))
        assert curve.value[curve.at(budget)] <= found.value <= curve.bound_at(budget) + 1e-9
        assert found.price == curve.price[curve.at(budget)]


def test_a_hand_made_curve() -> None:
    curve = frontier([[0, 6, 8], [0, 5, 6]], [[0, 2, 4], [0, 2, 4]])
    assert curve.cost.tolist() == [0, 2, 4, 6, 8]
    assert curve.value.tolist() == [0, 6, 11, 13, 14]
    assert curve.price.tolist() == [3.0, 2.5, 1.0, 0.5, 0.0]
    assert curve.level_at(5).tolist() == [1, 1]
    assert curve.bound_at([5, 6, 100]).tolist() == [12.0, 13.0, 14.0]


def test_a_budget_below_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 3\.0"):
        frontier([[1.0, 2.0]], [[3.0, 4.0]]).at([5.0, 2.0])


def test_no_items_make_one_plan() -> None:
    curve = frontier(np.empty((0, 2)), np.empty((0, 2)))
    assert (curve.cost.tolist(), curve.value.tolist(), curve.price.tolist()) == ([0.0], [0.0], [0.0])
