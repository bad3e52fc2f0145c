"""JSON lines, one record a line: read in blocks, checked, and told where they are wrong.

A line that a newer isocost wrote is read as far as it is understood; what is not understood goes into `extra`. A last line
without its end, as `kill -9` leaves it, is not a record. Anything else that cannot be read is an error with its place.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Raw

from isocost.records.calls import Call
from isocost.records.errors import InputError
from isocost.records.nouns import SCHEMA, Record

MAX_LINE = 32 * 2**20
BLOCK = 4 * 2**20

Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]  # what a column of the store can hold
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Amount = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
COUNTS = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
AMOUNTS = ("seconds", "first_token_seconds", "machine_seconds", "cpu_seconds", "joules", "billed")
NOTHING = Raw(b"{}")


def _strict(name: str, base: type[msgspec.Struct], types: dict[str, Any]) -> Any:
    """The struct with narrower types that refuses unknown fields; derived, so that it follows its noun."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(base):
        kind = types.get(field.name, field.type)
        default = NOTHING if kind is Raw else field.default
        fields.append((field.name, kind) if field.required else (field.name, kind, default))
    return msgspec.defstruct(name, fields, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False)


CallLine: Any = _strict("CallLine", Call, dict.fromkeys(COUNTS, Count | None) | dict.fromkeys(AMOUNTS, Amount | None))
Line: Any = _strict(
    "Line",
    Record,
    {
        "attempt": Count,
        "seed": Whole | None,
        "score": Share | None,
        "seconds": Amount | None,
        "schema": Count,
        "calls": tuple[CallLine, ...],
        "grading": tuple[CallLine, ...],
        "details": Raw,
        "extra": Raw,
    },
)
_line: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Line)
_record = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


class Block(NamedTuple):
    """Some whole lines of a file; `first` is the number of the first one, from 1."""

    file: Path
    first: int
    data: bytes


def blocks(file: Path, *, torn: bool = False) -> Iterator[Block]:
    """The file's lines, a few MiB at a time; with `torn`, a last line that is no whole JSON value is left out."""
    first, rest = 1, b""
    with file.open("rb") as stream:
        while data := stream.read(BLOCK):
            whole, end, tail = data.rpartition(b"\n")
            if end:
                data, rest = rest + whole + end, tail
                yield Block(file, first, data)
                first += data.count(b"\n")
            else:
                rest += tail
            if len(rest) > MAX_LINE:
                raise _too_long(file, first)
    if rest.strip() and not (torn and not whole_json(rest)):
        yield Block(file, first, rest)


def numbered(block: Block) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, each with its number."""
    for number, line in enumerate(block.data.split(b"\n"), block.first):
        if len(line) > MAX_LINE:
            raise _too_long(block.file, number)
        if line.strip():
            yield number, line


def whole_json(line: bytes) -> bool:
    """True for a complete JSON value: a prefix of an object never is one."""
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def decode_line(line: bytes, file: Path, number: int) -> Any:
    """The line as a `Line`, what a newer isocost added in its `extra`."""
    try:
        return _line.decode(line)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unreadable(error, file, number) from None
    try:
        return _line.decode(_encoder.encode(_understood(msgspec.json.decode(line))))
    except msgspec.ValidationError as error:
        raise InputError(
            f"a line must hold a record; {error}. Hint: correct it, or leave such lines out by `isocost records compact "
            "--skip-damaged` (`open_records(..., skip_damaged=True)`).",
            file=file,
            line=number,
        ) from None


def decode(block: Block, damaged: list[InputError] | None = None) -> list[Any]:
    """The block's records as `Line`s. Damaged lines raise, or are gathered in `damaged` where it is given."""
    try:
        return _line.decode_lines(block.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    found = []
    for number, line in numbered(block):
        try:
            found.append(decode_line(line, block.file, number))
        except InputError as error:
            if damaged is None:
                raise
            damaged.append(error)
    return found


def as_record(line: Any) -> Record:
    """A `Line` as the noun."""
    return _record.decode(_encoder.encode(line))


def check(encoded: bytes | bytearray | memoryview) -> None:
    """Raises msgspec.ValidationError where the encoded record could not be read back."""
    _line.decode(encoded)


def unreadable(error: Exception, file: Path, number: int) -> InputError:
    """What to say of a line that is no JSON."""
    what = "is not valid UTF-8" if isinstance(error, UnicodeDecodeError) else f"is not valid JSON ({error})"
    return InputError(
        f"expected one JSON object a line in UTF-8, this line {what}. "
        "Hint: correct or remove the line; `isocost records compact --skip-damaged` leaves damaged records out.",
        file=file,
        line=number,
    )


def _too_long(file: Path, number: int) -> InputError:
    return InputError(
        f"a line may be at most {MAX_LINE // 2**20} MiB long, this one is longer. "
        "Hint: is this JSON lines, one object a line? If so, remove or shorten the line.",
        file=file,
        line=number,
    )


def _understood(raw: Any) -> Any:
    """The record's object with all that this version does not know moved into `extra`."""
    if not isinstance(raw, dict):
        return raw
    extra = {name: raw.pop(name) for name in raw.keys() - set(Record.__struct_fields__)}
    for name in ("calls", "grading"):
        calls = raw.get(name, ())
        if isinstance(calls, list) and all(isinstance(call, dict) for call in calls):
            unknown = {
                str(index): {key: call.pop(key) for key in call.keys() - set(Call.__struct_fields__)}
                for index, call in enumerate(calls)
            }
            if kept := {index: fields for index, fields in unknown.items() if fields}:
                extra[name] = kept
    if isinstance(raw.get("schema"), int) and raw["schema"] > SCHEMA:
        extra |= {name: raw.pop(name) for name in list(raw) if name not in ("system", "item") and not _fits(name, raw[name])}
    return raw | {"extra": raw.get("extra", {}) | extra} if extra else raw


def _fits(name: str, value: Any) -> bool:
    try:
        _line.decode(_encoder.encode({"system": "", "item": "", name: value}))
    except msgspec.ValidationError:
        return False
    return True
