"""Small pieces of HTML: tables, prose. Everything that is not a piece made here is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from isocost.report.summary import Name, Sentence


class Cell(NamedTuple):
    """A table cell: its text, what to sort it by (None: not measured), a smaller second line, and markup made here."""

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
    """A table row, about a system."""

    system: str
    cells: Sequence[Cell]
    classes: str = ""
    small: str = ""


def prose(sentence: Sentence) -> str:
    """A sentence with its systems' names set apart."""
    return "".join(f"<b>{escape(piece)}</b>" if isinstance(piece, Name) else escape(piece) for piece in sentence)


def table(caption: str, columns: Sequence[Column], rows: Iterable[Row], *, name: str, identity: str = "") -> str:
    """A table that scrolls within itself on a narrow screen and can be sorted by its heads."""
    heads = "".join(
        f'<th scope="col"{" data-first=descending" if column.descending else ""}{" class=t" if column.words else ""}>'
        f"{escape(column.title)}</th>"
        for column in columns
    )
    body = "".join(_row(row, columns[1:]) for row in rows)
    own = f' id="{identity}"' if identity else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table class="sortable"{own}>'
        f'<caption data-name="{escape(name)}">{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(row: Row, columns: Sequence[Column]) -> str:
    small = f"<small>{escape(row.small)}</small>" if row.small else ""
    cells = "".join(_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True))
    return (
        f'<tr data-system="{escape(row.system)}" class="{row.classes}">'
        f'<th scope="row" data-v="{escape(row.system)}">{escape(row.system)}{small}</th>{cells}</tr>'
    )


def _cell(cell: Cell, column: Column) -> str:
    small = f"<small>{escape(cell.small)}</small>" if cell.small else ""
    classes = " ".join(name for name, holds in (("t", column.words), ("none", cell.sort is None and not column.words)) if holds)
    own = f' class="{classes}"' if classes else ""
    key = "" if column.words else f' data-v="{"" if cell.sort is None else repr(cell.sort)}"'
    return f"<td{own}{key}>{escape(cell.text)}{cell.markup}{small}</td>"
