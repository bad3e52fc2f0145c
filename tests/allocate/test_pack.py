"""Packing: everything is held, nothing overflows, the bound holds, and small worlds are packed at the least cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.allocate_more import fewest_dollars

from isocost.allocate import patterns as patterns_file
from isocost.allocate.pack import Bins, Items, pack


def holds(found, size, number, capacity):
    """Every item is in a bin, and every bin keeps to its capacity."""
    assert found.assigned.sum(axis=1).tolist() == list(number)
    for pattern in found.patterns:
        assert (pattern.content @ size <= capacity[pattern.bin] * (1 + 1e-8)).all()
    assert sum((p.content * p.times for p in found.patterns), np.zeros(len(number), dtype=int)).tolist() == list(number)
    assert [sum(p.times for p in found.patterns if p.bin == j) for j in range(len(capacity))] == found.bins.tolist()


@st.composite
def small(draw):
    n, m, d = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    size = np.array(draw(st.lists(st.integers(0, 6), min_size=n * d, max_size=n * d)), dtype=float).reshape(n, d)
    capacity = np.array(draw(st.lists(st.integers(6, 9), min_size=m * d, max_size=m * d)), dtype=float).reshape(m, d)
    price = np.array(draw(st.lists(st.integers(1, 9), min_size=m, max_size=m)), dtype=float)
    limit = np.array(draw(st.lists(st.integers(0, 3) | st.just(np.inf), min_size=m, max_size=m)), dtype=float)
    return size, capacity, price, limit


@settings(max_examples=60, deadline=None)
@given(small())
def test_against_every_packing(problem):
    """The least cost of all packings, proved; or a refusal when the limits hold too little."""
    size, capacity, price, limit = problem
    best = fewest_dollars(size, capacity, price, limit)
    if not np.isfinite(best):
        with pytest.raises(ValueError, match="limits"):
            pack(size, Bins(capacity, price, limit))
        return
    found = pack(size, Bins(capacity, price, limit))
    holds(found, size, [1] * len(size), capacity)
    assert found.cost == pytest.approx(best)
    assert found.gap <= 1e-9
    assert (found.bins <= limit).all()


@settings(max_examples=25, deadline=None)
@given(small())
def test_generated_patterns_keep_their_bound(problem):
    """Where patterns are too many to list: the packing holds everything, and the bound is below the best cost."""
    size, capacity, price, _ = problem
    best = fewest_dollars(size, capacity, price, np.full(len(price), np.inf))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns_file, "FEW", -1)
        found = pack(size, Bins(capacity, price))
    holds(found, size, [1] * len(size), capacity)
    assert found.bound <= best + 1e-9
    assert best <= found.cost + 1e-9


def test_many_equal_items_cost_no_more_work():
    """A textbook cutting-stock problem by the thousand: 5, 4 and 3 in bins of 10; three eights of the bound's gap closed."""
    found = pack(Items([5, 4, 3], [1000, 2000, 3000]), Bins([10], [1.0]))
    holds(found, np.array([[5.0], [4.0], [3.0]]), [1000, 2000, 3000], np.array([[10.0]]))
    assert (found.cost, found.gap) == (2250.0, 0.0)  # half a bin each for 1000, and 4 + 3 + 3 makes a ten


def test_pooled_is_melange():
    """Against every assignment of six slices to two types, whose load depends on the type."""
    rng = np.random.default_rng(0)
    load, price = rng.uniform(0.2, 0.9, (6, 2, 1)), np.array([1.0, 1.7])
    best = min(
        price
        @ np.ceil(
            [load[[i for i in range(6) if not mask >> i & 1], 0].sum(), load[[i for i in range(6) if mask >> i & 1], 1].sum()]
        )
        for mask in range(64)
    )
    found = pack(Items(load), Bins([1.0, 1.0], price), pooled=True)
    assert found.cost == pytest.approx(best)
    assert found.gap <= 1e-9
    assert found.cost <= min(pack(Items(load[:, [j]]), Bins([1.0], [price[j]]), pooled=True).cost for j in range(2))


def test_a_nan_size_keeps_an_item_out():
    """The item that only the dear type may serve goes there."""
    load = np.array([[[0.5], [0.5]], [[np.nan], [0.5]]])
    for pooled in (False, True):
        found = pack(Items(load), Bins([1.0, 1.0], [1.0, 3.0]), pooled=pooled)
        assert found.assigned[1].tolist() == [0, 1]
        assert found.cost == 3.0


def test_nothing_needs_no_bins():
    """No items, no cost."""
    found = pack(Items([3.0], [0]), Bins([10.0], [1.0]))
    assert (found.bins.tolist(), found.cost, found.gap, found.patterns) == ([0], 0.0, 0.0, ())


@pytest.mark.parametrize(
    ("items", "bins", "words"),
    [
        ([3.0, 11.0], Bins([10.0], [1.0]), "item 1 fits into no bin"),
        ([3.0, -1.0], Bins([10.0], [1.0]), "item 1: its size"),
        (Items([3.0], [1.5]), Bins([10.0], [1.0]), "item 0: its number"),
        ([3.0], Bins([10.0, -1.0], [1.0, 1.0]), "bin 1: its capacity"),
        ([3.0], Bins([10.0], [np.nan]), "bin 0: its price"),
        ([3.0], Bins([10.0], [1.0], [0]), "limits"),
        ([[3.0, 1.0]], Bins([10.0], [1.0]), "2 resources, capacities 1"),
    ],
)
def test_refusals_name_the_item_or_the_bin(items, bins, words):
    """Each says which and why."""
    with pytest.raises(ValueError, match=words):
        pack(items, bins)
