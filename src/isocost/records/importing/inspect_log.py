"""Logs of Inspect AI, as .eval (a zip of JSON) and as .json (https://inspect.aisi.org.uk/eval-logs.html)."""

import io
import json
import math
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from isocost.records.calls import Call
from isocost.records.errors import InputError
from isocost.records.importing.landing import Harvest
from isocost.records.importing.logs import Found, Wishes, gather
from isocost.records.importing.tables import unix
from isocost.records.nouns import Finish, Item, Message, Record, Source

ZSTANDARD = 93
WORDS = {"c": 1.0, "p": 0.5, "i": 0.0, "n": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}  # Inspect's value_to_float


def harvest(file: Path, wishes: Wishes, source: Source) -> Harvest:
    """The samples of a log; epochs are attempts, calls made while scoring are grading."""
    header, samples = _zipped(file) if zipfile.is_zipfile(file) else _plain(file)
    log = header.get("eval", {})
    system = wishes.system or str(log.get("model", "unknown"))
    settings = {"plan": header.get("plan", {}), "config": log.get("config", {}), "created": log.get("created", "")}
    task = wishes.task or str(log.get("task", ""))
    found = (_found(file, place, sample, (system, task, wishes.score, source)) for place, sample in enumerate(samples, 1))
    return gather(file, found, {system: settings})


def _plain(file: Path) -> tuple[dict[str, Any], Iterator[Any]]:
    log = _json(file, file.read_bytes())
    if "eval" not in log:
        raise InputError("expected a log of Inspect AI, this JSON has no 'eval'. Hint: is it another kind of file?", file=file)
    return log, iter(log.get("samples") or ())


def _zipped(file: Path) -> tuple[dict[str, Any], Iterator[Any]]:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
    start = entries.get("header.json") or entries.get("_journal/start.json")
    if start is None:
        raise InputError("expected a log of Inspect AI, this zip has no header.json. Hint: is it another file?", file=file)
    samples = (entry for name, entry in entries.items() if name.startswith("samples/"))
    return _json(file, _unzipped(file, start)), (_json(file, _unzipped(file, entry)) for entry in samples)


def _unzipped(file: Path, entry: zipfile.ZipInfo) -> bytes:
    """One file of the zip; Inspect packs them with Zstandard, which polars can unpack and Python 3.11 cannot."""
    if entry.compress_type != ZSTANDARD:
        with zipfile.ZipFile(file) as archive:
            return archive.read(entry)
    with file.open("rb") as stream:
        stream.seek(entry.header_offset)
        name, extra = struct.unpack("<HH", stream.read(30)[26:])
        stream.seek(name + extra, io.SEEK_CUR)
        packed = stream.read(entry.compress_size)
    try:  # as a table of one cell: JSON holds no bare control characters
        table = pl.read_csv(
            io.BytesIO(packed), has_header=False, separator="\x1f", eol_char="\x1e", quote_char=None, infer_schema=False
        )
        return str(table.item()).encode()
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise InputError(f"{entry.filename} in it cannot be unpacked: {error}. Hint: is the log whole?", file=file) from None


def _json(file: Path, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)  # not msgspec: these logs say NaN
    except ValueError as error:
        raise InputError(f"expected a log of Inspect AI in JSON: {error}. Hint: is it whole?", file=file) from None
    if not isinstance(found, dict):
        raise InputError("expected a log of Inspect AI, this JSON is no object. Hint: is it another kind of file?", file=file)
    return found


def _found(file: Path, place: int, sample: dict[str, Any], names: tuple[str, str, str | None, Source]) -> Found:
    system, task, scorer, source = names
    output = sample.get("output") or {}
    failed = sample.get("error")
    calls, grading, seconds = _calls(sample)
    answered = (output.get("choices") or [{}])[0]
    name, score = _score(file, place, {} if failed else sample.get("scores") or {}, scorer)
    record = Record(
        system=system,
        item=str(sample.get("id")),
        attempt=int(sample.get("epoch", 1)) - 1,
        task=task,
        text=output.get("completion"),
        final=score.get("answer") if isinstance(score.get("answer"), str) else None,
        finish=_finish(sample, answered.get("stop_reason")),
        score=_number(file, place, name, score.get("value")),
        reason=str(score.get("explanation") or ""),
        error=str(failed.get("message", "failed")) if failed else None,
        calls=calls,
        grading=grading,
        seconds=seconds,
        started=unix(sample.get("started_at")),
        source=source,
        extra={"metadata": sample["metadata"]} if sample.get("metadata") else {},
    )
    asked = sample.get("input", "")
    question = asked if isinstance(asked, str) else tuple(Message(one["role"], _content(one)) for one in asked)
    choices = tuple(sample.get("choices") or ())
    return Found(
        place, record, Item(id=record.item, question=question, target=sample.get("target"), task=task, choices=choices)
    )


def _content(message: dict[str, Any]) -> Any:
    content = message.get("content", "")
    return content if isinstance(content, str) else tuple(content)


def _finish(sample: dict[str, Any], stop: str | None) -> Finish:
    if sample.get("limit"):
        return "budget"
    return "length" if stop in ("max_tokens", "model_length") else "complete"


def _score(file: Path, place: int, scores: dict[str, Any], scorer: str | None) -> tuple[str, dict[str, Any]]:
    """The score asked for (`NAME`, or `NAME.KEY` where a scorer gives several), or else the first."""
    if not scores:
        return "", {}
    name, _, key = (scorer or next(iter(scores))).partition(".")
    if name not in scores:
        raise InputError(
            f"the log has no score '{name}'; it has {', '.join(scores)}. Hint: score=NAME, or score=NAME.KEY.",
            file=file,
            line=place,
        )
    score = scores[name]
    value = score.get("value")
    if isinstance(value, dict):
        key = key or next(iter(value), "")
        return f"{name}.{key}", score | {"value": value.get(key)}
    return name, score


def _number(file: Path, place: int, name: str, value: Any) -> float | None:
    if value is None or value != value:  # Inspect says NaN for a sample that its scorer left unscored
        return None
    number = WORDS.get(value.lower()) if isinstance(value, str) else value
    try:
        number = float(value if number is None else number)
    except (TypeError, ValueError):
        number = math.nan
    if 0 <= number <= 1:
        return number
    raise InputError(
        f"a score must be between 0 and 1 (or C, P, I, N), scorer '{name}' says {value!r}. Hint: choose another by score=NAME.",
        file=file,
        line=place,
    )


def _calls(sample: dict[str, Any]) -> tuple[tuple[Call, ...], tuple[Call, ...], float | None]:
    """The answer's calls, the scorers' calls, and the solvers' working seconds; without events one call a model."""
    events = sample.get("events") or []
    spans = {event["id"]: event for event in events if event.get("event") == "span_begin"}
    ends = {event["id"]: event for event in events if event.get("event") == "span_end"}
    made: dict[bool, list[Call]] = {False: [], True: []}
    for event in events:
        if event.get("event") == "model" and not event.get("pending"):
            made[_scoring(spans, event.get("span_id"))].append(_call(event))
    if not made[False] and not made[True]:
        usages = (sample.get("model_usage") or {}).items()
        made[False] = [Call(model=model, role="sum of its calls", **_usage(usage)) for model, usage in usages]
    solving = next((span for span in spans.values() if span.get("type") == "solvers" and span["id"] in ends), None)
    seconds = sample.get("working_time")
    if solving:
        seconds = ends[solving["id"]]["working_start"] - solving["working_start"]
    return tuple(made[False]), tuple(made[True]), seconds


def _scoring(spans: dict[str, Any], span: str | None) -> bool:
    while span in spans:
        if spans[span].get("type") in ("scorers", "scorer"):
            return True
        span = spans[span].get("parent_id")
    return False


def _call(event: dict[str, Any]) -> Call:
    output = event.get("output") or {}
    seconds = event.get("working_time")
    return Call(
        model=str(event.get("model", "")),
        seconds=output.get("time") if seconds is None else seconds,
        text=output.get("completion"),
        role=event.get("role") or "",
        error=event.get("error"),
        shared=event.get("cache") == "read",
        **_usage(output.get("usage") or {}),
    )


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Ours from Inspect's: its input_tokens leave out those read from and written to a cache."""
    read, written = usage.get("input_tokens_cache_read"), usage.get("input_tokens_cache_write")
    asked = usage.get("input_tokens")
    return {
        "prompt_tokens": None if asked is None else asked + (read or 0) + (written or 0),
        "completion_tokens": usage.get("output_tokens"),
        "cached_tokens": read,
        "reasoning_tokens": usage.get("reasoning_tokens"),
        "billed": usage.get("total_cost"),
    }
