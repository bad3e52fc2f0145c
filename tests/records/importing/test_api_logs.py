"""OpenAI's batch files and LiteLLM's logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from isocost.records import Call, InputError, Item, Message, Record, open_records, read_items
from isocost.records.importing import ImportOptions, import_file

CHAT = {
    "model": "gpt-4o-2024-08-06",
    "created": 1700000000,
    "choices": [{"message": {"content": "4"}, "finish_reason": "length"}],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}
RESPONSE = {
    "model": "o4",
    "created_at": 5.0,
    "output": [{"type": "reasoning"}, {"content": [{"type": "output_text", "text": "4"}, {"text": "2"}]}],
    "usage": {"input_tokens": 7, "output_tokens": 6, "output_tokens_details": {"reasoning_tokens": 1}},
}


def lines(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def bring(file: Path, kind: str, mapping: str = "", **options: Any) -> list[Record]:
    folder = file.parent / "study"
    import_file(file, kind, folder, mapping, ImportOptions(**options))
    return list(open_records(folder).read())


def answer(name: str, body: Any, status: int = 200, error: Any = None) -> dict[str, Any]:
    return {"id": f"b-{name}", "custom_id": name, "response": body and {"status_code": status, "body": body}, "error": error}


def test_a_batch_brings_answers_errors_and_questions(tmp_path: Path) -> None:
    output = lines(
        tmp_path / "out.jsonl",
        answer("q1", CHAT),
        answer("q2", RESPONSE),
        answer("q3", {"error": {"message": "slow down"}}, 429),
        answer("q4", None, error={"code": "batch_expired", "message": "expired"}),
    )
    body = {"model": "gpt-4o", "seed": 3, "messages": [{"role": "user", "content": "2+2?"}]}
    requests = lines(tmp_path / "in.jsonl", *({"custom_id": f"q{n}", "method": "POST", "body": body} for n in range(1, 5)))
    q1, q2, q3, q4 = bring(output, "openai-batch", requests=requests)
    assert (q1.system, q1.text, q1.finish, q1.seed, q1.score, q1.started) == (
        "gpt-4o-2024-08-06",
        "4",
        "length",
        3,
        None,
        1.7e9,
    )
    assert q1.calls == (
        Call(model="gpt-4o-2024-08-06", prompt_tokens=9, completion_tokens=5, cached_tokens=2, reasoning_tokens=3, text="4"),
    )
    assert (q2.text, q2.calls[0].prompt_tokens, q2.calls[0].reasoning_tokens) == ("42", 7, 1)
    assert [(q.error, q.error_kind, q.text) for q in (q3, q4)] == [
        ("slow down", "rate_limit", None),
        ("expired", "server", None),
    ]
    assert (q3.system, q3.calls[0].error, q3.calls[0].prompt_tokens) == ("gpt-4o", "slow down", None)
    assert next(read_items(tmp_path / "study")) == Item(id="q1", question=(Message("user", "2+2?"),))


def test_a_batch_output_alone_has_no_questions(tmp_path: Path) -> None:
    (record,) = bring(lines(tmp_path / "out.jsonl", answer("q1", CHAT)), "openai-batch", "system='mine'")
    assert (record.system, record.calls[0].model) == ("mine", "gpt-4o-2024-08-06")
    assert not list(read_items(tmp_path / "study"))


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ([answer("a", CHAT), answer("a", CHAT)], 2, "answers item 'a' .* again"),
        ([{"custom_id": "a", "method": "POST", "body": {}}], 1, "it is a request. Hint: give the output file"),
        ([{"x": 1}], 1, "no custom_id or response"),
        ([answer("a", CHAT | {"usage": {"prompt_tokens": -1}})], 1, ">= 0"),
    ],
)
def test_a_wrong_batch_line_is_named(tmp_path: Path, rows: list[dict[str, Any]], line: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        bring(lines(tmp_path / "out.jsonl", *rows), "openai-batch")
    assert caught.value.line == line
    assert not (tmp_path / "study").exists()


PAYLOAD = {
    "id": "x1",
    "model": "gpt-4o",
    "model_group": "smart",
    "status": "success",
    "prompt_tokens": 9,
    "completion_tokens": 5,
    "response_cost": 0.25,
    "startTime": 100.0,
    "completionStartTime": 100.5,
    "endTime": 102.0,
    "cache_hit": False,
    "messages": [{"role": "user", "content": "2+2?"}],
    "response": CHAT,
}
SPEND = {
    "request_id": "y1",
    "model": "gpt-4o",
    "spend": 0.5,
    "prompt_tokens": 9,
    "completion_tokens": 5,
    "startTime": "2024-01-02T00:00:00",
    "endTime": "2024-01-02 00:00:01.500000+00:00",
    "completionStartTime": "2024-01-02T00:00:01.5Z",
    "cache_hit": "True",
    "messages": '[{"role": "user", "content": "2+2?"}]',
    "response": "{}",
}


def test_both_litellm_logs_bring_the_same_question_as_one_item(tmp_path: Path) -> None:
    failed = PAYLOAD | {"status": "failure", "error_str": "no", "response": None}
    one, again, failed_, spend = bring(lines(tmp_path / "log.jsonl", PAYLOAD, PAYLOAD, failed, SPEND), "litellm")
    assert one.item == again.item == failed_.item == spend.item
    assert [r.attempt for r in (one, again, failed_, spend)] == [0, 1, 2, 0]
    assert (one.system, one.text, one.seconds, one.started, one.extra) == ("smart", "4", 2.0, 100.0, {"id": "x1"})
    (call,) = one.calls
    assert (call.model, call.first_token_seconds, call.billed, call.cached_tokens, call.shared) == (
        "gpt-4o",
        0.5,
        0.25,
        2,
        False,
    )
    assert (failed_.error, failed_.text) == ("no", None)
    assert (spend.system, spend.seconds, spend.started, spend.calls[0].billed) == ("gpt-4o", 1.5, 1704153600.0, 0.5)
    assert (spend.calls[0].shared, spend.calls[0].first_token_seconds, spend.text) == (True, None, None)
    assert [item.question for item in read_items(tmp_path / "study")] == [(Message("user", "2+2?"),)]


def test_litellm_rows_without_messages_are_items_of_their_own(tmp_path: Path) -> None:
    bare = {name: value for name, value in SPEND.items() if name not in ("messages", "response")}
    assert [r.item for r in bring(lines(tmp_path / "log.jsonl", bare, bare | {"request_id": "y2"}), "litellm")] == ["y1", "y2"]


@pytest.mark.parametrize(
    ("row", "message"), [({"a": 1}, "expected a row of LiteLLM"), (SPEND | {"startTime": "soon"}, "cannot be read")]
)
def test_a_wrong_litellm_row_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        bring(lines(tmp_path / "log.jsonl", PAYLOAD, row), "litellm")
    assert caught.value.line == 2
