"""What doubles cannot hold, and what is no table: a clear answer, never a NaN."""

import json
import math

import numpy as np
import pytest

from isocost.allocate import Online, cheapest, choose, frontier

OVERFLOWING = [
    ([[0, 1e300], [0, 1]], [[0, 1e-300], [0, 1]], 0.5e-300),
    ([[0, 1e300], [0, 1]], [[0, 1e-300], [0, 1]], 0.5),
    ([[0, 1e300]] * 5000, [[0, 1e-300]] * 5000, 1e-297),
    ([[0, 1], [0, 2]], [[0, 5e-324], [0, 5e-324]], 5e-324),
    ([[0, 1e300]] * 2 + [[0, 1]] * 2000, [[0, 1e-300]] * 2 + [[0, 1]] * 2000, 1.5e-300),
]


@pytest.mark.parametrize(("value", "cost", "budget"), OVERFLOWING)
def test_a_slope_that_overflows_leaves_a_finite_price_and_a_bound_that_holds(value, cost, budget):
    found = choose(value, cost, budget)
    assert math.isfinite(found.price)
    assert found.value <= found.bound <= math.fsum(map(max, value)) * (1 + 1e-12)
    assert found.cost <= budget
    curve = frontier(value, cost)
    assert np.isfinite(curve.price).all()
    assert curve.bound_at(budget) >= found.value * (1 - 1e-12)


@pytest.mark.parametrize("table", ["values", "costs"])
def test_sums_that_overflow_are_refused_by_name(table):
    large, small = [[0, 1e308], [0, 1e308]], [[0, 1.0], [0, 1.0]]
    value, cost = (large, small) if table == "values" else (small, large)
    for solve in (lambda: choose(value, cost, 2.0), lambda: frontier(value, cost)):
        with pytest.raises(ValueError, match=f"{table} must be small enough"):
            solve()


def test_no_bound_lies_between_the_last_plan_and_an_infinite_budget():
    assert frontier([[0, 3.0]], [[0, 1.0]]).bound_at([0.5, np.inf]).tolist() == [1.5, 3.0]


def test_rows_may_be_shorter_than_others():
    """What they lack is forbidden."""
    found = choose([[0, 2, 3], [1]], [[0, 1, 2], [0]], 2)
    assert (found.level.tolist(), found.value) == ([2, 0], 4.0)


@pytest.mark.parametrize("rows", ["text", [["a"]], [[None, {}]], [[1, [2]]]])
def test_what_is_no_table_is_refused_by_name(rows):
    with pytest.raises(ValueError, match="value"):
        choose(rows, [[1.0]], 1)


@pytest.mark.parametrize("budget", ["much", 10**400, 1j])
def test_what_is_no_budget_is_refused(budget):
    with pytest.raises(ValueError, match="budget must be a finite number"):
        choose([[1.0]], [[1.0]], budget)


def test_the_least_cost_never_takes_a_forbidden_level():
    found = cheapest([[0, 5, np.nan], [0, np.nan, 4]], [[0, 3, 0], [0, 0, 2]], 4)
    assert found.level.tolist() == [0, 2]
    assert (found.cost, found.bound) == (2.0, 2.0)


def test_the_least_cost_of_nothing_is_nothing():
    found = cheapest([[0, 1.0]], [[0, 1.0]], 0)
    assert math.copysign(1, found.cost) == math.copysign(1, found.bound) == 1


def test_bounds_are_floats_where_values_are_whole():
    groups = choose([[0, 6, 8], [0, 5, 6]], [[0, 2, 4], [0, 2, 4]], [2, 3], groups=[0, 1])
    assert type(choose([[0, 6], [0, 5]], [[0, 2], [0, 2]], 3).bound) is type(groups.bound) is float


def test_tables_are_read_whatever_their_order_and_left_as_they_are():
    rng = np.random.default_rng(0)
    value, cost = np.asfortranarray(rng.random((3000, 5))), rng.random((5, 3000)).T
    value[rng.random(value.shape) < 0.1] = np.nan
    value[:, 0] = 0.5
    before = value.copy(), cost.copy()
    value.setflags(write=False)
    cost.setflags(write=False)
    found = choose(value, cost, 900)
    assert found.level.tolist() == choose(np.ascontiguousarray(value), cost.astype(object), 900).level.tolist()
    np.testing.assert_array_equal(value, before[0])
    np.testing.assert_array_equal(cost, before[1])


@pytest.mark.parametrize("horizon", [math.nan, math.inf, 1.5, "x"])
def test_a_horizon_is_a_whole_number(horizon):
    with pytest.raises(ValueError, match="horizon"):
        Online(1.0, horizon)


def test_values_far_apart_leave_a_state_that_json_takes():
    online = Online(10.0, 5)
    assert online.choose([-1e308, 1e308], [0, 3]) == 1
    online.choose([0, 1e300], [0, 1e-300])
    assert online.choose([0.0, np.nan], [0, 0]) == 0
    json.dumps(online.saved(), allow_nan=False)
