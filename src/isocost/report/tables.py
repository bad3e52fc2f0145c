"""The tables of the page: systems, tasks, steps along the frontier, errors, prices."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from isocost.metrics import Estimate, SystemMetrics
from isocost.report.data import ReportData
from isocost.report.html import Cell, Column, Row, table
from isocost.report.picture import Point, points
from isocost.report.summary import asked
from isocost.report.words import AXES, DASH, digits, interval, probability, say

CORRECT = {"cost_per_correct_pooled": "pooled", "cost_per_correct_per_question": "per question"}


def systems(data: ReportData) -> str:
    """Every system with what was measured of it, cheapest first."""
    x, y = data.main
    others = [name for name in ("cost", "tokens", "seconds", "energy") if name in data.axes and name not in (x, y)]
    metrics = [x, *(name for name in CORRECT if any(data.told(system, name) for system in data.names)), *others]
    columns = [
        Column("system"),
        Column("frontier", descending=True),
        Column(AXES[y].label, descending=AXES[y].more_is_better),
        *(Column(_title(data, metric)) for metric in metrics),
        Column("errors", descending=True),
    ]
    placed = {point["system"]: point for point in points(data, x, y)}
    found = {each.system: each for each in data.systems}
    rows = [
        Row(
            name,
            [
                _membership(data, placed.get(name)),
                _estimate(data.told(name, y), AXES[y].kind, whisker=True),
                *(
                    _estimate(data.told(name, metric), _kind(metric), data.per, data.missing(name, metric, _kind(metric)))
                    for metric in metrics
                ),
                _errors(found[name]),
            ],
            classes="on" if name in placed and placed[name]["on"] else "",
            small=_basis(data, name),
        )
        for name in data.names
    ]
    return table("Systems", f"{asked(data)}. Second lines are 95 % intervals.", columns, rows, identity="system-table")


def tasks(data: ReportData) -> str:
    """The main quality of every system on each task."""
    y = data.main[1]
    found = [{each.system: each.metrics.get(y) for each in systems} for systems in data.by_task.values()]
    rows = [
        Row(name, [_estimate(task[name], AXES[y].kind, whisker=True) if name in task else Cell("not asked") for task in found])
        for name in data.names
    ]
    columns = [Column("system"), *(Column(task or "no task", descending=True) for task in data.by_task)]
    return table("Tasks", f"{AXES[y].label.capitalize()} on each task, with 95 % intervals.", columns, rows)


def steps(data: ReportData) -> str:
    """What each step along the frontier buys and costs; "" where there is none."""
    drawn = data.frontier(*data.main)
    if drawn is None or not drawn.rises:
        return ""
    x, y = (AXES[name] for name in data.main)
    scale, unit = (100, "point") if y.kind == "share" else (1, f"unit of {y.label}")
    rows = [
        Row(
            rise.end,
            [
                Cell(rise.start),
                Cell(f"+{digits(rise.gain * scale)}", rise.gain),
                Cell(f"+{say(x.kind, rise.extra, data.per)}", rise.extra),
                Cell(say(x.kind, rise.price / scale, data.per), rise.price),
            ],
            small="the knee: returns diminish after it" if rise.end == drawn.knee else "",
        )
        for rise in drawn.rises
    ]
    heads = [Column("to"), Column("from", words=True), Column(f"gains, {unit}s", descending=True), Column("for more")]
    return table("Steps along the frontier", "Each step along the frontier.", [*heads, Column(f"price of one {unit}")], rows)


def errors(data: ReportData) -> str:
    """Failed calls by system and kind; "" where there is none or nothing is known of them."""
    if "error" not in data.records.columns:
        return ""
    failed = data.records.filter(pl.col("error").is_not_null())
    kind = pl.col("error_kind") if "error_kind" in failed.columns else pl.lit(None, pl.String)
    groups = failed.group_by("system", kind.fill_null("other").alias("kind")).agg(pl.len(), pl.col("error").first())
    rows = [
        Row(system, [Cell(kind), Cell(f"{number:,}", number), Cell(message[:200])])
        for system, kind, number, message in groups.sort("system", "kind").iter_rows()
    ]
    columns = [
        Column("system"),
        Column("kind", words=True),
        Column("errors", descending=True),
        Column("first message", words=True),
    ]
    return table("Errors", "Failed calls by kind, with the first message of each.", columns, rows) if rows else ""


def prices(data: ReportData) -> str:
    """What each model's quantities cost, and who says so; "" where no prices were handed in."""
    rows = []
    for model, price in sorted(data.prices.items()):
        money = [_of(price, name) for name in ("input", "cached", "output", "per_hour")]
        where = " ".join(str(part) for part in (_of(price, "source"), _of(price, "date")) if part)
        cells = [Cell("none" if each is None else f"${digits(float(each))}", each) for each in money]
        rows.append(Row(model, [*cells, Cell(where or "not stated")]))
    columns = [
        *(Column(name) for name in ("model", "input", "cached input", "output", "an hour")),
        Column("source and date", words=True),
    ]
    return table("Prices", "Dollars per million tokens, or per hour of a machine.", columns, rows) if rows else ""


def _of(price: Any, name: str) -> Any:
    return price.get(name) if isinstance(price, Mapping) else getattr(price, name, None)


def _title(data: ReportData, metric: str) -> str:
    if _kind(metric) != "money":
        return AXES[metric].label
    counted, end = (f"{data.per:,} ", "s") if data.per > 1 else ("", "")
    return (
        f"cost per {counted}right answer{end}, {CORRECT[metric]}" if metric in CORRECT else f"cost per {counted}question{end}"
    )


def _kind(metric: str) -> str:
    return AXES[metric].kind if metric in AXES else "money"


def _membership(data: ReportData, point: Point | None) -> Cell:
    if point is None:
        return Cell("not placed")
    surely = data.frontier(*data.main) is not None
    return Cell("yes" if point["on"] else "no", point["p"], probability(point["p"]) if surely else "")


def _errors(system: SystemMetrics) -> Cell:
    return Cell(f"{system.n_errors:,}", system.n_errors, f"of {system.n_records:,}")


def _estimate(
    estimate: Estimate | None, kind: str, per: int = 1, missing: str = "not measured", *, whisker: bool = False
) -> Cell:
    if estimate is None or estimate.value is None:
        return Cell(missing, small="" if estimate is None else _why(estimate))
    mark = _whisker(estimate.value, estimate.low, estimate.high) if whisker and kind == "share" else ""
    return Cell(say(kind, estimate.value, per), estimate.value, interval(kind, estimate, per, DASH), mark)


def _why(estimate: Estimate) -> str:
    """Why there is no value, where the method says so after a colon: "infinite: 3 of 60 questions never ...; low from ..."."""
    reason = estimate.method.partition(":")[2].partition(";")[0].strip()
    return reason.replace("questions never answered right", "never right") if estimate.method.startswith("infinite") else ""


def _whisker(value: float, low: float | None, high: float | None) -> str:
    """The value and its interval on a line from 0 to 100 %."""
    left, at, right = (
        100 * min(1.0, max(0.0, end)) for end in (0.0 if low is None else low, value, 1.0 if high is None else high)
    )
    line, dot = f"left:{left:.1f}%;width:{right - left:.1f}%", f"left:{at:.1f}%"
    return f'<span class="whisker" aria-hidden="true"><i style="{line}"></i><b style="{dot}"></b></span>'


def _basis(data: ReportData, system: str) -> str:
    """What is not simply measured says so beside the name."""
    found = (data.estimate(system, metric) for metric in data.axes)
    return ", ".join(sorted({estimate.basis for estimate in found if estimate} - {"measured"}))
