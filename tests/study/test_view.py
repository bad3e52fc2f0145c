"""What a report is given agrees with what the metrics say."""

from pathlib import Path

import polars as pl
import pytest

from isocost.metrics import summarise
from isocost.records import Call, Manifest, Price, Record, RecordWriter, open_records
from isocost.study.view import view

PRICES = {"own": Price(input=1.0, output=2.0, cached=0.5), "hourly": Price(per_hour=3.6)}


def call(model: str, **fields: object) -> Call:
    return Call(model=model, prompt_tokens=100, completion_tokens=10, **fields)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two systems on three questions: one of a single model, one that mixes a priced, an hourly and a billed one."""
    with RecordWriter(tmp_path) as writer:
        for number in range(3):
            calls = (call("own", cached_tokens=40), call("hourly", seconds=2.0, machine_seconds=1.0), call("x", billed=0.25))
            right = float(number > 0)
            writer.append(Record(system="one", item=f"q{number}", task="a", score=right, calls=(call("own"),)))
            writer.append(Record(system="all", item=f"q{number}", task="a", score=1.0, calls=calls))
        writer.append(Record(system="one", item="q9", task="b", error="no", error_kind="timeout"))
    Manifest(study="small", prices=PRICES, axes={"x": "cost", "y": "accuracy"}).save(tmp_path)
    return tmp_path


def test_the_cost_of_every_record_is_the_sum_of_its_calls(folder: Path) -> None:
    data = view(folder)
    mixed = data.records.filter(pl.col("system") == "all")["cost"].to_list()
    assert mixed == pytest.approx([(60 + 40 * 0.5 + 20) / 1e6 + 3.6 / 3600 + 0.25] * 3)
    assert data.calls["cost"].null_count() == 0


def test_its_mean_is_the_metrics_cost(folder: Path) -> None:
    data = view(folder)
    for system in summarise(open_records(folder), prices=PRICES):
        costs = data.records.filter((pl.col("system") == system.system) & pl.col("error").is_null())["cost"]
        assert costs.mean() == pytest.approx(system.metrics["cost"].value)


def test_an_unpriced_call_leaves_its_record_without_a_cost(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as writer:
        writer.append(Record(system="s", item="q", score=1.0, calls=(call("own"), call("nobody-sells-this"))))
    Manifest(prices=PRICES).save(tmp_path)
    assert view(tmp_path).records["cost"].to_list() == [None]


def test_how_far_behind_the_best_is_never_above_zero(folder: Path) -> None:
    behind = view(folder).behind
    assert set(behind) == {"one"}
    assert behind["one"].value == pytest.approx(-1 / 3)


def test_tasks_are_told_apart_and_the_frontier_opens_with_the_studys_axes(folder: Path) -> None:
    data = view(folder)
    assert set(data.by_task) == {"a", "b"}
    assert data.main == ("cost", "accuracy")
    assert view(folder, ("calls", None)).main == ("calls", "accuracy")
