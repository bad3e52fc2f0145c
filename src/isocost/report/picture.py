"""The frontier as a picture: one Vega specification (`plot.json`) for the page and for PNG and SVG files."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from isocost.frontier import nondominated
from isocost.records.errors import InputError, MissingExtra
from isocost.report.data import ReportData
from isocost.report.html import text_of
from isocost.report.words import AXES, Axis, say

LIGHT = {"front": "#b23a16", "ink": "#1d1b16", "soft": "#6b675c", "rule": "#e4dfd3", "paper": "#fdfcf8"}
FORMATS = {"share": ".0~%", "money": "$,.2~r", "count": ",.3~r", "seconds": ",.2~r", "joules": ",.2~r"}
Point = dict[str, Any]


def image(data: ReportData, path: str | Path, *, x: str | None = None, y: str | None = None, log: bool = False) -> Path:
    """Writes the frontier plot as .png or .svg, without a browser and without the network; returns where it is."""
    target = Path(path)
    if target.suffix.lower() not in (".png", ".svg"):
        raise InputError(f"a picture is written as .png or .svg, got '{target.name}'. Hint: name it {target.stem}.svg.")
    try:
        import vl_convert
    except ImportError as missing:
        raise MissingExtra("a picture", "pip install 'isocost[report]'") from missing
    drawn = spec(data, x or data.main[0], y or data.main[1], log=log)
    if target.suffix.lower() == ".svg":
        target.write_text(vl_convert.vega_to_svg(drawn), encoding="utf-8")
    else:
        target.write_bytes(vl_convert.vega_to_png(drawn, scale=2))
    return target


def spec(data: ReportData, x: str, y: str, *, log: bool = False) -> dict[str, Any]:
    """The Vega specification of two axes, in the light palette."""
    unknown = [name for name in (x, y) if name not in AXES]
    if unknown:
        raise InputError(f"an axis is one of {', '.join(AXES)}; got '{unknown[0]}'.")
    if AXES[x].more_is_better:
        raise InputError(f"{AXES[x].label} is gained, not paid, so it stands upright. Hint: give it as y.")
    shown = points(data, x, y)
    log = log and all(point["x"] > 0 for point in shown)
    drawn: dict[str, Any] = json.loads(painted(template(), LIGHT))
    drawn["background"] = LIGHT["paper"]
    drawn["description"] = f"{title(AXES[y], data.per)} against {title(AXES[x], data.per)}"
    drawn["data"][0]["values"] = shown
    drawn["data"][1]["values"] = staircase(shown)
    if log:
        drawn["scales"][0].update(type="log", nice=False)
    for axis, name in zip(drawn["axes"], (x, y), strict=True):
        axis["title"], axis["format"] = title(AXES[name], data.per), FORMATS[AXES[name].kind]
    return drawn


def template() -> str:
    """plot.json as text, its colours still names: $front, $ink, $soft, $rule, $paper."""
    return text_of("plot.json")


def painted(text: str, palette: dict[str, str]) -> str:
    """The template with its colours filled in."""
    for name, colour in palette.items():
        text = text.replace(f'"${name}"', f'"{colour}"')
    return text


def title(axis: Axis, per: int) -> str:
    """An axis title with its unit."""
    if axis.kind == "money":
        return f"cost, dollars per {per:,} questions" if per > 1 else "cost, dollars per question"
    return f"{axis.label} (J)" if axis.kind == "joules" else axis.label


def points(data: ReportData, x: str, y: str) -> list[Point]:
    """One point for each system that has both values: where it stands, and how surely it is on the frontier."""
    drawn = data.frontier(x, y)
    places = {} if drawn is None else {place.system: place for place in drawn.systems}
    known = [name for name in data.names if data.value(name, x) is not None and data.value(name, y) is not None]
    rows: list[Point] = [{"system": name, **_place(data, name, "x", x), **_place(data, name, "y", y)} for name in known]
    corners = np.array([(row["x"], row["y"]) for row in rows]).reshape(-1, 2)
    flags = nondominated(corners, (AXES[x].more_is_better, AXES[y].more_is_better))
    for row, flag in zip(rows, flags, strict=True):
        place = places.get(row["system"])
        row["on"] = place.member if place else bool(flag)
        row["p"] = place.on_frontier if place else float(row["on"])
        row["spoken"] = f"{row['system']}: {say(AXES[y].kind, row['y'])}, {say(AXES[x].kind, row['x'])}"
    return rows


def wide(shown: list[Point]) -> bool:
    """Whether the points spread over more than a factor of ten, so that a logarithm shows them better."""
    values = [point["x"] for point in shown]
    return bool(values) and min(values) > 0 and max(values) > 10 * min(values)


def staircase(shown: list[Point]) -> list[dict[str, float]]:
    """The frontier line: what is attained at each price, to the right edge of the points."""
    steps = sorted(({"x": p["x"], "y": p["y"]} for p in shown if p["on"]), key=lambda step: (step["x"], step["y"]))
    return [*steps, {"x": max(p["x"] for p in shown), "y": steps[-1]["y"]}] if steps else []


def _place(data: ReportData, system: str, axis: str, metric: str) -> dict[str, float | None]:
    estimate = data.estimate(system, metric)
    scale = data.per if AXES[metric].kind == "money" else 1
    bounds = {"": estimate.value, "_low": estimate.low, "_high": estimate.high} if estimate else {}
    return {axis + end: None if bound is None or not math.isfinite(bound) else bound * scale for end, bound in bounds.items()}
