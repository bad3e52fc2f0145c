"""OpenAI's batch files: the output, and the input that it answers (https://platform.openai.com/docs/guides/batch)."""

from pathlib import Path
from typing import Any

from isocost.records.calls import Call
from isocost.records.errors import InputError
from isocost.records.importing.landing import Harvest
from isocost.records.importing.logs import Found, Wishes, gather
from isocost.records.importing.tables import json_lines
from isocost.records.nouns import Finish, Item, Message, Record, Source


def harvest(file: Path, wishes: Wishes, source: Source, requests: Path | None) -> Harvest:
    """The answers, ungraded; with the batch's input also their questions."""
    asked = {str(row.get("custom_id")): row.get("body") or {} for _, row in json_lines(requests)} if requests else {}
    found = (_found(file, number, row, asked) for number, row in json_lines(file))
    named = (one._replace(record=wishes.apply(one.record, source)) for one in found)
    return gather(file, named, {})


def _found(file: Path, number: int, row: dict[str, Any], asked: dict[str, Any]) -> Found:
    if "custom_id" not in row or ("response" not in row and "error" not in row):
        what = "it is a request" if "method" in row else "it has no custom_id or response"
        raise InputError(
            f"expected a line of a batch's output, {what}. Hint: give the output file; the input goes with it as requests.",
            file=file,
            line=number,
        )
    response = row.get("response") or {}
    body = response.get("body") or {}
    request = asked.get(str(row["custom_id"]), {})
    error = _error(row, response, body)
    text, finish = _text(body)
    model = str(body.get("model") or request.get("model") or "unknown")
    record = Record(
        system=model,
        item=str(row["custom_id"]),
        text=None if error else text,
        finish=finish,
        error=error,
        error_kind=_kind(response) if error else None,
        calls=(Call(model=model, text=None if error else text, error=error, **usage(body.get("usage") or {})),),
        started=body.get("created") or body.get("created_at"),
        seed=request.get("seed"),
    )
    return Found(number, record, _item(record.item, request))


def _error(row: dict[str, Any], response: dict[str, Any], body: dict[str, Any]) -> str | None:
    error = row.get("error") or body.get("error")
    status = response.get("status_code", 200)
    if not error and status < 400:
        return None
    return str(error.get("message") or error) if isinstance(error, dict) else str(error or f"status {status}")


def _kind(response: dict[str, Any]) -> str:
    status = response.get("status_code", 500)
    return "rate_limit" if status == 429 else "refused" if 400 <= status < 500 else "server"


def _text(body: dict[str, Any]) -> tuple[str | None, Finish]:
    """The text of a chat completion, a completion or a response."""
    for choice in body.get("choices") or ():
        text = (choice.get("message") or {}).get("content", choice.get("text"))
        return text, "length" if choice.get("finish_reason") == "length" else "complete"
    parts = [part.get("text", "") for one in body.get("output") or () for part in one.get("content") or () if "text" in part]
    return "".join(parts) if parts else None, "length" if body.get("status") == "incomplete" else "complete"


def usage(told: dict[str, Any]) -> dict[str, Any]:
    """Token counts of a chat completion's `usage`, or of a response's."""
    prompt = told.get("prompt_tokens_details") or told.get("input_tokens_details") or {}
    completion = told.get("completion_tokens_details") or told.get("output_tokens_details") or {}
    return {
        "prompt_tokens": told.get("prompt_tokens", told.get("input_tokens")),
        "completion_tokens": told.get("completion_tokens", told.get("output_tokens")),
        "cached_tokens": prompt.get("cached_tokens"),
        "reasoning_tokens": completion.get("reasoning_tokens"),
    }


def messages(told: Any) -> str | tuple[Message, ...] | None:
    """A request's prompt, messages or input as a question; None where it is none of ours."""
    if isinstance(told, str):
        return told
    if not isinstance(told, list) or not all(isinstance(one, dict) and "role" in one for one in told):
        return None
    contents = [one.get("content") or "" for one in told]
    return tuple(
        Message(str(one["role"]), content if isinstance(content, str) else tuple(content))
        for one, content in zip(told, contents, strict=True)
    )


def _item(name: str, request: dict[str, Any]) -> Item | None:
    question = messages(request.get("messages") or request.get("input") or request.get("prompt"))
    return None if question is None else Item(id=name, question=question)
