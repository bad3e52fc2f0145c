"""`isocost study`: ask every system every question, then show the frontier."""

import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isocost.cli.output import as_json, say_table
from isocost.cli.report import show
from isocost.report import page
from isocost.run import Outcome, Progress, ask
from isocost.study.dry import dry_run, rehearse
from isocost.study.file import read_study
from isocost.study.story import How, conduct, set_aside
from isocost.study.team import Prepared, prepare
from isocost.study.view import view

if TYPE_CHECKING:
    from isocost.study.adaptive import Adaptive, Found


@click.command(epilog="\b\nExample:\n  isocost study examples/quickstart.toml -o runs/quickstart --max-cost 0.50")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--into", type=click.Path(path_type=Path), help="Folder of the records and the report. [runs/NAME]")
@click.option("--engine", type=click.Choice(["here", "ray"]), default="here", show_default=True, help="Who does the work.")
@click.option("--adaptive", is_flag=True, help="Ask only what the frontier depends on, until it is 95 % sure.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0, max=0.5),
    default=0.02,
    show_default=True,
    help="With --adaptive: by how much of accuracy the frontier may be off.",
)
@click.option("--max-cost", type=click.FloatRange(min=0), help="Stop when this many dollars are spent.")
@click.option(
    "--resume/--fresh", default=True, help="Go on where it stopped (default), or set what is there aside and start again."
)
@click.option("--dry-run", is_flag=True, help="Print what would be asked and the most it could cost; ask nothing.")
@click.option("--page/--no-page", "with_page", default=True, help="Write report.html at the end.")
@click.option("-q", "--quiet", is_flag=True, help="No progress display.")
@click.option("--json", "json_", is_flag=True, help="Print the outcome as JSON.")
def study(
    file: Path,
    into: Path | None,
    engine: str,
    adaptive: bool,
    tolerance: float,
    max_cost: float | None,
    resume: bool,
    dry_run: bool,
    with_page: bool,
    quiet: bool,
    json_: bool,
) -> None:
    """Ask every system of a study FILE every question, and show quality, cost and the frontier.

    The same command again asks only what is missing. Ctrl-C loses nothing.
    """
    prepared = prepare(read_study(file))
    if dry_run:
        _dry_run(prepared, json_)
        return
    rehearse(prepared)
    how = How(into or Path("runs") / _folder(prepared.study.settings.name or file.stem), engine, max_cost)
    if not resume and (aside := set_aside(how.into)):
        click.echo(f"what was in {how.into} is now in {aside}", err=True)
    if prepared.unpriced:
        names = ", ".join(f"'{model}'" for model in prepared.unpriced)
        click.echo(
            f"note: no price is known of {names}: their systems are shown as unpriced, and stay off money axes.", err=True
        )
    with nullcontext() if quiet else Progress() as progress:
        asking = _adaptive(prepared, engine, tolerance) if adaptive else None
        outcome = conduct(prepared, how, progress, asking or ask)
    _tell(how, outcome, asking.found if asking else None, with_page=with_page, json_=json_)
    if outcome.stopped:
        click.echo(
            f"{outcome.why or 'interrupted.'} {outcome.remaining:,} answers are missing; the same command goes on.", err=True
        )
        raise SystemExit({"cap": 3, "interrupt": 130}[outcome.stopped])
    if outcome.errors and outcome.errors == outcome.asked:
        click.echo(
            f"error: every answer ended in an error. Hint: `isocost records list {how.into} --errors` says how.", err=True
        )
        raise SystemExit(1)


def _folder(name: str) -> str:
    """The study's name as that of one folder, whatever stands in it."""
    return re.sub(r"[/\\\0]|^\.+", "-", name)


def _adaptive(prepared: Prepared, engine: str, tolerance: float) -> "Adaptive":
    from isocost.study.adaptive import Adaptive  # imports the compiler

    return Adaptive(prepared, engine, tolerance)


def _tell(how: How, outcome: Outcome, found: "Found | None", *, with_page: bool, json_: bool) -> None:
    data = view(how.into)
    where = page(data, how.into / "report.html") if with_page else None
    if json_:
        adaptive = {} if found is None else {"adaptive": found._asdict()}
        as_json({"folder": str(how.into), "report": where and str(where), "outcome": outcome} | adaptive)
    else:
        show(data)
        if where:
            click.echo(f"\nThe report: {where}")
        if found is not None:
            click.echo(f"\n{found.words()}")


def _dry_run(prepared: Prepared, json_: bool) -> None:
    each, whole = dry_run(prepared)
    if json_:
        as_json({"systems": [bound._asdict() for bound in each], "whole": whole._asdict()})
        return
    rows = [
        (
            b.system,
            f"{b.questions:,}",
            f"{b.calls:,}",
            f"{b.tokens:,}",
            "not bounded" if b.dollars is None else f"${b.dollars:.4g}",
        )
        for b in [*each, whole]
    ]
    title = f"{len(prepared.workload.items):,} questions, {len(each)} systems: at most"
    say_table(title, ("system", "answers", "calls", "tokens", "money"), rows)
    if whole.dollars is None:
        click.echo(
            "Money is bounded only where every model has a price by tokens; --max-cost caps it where each has one at all."
        )
