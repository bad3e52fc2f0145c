"""Small pieces of HTML: templates, tables, prose. Everything that is not a piece made here is escaped."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import NamedTuple

from isocost.report.summary import Name, Sentence


class Cell(NamedTuple):
    """A table cell: its text, what to sort it by (None: not known), a smaller second line, and markup made here."""

    text: str
    sort: float | None = None
    small: str = ""
    markup: str = ""


class Column(NamedTuple):
    """A table column; descending: whether its first sorting puts large values first; words: text, not figures."""

    title: str
    descending: bool = False
    words: bool = False


class Row(NamedTuple):
    """A table row; its name heads it (mostly a system's). small: a second line under the name."""

    name: str
    cells: Sequence[Cell]
    classes: str = ""
    small: str = ""


def text_of(name: str) -> str:
    """A file that stands beside this one: a template, a style, a script."""
    return files("isocost.report").joinpath(name).read_text(encoding="utf-8")


def filled(template: str, pieces: Mapping[str, str]) -> str:
    """The template with each {{name}} replaced, once: a piece that contains {{name}} itself is left as it is."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: pieces[found[1]], text_of(template))


def prose(sentence: Sentence) -> str:
    """A sentence with its systems' names set apart, and no number parted from its percent sign."""
    pieces = (f"<b>{escape(piece)}</b>" if isinstance(piece, Name) else escape(piece) for piece in sentence)
    return "".join(pieces).replace(" %", "&nbsp;%")


def listed(sentences: Iterable[Sentence]) -> str:
    """Sentences as a list."""
    return f'<ul class="plain">{"".join(f"<li>{prose(sentence)}</li>" for sentence in sentences)}</ul>'


def options(pairs: Iterable[tuple[str, str]], chosen: str = "") -> str:
    """The options of a select, from values and labels."""
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(label)}</option>'
        for value, label in pairs
    )


def table(name: str, caption: str, columns: Sequence[Column], rows: Iterable[Row], *, identity: str = "") -> str:
    """A table that scrolls within itself on a narrow screen and can be sorted by its heads."""
    heads = "".join(_head(column) for column in columns)
    body = "".join(_row(row, columns[1:]) for row in rows)
    own = f' id="{identity}"' if identity else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table class="sortable"{own}>'
        f'<caption data-name="{escape(name)}">{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _head(column: Column) -> str:
    first = " data-first=descending" if column.descending else ""
    return f'<th scope="col"{first}{" class=t" if column.words else ""}>{escape(column.title)}</th>'


def _row(row: Row, columns: Sequence[Column]) -> str:
    name = escape(row.name)
    cells = "".join(_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True))
    head = f'<th scope="row" data-v="{name}">{name}{_small(row.small)}</th>'
    return f'<tr data-system="{name}" class="{row.classes}">{head}{cells}</tr>'


def _cell(cell: Cell, column: Column) -> str:
    body = f"{escape(cell.text)}{cell.markup}{_small(cell.small)}"
    if column.words:
        return f'<td class="t">{body}</td>'
    if cell.sort is None:
        return f'<td class="none" data-v="">{body}</td>'
    return f'<td data-v="{cell.sort!r}">{body}</td>'


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""
