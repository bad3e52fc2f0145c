"""A small world to report on: three systems, two tasks, calls, one error; everything as the study room hands it over."""

import numpy as np
import polars as pl

from isocost.frontier import draw
from isocost.metrics import Estimate, SystemMetrics, item_table, summarise
from isocost.records import Price
from isocost.records.columns import CALLS, FLAT
from isocost.report import ReportData

PRICES = {"tiny": Price(input=1.0, output=4.0, source="a test", date="2026-01-01")}
TOKENS = {"cheap": 10, "dear": 100, "waste": 200}
RIGHT = {"cheap": 0.3, "dear": 0.8, "waste": 0.3}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028\u2029{{story}}<!--"


def records(questions: int = 40, systems: tuple[str, ...] = ("cheap", "dear", "waste")) -> pl.DataFrame:
    """The flat view, with `cost`; the last question of "waste" is an error."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "system": system,
            "item": f"q{number}",
            "attempt": 0,
            "task": "sums" if number < questions // 2 else "impossible",
            "text": f"I think it is {number}",
            "final": str(number),
            "finish": "complete",
            "score": float(rng.random() < RIGHT.get(system, 0.5) * 1.2) if number < questions // 2 else 0.0,
            "seconds": TOKENS.get(system, 50) / 50,
            "source": "measured",
            "model": "tiny",
            "n_calls": 1,
            "prompt_tokens": 20,
            "completion_tokens": TOKENS.get(system, 50) + number % 3,
            "cost": (20 + 4 * (TOKENS.get(system, 50) + number % 3)) / 1e6,
        }
        for system in systems
        for number in range(questions)
    ]
    failed = {"score": None, "final": None, "text": None, "error": "timeout: nothing after 30 s", "error_kind": "timeout"}
    if systems[-1] == "waste":
        rows[-1] |= failed
    return pl.DataFrame(rows, schema={**FLAT, "cost": pl.Float64})


def items(questions: int = 40) -> pl.DataFrame:
    """The questions."""
    tasks = ["sums" if number < questions // 2 else "impossible" for number in range(questions)]
    rows = {
        "item": [f"q{number}" for number in range(questions)],
        "task": tasks,
        "question": [f"What is {number} plus nothing?" for number in range(questions)],
        "target": [str(number) for number in range(questions)],
    }
    return pl.DataFrame(rows)


def calls(flat: pl.DataFrame) -> pl.DataFrame:
    """One call a record, shared with another system for "dear"."""
    return flat.select(
        "system",
        "item",
        "attempt",
        pl.lit(0).alias("index"),
        pl.lit("answer").alias("purpose"),
        pl.col("model"),
        pl.when(pl.col("system") == "dear").then(pl.lit("sample")).otherwise(pl.lit("")).alias("role"),
        "prompt_tokens",
        "completion_tokens",
        *(pl.lit(None, kind).alias(name) for name, kind in CALLS.items() if name in ("key", "text", "error")),
        (pl.col("system") == "dear").alias("shared"),
        "cost",
    )


def data(flat: pl.DataFrame | None = None, **changes: object) -> ReportData:
    """The whole study, as the page wants it."""
    flat = records() if flat is None else flat
    table = item_table(flat, ("cost", "accuracy", "tokens"), PRICES)
    drawn = draw(table, x="cost", y="accuracy", replicates=200, rng=np.random.default_rng(0))
    fields: dict[str, object] = {
        "title": "a small world",
        "systems": summarise(flat, prices=PRICES),
        "frontiers": (drawn,),
        "records": flat,
        "calls": calls(flat),
        "items": items(),
        "by_task": {task: summarise(flat.filter(pl.col("task") == task), prices=PRICES) for task in ("sums", "impossible")},
        "settings": {"cheap": {"kind": "zero_shot", "model": "tiny"}},
        "prices": PRICES,
        "made": {"command": "isocost study small.toml", "seed": "0"},
    }
    return ReportData(**(fields | changes))  # type: ignore[arg-type]


def system(name: str, accuracy: tuple[float, float, float] | None, cost: float | None) -> SystemMetrics:
    """A system with an accuracy (value, low, high) and a cost, or without."""
    found = {}
    if accuracy:
        found["accuracy"] = Estimate(*accuracy, 100, "a test", "measured")
    if cost is not None:
        found["cost"] = Estimate(cost, cost, cost, 100, "a test", "measured")
    return SystemMetrics(name, 100, 0, 100, found)


CHEAP = system("cheap", (0.2, 0.1, 0.3), 1)
CLOSE = system("close", (0.55, 0.45, 0.65), 2)
BEST = system("best", (0.6, 0.5, 0.7), 5)
