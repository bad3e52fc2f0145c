"""What a question costs in each system, by call: one stacked bar a system."""

from html import escape
from typing import NamedTuple

import polars as pl

from isocost.report.data import ReportData
from isocost.report.html import Cell, Column, Row, table
from isocost.report.words import say

COLOURS = 8  # as many as page.css has


class _Unit(NamedTuple):
    kind: str
    per: int
    name: str

    def say(self, amount: float | None) -> str:
        return say(self.kind, amount, self.per)


class _Part(NamedTuple):
    """One kind of call of one system; amount: a question's dollars or tokens for it."""

    label: str
    shared: bool
    calls: int
    amount: float


def breakdown(data: ReportData) -> str:
    """The bars as HTML, "" where no calls were handed in. Money where every call is priced, tokens otherwise."""
    if data.calls.is_empty():
        return ""
    calls = data.calls.filter(pl.col("system").is_in(list(data.names)))
    if "purpose" in calls.columns:
        calls = calls.filter(pl.col("purpose").fill_null("answer") == "answer")
    priced = "cost" in calls.columns and calls["cost"].count() == len(calls)
    parts = _parts(data, calls, pl.col("cost") if priced else pl.col("prompt_tokens") + pl.col("completion_tokens"))
    unit = _Unit("count", 1, "tokens per question")
    if priced:
        unit = _Unit("money", data.per, f"dollars per {data.per:,} questions" if data.per > 1 else "dollars per question")
    labels = _labels(parts)
    return f'<ul class="legend">{_legend(labels, parts)}</ul><div class="bars">{_table(data, parts, labels, unit)}</div>'


def _parts(data: ReportData, calls: pl.DataFrame, amount: pl.Expr) -> dict[str, list[_Part]]:
    role = pl.col("role").fill_null("").replace("", "answer")
    several = calls["model"].n_unique() > 1
    label = pl.concat_str(role, pl.col("model"), separator=", ", ignore_nulls=True) if several else role
    groups = calls.group_by("system", label.alias("label"), pl.col("shared").fill_null(False)).agg(
        pl.len(), amount.sum().alias("sum")
    )
    answers = {each.system: max(1, each.n_records) for each in data.systems}
    parts: dict[str, list[_Part]] = {name: [] for name in data.names}
    for system, name, shared, number, total in groups.sort("label", "shared").iter_rows():
        parts[system].append(_Part(name, shared, number, total / answers[system]))
    return parts


def _labels(parts: dict[str, list[_Part]]) -> dict[str, int]:
    """The colour of each label, those that cost most first; the last colour is for all the rest."""
    total: dict[str, float] = {}
    for part in (part for mine in parts.values() for part in mine):
        total[part.label] = total.get(part.label, 0.0) + part.amount
    return {label: min(place, COLOURS - 1) for place, label in enumerate(sorted(total, key=lambda label: -total[label]))}


def _legend(labels: dict[str, int], parts: dict[str, list[_Part]]) -> str:
    shared = any(part.shared for mine in parts.values() for part in mine)
    key = "".join(f'<li><i class="f{colour}"></i>{escape(label)}</li>' for label, colour in labels.items())
    return key + ('<li><i class="shared"></i>shared call</li>' if shared else "")


def _table(data: ReportData, parts: dict[str, list[_Part]], labels: dict[str, int], unit: _Unit) -> str:
    totals = {name: sum(part.amount for part in mine) for name, mine in parts.items()}
    longest = max(totals.values(), default=0.0) or 1.0
    answers = {each.system: max(1, each.n_records) for each in data.systems}
    rows = []
    for name, mine in parts.items():
        calls, shared = sum(part.calls for part in mine), sum(part.calls for part in mine if part.shared)
        note = f"{100 * shared / calls:.0f} % shared" if shared else ""
        each = calls / answers[name]
        cells = [Cell("", markup=_bar(mine, labels, longest, unit)), Cell(unit.say(totals[name]), totals[name])]
        rows.append(Row(name, [*cells, Cell(f"{each:.1f}", each, note)]))
    columns = [Column("system"), Column("by call", words=True), Column(unit.name), Column("calls per question")]
    return table("Cost by call", f"In {unit.name}.", columns, rows)


def _bar(parts: list[_Part], labels: dict[str, int], longest: float, unit: _Unit) -> str:
    pieces, spoken = [], []
    for part in parts:
        said = escape(f"{part.label}{' (shared)' if part.shared else ''}: {unit.say(part.amount)}")
        classes = f"f{labels[part.label]}{' shared' if part.shared else ''}"
        pieces.append(f'<i class="{classes}" style="width:{100 * part.amount / longest:.2f}%" title="{said}"></i>')
        spoken.append(said)
    return f'<span class="stack" aria-hidden="true">{"".join(pieces)}</span><span class="sr">{"; ".join(spoken)}</span>'
