"""Dominance and hypervolume agree with their slow twins, closed forms and Monte Carlo."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import dominance as oracle

from isocost.frontier import hypervolume, nondominated

# Few distinct values, so that ties and duplicates are common; NaN among them.
COORDINATES = st.sampled_from([0.0, -0.0, 1.0, 1.5, 2.0, 3.0, float("nan"), float("inf")])
KNOWN = st.sampled_from([0.0, 0.25, 1.0, 1.5, 2.0, 3.0])


@st.composite
def worlds(draw: st.DrawFn, coordinates: st.SearchStrategy[float] = COORDINATES) -> tuple[list[list[float]], list[bool]]:
    """Points and the direction of each axis."""
    axes = draw(st.integers(1, 4))
    row = st.lists(coordinates, min_size=axes, max_size=axes)
    return draw(st.lists(row, min_size=1, max_size=9)), draw(st.lists(st.booleans(), min_size=axes, max_size=axes))


@given(worlds())
def test_dominance_agrees_with_every_pair_compared(world: tuple[list[list[float]], list[bool]]) -> None:
    points, maximise = world
    assert nondominated(points, maximise).tolist() == oracle.nondominated(points, maximise)


@given(worlds(KNOWN), st.randoms())
def test_order_and_scale_change_nothing(world: tuple[list[list[float]], list[bool]], random) -> None:
    points, maximise = world
    order = random.sample(range(len(points)), len(points))
    moved = np.array(points)[order] * 2.0 + 5.0
    assert nondominated(moved, maximise).tolist() == nondominated(points, maximise)[order].tolist()


@given(worlds(KNOWN))
def test_a_duplicate_shares_the_place_of_its_twin(world: tuple[list[list[float]], list[bool]]) -> None:
    points, maximise = world
    flags = nondominated(points, maximise).tolist()
    assert nondominated(points + points, maximise).tolist() == flags + flags


@given(worlds(KNOWN), st.integers(0, 9))
def test_the_frontier_of_a_union_is_the_frontier_of_its_parts_frontiers(
    world: tuple[list[list[float]], list[bool]], cut: int
) -> None:
    points, maximise = world
    parts = [np.array(part) for part in (points[:cut], points[cut:]) if part]
    survivors = np.concatenate([part[nondominated(part, maximise)] for part in parts])
    whole = np.array(points)
    once = {tuple(point) for point in whole[nondominated(whole, maximise)]}
    assert {tuple(point) for point in survivors[nondominated(survivors, maximise)]} == once


@given(worlds(KNOWN), st.sampled_from([-1.0, 1.0, 4.0]))
def test_hypervolume_agrees_with_counting_cells(world: tuple[list[list[float]], list[bool]], corner: float) -> None:
    points, maximise = world
    reference = [corner] * len(maximise)
    assert hypervolume(points, reference, maximise) == pytest.approx(oracle.hypervolume(points, reference, maximise), abs=1e-12)


@given(worlds(KNOWN))
def test_dominated_points_add_no_volume(world: tuple[list[list[float]], list[bool]]) -> None:
    points, maximise = np.array(world[0]), world[1]
    reference = [-1.0 if up else 4.0 for up in maximise]
    front = points[nondominated(points, maximise)]
    assert hypervolume(front, reference, maximise) == pytest.approx(hypervolume(points, reference, maximise))


def test_hypervolume_of_one_point_is_a_box() -> None:
    assert hypervolume([[2.0, 0.75]], (10.0, 0.0), (False, True)) == pytest.approx(8.0 * 0.75)
    assert hypervolume([[1.0, 2.0, 3.0]], (0.0, 0.0, 0.0), True) == pytest.approx(6.0)


def test_hypervolume_is_the_area_under_the_best_affordable_accuracy() -> None:
    cost, accuracy = [1.0, 2.0, 4.0], [0.5, 0.7, 0.8]
    expected = 0.5 * (2 - 1) + 0.7 * (4 - 2) + 0.8 * (5 - 4)
    assert hypervolume(np.column_stack([cost, accuracy]), (5.0, 0.0), (False, True)) == pytest.approx(expected)


def test_hypervolume_agrees_with_monte_carlo_in_three_axes() -> None:
    rng = np.random.default_rng(7)
    points, darts = rng.random((12, 3)), rng.random((40_000, 3))
    hit = (points[None] <= darts[:, None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(points, (1.0, 1.0, 1.0)) == pytest.approx(hit, abs=4 * 0.5 / 200)


def test_a_point_with_an_unknown_coordinate_is_nowhere() -> None:
    points = [[float("nan"), 5.0], [1.0, 0.5], [2.0, float("nan")]]
    assert nondominated(points, (False, True)).tolist() == [False, True, False]
    assert hypervolume(points, (3.0, 0.0), (False, True)) == pytest.approx(1.0)


def test_a_point_no_better_than_the_reference_adds_nothing() -> None:
    assert hypervolume([[3.0, 0.9], [4.0, 0.9], [1.0, 0.0]], (3.0, 0.0), (False, True)) == 0.0
    assert hypervolume(np.empty((0, 2)), (3.0, 0.0), (False, True)) == 0.0


def test_no_points_have_no_frontier() -> None:
    assert nondominated(np.empty((0, 2)), (False, True)).tolist() == []


def test_infinite_cost_is_worse_than_any_and_infinite_gain_is_infinite_volume() -> None:
    assert nondominated([[np.inf, 0.9], [1.0, 0.9]], (False, True)).tolist() == [False, True]
    assert nondominated([[np.inf, 0.95], [1.0, 0.9]], (False, True)).tolist() == [True, True]
    assert hypervolume([[1.0, np.inf]], (3.0, 0.0), (False, True)) == np.inf


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: nondominated([1.0, 2.0], True), "matrix"),
        (lambda: nondominated(np.empty((3, 0)), True), "at least one axis"),
        (lambda: nondominated([[1.0, 2.0]], (True, False, True)), "one flag or 2"),
        (lambda: nondominated([[1.0, 2.0]], (0, 1)), "true or false"),
        (lambda: hypervolume([[1.0, 2.0]], (1.0,), (False, True)), "2 finite numbers"),
        (lambda: hypervolume([[1.0, 2.0]], (1.0, np.inf), (False, True)), "2 finite numbers"),
    ],
)
def test_a_misfit_is_told_with_its_values(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
