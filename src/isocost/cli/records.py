"""`isocost records`: list, compact and export records."""

from pathlib import Path

import click
import polars as pl

from isocost.cli.output import as_json, say_table
from isocost.records import open_records

SHOWN = {  # the columns of a list, and what stands above them
    "system": "system",
    "item": "item",
    "attempt": "attempt",
    "answer": "answer",
    "score": "score",
    "n_calls": "calls",
    "prompt_tokens": "read",
    "completion_tokens": "said",
    "seconds": "seconds",
    "error": "error",
}


@click.group(epilog="\b\nExample:\n  isocost records list runs/quickstart")
def records() -> None:
    """List, compact or export records."""


@records.command("list", epilog="\b\nExample:\n  isocost records list runs/quickstart --system vote5 --errors")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--system", help="Only this system's.")
@click.option("--errors", is_flag=True, help="Only those that ended in an error.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@click.option("--skip-damaged", is_flag=True, help="Leave out lines that cannot be read, and name them.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def list_(path: Path, system: str | None, errors: bool, limit: int, skip_damaged: bool, json_: bool) -> None:
    """List records: who answered what, at which score and cost."""
    opened = open_records(path, skip_damaged=skip_damaged)
    found = opened.scan()
    if system:
        found = found.filter(pl.col("system") == system)
    if errors:
        found = found.filter(pl.col("error").is_not_null())
    count = found.select(pl.len()).collect().item()
    rows = found.head(limit).collect()
    if json_:
        as_json({"count": count, "records": rows.to_dicts()})
    else:
        rows = rows.with_columns(answer=pl.coalesce("final", "text"))
        shown = {name: head for name, head in SHOWN.items() if rows[name].count()}  # what is known of any
        cells = [[_cell(value) for value in row] for row in rows.select(*shown).rows()]
        say_table(f"{count:,} records", tuple(shown.values()), cells)
        if count > limit:
            click.echo(f"{count - limit:,} more. Hint: --limit {count} shows all, `isocost records export` writes them.")
    for line in opened.damaged:
        click.echo(f"left out: {line}", err=True)


@records.command(epilog="\b\nExample:\n  isocost records compact runs/quickstart")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--skip-damaged", is_flag=True, help="Leave out lines that cannot be read; the file they stand in is kept.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def compact(path: Path, skip_damaged: bool, json_: bool) -> None:
    """Move a study's JSON lines into Parquet: smaller, and much faster to read."""
    opened = open_records(path, skip_damaged=skip_damaged).compact()
    count = opened.scan().select(pl.len()).collect().item()
    if json_:
        as_json({"folder": str(path), "records": count})
    else:
        click.echo(f"{count:,} records in {path}")


@records.command(epilog="\b\nExample:\n  isocost records export runs/quickstart answers.csv")
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def export(path: Path, file: Path, json_: bool) -> None:
    """Write the records as a flat .csv, .jsonl or .parquet FILE, one row a record."""
    count = open_records(path).export(file)
    if json_:
        as_json({"file": str(file), "records": count})
    else:
        click.echo(f"{count:,} records in {file}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
