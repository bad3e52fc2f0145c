"""Splits are stable: the same item is always in the same part, whatever stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import InputError, Item
from isocost.workload import sample, split
from isocost.workload.splits import position

items = st.lists(
    st.builds(Item, id=st.text(max_size=5), question=st.just("?"), group=st.none() | st.sampled_from("abc")),
    unique_by=lambda item: item.id,
)
HALVES = {"train": 0.5, "test": 0.5}


@given(items, items, st.text(max_size=3))
def test_adding_items_moves_none(some: list[Item], more: list[Item], salt: str) -> None:
    before, after = split(some, HALVES, salt), split([*some, *more], HALVES, salt)
    assert all(set(map(repr, before[name])) <= set(map(repr, after[name])) for name in HALVES)


@given(items)
def test_halves_part_the_items_and_keep_their_order(some: list[Item]) -> None:
    parts = split(some, HALVES)
    assert sorted(map(repr, (*parts["train"], *parts["test"]))) == sorted(map(repr, some))
    assert all(list(part) == [item for item in some if item in part] for part in parts.values())


@given(items)
def test_a_group_is_never_torn(some: list[Item]) -> None:
    train, test = split(some, HALVES).values()
    assert not {item.group for item in train if item.group} & {item.group for item in test if item.group}


def test_the_positions_are_fixed_for_ever() -> None:
    """A changed number here would move the items of everybody's splits."""
    assert position(Item(id="a", question="?", task="t")) == 0.1741556417151054


def test_parts_are_as_large_as_they_should_be() -> None:
    """Binomial with n 10,000 and p .3: six standard errors are .0275."""
    many = [Item(id=str(i), question="?") for i in range(10_000)]
    parts = split(many, {"a": 0.3, "b": 0.2})
    assert abs(len(parts["a"]) / 10_000 - 0.3) < 0.0275
    assert len(parts["a"]) + len(parts["b"]) < 6000


def test_another_salt_is_another_split() -> None:
    many = [Item(id=str(i), question="?") for i in range(100)]
    assert split(many, HALVES) != split(many, HALVES, "again")


@pytest.mark.parametrize("fractions", [{}, {"a": 0.7, "b": 0.7}, {"a": -0.1}, {"a": float("nan")}])
def test_fractions_that_make_no_sense_are_refused(fractions: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"fractions: must lie in \[0, 1\]"):
        split([], fractions)


@given(items, st.integers(0, 20), st.integers(0, 5))
def test_a_larger_sample_holds_the_smaller_one_and_the_order_stays(some: list[Item], size: int, seed: int) -> None:
    small, large = sample(some, size, seed), sample(some, size + 3, seed)
    assert len(small) == min(size, len(some))
    assert list(small) == [item for item in large if item in small]
