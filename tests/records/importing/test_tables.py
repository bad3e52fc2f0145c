"""Tables come in a column at a time, and what is wrong in them is named with its line."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from isocost.records import Call, InputError, Item, Record, open_records, read_items
from isocost.records.importing import ImportOptions, import_file

SIMPLE = "item=id,system=model,score=correct"


def csv(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def bring(file: Path, mapping: str | Sequence[str], kind: str = "csv", **options: Any) -> list[Record]:
    folder = file.parent / "study"
    import_file(file, kind, folder, mapping, ImportOptions(**options))
    return list(open_records(folder).read())


def test_each_field_lands_where_it_belongs(tmp_path: Path) -> None:
    file = csv(
        tmp_path,
        "id,model,sys,correct,p,c,cached,think,s,first,usd,at,ans,short,q,gold,t,g,n,other\n"
        'a,m,S,True,10,5,2,1,1.5,.2,0.25,2024-01-02T00:00:00Z,"long, 4",4,2+2?,4,sums,grp,1,x\n'
        "b,m,S,0.5,,,,,,,,,,,,,,,3,\n",
    )
    mapping = (
        "item=id,system=sys,model=model,score=correct,prompt_tokens=p,completion_tokens=c,cached_tokens=cached,reasoning_tokens=think,"
        "seconds=s,first_token_seconds=first,cost=usd,started=at,text=ans,final=short,question=q,target=gold,task=t,group=g,calls=n"
    )
    known = {"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 2, "reasoning_tokens": 1, "seconds": 1.5}
    a, b = bring(file, mapping)
    assert a == Record(
        system="S",
        item="a",
        task="sums",
        group="grp",
        text="long, 4",
        final="4",
        score=1.0,
        seconds=1.5,
        started=1704153600.0,
        calls=(Call(model="m", first_token_seconds=0.2, billed=0.25, **known),),
        extra={"other": "x"},
    )
    assert (b.score, b.task, b.seconds, b.calls) == (0.5, "", None, (Call(model="m", role="sum of 3 calls"),))
    assert list(read_items(tmp_path / "study")) == [Item(id="a", question="2+2?", target="4", task="sums", group="grp")]
    frame = open_records(tmp_path / "study").scan().select("n_calls", "billed", "call_seconds", "first_token_seconds").collect()
    assert frame.rows() == [(1, 0.25, 1.5, 0.2), (3, None, None, None)]


def test_the_three_table_kinds_bring_the_same_records(tmp_path: Path) -> None:
    rows = {"id": ["a", "b"], "model": ["m", "m"], "correct": [True, False], "tokens": [3, None], "usd": [0.1, 1e-7]}
    frame = pl.DataFrame(rows)
    found = []
    for kind, write in (("csv", frame.write_csv), ("jsonl", frame.write_ndjson), ("parquet", frame.write_parquet)):
        folder = tmp_path / kind
        folder.mkdir()
        write(folder / f"table.{kind}")
        found.append(bring(folder / f"table.{kind}", f"{SIMPLE},completion_tokens=tokens,cost=usd", kind))
    assert found[0] == found[1] == found[2]
    assert [record.calls[0].completion_tokens for record in found[0]] == [3, None]


def test_json_lines_reach_into_objects(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(
        '{"id":1,"model":"m","usage":{"tokens":{"out":7}},"messages":[{"role":"user"}]}\n\n{"id":2,"model":"m","usage":null}\n'
    )
    one, two = bring(file, "item=id,system=model,completion_tokens=usage.tokens.out,question=messages", "jsonl")
    assert (one.item, one.calls[0].completion_tokens, two.calls[0].completion_tokens) == ("1", 7, None)


def test_a_wide_table_has_a_system_a_column(tmp_path: Path) -> None:
    file = csv(tmp_path, "prompt,x,y,x_text,y_text\nq1,True,False,one,uno\nq2,1,0.5,two,dos\n")
    records = bring(file, "item=prompt,question=prompt,text={system}_text", wide=("x", "y"))
    assert [(r.system, r.item, r.score, r.text, r.extra) for r in records] == [
        ("x", "q1", 1.0, "one", {}),
        ("x", "q2", 1.0, "two", {}),
        ("y", "q1", 0.0, "uno", {}),
        ("y", "q2", 0.5, "dos", {}),
    ]


def test_a_constant_stands_for_every_row(tmp_path: Path) -> None:
    (record,) = bring(csv(tmp_path, "id\na\n"), "item=id,system='gpt-4',prompt_tokens='12',score='true'")
    assert (record.system, record.calls, record.score) == ("gpt-4", (Call(model="gpt-4", prompt_tokens=12),), 1.0)


def test_an_error_is_counted_apart_and_never_graded(tmp_path: Path) -> None:
    right, failed = bring(csv(tmp_path, "id,model,correct,err\na,m,1,\nb,m,0,timeout\n"), f"{SIMPLE},error=err")
    assert (right.error, right.score, failed.error, failed.score, failed.calls[0].error) == (
        None,
        1.0,
        "timeout",
        None,
        "timeout",
    )


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("5.5", 5.5),
        ("2024-01-02", 1704153600.0),
        ("2024-01-02 01:00:00+01:00", 1704153600.0),
        ("2024-01-02T00:00:00Z", 1704153600.0),
    ],
)
def test_moments_are_unix_seconds_or_iso_8601(tmp_path: Path, told: str, seconds: float) -> None:
    (record,) = bring(csv(tmp_path, f"id,model,at\na,m,{told}\n"), "item=id,system=model,started=at")
    assert record.started == seconds


def test_a_moment_that_is_none_is_refused_and_a_parquet_time_is_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="started must be seconds or ISO 8601, or empty if unknown, got 'soon'"):
        bring(csv(tmp_path, "id,model,at\na,m,soon\n"), "item=id,system=model,started=at")
    pl.DataFrame({"id": "a", "model": "m", "at": datetime(1970, 1, 2)}).write_parquet(tmp_path / "a.parquet")
    (record,) = bring(tmp_path / "a.parquet", "item=id,system=model,started=at", "parquet")
    assert record.started == 86400.0


def test_published_figures_say_so(tmp_path: Path) -> None:
    (record,) = bring(csv(tmp_path, "id,model,correct\na,m,1\n"), SIMPLE, source="published")
    assert record.source == "published"


REPEATS = "id,model,correct,run\na,m,1,run2\nb,m,1,run2\na,m,0,run1\n"


def test_repeats_are_an_error_unless_told_what_they_are(tmp_path: Path) -> None:
    file = csv(tmp_path, REPEATS)
    with pytest.raises(InputError, match=r"again \(attempt 0, first on line 2\); 1 rows do so. Hint: .*--attempts") as caught:
        bring(file, SIMPLE)
    assert caught.value.line == 4
    assert not (tmp_path / "study").exists()
    assert [record.attempt for record in bring(file, SIMPLE, attempts=True)] == [0, 0, 1]


def test_labels_of_attempts_become_numbers_in_order_of_appearance(tmp_path: Path) -> None:
    assert [record.attempt for record in bring(csv(tmp_path, REPEATS), f"{SIMPLE},attempt=run")] == [0, 0, 1]


def test_numbered_attempts_stay_as_they_are(tmp_path: Path) -> None:
    file = csv(tmp_path, REPEATS.replace("run1", "7").replace("run2", "3"))
    assert [record.attempt for record in bring(file, f"{SIMPLE},attempt=run")] == [3, 3, 7]


def test_the_same_import_twice_is_refused_and_another_file_joins(tmp_path: Path) -> None:
    file = csv(tmp_path, "id,model,correct\na,m,1\n")
    bring(file, SIMPLE)
    with pytest.raises(InputError, match="already holds 1 of the 1 records, such as system 'm', item 'a'"):
        bring(file, SIMPLE)
    assert len(bring(csv(tmp_path, "id,model,correct\na,n,1\n"), SIMPLE)) == 2
    manifest = open_records(tmp_path / "study").manifest
    assert (manifest.study, sorted(manifest.systems), len(manifest.notes)) == ("study", ["m", "n"], 2)


def test_the_report_counts_and_remarks(tmp_path: Path) -> None:
    file = csv(tmp_path, "id,model,correct,p,c,usd,err\na,m,1,0,0,.5,\nb,m,,0,0,0,\nc,m,,1,1,1,boom\n")
    mapping = f"{SIMPLE},prompt_tokens=p,completion_tokens=c,cost=usd,error=err"
    report = import_file(file, "csv", tmp_path / "study", mapping)
    assert (report.records, report.items, report.errors, report.unscored, report.systems) == (3, 3, 1, 1, ("m",))
    assert report.notes == ("1 records cost money and state 0 tokens: their token counts are probably not known",)


HEAD = "id,model,correct,tokens,usd\na,m,1,1,1\n"


@pytest.mark.parametrize(
    ("row", "line", "message"),
    [
        ("b,m,1,-5,1", 3, "completion_tokens must be at least 0, got '-5' in column 'tokens'"),
        ("b,m,1,1.5,1", 3, "completion_tokens must be a whole number, got '1.5'"),
        ("b,m,1,many,1", 3, "completion_tokens must be a finite number, or empty if unknown, got 'many'"),
        ("b,m,1,1,nan", 3, "cost must be a finite number, or empty if unknown, got 'nan'"),
        ("b,m,1,1,inf", 3, "cost must be a finite number"),
        ("b,m,1,1,-1", 3, "cost must be at least 0"),
        ("b,m,NaN,1,1", 3, "score must be a finite number"),
        ("b,m,87.5,1,1", 3, "score must be between 0 and 1, true or false, got '87.5'"),
        ("b,m,maybe,1,1", 3, "score must be a finite number.*got 'maybe'"),
        (",m,1,1,1", 3, "item must not be empty"),
        ("b, ,1,1,1", 3, "system must not be empty"),
        ("a,m,1,1,1", 3, "answers item 'a' again"),
        ("b,m,1,1,1,1", 3, "this row is not"),
        ("b,m,1", 3, "this row is not"),
        ('"b\n\nb",m,1,1,1\n\nc,m,-1,1,1\nd,m,-1,1,1', 7, r"score must be between 0 and 1.*\(1 more like it\)"),
    ],
)
def test_a_wrong_cell_is_named_with_file_line_column_and_cure(tmp_path: Path, row: str, line: int, message: str) -> None:
    file = csv(tmp_path, f"{HEAD}{row}\n")
    with pytest.raises(InputError, match=message) as caught:
        bring(file, f"{SIMPLE},completion_tokens=tokens,cost=usd")
    assert (caught.value.file, caught.value.line) == (file, line)
    assert "Hint" in str(caught.value)
    assert not (tmp_path / "study").exists()


def test_a_wrong_row_of_json_lines_and_parquet_is_named(tmp_path: Path) -> None:
    lines, table = tmp_path / "a.jsonl", tmp_path / "a.parquet"
    lines.write_text('{"id":1,"model":"m"}\n\n{"id":2,"model":"m","correct":3}\n')
    pl.DataFrame({"id": [1, 2], "model": "m", "correct": [1.0, float("nan")]}).write_parquet(table)
    for file, kind, line in ((lines, "jsonl", 3), (table, "parquet", 2)):
        with pytest.raises(InputError, match="score must be") as caught:
            bring(file, SIMPLE, kind)
        assert caught.value.line == line


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"", "the file is empty", None),
        (b"id,model,correct\n", "it has none", None),
        (b"id,model,correct\na,m,1\nb,\xff,1\n", "expected UTF-8, this line is not .*ff", 3),
        (b"name,model\na,m\n", "no column 'id'. Known: model, name", 1),
        (b"idx,model,correct\na,m,1\n", "did you mean 'idx'", 1),
    ],
)
def test_a_file_that_is_no_such_table_is_named(tmp_path: Path, data: bytes, message: str, line: int | None) -> None:
    with pytest.raises(InputError, match=message) as caught:
        bring(csv(tmp_path, data), SIMPLE)
    assert (caught.value.file, caught.value.line) == (tmp_path / "table.csv", line)


def test_broken_json_lines_and_parquet_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.x"
    for data, kind, message in [
        (b'{"id":1}\n{"id"', "jsonl", r"a\.x:2: .*not valid JSON"),
        (b'{"id":"\xff"}\n', "jsonl", "not valid UTF-8"),
        (b"[1]\n", "jsonl", "Expected `object`"),
        (b"PAR1", "parquet", "expected a Parquet file"),
    ]:
        file.write_bytes(data)
        with pytest.raises(InputError, match=message):
            bring(file, SIMPLE, kind)


def test_a_100_mb_line_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "long"
    for kind in ("csv", "jsonl"):
        file.write_bytes(b'{"id":1}\n')
        with file.open("r+b") as stream:
            stream.truncate(100 * 2**20)
        with pytest.raises(InputError, match="at most 32 MiB") as caught:
            bring(file, SIMPLE, kind)
        assert caught.value.line == 2


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    file = csv(tmp_path, HEAD)
    with pytest.raises(
        InputError, match="imports are of inspect, lm-eval, openai-batch, litellm, csv, jsonl, parquet; got 'xls'"
    ):
        import_file(file, "xls", tmp_path / "study")
    with pytest.raises(InputError, match="there is no such file"):
        import_file(tmp_path / "none", "csv", tmp_path / "study")
    with pytest.raises(InputError, match="this is a folder"):
        import_file(tmp_path, "csv", tmp_path / "study")
    with pytest.raises(InputError, match="must say where 'system' comes from, it names item"):
        bring(file, "item=id")
    with pytest.raises(InputError, match="must say where 'item' comes from, it names nothing"):
        bring(file, "")
    with pytest.raises(InputError, match="wide and attempts are for tables"):
        import_file(file, "litellm", tmp_path / "study", "", ImportOptions(attempts=True))
    pl.DataFrame({"id": ["a"], "model": ["m"], "text": [[1]]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="'text' must be text, the column 'text' holds List"):
        bring(tmp_path / "a.parquet", "item=id,system=model,text=text", "parquet")
