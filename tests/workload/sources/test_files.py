"""Rows become items; every fault names file, line and cure."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isocost.records import InputError, Item, Message
from isocost.workload import load

ROWS = [
    {"id": "a", "question": "2 + 2?", "answer": "4", "level": "easy"},
    {"id": "b", "question": 'Say "x, y"\nand z', "answer": "x", "level": "hard"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        getattr(pl.DataFrame(rows), f"write_{path.suffix[1:]}")(path)
    return path


def items(path: Path, **options: Any) -> tuple[Item, ...]:
    table = {"kind": path.suffix[1:], "path": path.name, **options}
    return load(table, folder=path.parent).items


def refused(path: Path, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        items(path, **options)
    assert caught.value.file == path
    return caught.value


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_the_same_items_come_from_any_format(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"t.{kind}", ROWS)
    assert items(path) == (
        Item(id="a", question="2 + 2?", target="4", task="t", metadata={"level": "easy"}),
        Item(id="b", question='Say "x, y"\nand z', target="x", task="t", metadata={"level": "hard"}),
    )


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_columns_are_mapped_and_the_rest_is_metadata(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"t.{kind}", [{"n": 7, "q": "Capital?", "a": "A", "x": "Oslo", "y": "Rome", "land": "no"}])
    fields = {"id": "n", "question": "q", "target": "a", "choices": ["x", "y"], "group": "land"}
    (item,) = items(path, fields=fields, grader="choice")
    assert (item.id, item.target, item.group, item.choices, item.metadata) == ("7", "A", "no", ("Oslo", "Rome"), {})
    assert item.question == "Capital?\nA) Oslo\nB) Rome"
    (plain,) = items(path, fields=fields, show_choices=False)
    assert plain.question == "Capital?"


def test_a_question_may_be_a_chat(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"question": [{"role": "user", "content": "Hi"}], "target": 1}])
    assert items(path)[0].question == (Message("user", "Hi"),)


def test_without_an_id_the_question_makes_one_that_stays(tmp_path: Path) -> None:
    row = {"question": "2 + 2?", "target": "4"}
    first = items(write(tmp_path / "t.jsonl", [row]))[0].id
    second = items(write(tmp_path / "u.jsonl", [{"question": "other", "target": "4"}, row]))[1].id
    assert first == second == "485a0cd90586969e"


def test_a_byte_order_mark_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1, "question": "?", "target": 1}\n\n \n{"id": 2, "question": "?", "target": 1}')
    assert [item.id for item in items(path)] == ["1", "2"]


ROW = '{"id": 1, "question": "?", "target": 1}\n'


@pytest.mark.parametrize(
    ("name", "content", "line", "why"),
    [
        ("t.jsonl", ROW + '{"id": 2, "question"', 2, "expected one JSON object on the line: .*truncated"),
        ("t.jsonl", ROW + "[1]", 2, "expected one JSON object on the line: Expected `object`, got `array`"),
        ("t.jsonl", ROW + '{"id": 2, "question": "?", "target": NaN}', 2, "expected one JSON object"),
        ("t.jsonl", ROW + '{"id": 2, "question": "?", "target": null}', 2, "the target is missing"),
        ("t.jsonl", ROW + '{"id": 2, "question": "?"}', 2, "the target is missing"),
        ("t.jsonl", ROW + ROW, 2, "the id '1' is that of line 1 too"),
        ("t.jsonl", '{"question": "?", "target": 1}\n' * 2, 2, "is that of line 1 too. Hint: ids, or without them questions"),
        (
            "t.jsonl",
            ROW.encode() + b'{"id": 2, "question": "caf\xe9", "target": 1}',
            2,
            "not valid UTF-8: byte 0xe9 at column 26",
        ),
        (
            "t.jsonl",
            '{"id": 1, "qestion": "?", "target": 1}',
            1,
            "no column 'question' or 'prompt'. Hint: did you mean 'qestion'",
        ),
        ("t.jsonl", '{"id": 1, "question": 5, "target": 1}', 1, "the question must be text or a list of chat messages, got 5"),
        ("t.jsonl", '{"id": 1, "question": [5], "target": 1}', 1, "each of it must be a chat message"),
        ("t.jsonl", '{"id": 1, "question": "?"}', 1, "item '1' has no target, which its grader needs. Hint: a column"),
        ("t.jsonl", '{"x": ' + "[" * 99999, 1, "(nested too deeply|expected one JSON object)"),
        ("t.jsonl", "", None, "the file holds no items"),
        ("t.csv", "", None, "the file holds no items"),
        ("t.csv", "id,question,target\n", None, "the file holds no items"),
        ("t.csv", "id,question,target\n1,?,4\n2,?\n", 3, "expected 3 cells as in the header, got 2"),
        ("t.csv", "id,question,target\n1,?,\n", 2, "the target is missing"),
        ("t.csv", "id,question,target\n1,?,NaN\n", 2, "the target is NaN"),
        ("t.csv", 'id,question,target\n1,"?,4\n', 2, "not valid CSV: unexpected end of data. Hint: a quote may be left open"),
        ("t.csv", "id,id,target\n", 1, "the header names 'id' twice"),
        ("t.csv", b"id,question,target\n1,caf\xe9,4\n", 2, "not valid UTF-8: byte 0xe9 at column 6"),
        ("t.csv", 'id,question,target\n1,"a\nb",4\n1,?,4\n', 4, "the id '1' is that of line 2 too"),
        ("t.parquet", "not parquet", None, "cannot be read as Parquet"),
        ("t.parquet", "", None, "cannot be read as Parquet"),
    ],
)
def test_a_fault_names_file_line_and_cure(name: str, content: str | bytes, line: int | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    error = refused(path)
    assert error.line == line
    error.add_note(f"matched with {why}")
    with pytest.raises(InputError, match=why):
        raise error


def test_a_nan_target_in_parquet_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"question": ["a", "b"], "target": [1.0, float("nan")]}).write_parquet(path)
    error = refused(path)
    assert (error.line, "the target is NaN" in str(error)) == (2, True)


def test_a_100_mb_line_is_refused_without_reading_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with path.open("wb") as file:
        file.write(ROW.encode() + b'{"question": "')
        file.truncate(100 << 20)  # a sparse file: no disk is used
    assert "longer than 32 MiB. Hint: one item a line" in str(refused(path))


def test_a_missing_file_or_column_names_the_nearest(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in str(refused(tmp_path / "nope.jsonl"))
    path = write(tmp_path / "t.csv", ROWS)
    assert "no column 'anwser' for target. Hint: did you mean 'answer'" in str(refused(path, fields={"target": "anwser"}))
    with pytest.raises(InputError, match=r"workload.fields.goal: there is no such option"):
        items(path, fields={"goal": "answer"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.binary(max_size=200), kind=st.sampled_from(["jsonl", "csv", "parquet"]))
def test_any_bytes_are_items_or_a_refusal_that_names_the_file(data: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    path.write_bytes(data)
    refused(path)
