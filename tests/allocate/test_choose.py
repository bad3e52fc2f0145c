"""The multiple-choice knapsack against every plan tried, and against HiGHS."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.allocate import best_value, by_integer_program

from isocost.allocate import Choice, choose

whole = st.integers(-20, 20).map(float)
tenths = st.integers(-20, 20).map(lambda x: x / 10)
real = st.floats(-1e3, 1e3).map(lambda x: round(x, 9))  # sums are exact to 106 bits: not over all magnitudes


@st.composite
def tables(draw):
    """Values with forbidden levels, costs, and a budget that is enough: integers, tenths (whose sums are rounded) or reals."""
    n, k = draw(st.integers(0, 6)), draw(st.integers(1, 4))
    number = draw(st.sampled_from([whole, tenths, real]))
    row = st.lists(number, min_size=k, max_size=k)
    value = np.array(draw(st.lists(row, min_size=n, max_size=n)), dtype=float).reshape(n, k)
    cost = np.abs(np.array(draw(st.lists(row, min_size=n, max_size=n)), dtype=float).reshape(n, k))
    if draw(st.booleans()):
        value = cost * draw(st.integers(0, 3))  # subset sums: every slope is the same
    for i in range(n):
        for j in draw(st.sets(st.integers(0, k - 1), max_size=k - 1)):
            value[i, j] = np.nan
    allowed = [[c for c, v in zip(cs, vs, strict=True) if not math.isnan(v)] for cs, vs in zip(cost, value, strict=True)]
    least, most = math.fsum(map(min, allowed)), math.fsum(map(max, allowed))
    budget = draw(st.sampled_from([least, most, round(least + 0.3 * (most - least), 1), least + 0.6 * (most - least)]))
    return value, cost, max(budget, least)


def holds(found: Choice, value: np.ndarray, cost: np.ndarray, budget: float) -> None:
    """A choice is what it says: allowed levels, exact sums, within the budget and the bound."""
    rows = np.arange(len(value))
    assert math.fsum(value[rows, found.level]) == found.value <= found.bound
    assert math.fsum(cost[rows, found.level]) == found.cost <= budget
    assert found.price >= 0


@settings(max_examples=250, deadline=None)
@given(tables(), st.booleans())
def test_no_plan_is_better_than_the_proved_one(table, exact) -> None:
    value, cost, budget = table
    found, best = choose(value, cost, budget, exact=exact), best_value(value, cost, budget)
    holds(found, value, cost, budget)
    assert best <= found.bound
    assert found.optimal
    assert found.value == pytest.approx(best, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("n", [20, 200])
def test_highs_finds_nothing_better(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 100, (n, 5)).astype(float) if seed % 2 else rng.random((n, 5))
    value = [rng.random((n, 5)), cost + rng.random((n, 5)), np.sqrt(cost) * rng.random((n, 1))][seed % 3]
    value[rng.random((n, 5)) < 0.1] = np.nan
    value[:, 0] = 0.0
    budget = float(np.round(cost[:, 0].sum() + 0.3 * n * cost.mean(), 1))
    found = choose(value, cost, budget)
    holds(found, value, cost, budget)
    best = by_integer_program(value, cost, budget)
    assert best <= found.bound * (1 + 1e-9)  # HiGHS may overrun its budget by its tolerance
    assert found.value >= best - 1e-6 * abs(best)
    assert found.optimal


def test_integers_are_exact() -> None:
    rng = np.random.default_rng(0)
    value, cost = rng.integers(0, 10**6, (300, 6)), rng.integers(0, 10**6, (300, 6))
    found = choose(value, cost, int(cost.min(axis=1).sum()) + 20_000_000)
    assert found.optimal
    assert found.bound == found.value == value[np.arange(300), found.level].sum()


def test_the_price_is_what_one_more_unit_buys() -> None:
    value, cost = np.array([[0.0, 6.0, 8.0], [0.0, 5.0, 6.0]]), np.array([[0.0, 2.0, 4.0], [0.0, 2.0, 4.0]])
    found = [choose(value, cost, budget) for budget in (0, 2, 4, 6, 8, 9)]
    assert [one.price for one in found] == [3.0, 2.5, 1.0, 0.5, 0.0, 0.0]
    assert [one.value for one in found] == [0.0, 6.0, 11.0, 13.0, 14.0, 14.0]


def test_a_budget_that_tenths_just_fill_is_enough() -> None:
    """Ten times 0.1 costs 1.0, as math.fsum says, though sum says less and the exact sum of the doubles more."""
    found = choose(np.tile([0.0, 1.0], (10, 1)), np.tile([0.0, 0.1], (10, 1)), 1.0)
    assert (found.value, found.cost, found.price) == (10.0, 1.0, 0.0)


def test_equal_plans_are_told_apart_by_their_order() -> None:
    value, cost = np.tile([0.0, 1.0, 1.0], (6, 1)), np.tile([0.0, 1.0, 1.0], (6, 1))
    found = [choose(value, cost, 3.0) for _ in range(3)]
    assert len({tuple(one.level) for one in found}) == 1
    assert found[0].value == 3.0


def test_no_items_cost_nothing() -> None:
    found = choose(np.empty((0, 3)), np.empty((0, 3)), 0.0)
    assert (len(found.level), *found[1:]) == (0, 0.0, 0.0, 0.0, 0.0, True)


def test_a_large_table_is_bracketed_and_nearly_closed() -> None:
    """Read in blocks, its price bracketed by a sample; the same plan whichever way the price was found."""
    rng = np.random.default_rng(3)
    value, cost = rng.random((60_000, 8)), rng.random((60_000, 8))
    found = choose(value, cost, 9_000.0)
    holds(found, value, cost, 9_000.0)
    assert (found.bound - found.value) / found.value < 2e-9
    level = (value - found.price * cost).argmax(axis=1)
    assert (level != found.level).sum() < 50  # all but some swaps are the best at the price


def test_a_sample_that_misleads_is_noticed() -> None:
    """One item holds nearly all of the cost, which a sample hardly ever sees."""
    rng = np.random.default_rng(4)
    value, cost = rng.random((3000, 4)), rng.random((3000, 4))
    cost[:, 0], value[:, 0] = 0.0, 0.0
    value[1234], cost[1234] = [0.0, 1e5, 2e5, 3e5], [0.0, 1e5, 2.1e5, 4e5]
    found = choose(value, cost, 2.5e5)
    holds(found, value, cost, 2.5e5)
    best = np.delete(value, 1234, axis=0).max(axis=1).sum() + 2e5  # its dearest level is out of reach, all others are not
    assert found.value == pytest.approx(best, rel=1e-6)


def test_a_search_that_ends_early_keeps_a_true_bound() -> None:
    """Strongly correlated reals, the hardest: the bound stays above what a longer search finds."""
    rng = np.random.default_rng(1)
    cost = rng.random((300, 8))
    value = cost + 0.2 * np.arange(8)
    budget = cost.min(axis=1).sum() + 0.1 * cost.sum()
    short, long = choose(value, cost, budget), choose(value, cost, budget, exact=True)
    holds(short, value, cost, budget)
    assert short.value <= long.value <= short.bound
    assert long.bound <= short.bound


NAN, INF = np.nan, np.inf
BAD = {
    "item 1, level 0": ([[1, 2], [1, 2]], [[1, 2], [-1, 2]], 9),
    "item 0, level 1": ([[1, 2], [1, 2]], [[1, NAN], [1, 2]], 9),
    "item 1, level 1": ([[1, 2], [1, INF]], [[1, 1], [1, 2]], 9),
    "item 0, level 0": ([[1, 2], [1, 2]], [[INF, 1], [1, 2]], 9),
    "item 1 has none": ([[1, 2], [NAN, NAN]], [[1, 1], [1, 2]], 9),
    "at least 2.0": ([[1, 2], [1, 2]], [[1, 1], [1, 2]], 1.5),
    "finite number, got inf": ([[1, 2], [1, 2]], [[1, 1], [1, 2]], INF),
    "finite number, got nan": ([[1, 2], [1, 2]], [[1, 1], [1, 2]], NAN),
    "same shape": ([[1, 2], [1, 2]], [[1, 1]], 9),
    "item 0 has none": (np.empty((2, 0)), np.empty((2, 0)), 9),
}


@pytest.mark.parametrize("says", BAD)
def test_an_unusable_table_is_refused_by_its_item(says: str) -> None:
    value, cost, budget = BAD[says]
    with pytest.raises(ValueError, match=says):
        choose(value, cost, budget)


def test_a_forbidden_level_may_cost_anything() -> None:
    found = choose([[1.0, NAN], [NAN, 2.0]], [[1.0, NAN], [-5.0, 1.0]], 2)
    assert (found.level.tolist(), found.value) == ([0, 1], 3.0)
