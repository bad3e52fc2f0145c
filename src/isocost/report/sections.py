"""The sections of the page, each as HTML that stands without scripts."""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

import polars as pl

from isocost.report import tables
from isocost.report.breakdown import breakdown
from isocost.report.data import ReportData
from isocost.report.html import filled, listed, options
from isocost.report.picture import points, wide
from isocost.report.summary import unmeasured
from isocost.report.words import AXES, digits

NOTES = {
    "frontier": "Bars are 95 % intervals. Fill: how often a system is on the frontier when the questions are drawn again.",
    "systems": "Cheapest first; the heads sort. A failed call is an error, not a wrong answer. Cost per right answer, pooled: "
    "all the money over all the right answers. Per question: until each question is right once, infinite if one never is.",
    "tasks": "A system that is worth its price on one task may not be on another.",
    "questions": "One bar for each answer, cheapest system first: dark is right, pale is wrong, striped is an error. Open a "
    "question to read who answered what.",
    "calls": "What a question costs in each system, by what the calls were for. Striped: shared with another system, so asked "
    "once, but counted in full, since the system alone would have made it.",
    "missing": "What is missing is left out of means and axes, never counted as 0.",
    "again": "Records hold quantities; money comes from prices, so a new price needs no new run.",
}


class Section(NamedTuple):
    """A section: its heading and note stand in the margin, its body beside them (HTML made here)."""

    id: str
    title: str
    body: str

    def html(self) -> str:
        """The whole section."""
        head = f'<h2 id="{self.id}-title">{escape(self.title)}</h2><p class="note">{escape(NOTES[self.id])}</p>'
        return (
            f'<section id="{self.id}" aria-labelledby="{self.id}-title"><header>{head}</header><div>{self.body}</div></section>'
        )


def sections(data: ReportData, text_limit: int | None) -> list[Section]:
    """The sections that have something to show, in order."""
    looking = '<div class="looking" id="looking" aria-live="polite"></div>'
    made = [
        Section("frontier", "Frontier", _frontier(data)),
        Section("systems", "Systems", looking + tables.systems(data) + '<p class="sr" id="said" aria-live="polite"></p>'),
        Section("tasks", "By task", tables.tasks(data) if len(data.by_task) > 1 else ""),
        Section("questions", "Questions", "" if data.records.is_empty() else _questions(data, text_limit)),
        Section("calls", "Cost by call", breakdown(data)),
        Section("missing", "Not measured, and errors", _missing(data)),
        Section("again", "How to reproduce", _again(data)),
    ]
    return [section for section in made if section.body]


def facts(data: ReportData) -> str:
    """The figures beside the summary."""
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(data))


def _facts(data: ReportData) -> Iterator[tuple[str, str]]:
    yield "systems", f"{len(data.systems):,}"
    yield "questions", f"{max((each.n_items for each in data.systems), default=0):,}"
    if len(data.by_task) > 1:
        yield "tasks", f"{len(data.by_task):,}"
    yield "answers", f"{sum(each.n_records for each in data.systems):,}"
    yield "errors", f"{sum(each.n_errors for each in data.systems):,}"
    if {"prompt_tokens", "completion_tokens"} <= set(data.records.columns):
        tokens = data.records.select(pl.col("prompt_tokens").sum() + pl.col("completion_tokens").sum()).item()
        yield "tokens accounted", f"{tokens:,}"
    if "cost" in data.records.columns and data.records["cost"].count():
        whole = data.records["cost"].null_count() == 0
        yield "cost accounted" if whole else "cost, where priced", f"${digits(float(data.records['cost'].sum()))}"


def _frontier(data: ReportData) -> str:
    x, y = data.main
    shown = points(data, x, y)
    if not shown:
        return ""
    paid = [name for name in data.axes if not AXES[name].more_is_better]
    drawn = data.frontier(x, y)
    notes = "".join(f'<p class="note">{escape(note[:1].upper() + note[1:])}.</p>' for note in drawn.notes) if drawn else ""
    rises = tables.steps(data)
    pieces = {
        "across": options(((name, AXES[name].label) for name in paid), x),
        "up": options(((name, AXES[name].label) for name in data.axes), y),
        "log": " checked" if wide(shown) else "",
        "steps": (f"<h3>What the next point costs</h3>{rises}" if rises else "") + notes,
    }
    return filled("frontier.html", pieces)


def _questions(data: ReportData, limit: int | None) -> str:
    tasks = [("", "all tasks"), *((task, task) for task in sorted(data.by_task))]
    cut = "" if limit is None else "Texts are left out" if limit == 0 else f"Texts are cut after {limit:,} characters"
    pieces = {
        "task": f'<label>task<select id="task">{options(tasks)}</select></label>' if len(tasks) > 2 else "",
        "cut": f'<p class="note">{cut} to keep this page small; the records have them whole.</p>' if cut else "",
    }
    return filled("questions.html", pieces)


def _missing(data: ReportData) -> str:
    gaps = unmeasured(data)
    failed = tables.errors(data)
    return (
        (listed(gaps) if gaps else "<p>Everything this report shows was measured for every system.</p>")
        + (f"<h3>Errors</h3>{failed}" if failed else "")
        + ("" if sum(each.n_errors for each in data.systems) else "<p>No call failed for good.</p>")
    )


def _again(data: ReportData) -> str:
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{_how(name, value)}</dd>" for name, value in data.made.items())
    prices = tables.prices(data)
    return (f'<dl class="made">{pairs}</dl>' if pairs else "") + (f"<h3>Prices</h3>{prices}" if prices else "")


def _how(name: str, value: str) -> str:
    return f"<code>{escape(value)}</code>" if name == "command" else escape(value)
