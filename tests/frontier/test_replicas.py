"""The sweep over many replicas agrees with one replica at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from isocost.frontier import hypervolume, nondominated
from isocost.frontier.replicas import hypervolume_each, nondominated_each

VALUES = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, float("nan")])
WORLDS = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(2, 3)).flatmap(
    lambda shape: st.tuples(arrays.arrays(float, shape, elements=VALUES), st.tuples(*[st.booleans()] * shape[2]))
)


@given(WORLDS)
def test_dominance_of_each_replica(world: tuple[np.ndarray, tuple[bool, ...]]) -> None:
    replicas, maximise = world
    expected = [nondominated(replica, maximise).tolist() for replica in replicas]
    assert nondominated_each(replicas, maximise).tolist() == expected


@given(WORLDS, st.sampled_from([-1.0, 1.0, 2.5, 4.0]))
def test_hypervolume_of_each_replica(world: tuple[np.ndarray, tuple[bool, ...]], corner: float) -> None:
    replicas, maximise = world
    reference = (corner,) * len(maximise)
    expected = [hypervolume(replica, reference, maximise) for replica in replicas]
    assert hypervolume_each(replicas, reference, maximise).tolist() == pytest.approx(expected)


def test_a_difference_in_the_last_bit_is_no_reason_to_dominate() -> None:
    cost = 0.1 + 0.2
    replicas = np.array([[[cost, 0.5], [0.3, 0.5], [0.3 + 1e-9, 0.5]]])
    assert nondominated_each(replicas, (False, True)).tolist() == [[True, True, False]]
