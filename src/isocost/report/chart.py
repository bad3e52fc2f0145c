"""The terminal's plot: letters for systems, a staircase for the frontier, a key below. Needs no colour; no Unicode either.

Drawn here because a handful of points on a character grid is less code than steering a plotting library around its labels.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from isocost.report.data import ReportData
from isocost.report.picture import Point, points, staircase, title, wide
from isocost.report.words import AXES, count, say

LETTERS, OTHER = ascii_uppercase + ascii_lowercase, "."
HEIGHT = 18


class _Strokes(NamedTuple):
    across: str
    up: str
    turn: str
    axis: str
    corner: str
    base: str


UNICODE = _Strokes("─", "│", "╯", "┤", "└", "─")
ASCII = _Strokes("-", "|", "+", "|", "+", "-")


class _Scale(NamedTuple):
    """From values to cells 0 .. cells - 1."""

    low: float
    high: float
    cells: int
    log: bool

    def cell(self, value: float) -> int:
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return 0 if high == low else round((at - low) / (high - low) * (self.cells - 1))


def plot(data: ReportData, console: Console | None = None) -> None:
    """Prints the frontier as wide as the console; says so where nothing can be drawn."""
    console = console or Console()
    plain = console.options.ascii_only
    text = "\n".join(_lines(data, min(console.width, 120), ASCII if plain else UNICODE))
    console.print(Text(text.encode("ascii", "replace").decode() if plain else text))


def _lines(data: ReportData, width: int, strokes: _Strokes) -> Iterator[str]:
    x, y = data.main
    shown = points(data, x, y)
    if not shown:
        yield f"No plot: no system has both {AXES[x].label} and {AXES[y].label} measured."
        return
    marks = [say(AXES[y].kind, value) for value in _ends(shown, "y")]
    margin = max(map(len, marks))
    across = _Scale(*_ends(shown, "x"), cells=width - margin - 4, log=wide(shown))
    up = _Scale(*_ends(shown, "y"), cells=HEIGHT, log=False)
    grid = [[" "] * across.cells for _ in range(up.cells)]
    _draw_line(grid, [(across.cell(step["x"]), up.cell(step["y"])) for step in staircase(shown)], strokes)
    letters = _letters(shown)
    hidden = _draw_points(grid, shown, letters, across, up)
    yield title(AXES[y], data.per)
    for row in range(up.cells - 1, -1, -1):
        mark = marks[1] if row == up.cells - 1 else marks[0] if row == 0 else ""
        yield f"{mark:>{margin}} {strokes.axis}{''.join(grid[row])}".rstrip()
    yield " " * (margin + 1) + strokes.corner + strokes.base * across.cells
    yield _under(data, across, margin)
    yield from _key(shown, letters, hidden)


def _letters(shown: list[Point]) -> dict[str, str]:
    """A letter for each system, cheapest first; when they run out, dots, and never for one on the frontier."""
    first = sorted(shown, key=lambda point: not point["on"])[: len(LETTERS)]
    kept = [point["system"] for point in shown if point in first]
    return {point["system"]: OTHER for point in shown} | dict(zip(kept, LETTERS, strict=False))


def _ends(shown: list[Point], axis: str) -> tuple[float, float]:
    values = [point[axis] for point in shown]
    return min(values), max(values)


def _draw_line(grid: list[list[str]], steps: list[tuple[int, int]], strokes: _Strokes) -> None:
    for (x, y), (to_x, to_y) in pairwise(steps):
        for column in range(x, to_x):
            grid[y][column] = strokes.across
        if to_y > y:
            for row in range(y, to_y):
                grid[row][to_x] = strokes.up
            grid[y][to_x] = strokes.turn


def _draw_points(
    grid: list[list[str]], shown: list[Point], letters: dict[str, str], across: _Scale, up: _Scale
) -> dict[str, str]:
    """Puts the letters on the grid, the frontier's first; returns letter -> the letter that hides it."""
    hidden: dict[str, str] = {}
    at: dict[tuple[int, int], str] = {}
    for point in sorted(shown, key=lambda point: not point["on"]):
        cell = across.cell(point["x"]), up.cell(point["y"])
        letter = letters[point["system"]]
        if cell in at:
            hidden[letter] = at[cell]
        else:
            at[cell] = letter
            grid[cell[1]][cell[0]] = letter
    return hidden


def _under(data: ReportData, across: _Scale, margin: int) -> str:
    """The ends of the horizontal axis, and its title between them or on a line of its own."""
    axis, indent = AXES[data.main[0]], " " * (margin + 2)
    first, last = say(axis.kind, across.low), say(axis.kind, across.high)  # the points hold money as it is shown
    middle = title(axis, data.per) + (", logarithmic" if across.log else "")
    room = across.cells - len(first) - len(last)
    if len(middle) + 2 <= room:
        return f"{indent}{first}{middle.center(room)}{last}"
    return f"{indent}{first}{' ' * room}{last}\n{indent}{middle}"


def _key(shown: list[Point], letters: dict[str, str], hidden: dict[str, str]) -> Iterator[str]:
    for point in shown:
        letter = letters[point["system"]]
        if letter != OTHER:
            where = " (on the frontier)" if point["on"] else ""
            behind = f" (at the same place as {hidden[letter]})" if letter in hidden else ""
            yield f"  {letter}  {point['system']}{where}{behind}"
    if others := sum(letter == OTHER for letter in letters.values()):
        yield f"  {OTHER}  {count(others, 'more system')}"
