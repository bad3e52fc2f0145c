"""`isocost import`: turn an evaluation log or a table into records."""

from pathlib import Path
from typing import get_args

import click

from isocost.cli.output import as_json
from isocost.records import Source
from isocost.records.importing import KINDS, ImportOptions, import_file

EPILOG = """\b
Examples:
  isocost import gsm_per_query.csv --as csv -o runs/gsm \\
      --map item=id,system=model,score=correct,prompt_tokens=prompt_tokens_o200k
  isocost import logs/2026-11-22.eval --as inspect -o runs/inspect
"""


@click.command("import", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "kind", type=click.Choice(KINDS), required=True, help="What the file is.")
@click.option(
    "-o", "--into", type=click.Path(path_type=Path), required=True, help="Folder of the records; may hold others already."
)
@click.option("--map", "mapping", multiple=True, help="For tables: FIELD=COLUMN,... ; FIELD='text' for a constant.")
@click.option("--wide", multiple=True, metavar="COLUMN", help="A column that is a system, its cells scores; several times.")
@click.option("--attempts", is_flag=True, help="Rows that repeat a question are attempts at it.")
@click.option(
    "--source", type=click.Choice(get_args(Source)), default="measured", show_default=True, help="What the figures are."
)
@click.option("--requests", type=click.Path(path_type=Path), help="For openai-batch: the batch's input file.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def import_(
    file: Path,
    kind: str,
    into: Path,
    mapping: tuple[str, ...],
    wide: tuple[str, ...],
    attempts: bool,
    source: Source,
    requests: Path | None,
    json_: bool,
) -> None:
    """Turn an evaluation log or a table FILE into records: all of it, or nothing."""
    options = ImportOptions(wide=wide, attempts=attempts, source=source, requests=requests)
    done = import_file(file, kind, into, ",".join(mapping), options)
    if json_:
        as_json(done)
        return
    click.echo(f"{done.records:,} records of {len(done.systems)} systems on {done.items:,} questions, in {done.folder}")
    if done.errors or done.unscored:
        click.echo(f"{done.errors:,} of them ended in an error, {done.unscored:,} have no score")
    for note in done.notes:
        click.echo(f"note: {note}")
    click.echo(f"Next:  isocost metrics {done.folder}")
