"""Steps, hull and knee of frontiers small enough to work out by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.frontier import hull_costs, knee, marginal_costs, staircase

COST = [4.0, 1.0, 2.0, 3.0, 1.0, 2.5]
ACCURACY = [0.9, 0.5, 0.7, 0.72, 0.5, 0.6]
POINTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12)


def test_the_staircase_runs_in_order_of_cost_and_names_a_duplicate_once() -> None:
    assert staircase(COST, ACCURACY).tolist() == [1, 2, 3, 0]


def test_a_step_says_what_one_more_unit_costs() -> None:
    steps = marginal_costs(COST, ACCURACY)
    assert [(step.start, step.end) for step in steps] == [(1, 2), (2, 3), (3, 0)]
    assert [step.price for step in steps] == pytest.approx([1 / 0.2, 1 / 0.02, 1 / 0.18])
    assert (steps[0].extra, steps[0].gain) == pytest.approx((1.0, 0.2))


def test_the_hull_passes_over_a_point_that_a_coin_between_its_neighbours_beats() -> None:
    assert [(step.start, step.end) for step in hull_costs(COST, ACCURACY)] == [(1, 2), (2, 0)]


@given(POINTS)
def test_prices_only_rise_along_the_hull_and_no_point_lies_above_it(points: list[tuple[int, int]]) -> None:
    x, y = np.array(points, dtype=float).T
    hull = hull_costs(x, y)
    assert all(a.price < b.price for a, b in itertools.pairwise(hull))
    assert sum(step.extra for step in hull) == pytest.approx(sum(step.extra for step in marginal_costs(x, y)))
    for step in hull:
        between = (x >= x[step.start]) & (x <= x[step.end])
        assert (y[between] <= y[step.start] + (x[between] - x[step.start]) / step.price + 1e-9).all()


def test_the_knee_is_where_returns_diminish() -> None:
    cost = np.array([1.0, 2.0, 3.0, 10.0, 20.0])
    assert knee(cost, [0.2, 0.5, 0.7, 0.75, 0.8]) == 2


@given(st.integers(1, 1000), st.integers(-50, 50))
def test_the_knee_does_not_depend_on_units(scale: int, shift: int) -> None:
    cost, accuracy = np.array([1.0, 2.0, 3.0, 10.0, 20.0]), np.array([0.2, 0.5, 0.7, 0.75, 0.8])
    assert knee(cost * scale + shift, accuracy) == knee(cost, accuracy * 100)


@pytest.mark.parametrize(
    ("cost", "accuracy"),
    [([1.0], [0.5]), ([1.0, 2.0], [0.5, 0.6]), ([1.0, 2.0, 3.0], [0.3, 0.4, 0.5]), ([1.0, 2.0, 3.0], [0.3, 0.31, 0.5])],
)
def test_two_points_a_straight_line_and_a_hollow_have_no_knee(cost: list[float], accuracy: list[float]) -> None:
    assert knee(cost, accuracy) is None


def test_one_very_dear_system_moves_the_knee() -> None:
    """The documented pitfall: the ends of the frontier set the scale."""
    cost, accuracy = [1.0, 2.0, 4.0, 8.0], [0.5, 0.7, 0.8, 0.82]
    assert knee(cost, accuracy) == 2
    assert knee([*cost, 400.0], [*accuracy, 0.83]) == 3
