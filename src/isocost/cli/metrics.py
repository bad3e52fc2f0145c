"""`isocost metrics` and `isocost compare`."""

from pathlib import Path

import click

from isocost.cli.output import as_json, say_table
from isocost.metrics import Estimate, summarise
from isocost.metrics import compare as compared
from isocost.records import open_records

SHOWN = ("accuracy", "tokens", "seconds", "cost", "cost_per_correct_pooled")


@click.command(epilog="\b\nExample:\n  isocost metrics runs/quickstart --metric accuracy --metric cost --json")
@click.argument("records", type=click.Path(path_type=Path))
@click.option("--metric", "names", multiple=True, help="Only this one; may be given several times.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def metrics(records: Path, names: tuple[str, ...], json_: bool) -> None:
    """Quality and cost of each system in RECORDS, with 95 % intervals."""
    opened = open_records(records)
    systems = summarise(opened, prices=opened.manifest.prices, metrics=names or None)
    if json_:
        as_json({"systems": systems})
        return
    rows = [
        (system.system, name, *_cells(found), f"{found.n:,}", found.method, found.basis)
        for system in systems
        for name, found in system.metrics.items()
        if names or name in SHOWN
    ]
    say_table("", ("system", "metric", "value", "95 % interval", "n", "method", "basis"), rows)
    for system in systems:
        if system.n_errors:
            click.echo(f"{system.system}: {system.n_errors:,} of {system.n_records:,} attempts failed; no metric counts them.")


@click.command(epilog="\b\nExample:\n  isocost compare runs/quickstart --metric accuracy --baseline zero-shot")
@click.argument("records", type=click.Path(path_type=Path))
@click.option("--metric", default="accuracy", show_default=True, help="What to compare.")
@click.option("--baseline", help="Compare every system with this one only.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def compare(records: Path, metric: str, baseline: str | None, json_: bool) -> None:
    """Paired differences between the systems in RECORDS, corrected for how many are compared."""
    opened = open_records(records)
    pairs = compared(opened, metric, baseline=baseline, prices=opened.manifest.prices)
    if json_:
        as_json({"comparisons": pairs})
        return
    rows = [(pair.first, pair.second, told(pair.difference), f"{pair.p:.3g}") for pair in pairs]
    say_table(f"{metric}: first minus second", ("first", "second", "difference", "p (Holm)"), rows)


def _cells(estimate: Estimate) -> tuple[str, str]:
    if estimate.value is None:
        return "-", ""
    ends = ["" if end is None else f"{end:.4g}" for end in (estimate.low, estimate.high)]
    return f"{estimate.value:.4g}", f"[{ends[0] or '..'}, {ends[1] or '..'}]" if any(ends) else "unbounded"


def told(estimate: Estimate | None) -> str:
    """An estimate for a table: value and interval, or why there is none."""
    if estimate is None:
        return "not measured"
    if estimate.value is None:
        return estimate.method
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.4g}"
    return f"{estimate.value:.4g} [{estimate.low:.4g}, {estimate.high:.4g}]"
