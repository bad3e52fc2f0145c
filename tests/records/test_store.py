"""One reader over lines and Parquet."""

import math
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.flat import flat

from isocost.records import Call, InputError, Record, RecordWriter, open_records
from isocost.records.columns import CALLS, FLAT
from isocost.records.frames import stored_frame
from isocost.records.lines import Block, decode

counts = st.none() | st.integers(0, 2**40)
amounts = st.none() | st.floats(0, 1e9)
words = st.text(st.characters(codec="utf-8"), max_size=8)
json_values = st.dictionaries(
    words, st.none() | st.booleans() | st.integers(-(2**40), 2**40) | words | st.lists(words), max_size=2
)
calls = st.builds(
    Call,
    model=st.sampled_from(["a", "b"]),
    prompt_tokens=counts,
    completion_tokens=counts,
    seconds=amounts,
    first_token_seconds=amounts,
    billed=amounts,
    text=st.none() | words,
    error=st.none() | words,
    shared=st.booleans(),
)
records = st.builds(
    Record,
    system=st.sampled_from(["s", "t"]),
    item=words,
    attempt=st.integers(0, 2),
    group=st.none() | words,
    seed=st.none() | st.integers(-(2**63), 2**63 - 1),
    text=st.none() | words,
    score=st.none() | st.floats(0, 1),
    calls=st.lists(calls, max_size=3).map(tuple),
    grading=st.lists(calls, max_size=1).map(tuple),
    started=st.none() | st.floats(0, 2e9),
    details=json_values,
    extra=json_values,
)


def write(folder: Path, *written: Record) -> None:
    with RecordWriter(folder) as writer:
        for record in written:
            writer.append(record)


def same(rows: pl.DataFrame, expected: list[dict[str, object]]) -> bool:
    """Equal up to the order of additions."""
    return rows.height == len(expected) and all(
        math.isclose(value, want[name], rel_tol=1e-12) if isinstance(value, float) else value == want[name]
        for row, want in zip(rows.to_dicts(), expected, strict=True)
        for name, value in row.items()
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(records, max_size=6))
def test_what_is_written_is_read_back_and_its_flat_view_is_the_oracles(
    tmp_path_factory: pytest.TempPathFactory, written: list[Record]
) -> None:
    folder = tmp_path_factory.mktemp("study")
    write(folder, *written)
    store = open_records(folder)
    last = {record.identity: record for record in written}
    expected = [
        record for index, record in enumerate(written) if record.identity not in {r.identity for r in written[index + 1 :]}
    ]
    assert {record.identity: record for record in expected} == last
    assert list(store.read()) == expected
    before, calls_before = store.scan().collect(), store.calls().collect()
    assert same(before, [flat(record) for record in expected])
    store.compact()
    assert not list(folder.glob("*.jsonl"))
    assert list(store.read()) == expected
    assert store.scan().collect().equals(before)
    assert sorted(store.calls().collect().iter_rows(), key=repr) == sorted(calls_before.iter_rows(), key=repr)


def test_columns_and_types_are_the_contract_for_every_kind_of_file(tmp_path: Path) -> None:
    write(tmp_path, Record(system="s", item="i", calls=(Call(model="m"),)))
    for _ in range(2):
        store = open_records(tmp_path)
        assert dict(store.scan().collect_schema()) == dict(store.scan().collect().schema) == FLAT
        assert dict(store.calls().collect().schema) == CALLS
        store.compact()
    assert dict(open_records(next(tmp_path.glob("*.parquet"))).scan().collect().schema) == FLAT


def test_an_empty_study_has_the_columns_and_no_rows(tmp_path: Path) -> None:
    write(tmp_path)
    store = open_records(tmp_path)
    assert (store.scan().collect().height, store.calls().collect().height, list(store.read()), store.items().height) == (
        0,
        0,
        [],
        0,
    )
    assert dict(store.compact().scan().collect().schema) == FLAT


def test_a_judges_calls_are_in_the_calls_view_and_not_in_the_sums(tmp_path: Path) -> None:
    write(
        tmp_path,
        Record(system="s", item="i", calls=(Call(model="m", prompt_tokens=1),), grading=(Call(model="j", prompt_tokens=9),)),
    )
    store = open_records(tmp_path)
    assert store.scan().collect()["prompt_tokens"].to_list() == [1]
    assert store.calls().collect().select("purpose", "index", "model").rows() == [("answer", 0, "m"), ("grading", 0, "j")]


def test_a_retry_replaces_the_failed_attempt_before_and_after_compaction(tmp_path: Path) -> None:
    failed, other, retried = (
        Record(system="s", item="i", error="timeout"),
        Record(system="s", item="other"),
        Record(system="s", item="i", text="4", calls=(Call(model="m"),)),
    )
    write(tmp_path, failed, other)
    store = open_records(tmp_path).compact()
    write(tmp_path, retried)
    for _ in range(2):
        assert list(store.read()) == [other, retried]
        assert store.scan().collect()["error"].to_list() == [None, None]
        assert store.calls().collect()["item"].to_list() == ["i"]
        store.compact()


def test_a_compacted_flat_scan_never_reads_the_nested_calls(tmp_path: Path) -> None:
    write(tmp_path, Record(system="s", item="i", calls=(Call(model="m"),)))
    plan = open_records(tmp_path).compact().scan().select("system", "score").explain()
    assert "PROJECT 2/" in plan
    assert "UNIQUE" not in plan
    assert "JOIN" not in plan


def test_a_store_that_is_read_while_it_grows_shows_what_came(tmp_path: Path) -> None:
    with RecordWriter(tmp_path) as writer:
        store = open_records(tmp_path)
        for count in (1, 2):
            writer.append(Record(system="s", item=str(count)))
            writer.flush()
            assert store.scan().collect().height == count


def test_a_parquet_file_with_the_flat_columns_only_is_scanned_and_says_why_it_has_no_calls(tmp_path: Path) -> None:
    file = tmp_path / "bench.parquet"
    pl.DataFrame({"system": ["s"], "item": ["i"], "score": [1]}).write_parquet(file)
    store = open_records(file)
    assert store.scan().collect().select("score", "attempt").row(0) == (1.0, 0)
    with pytest.raises(InputError, match="flat view only"):
        store.calls()


@pytest.mark.parametrize(("suffix", "read"), [(".csv", pl.read_csv), (".jsonl", pl.read_ndjson), (".parquet", pl.read_parquet)])
def test_an_export_holds_the_flat_view(tmp_path: Path, suffix: str, read: object) -> None:
    write(tmp_path, Record(system="s", item="i", score=1.0))
    file = tmp_path / f"table{suffix}"
    assert open_records(tmp_path).export(file) == 1
    frame = read(file)  # type: ignore[operator]
    assert frame.columns == list(FLAT)
    assert frame["score"].to_list() == [1.0]


def test_an_export_of_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, Record(system="s", item="i"))
    with pytest.raises(InputError, match=r"\.csv, \.jsonl, \.parquet, got '\.xls'"):
        open_records(tmp_path).export(tmp_path / "table.xls")


def test_paths_without_records_say_what_was_expected(tmp_path: Path) -> None:
    empty, other = tmp_path / "a.jsonl", tmp_path / "a.txt"
    empty.touch()
    other.write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.parquet").write_text("no")
    for path, message in [
        (tmp_path / "none", "there is nothing here"),
        (tmp_path / "folder", "holds no records"),
        (empty, "is empty"),
        (other, r"in \.jsonl or \.parquet"),
    ]:
        with pytest.raises(InputError, match=message):
            open_records(path)
    with pytest.raises(InputError, match="expected a Parquet file"):
        open_records(tmp_path / "bad.parquet").scan()
    with pytest.raises(InputError, match="only a study's folder is compacted"):
        open_records(tmp_path / "bad.parquet").compact()


def test_a_parquet_file_of_something_else_names_what_it_lacks(tmp_path: Path) -> None:
    pl.DataFrame({"model": ["m"]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(InputError, match="no column item, system"):
        open_records(tmp_path / "other.parquet").scan()


def test_columns_of_a_newer_shard_do_not_disturb(tmp_path: Path) -> None:
    record = Record(system="s", item="i", calls=(Call(model="m"),))
    line = decode(Block(tmp_path, 1, msgspec.json.encode(record)))
    stored_frame(line).with_columns(novel=pl.lit(1)).write_parquet(tmp_path / "records-00001.parquet")
    store = open_records(tmp_path)
    assert dict(store.scan().collect().schema) == FLAT
    assert list(store.read()) == [record]
