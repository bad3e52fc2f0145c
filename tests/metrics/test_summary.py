"""The whole of summarise, item_table and compare."""

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.metrics.world import World, answers

from isocost.metrics import basis_of, compare, item_table, read, summarise
from isocost.metrics.summary import AXES, METRICS
from isocost.records import InputError, Price, Record
from isocost.stats import paired_difference


def test_records_a_frame_and_a_book_say_the_same() -> None:
    world, prices = World(answers("a", [1, 0, 1])), {"m": Price(input=1, output=1)}
    once = summarise(world, prices=prices)
    assert once == summarise(world.scan(), prices=prices) == summarise(world.scan().collect(), prices=prices)
    assert once == summarise(read(world, prices))


def test_the_order_of_records_does_not_matter() -> None:
    records = [*answers("b", [1, 0, 1]), *answers("a", [0, 0, 1, 1]), Record(system="b", item="q7", error="x")]
    shuffled = [records[i] for i in np.random.default_rng(0).permutation(len(records))]
    assert summarise(World(records)) == summarise(World(shuffled))


def test_it_goes_to_json_without_infinities() -> None:
    """One observation's open ends, an infinite cost and an unknown price are null, and decode again."""
    encoded = msgspec.json.encode(summarise(World(answers("a", [0])), prices={"m": Price(input=1, output=1)}))
    assert b"nan" not in encoded.lower()
    assert b"inf," not in encoded
    assert msgspec.json.decode(encoded)[0]["metrics"]["tokens"]["low"] is None


def test_a_simulated_record_makes_its_whole_system_simulated() -> None:
    mixed = [*answers("a", [1, 0]), Record(system="a", item="q5", score=1.0, source="simulated")]
    found = summarise(World([*mixed, *answers("b", [1])]))
    assert {estimate.basis for estimate in found[0].metrics.values()} == {"simulated"}
    assert {estimate.basis for estimate in found[1].metrics.values()} == {"measured"}
    assert compare(World([*mixed, *answers("b", [1])]))[0].difference.basis == "simulated"


def test_an_unknown_source_passes_for_nothing_better_than_simulated() -> None:
    assert [basis_of(s) for s in (["measured", "served"], ["measured", "replayed"], ["dreamt"], [])] == [
        "measured",
        "replayed",
        "simulated",
        "measured",
    ]


def test_every_name_is_known_or_refused_with_those_that_are() -> None:
    world = World(answers("a", [1]))
    assert set(summarise(world, metrics=["accuracy"])[0].metrics) == {"accuracy"}
    with pytest.raises(InputError, match=r"'speed' is no metric here\. Known: accuracy,"):
        summarise(world, metrics=["speed"])
    with pytest.raises(InputError, match="'pass@k' is no metric here"):
        item_table(world, ["pass@k"])
    assert set(AXES) <= set(METRICS)


def test_records_need_systems_and_items() -> None:
    with pytest.raises(InputError, match="'system' and 'item'"):
        summarise(pl.DataFrame({"model": ["a"], "item": ["q"]}))


def test_no_records_are_no_systems() -> None:
    assert summarise(World([])) == ()
    assert compare(World([])) == ()


def test_the_item_table_means_over_attempts_and_leaves_gaps() -> None:
    records = [Record(system="a", item="q0", attempt=i, score=s, group="g") for i, s in enumerate((1.0, 0.0, 1.0, None))]
    records += [Record(system="b", item="q1", score=1.0), Record(system="b", item="q0", error="x")]
    table = item_table(World(records), ("accuracy", "mean_score"))
    assert (table.systems, table.items, table.bases) == (("a", "b"), ("q0", "q1"), ("measured", "measured"))
    assert table.values["accuracy"] == pytest.approx(np.array([[2 / 3, np.nan], [np.nan, 1]]), nan_ok=True)
    assert table.groups is not None
    assert len(set(table.groups.tolist())) == 2


def test_comparisons_pair_questions_and_correct_for_their_number() -> None:
    rng = np.random.default_rng(0)
    scores = {name: rng.integers(0, 2, 40).astype(float) for name in "abc"}
    world = World([record for name, row in scores.items() for record in answers(name, row.tolist())])
    found = compare(world)
    assert [(c.first, c.second) for c in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    expected = paired_difference(scores["a"], scores["b"], confidence=1 - 0.05 / 3)
    assert (found[0].difference.value, found[0].difference.low) == pytest.approx((expected.value, expected.low))
    assert found[0].p >= expected.p


def test_a_pair_without_common_values_is_no_comparison_to_correct_for() -> None:
    priced = [record for name in "ab" for record in answers(name, [1, 0, 1, 1])]
    world = World([*priced, *answers("unpriced", [1, 0, 1, 1], model="nobody-knows-this")])
    found = {(c.first, c.second): c for c in compare(world, "cost", prices={"m": Price(input=1, output=1)})}
    assert "Bonferroni" not in found["a", "b"].difference.method
    assert found["a", "unpriced"].difference.method == "no question for which both have cost"


def test_a_baseline_is_the_second_of_each_pair() -> None:
    world = World([record for name in "abc" for record in answers(name, [1, 0, 1, 1])])
    assert [(c.first, c.second) for c in compare(world, baseline="b")] == [("a", "b"), ("c", "b")]
    with pytest.raises(InputError, match="baseline must be one of the systems"):
        compare(world, baseline="z")


def test_questions_of_a_group_are_compared_as_one() -> None:
    records = [
        Record(system=s, item=f"q{i}", score=float((i + (s == "a")) % 3 > 0), group=f"g{i // 5}")
        for s in "ab"
        for i in range(12)
    ]
    assert "3 clusters" in compare(World(records))[0].difference.method
