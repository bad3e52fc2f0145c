"""A table of systems becomes a frontier whose every part can be worked out by hand."""

import json

import msgspec
import numpy as np
import polars as pl
import pytest

from isocost.frontier import draw, hypervolume
from isocost.metrics import item_table, summarise
from isocost.metrics.summary import ItemTable
from isocost.records.columns import FLAT

NAN = float("nan")
GIVEN = ("system", "item", "attempt", "score", "source", "n_calls", "completion_tokens")


def table(**rows: tuple[list[float], list[float]]) -> ItemTable:
    """Systems by name, each with its costs and its scores, question by question."""
    n = len(next(iter(rows.values()))[0])
    values = {"cost": np.array([row[0] for row in rows.values()]), "accuracy": np.array([row[1] for row in rows.values()])}
    return ItemTable(tuple(rows), tuple(f"q{i}" for i in range(n)), values)


RIGHT = [[1.0] * k + [0.0] * (10 - k) for k in range(11)]
WORLD = table(
    dear=([4.0] * 10, RIGHT[9]),
    cheap=([1.0, 1.5] * 5, RIGHT[3]),
    fair=([2.0] * 10, RIGHT[7]),
    beaten=([3.0] * 10, RIGHT[5]),
    twin=([2.0] * 10, RIGHT[7]),
    unpriced=([NAN] * 10, RIGHT[10]),
)


def test_members_are_named_in_order_of_cost_and_twins_are_both_on_it() -> None:
    found = draw(WORLD, replicates=50, rng=np.random.default_rng(0))
    assert found.frontier == ("cheap", "fair", "twin", "dear")
    assert [place.system for place in found.systems] == ["cheap", "fair", "twin", "beaten", "dear"]
    assert any("fair, twin are equal" in note for note in found.notes)


def test_a_system_without_a_price_is_left_out_and_named() -> None:
    found = draw(WORLD, replicates=50, rng=np.random.default_rng(0))
    assert found.left_out == {"unpriced": "unpriced"}
    assert "unpriced" not in [place.system for place in found.systems]


def test_each_place_has_its_estimates_and_its_chance() -> None:
    cheap, *_, beaten, dear = draw(WORLD, replicates=50, rng=np.random.default_rng(0)).systems
    assert (cheap.x.value, cheap.y.value, cheap.y.n) == (1.25, 0.3, 10)
    assert cheap.y.method == "Wilson"
    assert (cheap.on_frontier, beaten.on_frontier, beaten.member) == (1.0, 0.0, False)
    assert (dear.x.low, dear.x.high, dear.x.method) == (4.0, 4.0, "constant over 10")


@pytest.mark.parametrize("attempts", [1, 4])
def test_its_estimates_are_those_of_the_metrics(attempts: int) -> None:
    rng, n = np.random.default_rng(5), 2 * 30 * attempts
    system, item, attempt = (axis.ravel() for axis in np.indices((2, 30, attempts)))
    frame = pl.DataFrame(
        {
            "system": pl.Series(["a", "b"]).gather(system),
            "item": [f"q{i}" for i in item],
            "attempt": attempt,
            "score": (rng.random(n) < 0.7).astype(float),
            "source": ["measured"] * n,
            "n_calls": [1] * n,
            "completion_tokens": rng.integers(5, 500, n),
        }
    ).with_columns(pl.lit(None, kind).alias(name) for name, kind in FLAT.items() if name not in GIVEN)
    metrics = {found.system: found.metrics for found in summarise(frame)}
    for paid in ("completion_tokens", "calls"):
        for place in draw(item_table(frame, (paid, "accuracy")), x=paid, replicates=10, rng=rng).systems:
            for found, known in ((place.x, metrics[place.system][paid]), (place.y, metrics[place.system]["accuracy"])):
                assert (found.value, found.low, found.high) == pytest.approx(
                    (known.value, known.low, known.high), abs=1e-9 if attempts == 1 else 0.01
                )


def test_the_hypervolume_is_measured_from_the_worst_cost_and_no_accuracy() -> None:
    found = draw(WORLD, replicates=50, rng=np.random.default_rng(0))
    assert found.reference == (4.0, 0.0)
    assert found.hypervolume.value == pytest.approx(0.3 * (2 - 1.25) + 0.7 * (4 - 2))
    assert draw(WORLD, reference=(5.0, 0.0), replicates=50, rng=np.random.default_rng(0)).hypervolume.value == pytest.approx(
        hypervolume([[1.25, 0.3], [2, 0.7], [4, 0.9]], (5.0, 0.0), (False, True))
    )


def test_rises_say_what_the_next_point_costs_and_the_knee_where_that_gets_worse() -> None:
    found = draw(WORLD, replicates=50, rng=np.random.default_rng(0))
    assert [(rise.start, rise.end) for rise in found.rises] == [("cheap", "fair"), ("fair", "dear")]
    assert [rise.price for rise in found.rises] == pytest.approx([0.75 / 0.4, 2 / 0.2])
    assert found.hull == found.rises
    assert found.knee == "fair"


def test_systems_on_different_questions_are_said_to_be() -> None:
    found = draw(table(a=([1.0] * 4, [1.0, 0, 1, 0]), b=([2.0] * 4, [1.0, 1, NAN, NAN])), rng=np.random.default_rng(0))
    assert "of 4, 2 have values for all systems; fewer have b (2)" in found.notes[0]


def test_it_is_json_with_the_promised_names() -> None:
    found = json.loads(msgspec.json.encode(draw(WORLD, replicates=50, rng=np.random.default_rng(0)).as_dict()))
    assert found["frontier"] == ["cheap", "fair", "twin", "dear"]
    assert {"system", "x", "y", "on_frontier"} <= set(found["systems"][0])
    assert (found["systems"][0]["x"], found["systems"][0]["y"]) == (1.25, 0.3)
    assert {"value", "low", "high", "n", "method", "basis", "reference"} <= set(found["hypervolume"])
    assert {"value", "low", "high", "n", "method", "basis", "axes"} <= set(found["optimism"])
    assert found["hypervolume"]["reference"] == {"cost": 4.0, "accuracy": 0.0}


def test_the_weakest_basis_of_the_systems_is_the_basis_of_the_whole() -> None:
    mixed = ItemTable(("a", "b"), ("q", "r"), {"cost": np.ones((2, 2)), "accuracy": np.eye(2)}, None, ("measured", "simulated"))
    found = draw(mixed, replicates=10, rng=np.random.default_rng(0))
    assert [place.y.basis for place in found.systems] == ["measured", "simulated"]
    assert found.hypervolume.basis == found.optimism.basis == "simulated"


def test_several_axes_are_paid_at_once() -> None:
    rng = np.random.default_rng(1)
    values = {"cost": rng.random((3, 20)), "seconds": rng.random((3, 20)), "accuracy": rng.random((3, 20))}
    found = draw(ItemTable(("a", "b", "c"), tuple(map(str, range(20))), values), x=("cost", "seconds"), replicates=20, rng=rng)
    assert found.axes == ("cost", "seconds", "accuracy")
    assert (found.rises, found.hull, found.knee) == ((), (), None)
    assert len(found.systems[0].estimates) == 3


def test_the_same_seed_draws_the_same_frontier() -> None:
    once, again = (draw(WORLD, replicates=50, rng=np.random.default_rng(3)) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"x": "beauty"}, "one of accuracy, .*got 'beauty'"),
        ({"x": "seconds"}, "no 'seconds', only cost, accuracy"),
        ({"reference": (1.0,)}, "2 finite numbers"),
    ],
)
def test_an_axis_that_is_not_there_is_told(settings: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw(WORLD, rng=np.random.default_rng(0), **settings)


def test_without_any_price_there_is_no_frontier_of_cost() -> None:
    with pytest.raises(ValueError, match=r"no system has values on all of cost, accuracy: .*unpriced"):
        draw(table(a=([NAN], [1.0])), rng=np.random.default_rng(0))
