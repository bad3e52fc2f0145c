"""`isocost frontier`: which systems are not dominated, how surely, and what the next point costs."""

from pathlib import Path

import click

from isocost.cli.metrics import told
from isocost.cli.output import as_json, say_table
from isocost.records import open_records
from isocost.study.view import SEED, draw_frontier


@click.command(epilog="\b\nExample:\n  isocost frontier runs/quickstart --x tokens --y accuracy --json")
@click.argument("records", type=click.Path(path_type=Path))
@click.option("--x", default="cost", show_default=True, help="What is paid.")
@click.option("--y", default="accuracy", show_default=True, help="What is gained.")
@click.option("--replicates", type=click.IntRange(min=10), default=1000, show_default=True, help="Bootstrap replicates.")
@click.option("--seed", default=SEED, show_default=True, help="Of the bootstrap.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def frontier(records: Path, x: str, y: str, replicates: int, seed: int, json_: bool) -> None:
    """The frontier of the systems in RECORDS, with how surely each system is on it."""
    drawn = draw_frontier(open_records(records), x, y, replicates=replicates, seed=seed)
    if json_:
        as_json(drawn.as_dict())
        return
    rows = [
        (place.system, told(place.x), told(place.y), "yes" if place.member else "no", f"{place.on_frontier:.0%}")
        for place in drawn.systems
    ]
    say_table("", ("system", x, y, "on the frontier", "in how many replicates"), rows)
    for rise in drawn.rises:
        click.echo(f"{rise.start} -> {rise.end}: {rise.gain:+.4g} {y} for {rise.extra:+.4g} {x} ({rise.price:.4g} a unit)")
    click.echo(f"hypervolume {told(drawn.hypervolume)}; optimism of choosing on the same questions {told(drawn.optimism)}")
    for system, why in drawn.left_out.items():
        click.echo(f"left out: {system}: {why}")
    for note in drawn.notes:
        click.echo(f"note: {note}")
