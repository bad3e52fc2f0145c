"""Efficient levels against every pair tried, and choices at a price."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.allocate import efficient_levels

from isocost.allocate.hull import at_price, reordered, steps
from isocost.allocate.order import descending

numbers = st.integers(0, 12).map(float)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.one_of(numbers, st.just(np.nan)), numbers), min_size=1, max_size=8))
def test_the_steps_go_through_every_efficient_level(points: list[tuple[float, float]]) -> None:
    value, cost = (np.array([column]) for column in zip(*([(0.0, 0.0), *points]), strict=True))
    found = steps(value, cost)
    assert [int(found.start[0]), *found.level.tolist()] == efficient_levels(value[0], cost[0])
    assert (np.diff(found.slope) < 0).all()
    assert (found.cost > 0).all()
    np.testing.assert_array_equal(found.value, value[0, found.level] - value[0, found.before])


def test_items_with_many_levels_are_sorted_too() -> None:
    rng = np.random.default_rng(0)
    value, cost = rng.integers(0, 300, (4, 200)).astype(float), rng.integers(0, 300, (4, 200)).astype(float)
    found = steps(value, cost)
    for i in range(4):
        assert [int(found.start[i]), *found.level[found.item == i].tolist()] == efficient_levels(value[i], cost[i])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 5))
def test_a_price_takes_the_best_level_and_the_cheapest_of_equals(seed: int, price: float) -> None:
    rng = np.random.default_rng(seed)
    value, cost = rng.integers(0, 9, (20, 5)).astype(float), rng.integers(0, 9, (20, 5)).astype(float)
    value[rng.random((20, 5)) < 0.2] = np.nan
    value[:, 2] = 1.0
    score = np.where(np.isnan(value), -np.inf, value - price * cost)
    best = [min(np.flatnonzero(row == row.max()), key=lambda j, c=c: (c[j], j)) for row, c in zip(score, cost, strict=True)]
    assert at_price(value, cost, price).tolist() == best


def test_no_items_have_no_steps() -> None:
    found = steps(np.empty((0, 3)), np.empty((0, 3)))
    assert len(found.start) == len(found.item) == 0


def test_upgrades_keep_together_in_another_order() -> None:
    rng = np.random.default_rng(0)
    found = steps(rng.random((50, 6)), rng.random((50, 6)))
    order = rng.permutation(len(found.item))
    for part, moved in zip(found[1:], reordered(found, order)[1:], strict=True):
        np.testing.assert_array_equal(part[order], moved)


def test_sorting_by_bits_is_stable_and_complete() -> None:
    """Ties, close neighbours, zeros, infinities and the whole range, beyond the size that numpy sorts."""
    rng = np.random.default_rng(0)
    close = 1 + rng.integers(0, 400, 3000) * 2.0**-52
    ends = [0.0, np.inf, 5e-324, 1e308] * 5
    for numbers in (rng.lognormal(size=9000), rng.integers(0, 5, 9000) / 3, np.r_[close, close, ends], np.zeros(5000)):
        np.testing.assert_array_equal(descending(numbers), np.argsort(-numbers, kind="stable"))
