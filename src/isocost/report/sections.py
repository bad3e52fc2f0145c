"""The sections of the page, each as HTML that stands without scripts."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import polars as pl

from isocost.metrics import Estimate
from isocost.report.breakdown import breakdown
from isocost.report.data import ReportData
from isocost.report.html import Cell, Column, Row, prose, table
from isocost.report.picture import points
from isocost.report.summary import asked, unmeasured
from isocost.report.words import AXES, digits, interval, missing, probability, say

CORRECT = {"cost_per_correct_pooled": "pooled", "cost_per_correct_per_question": "per question"}


class Section(NamedTuple):
    """A section: its heading and note stand in the margin, its body beside them (HTML made here)."""

    id: str
    title: str
    note: str
    body: str

    def html(self) -> str:
        """The whole section."""
        return (
            f'<section id="{self.id}" aria-labelledby="{self.id}-title"><header><h2 id="{self.id}-title">{escape(self.title)}</h2>'
            f'<p class="note">{escape(self.note)}</p></header><div>{self.body}</div></section>'
        )


def sections(data: ReportData, text_limit: int | None) -> list[Section]:
    """The sections that have something to show, in order."""
    made = [_frontier(data), _systems(data), _tasks(data), _questions(data, text_limit), _calls(data), _missing(data), _again(data)]
    return [section for section in made if section is not None]


def facts(data: ReportData) -> str:
    """The figures beside the summary."""
    pairs = [
        ("systems", f"{len(data.systems):,}"),
        ("questions", f"{max((each.n_items for each in data.systems), default=0):,}"),
        *([("tasks", f"{len(data.by_task):,}")] if len(data.by_task) > 1 else []),
        ("answers", f"{sum(each.n_records for each in data.systems):,}"),
        ("errors", f"{sum(each.n_errors for each in data.systems):,}"),
        *_spent(data),
    ]
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)


def _spent(data: ReportData) -> Iterable[tuple[str, str]]:
    if {"prompt_tokens", "completion_tokens"} <= set(data.records.columns):
        tokens = data.records.select((pl.col("prompt_tokens") + pl.col("completion_tokens")).sum()).item()
        if tokens:
            yield "tokens accounted", digits(float(tokens))
    if "cost" in data.records.columns and data.records["cost"].count():
        yield "cost accounted", f"${digits(float(data.records['cost'].sum()))}"


def _frontier(data: ReportData) -> Section | None:
    x, y = data.main
    if not points(data, x, y):
        return None
    paid = [name for name in data.axes if not AXES[name].more_is_better]
    controls = (
        f'<div class="bar" role="group" aria-label="Plot"><label>across<select id="axis-x">{_options(paid, x)}</select></label>'
        f'<label>up<select id="axis-y">{_options(list(data.axes), y)}</select></label>'
        f'<label class="tick"><input type="checkbox" id="log"{" checked" if _wide(data, x) else ""}>logarithmic</label>'
        '<span class="push"><button type="button" id="save-svg">Save SVG</button><button type="button" id="save-png">Save PNG</button></span></div>'
    )
    key = (
        '<ul class="key"><li><i class="sure"></i>surely on the frontier</li><li><i class="half"></i>perhaps</li>'
        '<li><i class="off"></i>something cheaper is at least as good</li><li><i class="step"></i>best attained at each price</li></ul>'
    )
    bare = '<noscript><p class="note">The plot needs scripts; the table below has the same numbers.</p></noscript>'
    body = f'{controls}<div id="plot"></div>{key}<p class="note" id="plot-note" aria-live="polite"></p>{bare}{_rises(data)}'
    return Section("frontier", "Frontier", "Bars are 95 % intervals. Fill says how often the system is on the frontier when the questions are drawn again.", body)


def _rises(data: ReportData) -> str:
    """What each step along the frontier buys, and notes on it."""
    drawn = data.frontier(*data.main)
    if drawn is None:
        return ""
    x, y = (AXES[name] for name in data.main)
    scale = 100 if y.kind == "share" else 1
    rows = [
        Row(rise.end, [
            Cell(rise.start),
            Cell(f"+{rise.gain * scale:.1f}", rise.gain),
            Cell(f"+{say(x.kind, rise.extra, data.per)}", rise.extra),
            Cell(say(x.kind, rise.price / scale, data.per), rise.price),
        ], small="the knee: returns diminish after it" if rise.end == drawn.knee else "")
        for rise in drawn.rises
    ]  # fmt: skip
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in drawn.notes)
    if not rows:
        return notes
    unit = "point" if scale == 100 else f"unit of {y.label}"
    columns = [Column("to"), Column("from", words=True), Column(f"gains, {unit}s", True), Column("for more", True), Column(f"price of one {unit}")]
    return "<h3>What the next point costs</h3>" + table("Each step along the frontier.", columns, rows, name="Steps along the frontier") + notes


def _options(names: list[str], chosen: str) -> str:
    return "".join(f'<option value="{name}"{" selected" if name == chosen else ""}>{escape(AXES[name].label)}</option>' for name in names)


def _wide(data: ReportData, metric: str) -> bool:
    """Whether the values span more than a factor of ten, so that a logarithm shows them better."""
    values = [value for each in data.systems if (value := data.value(each.system, metric)) is not None]
    return bool(values) and min(values) > 0 and max(values) > 10 * min(values)


def _systems(data: ReportData) -> Section:
    x, y = data.main
    shown = {point["system"]: point for point in points(data, x, y)}
    surely = data.frontier(x, y) is not None
    others = [name for name in ("tokens", "seconds", "energy") if name in data.axes and name not in (x, y)]
    correct = [name for name in CORRECT if any(data.estimate(each.system, name) for each in data.systems)]
    per = f"per {data.per:,}" if data.per > 1 else "per"
    plural = "s" if data.per > 1 else ""
    columns = [
        Column("system"),
        Column("frontier", True),
        *(Column(AXES[name].label, AXES[name].more_is_better) for name in (y,)),
        Column(f"cost {per} question{plural}" if x == "cost" else AXES[x].label),
        *(Column(f"cost {per} right answer{plural}, {CORRECT[name]}") for name in correct),
        *(Column(AXES[name].label) for name in others),
        Column("errors", True),
    ]
    rows = []
    for name in data.names:
        system = next(each for each in data.systems if each.system == name)
        point = shown.get(name)
        cells = [
            _on(point, surely),
            _estimate(data, name, y, whisker=True),
            _estimate(data, name, x),
            *(_estimate(data, name, metric) for metric in (*correct, *others)),
            Cell(f"{system.n_errors:,}", float(system.n_errors), f"of {system.n_records:,}"),
        ]
        rows.append(Row(name, cells, "on" if point and point["on"] else "", _basis(data, name)))
    note = (
        "Cheapest first; the heads sort. A failed call is an error, not a wrong answer."
        + (" Pooled: all the money spent over all right answers. Per question: the mean over questions of money over share right." if correct else "")
    )
    body = '<div class="looking" id="looking" aria-live="polite"></div>' + table(
        f"{asked(data)}. Second lines are 95 % intervals.", columns, rows, name="Systems", identity="system-table"
    )
    return Section("systems", "Systems", note, body + '<p class="sr" id="said" aria-live="polite"></p>')


def _on(point: dict[str, object] | None, surely: bool) -> Cell:
    if point is None:
        return Cell("not placed")
    p = float(str(point["p"]))
    return Cell("yes" if point["on"] else "no", p, probability(p) if surely else "")


def _estimate(data: ReportData, system: str, metric: str, *, whisker: bool = False) -> Cell:
    kind = AXES[metric].kind if metric in AXES else "money"
    estimate = data.told(system, metric)
    if estimate is None or estimate.value is None:
        return Cell(missing(kind, estimate), small=_reason(estimate))
    mark = _whisker(estimate.value, estimate.low, estimate.high) if whisker else ""
    return Cell(say(kind, estimate.value, data.per), estimate.value, interval(kind, estimate, data.per, "–"), mark)


def _reason(estimate: Estimate | None) -> str:
    """What stands after the colon in "infinite: 3 of 60 questions never answered right; ..." or "unpriced: model"."""
    return "" if estimate is None else estimate.method.partition(":")[2].partition(";")[0].strip()


def _whisker(value: float, low: float | None, high: float | None) -> str:
    left, right = (100 * min(1.0, max(0.0, bound if bound is not None else end)) for bound, end in ((low, 0.0), (high, 1.0)))
    return (
        f'<span class="whisker" aria-hidden="true"><i style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
        f'<b style="left:{100 * min(1.0, max(0.0, value)):.1f}%"></b></span>'
    )


def _basis(data: ReportData, system: str) -> str:
    """What is not simply measured says so beside the name."""
    bases = {data.estimate(system, metric).basis for metric in data.axes if data.estimate(system, metric)}  # type: ignore[union-attr]
    return ", ".join(sorted(bases - {"measured"}))


def _tasks(data: ReportData) -> Section | None:
    if len(data.by_task) < 2:
        return None
    y = data.main[1]
    found = {task: {each.system: each for each in systems} for task, systems in data.by_task.items()}
    rows = []
    for name in data.names:
        cells = []
        for systems in found.values():
            estimate = systems[name].metrics.get(y) if name in systems else None
            if estimate is None or estimate.value is None:
                cells.append(Cell("not asked"))
            else:
                cells.append(Cell(say("share", estimate.value), estimate.value, interval("share", estimate, joint="–"), _whisker(estimate.value, estimate.low, estimate.high)))
        rows.append(Row(name, cells))
    columns = [Column("system"), *(Column(task or "no task", True) for task in found)]
    body = table(f"{AXES[y].label.capitalize()} on each task, with 95 % intervals.", columns, rows, name="Tasks")
    return Section("tasks", "By task", "A system that is worth its price on one task may not be on another.", body)


def _questions(data: ReportData, limit: int | None) -> Section | None:
    if data.records.is_empty():
        return None
    tasks = sorted(data.by_task) if len(data.by_task) > 1 else []
    choice = "".join(f'<option value="{escape(task)}">{escape(task)}</option>' for task in tasks)
    outcomes = (("any", "all"), ("split", "answered differently"), ("right", "right by all"), ("wrong", "right by none"), ("error", "with an error"))
    controls = (
        '<div class="bar" role="search"><label>search<input type="search" id="search" placeholder="words in question or answer" autocomplete="off"></label>'
        + (f'<label>task<select id="task"><option value="">all tasks</option>{choice}</select></label>' if tasks else "")
        + f'<label>show<select id="outcome">{"".join(f"<option value={value}>{label}</option>" for value, label in outcomes)}</select></label></div>'
    )
    cut = ""
    if limit is not None:
        cut = f'<p class="note">{"Texts are left out" if limit == 0 else f"Texts are cut after {limit:,} characters"} to keep this page small; the records have them whole.</p>'
    body = (
        f'{controls}<p class="found" id="found" aria-live="polite"></p><ol id="list"></ol>'
        '<div class="pages"><button type="button" id="back">Earlier</button><button type="button" id="next">Later</button></div>'
        f'{cut}<noscript><p class="note">The answers need scripts to be shown.</p></noscript>'
    )
    note = "One bar for each system, cheapest first: dark is right, pale is wrong, striped is an error. Open a question to read who answered what."
    return Section("questions", "Questions", note, body)


def _calls(data: ReportData) -> Section | None:
    body = breakdown(data)
    note = "What a question costs in each system, by what the call was for. Striped: a call shared with another system, asked once but counted in full, since the system alone would have made it."
    return Section("calls", "Cost by call", note, body) if body else None


def _missing(data: ReportData) -> Section:
    sentences = unmeasured(data)
    gaps = "".join(f"<li>{prose(sentence)}</li>" for sentence in sentences)
    body = f'<ul class="plain">{gaps}</ul>' if gaps else "<p>Everything this report shows was measured for every system.</p>"
    return Section("missing", "Not measured, and errors", "What is missing is left out of means and axes, never counted as 0.", body + _errors(data))


def _errors(data: ReportData) -> str:
    if not sum(each.n_errors for each in data.systems) or "error" not in data.records.columns:
        return "" if sum(each.n_errors for each in data.systems) else "<p>No call failed for good.</p>"
    kind = pl.col("error_kind") if "error_kind" in data.records.columns else pl.lit(None, pl.String)
    failed = data.records.filter(pl.col("error").is_not_null())
    groups = failed.group_by("system", kind.fill_null("other").alias("kind")).agg(pl.len().alias("n"), pl.col("error").first()).sort("system", "kind")
    rows = [
        Row(system, [Cell(kind), Cell(f"{n:,}", float(n)), Cell(message[:200])])
        for system, kind, n, message in groups.iter_rows()
    ]
    return "<h3>Errors</h3>" + table("Failed calls by kind, with the first message of each.", [Column("system"), Column("kind", words=True), Column("errors", True), Column("first message", words=True)], rows, name="Errors")


def _again(data: ReportData) -> Section | None:
    pairs = "".join(
        f"<dt>{escape(name)}</dt><dd>{f'<code>{escape(value)}</code>' if name == 'command' else escape(value)}</dd>"
        for name, value in data.made.items()
    )
    prices = _prices(data)
    if not pairs and not prices:
        return None
    body = (f'<dl class="made">{pairs}</dl>' if pairs else "") + prices
    return Section("again", "How to reproduce", "Records hold quantities; money comes from these prices, so a price change needs no new run.", body)


def _prices(data: ReportData) -> str:
    if not data.prices:
        return ""
    rows = []
    for model, price in sorted(data.prices.items()):
        of = price.get if isinstance(price, dict) else lambda name, price=price: getattr(price, name, None)
        money = [of(name) for name in ("input", "cached", "output", "per_hour")]
        where = " ".join(str(part) for part in (of("source"), of("date")) if part)
        rows.append(Row(model, [*(Cell("–" if each is None else f"${digits(float(each))}", each) for each in money), Cell(where or "not stated")]))
    columns = [*(Column(name) for name in ("model", "input", "cached input", "output", "an hour")), Column("source and date", words=True)]
    return "<h3>Prices</h3>" + table("Dollars per million tokens, or per hour of a machine.", columns, rows, name="Prices")
