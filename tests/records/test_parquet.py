"""Compaction: whatever stops it, each record is there once."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from isocost.records import Call, Record, RecordWriter, StoreError, disk, open_records, parquet, running


class Crash(BaseException):
    """The machine stops here."""


def study(folder: Path) -> list[Record]:
    """Two shards and lines that replace some of both."""
    records = {}
    for round_, names in enumerate(("abc", "def", "bdxyz")):
        with RecordWriter(folder) as writer:
            for name in names:
                record = Record(system="s", item=name, text=str(round_), calls=(Call(model="m", text=name),))
                records[record.identity] = record
                writer.append(record)
        if round_ < 2:
            open_records(folder).compact()
    return sorted(records.values(), key=lambda record: record.item)


def found(folder: Path) -> list[Record]:
    store = open_records(folder)
    records = sorted(store.read(), key=lambda record: record.item)
    assert store.scan().collect().sort("item")["text"].to_list() == [record.text for record in records]
    assert store.calls().collect().sort("item")["text"].to_list() == [record.item for record in records]
    return records


STEPS = [(Path, "replace"), (Path, "unlink"), (disk, "sync_folder"), (disk.os, "fsync"), (pl.DataFrame, "write_parquet")]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_crash_at_any_step_leaves_every_record_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, nth: int, after: bool
) -> None:
    expected = study(tmp_path)
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def crash(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and not after:
            raise Crash
        result = real(*args, **kwargs)
        if calls == nth:
            raise Crash
        return result

    monkeypatch.setattr(running, "SHARD_ROWS", 2)
    monkeypatch.setattr(owner, name, crash)
    with suppress(Crash):
        open_records(tmp_path).compact()
    monkeypatch.undo()
    assert found(tmp_path) == expected
    open_records(tmp_path).compact()
    assert found(tmp_path) == expected
    assert not list(tmp_path.glob("*.tmp")) + list(tmp_path.glob("*.jsonl"))
    rows = pl.concat([parquet.flat(parquet.scan_shard(file)) for file in tmp_path.glob("*.parquet")]).collect()
    assert rows.height == rows["item"].n_unique() == len(expected)


FULL = [OSError(28, "No space left on device"), pl.exceptions.ComputeError("No space left on device (os error 28)")]


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_disk_that_fills_up_during_compaction_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    expected = study(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(StoreError, match=r"No space left on device.* What was there before is unchanged"):
        open_records(tmp_path).compact()
    monkeypatch.undo()
    assert not list(tmp_path.glob("*.tmp"))
    assert found(tmp_path) == expected


def test_records_are_read_slice_by_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = study(tmp_path)
    monkeypatch.setattr(parquet, "ROWS", 2)
    open_records(tmp_path).compact()
    assert found(tmp_path) == expected
