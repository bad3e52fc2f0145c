"""The terminal's table: one line a system, cheapest first, every number with what it rests on.

Nothing is said by colour alone, and no line is cut: a narrow terminal gets two tables instead of one wide one.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from isocost.metrics import Estimate, SystemMetrics
from isocost.report.data import ReportData
from isocost.report.picture import points
from isocost.report.summary import Sentence, unmeasured, verdict
from isocost.report.words import AXES, DASH, interval, probability, say

HYPHENS = box.Box("    \n    \n -- \n" + "    \n" * 5, ascii=True)  # SIMPLE_HEAD without Unicode


class _Column(NamedTuple):
    head: str
    cell: Callable[[str], str]
    first: bool  # whether it stands in the first table of a narrow terminal


def table(data: ReportData, console: Console | None = None) -> None:
    """Prints the systems as a table, the tasks below where there are several, then what to know before reading it.

    console: where to print, 80 columns or more; it knows its width and whether it can show more than ASCII.
    """
    console = console or Console()
    plain = console.options.ascii_only
    columns = list(_columns(data, "-" if plain else DASH))
    tables = [_table(data, columns, plain)]
    if Measurement.get(console, console.options.update(width=1000), tables[0]).maximum > console.width:
        tables = [_table(data, [column for column in columns if column.first == first], plain) for first in (True, False)]
    if len(data.by_task) > 1:
        tables.append(_table(data, list(_tasks(data)), plain, title=f"{AXES[data.main[1]].label.capitalize()} by task"))
    for each in tables:
        if len(each.columns) > 1:
            console.print(each)
    for sentence in [*verdict(data), *_notes(data), *unmeasured(data)]:
        console.print(_text("".join(sentence), plain))


def _text(text: str, plain: bool, style: str = "") -> Text:
    """Text, not markup (a system called "[red]" is only a name), in ASCII where the terminal knows no more."""
    return Text(text.encode("ascii", "replace").decode() if plain else text, style=style)


def _table(data: ReportData, columns: list[_Column], plain: bool, title: str | None = None) -> Table:
    made = Table(
        box=HYPHENS if plain else box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    made.add_column("system", overflow="fold", vertical="top")
    for column in columns:
        made.add_column(column.head, justify="right", no_wrap=True)
    on = {point["system"] for point in points(data, *data.main) if point["on"]}
    for name in data.names:
        cells = (_text(column.cell(name), plain) for column in columns)
        made.add_row(_text(name, plain, "bold" if name in on else ""), *cells)
    return made


def _columns(data: ReportData, joint: str) -> Iterator[_Column]:
    x, y = data.main
    systems = {each.system: each for each in data.systems}
    yield _Column(f"{AXES[y].label},\n95 % interval", lambda name: _value(data, name, y, joint=joint), True)
    yield _Column(_head(data, x), lambda name: _value(data, name, x), True)
    yield _Column("on the\nfrontier", _membership(data), True)
    yield _Column("errors", lambda name: _errors(systems[name]), True)
    for metric in ("tokens", "seconds", "cost"):
        if metric != x and metric in data.axes:
            yield _Column(_head(data, metric), lambda name, metric=metric: _value(data, name, metric), False)  # type: ignore[misc]
    for metric, how in (("cost_per_correct_pooled", "pooled"), ("cost_per_correct_per_question", "per\nquestion")):
        if any(data.told(name, metric) for name in data.names):
            head = f"{_money(data)}right,\n{how}"
            yield _Column(head, lambda name, metric=metric: _value(data, name, metric), False)  # type: ignore[misc]


def _tasks(data: ReportData) -> Iterator[_Column]:
    y = data.main[1]
    for task, systems in data.by_task.items():
        found = {each.system: each.metrics.get(y) for each in systems}

        def cell(name: str, found: dict[str, Estimate | None] = found) -> str:
            estimate = found.get(name)
            return say(AXES[y].kind, estimate.value) if estimate else "not asked"

        yield _Column(task or "no task", cell, True)


def _value(data: ReportData, name: str, metric: str, *, joint: str = "") -> str:
    kind = AXES[metric].kind if metric in AXES else "money"
    estimate = data.told(name, metric)
    if estimate is None or estimate.value is None:
        return data.missing(name, metric, kind)
    value = say(kind, estimate.value, data.per)
    return f"{value} {interval(kind, estimate, joint=joint).removesuffix(' %'):>11}" if joint else value


def _head(data: ReportData, metric: str) -> str:
    if AXES[metric].kind == "money":
        return f"{_money(data)}question{'s' if data.per > 1 else ''}"
    return AXES[metric].label.replace(" per ", "/\n").replace(" to ", "\nto ")


def _money(data: ReportData) -> str:
    return f"$ for {data.per:,}\n" if data.per > 1 else "$ for a\n"


def _membership(data: ReportData) -> Callable[[str], str]:
    placed = {point["system"]: point for point in points(data, *data.main)}
    surely = data.frontier(*data.main) is not None

    def cell(name: str) -> str:
        if name not in placed:
            return "not placed"
        point = placed[name]
        return ("yes" if point["on"] else "no") + (f", {probability(point['p'])}" if surely else "")

    return cell


def _errors(system: SystemMetrics) -> str:
    return f"{system.n_errors:,} of {system.n_records:,}" if system.n_errors else "none"


def _notes(data: ReportData) -> Iterator[Sentence]:
    if data.frontier(*data.main) is not None:
        yield (
            "On the frontier: nothing cheaper is at least as good. The percentage: how often, with the questions drawn again.",
        )
    if any(each.n_errors for each in data.systems):
        yield ("Errors are failed calls: counted apart, never as wrong answers.",)
