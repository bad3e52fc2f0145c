"""What is kept is the best of all sets there are."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isocost.allocate import keep


def worth(
    chosen: tuple[int, ...], value: np.ndarray, parts: np.ndarray, cost: np.ndarray, groups: np.ndarray, bonus: float
) -> float:
    """The slow obvious twin: what a set is worth, summed thing by thing."""
    things = [i for i, taken in enumerate(chosen) if taken]
    needed = {part for thing in things for part in range(len(cost)) if parts[thing][part]}
    return sum(value[i] for i in things) - sum(cost[j] for j in needed) + bonus * len({groups[i] for i in things})


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 6), m=st.integers(0, 5), bonus=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 2**32 - 1))
def test_it_is_the_best_of_all_non_empty_sets(n: int, m: int, bonus: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    value, cost = rng.normal(size=n), rng.random(m)
    parts, groups = rng.random((n, m)) < 0.5, rng.integers(0, 3, n)
    found = keep(value, parts, cost, groups, bonus=bonus)
    sets = [chosen for chosen in product((0, 1), repeat=n) if any(chosen)]
    best = max(worth(chosen, value, parts, cost, groups, bonus) for chosen in sets)
    assert found.worth == pytest.approx(best, abs=1e-7)
    assert worth(tuple(found.keep.astype(int)), value, parts, cost, groups, bonus) == pytest.approx(best, abs=1e-7)


def test_two_that_share_a_part_are_kept_where_neither_would_be_alone() -> None:
    assert keep([0.6, 0.6, 0.5], [[1, 0], [1, 0], [0, 1]], [1.0, 1.0]).keep.tolist() == [True, True, False]


def test_one_is_kept_even_when_all_cost_more_than_they_are_worth() -> None:
    assert keep([-1.0, -2.0], [[1], [1]], [5.0]).keep.tolist() == [True, False]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (([], [], []), "at least 1 thing"),
        (([1.0], [[1, 0]], [1.0]), "a row for each of 1 things"),
        (([1.0], [[1]], [-1.0]), "at least 0"),
        (([1.0], [[1]], [1.0], [0, 1]), "one label"),
    ],
)
def test_what_cannot_be_says_why(args: tuple, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        keep(*args)
