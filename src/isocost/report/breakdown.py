"""What a question costs in each system, by call: one stacked bar a system."""

from html import escape

import polars as pl

from isocost.report.data import ReportData
from isocost.report.html import Cell, Column, Row, table
from isocost.report.words import say

COLOURS = 8  # as many as page.css has


def breakdown(data: ReportData) -> str:
    """The bars as HTML, "" where no calls were handed in. Money where every call is priced, tokens otherwise."""
    calls = data.calls
    if calls.is_empty():
        return ""
    if "purpose" in calls.columns:
        calls = calls.filter(pl.col("purpose").fill_null("answer") == "answer")
    calls = calls.filter(pl.col("system").is_in(list(data.names)))
    money = "cost" in calls.columns and calls["cost"].count() == len(calls)
    amount = pl.col("cost") if money else pl.col("prompt_tokens") + pl.col("completion_tokens")
    several = calls["model"].n_unique() > 1
    role = pl.col("role").fill_null("").replace("", "answer")
    label = pl.concat_str([role, pl.lit(" · "), pl.col("model")], ignore_nulls=True) if several else role
    parts = (
        calls.group_by("system", label.alias("label"), pl.col("shared").fill_null(False))
        .agg(pl.len().alias("calls"), amount.sum().alias("amount"))
        .sort("label", "shared")
    )
    return _bars(data, parts, money)


def _bars(data: ReportData, parts: pl.DataFrame, money: bool) -> str:
    labels = parts.group_by("label").agg(pl.col("amount").sum()).sort("amount", descending=True)["label"].to_list()
    colour = {label: min(place, COLOURS - 1) for place, label in enumerate(labels)}
    answers = {each.system: max(1, each.n_records) for each in data.systems}
    totals = {system: amount / answers[system] for system, amount in parts.group_by("system").agg(pl.col("amount").sum()).iter_rows()}
    longest = max(totals.values(), default=0.0) or 1.0
    kind, per = ("money", data.per) if money else ("count", 1)
    rows = []
    for system in data.names:
        mine = parts.filter(pl.col("system") == system)
        pieces = "".join(
            f'<i class="f{colour[label]}{" shared" if shared else ""}" style="width:{100 * amount / answers[system] / longest:.2f}%" '
            f'title="{escape(label)}{", shared" if shared else ""}: {escape(say(kind, amount / answers[system], per))}"></i>'
            for _, label, shared, _, amount in mine.iter_rows()
        )
        calls, shared = int(mine["calls"].sum()), int(mine.filter("shared")["calls"].sum())
        spoken = "; ".join(f"{label}{' (shared)' if shared else ''} {say(kind, amount / answers[system], per)}" for _, label, shared, _, amount in mine.iter_rows())
        bar = f'<span class="stack" aria-hidden="true">{pieces}</span><span class="sr">{escape(spoken)}</span>'
        total = totals.get(system)
        rows.append(Row(system, [
            Cell("", markup=bar),
            Cell(say(kind, total, per), total),
            Cell(f"{calls / answers[system]:.1f}", calls / answers[system], f"{100 * shared / calls:.0f} % shared" if shared else ""),
        ]))
    unit = (f"dollars per {per:,} questions" if per > 1 else "dollars per question") if money else "tokens per question"
    key = "".join(f'<li><i class="f{colour[label]}"></i>{escape(label)}</li>' for label in labels)
    shared_key = '<li><i class="shared"></i>shared call</li>' if parts["shared"].any() else ""
    columns = [Column("system"), Column("by call", words=True), Column(unit), Column("calls per question")]
    return f'<ul class="legend">{key}{shared_key}</ul><div class="bars">' + table(f"In {unit}.", columns, rows, name="Cost by call") + "</div>"
