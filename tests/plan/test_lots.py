"""A lot meets its goal at the least cost, or says which goal is in reach."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from isocost.plan.lots import settle
from isocost.plan.rule import Goal, OutOfReach
from isocost.records import InputError

POINTS = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 10)), min_size=1, max_size=8)


@given(POINTS, st.floats(1, 25))
def test_the_lot_is_that_of_the_linear_programme(points: list[tuple[int, int]], budget: float) -> None:
    cost, quality = np.array(points, dtype=float).T
    if budget < cost.min():
        return
    lots = settle(cost, quality, Goal(budget=budget))
    best = linprog(-quality, A_ub=cost[None], b_ub=[budget], A_eq=np.ones((1, len(cost))), b_eq=[1])
    assert np.dot(lots.weights, quality[list(lots.rows)]) == pytest.approx(-best.fun)
    assert np.dot(lots.weights, cost[list(lots.rows)]) <= budget * (1 + 1e-9)
    assert lots.price == pytest.approx(-best.ineqlin.marginals[0], abs=1e-9) or budget in cost


def test_what_rounding_alone_makes_better_is_not_paid_for() -> None:
    assert settle(np.array([1.0, 5.0]), np.array([0.3, 0.1 + 0.2]), Goal()).rows == (0,)


def test_the_nearest_goal_is_named() -> None:
    cost, quality = np.array([1.0, 5.0]), np.array([0.3, 0.8])
    for goal, nearest in (
        (Goal(at_least=0.9), Goal(at_least=0.8)),
        (Goal(budget=0.5), Goal(budget=1.0)),
        (Goal(budget=2.0, at_least=0.8), Goal(budget=2.0)),
    ):
        with pytest.raises(OutOfReach) as error:
            settle(cost, quality, goal)
        assert error.value.nearest == nearest
        assert pickle.loads(pickle.dumps(error.value)).nearest == nearest
        settle(cost, quality, nearest)


def test_nothing_known_is_no_plan() -> None:
    with pytest.raises(InputError, match="got none"):
        settle(np.array([np.nan]), np.array([0.5]), Goal())
