"""What every command prints with: JSON or a table on stdout."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from rich.console import Console


def as_json(value: Any) -> None:
    """Prints a value as JSON on stdout; what is infinite or not a number becomes null."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def say_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a plain table on stdout, as wide as the terminal."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console(markup=False).print(table)


def console(**settings: Any) -> "Console":
    """A console on stdout. Where the reader has left (`| head`) it raises BrokenPipeError, like any other print."""
    from rich.console import Console

    class Stdout(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Stdout(file=sys.stdout, **settings)
