"""`isocost report`: the web page or a picture of some records."""

from pathlib import Path

import click

from isocost.cli.output import console
from isocost.report import ReportData, image, page, plot, table
from isocost.study.view import view


@click.command(epilog="\b\nExample:\n  isocost report runs/quickstart --image frontier.svg")
@click.argument("records", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The page. [RECORDS/report.html]")
@click.option("--image", "picture", type=click.Path(path_type=Path), help="Write the plot as .png or .svg instead.")
@click.option("--x", help="What is paid: cost, tokens, seconds, calls, ...")
@click.option("--y", help="What is gained: accuracy, mean_score.")
@click.option("--terminal", is_flag=True, help="Show table and plot here instead.")
def report(records: Path, output: Path | None, picture: Path | None, x: str | None, y: str | None, terminal: bool) -> None:
    """Write the page of some RECORDS: one file that works offline."""
    data = view(records, (x, y))
    if terminal:
        show(data)
    elif picture:
        click.echo(image(data, picture))
    else:
        folder = records if records.is_dir() else records.parent
        click.echo(page(data, output or folder / "report.html"))


def show(data: ReportData) -> None:
    """The table and the plot on stdout, as wide as the terminal."""
    stdout = console()
    table(data, stdout)
    click.echo()
    plot(data, stdout)
