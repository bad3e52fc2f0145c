"""LiteLLM's logs as JSON lines: rows of LiteLLM_SpendLogs, and StandardLoggingPayload of its callbacks."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from isocost.records.calls import Call
from isocost.records.errors import InputError
from isocost.records.importing.landing import Harvest
from isocost.records.importing.logs import Found, Wishes, attempts, gather
from isocost.records.importing.openai_batch import messages, usage
from isocost.records.importing.tables import json_lines, unix
from isocost.records.nouns import Item, Record, Source


def harvest(file: Path, wishes: Wishes, source: Source) -> Harvest:
    """The logged calls, ungraded. Equal questions are one item, asked again they are its attempts."""
    return gather(file, attempts(_calls(file, wishes, source)), {})


def _calls(file: Path, wishes: Wishes, source: Source) -> Iterator[Found]:
    for number, row in json_lines(file):
        if "model" not in row or not {"startTime", "spend", "response_cost"} & set(row):
            raise InputError(
                "expected a row of LiteLLM's spend logs or a standard logging payload, it has no model, startTime or cost. "
                "Hint: one JSON object a line; tables of your own come in as jsonl.",
                file=file,
                line=number,
            )
        try:
            found = _found(number, row)
        except (TypeError, ValueError) as error:
            raise InputError(f"cannot be read: {error}. Hint: correct or remove the line.", file=file, line=number) from None
        yield found._replace(record=wishes.apply(found.record, source))


def _found(number: int, row: dict[str, Any]) -> Found:
    question = messages(_parsed(row.get("messages")))
    response = _parsed(row.get("response"))
    response = response if isinstance(response, dict) else {}
    name = str(row.get("id") or row.get("request_id") or f"line {number}")
    item = None if not question else Item(id=_digest(question), question=question)
    started, ended, first = (unix(row.get(field)) for field in ("startTime", "endTime", "completionStartTime"))
    failed = str(row.get("status") or "").lower() == "failure"
    error = str(row.get("error_str") or "failed") if failed else None
    shared = str(row.get("cache_hit")).lower() == "true"
    text = _text(response)
    seconds = None if started is None or ended is None else ended - started
    told = usage(response.get("usage") or {})
    call = Call(
        model=str(row["model"]),
        prompt_tokens=row.get("prompt_tokens"),
        completion_tokens=row.get("completion_tokens"),
        cached_tokens=told["cached_tokens"],
        reasoning_tokens=told["reasoning_tokens"],
        seconds=seconds,
        first_token_seconds=first - started if first is not None and started is not None and first != ended else None,
        billed=row.get("response_cost", row.get("spend")),
        text=text,
        error=error,
        shared=shared,
    )
    record = Record(
        system=str(row.get("model_group") or row["model"]),
        item=item.id if item else name,
        text=text,
        error=error,
        calls=(call,),
        seconds=seconds,
        started=started,
        extra={"id": name},
    )
    return Found(number, record, item)


def _parsed(value: Any) -> Any:
    """JSON within JSON, as the database's dumps have it."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def _digest(question: Any) -> str:
    return hashlib.blake2b(msgspec.json.encode(question), digest_size=8).hexdigest()


def _text(response: dict[str, Any]) -> str | None:
    for choice in response.get("choices") or ():
        text = (choice.get("message") or {}).get("content", choice.get("text"))
        return text if isinstance(text, str) else None
    return None
