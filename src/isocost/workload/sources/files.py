"""Items from a file: which column means what; the columns that mean nothing to us are kept as metadata."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from isocost.records import InputError, Item, Message, text_of
from isocost.records.errors import did_you_mean
from isocost.workload.options import refuse_unknown
from isocost.workload.sources.rows import Row, read_csv, read_jsonl, read_parquet

Columns = dict[str, str | list[str]]

DEFAULTS = {
    "id": ("id", "task_id"),
    "question": ("question", "prompt"),
    "target": ("target", "answer"),
    "group": ("group",),
    "choices": ("choices",),
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Sourced(NamedTuple):
    """An item and the line it came from, where it came from a file."""

    item: Item
    line: int | None = None


def jsonl(*, file: Path, fields: Columns | None = None, show_choices: bool = True) -> Iterator[Sourced]:
    """Items of a file of JSON lines."""
    return _items(file, read_jsonl, fields or {}, show_choices)


def csv(*, file: Path, fields: Columns | None = None, show_choices: bool = True) -> Iterator[Sourced]:
    """Items of a CSV file."""
    return _items(file, read_csv, fields or {}, show_choices)


def parquet(*, file: Path, fields: Columns | None = None, show_choices: bool = True) -> Iterator[Sourced]:
    """Items of a Parquet file; a line is a row."""
    return _items(file, read_parquet, fields or {}, show_choices)


def stable_id(question: str) -> str:
    """An id for a question that has none: the same for ever."""
    return hashlib.blake2b(question.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _items(file: Path, read: Callable[[Path], Iterator[Row]], fields: Columns, show_choices: bool) -> Iterator[Sourced]:
    refuse_unknown(fields, DEFAULTS, "fields")
    columns: Columns | None = None
    try:
        for row in read(file):
            if columns is None:
                columns = _columns(row, fields, file)
            try:
                yield Sourced(_item(row.cells, columns, show_choices), row.line)
            except InputError as error:
                raise InputError(str(error), file=file, line=row.line) from error
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}. Hint: paths start at the study file.", file=file
        ) from error
    if columns is None:
        raise InputError("the file holds no items. Hint: one row an item.", file=file)


def _columns(row: Row, fields: Columns, file: Path) -> Columns:
    """Where each of an item's fields is found, by the user's word or by its usual name in the first row."""
    found = dict(fields)
    for field, usual in DEFAULTS.items():
        name = next((name for name in usual if name in row.cells), None)
        if field not in found and name is not None:
            found[field] = name
    for field, names in found.items():
        for name in names if isinstance(names, list) else [names]:
            if name not in row.cells:
                raise InputError(f"no column '{name}' for {field}.{did_you_mean(name, row.cells)}", file=file, line=row.line)
    if "question" not in found:
        hint = f'{did_you_mean("question", row.cells)} Say which with fields = {{question = "..."}}.'
        raise InputError(f"no column 'question' or 'prompt'.{hint}", file=file, line=row.line)
    return found


def _item(cells: dict[str, Any], columns: Columns, show_choices: bool) -> Item:
    rest = dict(cells)
    taken = {field: _take(rest, names) for field, names in columns.items()}
    question = _question(taken["question"])
    choices = tuple(map(str, taken.get("choices") or ()))
    target = taken.get("target")
    if "target" in columns and (target is None or target != target or (isinstance(target, str) and target.lower() == "nan")):
        raise InputError(f"the target is {'missing' if target is None else 'NaN'}. Hint: give it a value, or take the row out.")
    name, group = taken.get("id"), taken.get("group")
    if name is None:
        name = stable_id(question if isinstance(question, str) else "\n".join(map(text_of, question)))
    if choices and show_choices and isinstance(question, str):
        question = "\n".join([question, *(f"{letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False))])
    return Item(
        id=str(name),
        question=question,
        target=target,
        group=None if group is None else str(group),
        choices=choices,
        metadata=rest,
    )


def _take(cells: dict[str, Any], names: str | list[str]) -> Any:
    if isinstance(names, str):
        return cells.pop(names, None)
    return [cell for name in names if (cell := cells.pop(name, None)) is not None]


def _question(cell: Any) -> str | tuple[Message, ...]:
    if isinstance(cell, str) and cell.strip():
        return cell
    if isinstance(cell, list) and cell:
        try:
            return msgspec.convert(cell, tuple[Message, ...])
        except msgspec.ValidationError as error:
            raise InputError(f"the question is a list, so each of it must be a chat message: {error}.") from error
    raise InputError(f"the question must be text or a list of chat messages, got {cell!r}.")
