"""JSON lines that are newer, torn, or wrong."""

from pathlib import Path

import msgspec
import pytest

from isocost.records import InputError, Record, open_records
from isocost.records import lines as module

GOOD = b'{"system":"s","item":"a"}\n'


def store(tmp_path: Path, data: bytes, **options: bool) -> module.Any:
    (tmp_path / "records.jsonl").write_bytes(data)
    return open_records(tmp_path, **options)


NEWER = {
    "system": "s",
    "item": "a",
    "schema": 9,
    "mood": "good",
    "finish": "tired",
    "extra": {"mine": 1},
    "calls": [{"model": "m", "prompt_tokens": 3}, {"model": "m", "images": 2}],
    "grading": [{"model": "j", "taste": 1}],
}
KEPT = {"mine": 1, "mood": "good", "finish": "tired", "calls": {"1": {"images": 2}}, "grading": {"0": {"taste": 1}}}


def test_what_a_newer_isocost_wrote_is_read_as_far_as_understood_and_the_rest_is_kept(tmp_path: Path) -> None:
    opened = store(tmp_path, msgspec.json.encode(NEWER | {"item": "new"}) + b"\n" + GOOD)
    for _ in range(2):
        record, plain = opened.read()
        assert (record.schema, record.finish, record.extra) == (9, "complete", KEPT)
        assert [call.prompt_tokens for call in record.calls] == [3, None]
        assert plain == Record(system="s", item="a")
        opened.compact()


def test_an_unknown_field_without_a_newer_schema_is_kept_too(tmp_path: Path) -> None:
    (record,) = store(tmp_path, b'{"system":"s","item":"a","mood":[1]}\n').read()
    assert record.extra == {"mood": [1]}


def test_a_torn_last_line_is_no_record_and_a_whole_one_without_its_end_is(tmp_path: Path) -> None:
    assert store(tmp_path, GOOD + b'{"system":"s","it').scan().collect()["item"].to_list() == ["a"]
    assert store(tmp_path, GOOD + b'{"system":"s","item":"b"}').scan().collect()["item"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{not json}\n", "not valid JSON"),
        (b'{"system":"\xff","item":"a"}\n', "not valid UTF-8"),
        (b'{"system":"s"}\n', "missing required field `item`"),
        (b"[1]\n", "Expected `object`"),
        (b'{"system":"s","item":"a","attempt":-1}\n', r">= 0 - at `\$.attempt`"),
        (b'{"system":"s","item":"a","score":1.5}\n', r"<= 1.0 - at `\$.score`"),
        (b'{"system":"s","item":"a","score":NaN}\n', "not valid JSON"),
        (
            b'{"system":"s","item":"a","calls":[{"model":"m","prompt_tokens":-5}]}\n',
            r">= 0 - at `\$.calls\[0\].prompt_tokens`",
        ),
        (b'{"system":"s","item":"a","calls":[{"model":"m","billed":1e999}]}\n', "out of range"),
        (b'{"system":"s","item":"a","finish":"tired"}\n', "Invalid enum value 'tired'"),
    ],
)
def test_a_wrong_line_is_named_with_its_file_and_number_or_skipped_on_demand(tmp_path: Path, line: bytes, message: str) -> None:
    data = GOOD + b"\n" + line + b'{"system":"s","item":"z"}\n'
    with pytest.raises(InputError, match=message) as caught:
        store(tmp_path, data).scan()
    assert (caught.value.file, caught.value.line) == (tmp_path / "records.jsonl", 3)
    assert f"{tmp_path / 'records.jsonl'}:3: " in str(caught.value)
    assert "Hint" in str(caught.value)
    opened = store(tmp_path, data, skip_damaged=True)
    assert opened.scan().collect()["item"].to_list() == ["a", "z"]
    assert [error.line for error in opened.damaged] == [3]


def test_compaction_never_drops_a_damaged_line(tmp_path: Path) -> None:
    data = GOOD + b"{broken}\n"
    with pytest.raises(InputError, match="not valid JSON"):
        store(tmp_path, data).compact()
    assert (tmp_path / "records.jsonl").read_bytes() == data
    opened = store(tmp_path, data, skip_damaged=True).compact()
    assert [record.item for record in opened.read()] == ["a"]
    (kept,) = tmp_path.glob("records.jsonl.damaged-*")
    assert kept.read_bytes() == data


def test_a_100_mb_line_is_refused_by_number_without_reading_it_all(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    with file.open("wb") as stream:
        stream.write(GOOD)
        stream.truncate(100 * 2**20)
    with pytest.raises(InputError, match="at most 32 MiB long") as caught:
        open_records(tmp_path).scan()
    assert caught.value.line == 2


def test_lines_longer_than_a_block_are_put_together_and_numbers_stay_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 7)
    opened = store(tmp_path, b"".join(b'{"system":"s","item":"%d"}\n' % number for number in range(20)))
    assert opened.scan().collect()["item"].to_list() == [str(number) for number in range(20)]
    with pytest.raises(InputError) as caught:
        store(tmp_path, GOOD * 5 + b"?\n" + GOOD).scan()
    assert caught.value.line == 6
