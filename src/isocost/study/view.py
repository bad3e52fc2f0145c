"""From a folder of records to all that a report shows."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from isocost.frontier import Frontier, draw
from isocost.metrics import Book, Estimate, SystemMetrics, compare, item_table, read, summarise
from isocost.records import Manifest, Price, open_records
from isocost.records.store import Records
from isocost.report import ReportData
from isocost.study.file import check_axes

SEED = 0  # of the bootstrap: the same records give the same report to the byte
PAID, GAINED = ("cost", "tokens", "seconds", "calls"), "accuracy"


class Part(NamedTuple):
    """The records of one task, for whatever reads records."""

    records: Records
    task: str

    def scan(self) -> pl.LazyFrame:
        """The flat view of the task."""
        return self.records.scan().filter(pl.col("task").fill_null("") == self.task)

    def calls(self) -> pl.LazyFrame:
        """The calls view; calls of other tasks find no record to belong to."""
        return self.records.calls()


def view(path: str | Path, axes: tuple[str | None, str | None] = (None, None)) -> ReportData:
    """Everything that the table, the plot and the page show of these records; axes: x and y to open with."""
    records = open_records(path)
    manifest = records.manifest
    book = read(records, manifest.prices)
    systems = summarise(book)
    check_axes(axes[0] or "cost", axes[1] or GAINED)
    x, y = axes[0] or manifest.axes.get("x"), axes[1] or manifest.axes.get("y") or GAINED
    prices = {**book.listed, **book.own}
    flat, calls = priced(records, prices, manifest.prices)
    return ReportData(
        title=manifest.study or Path(path).resolve().name,
        systems=systems,
        frontiers=_frontiers(book, systems, x, y),
        records=flat,
        calls=calls,
        items=records.items(),
        by_task=_by_task(records, flat, manifest),
        behind=_behind(book, systems),
        settings={name: entry.settings for name, entry in manifest.systems.items()},
        prices=prices,
        target=manifest.extra.get("target"),
        made=_made(path, manifest),
    )


def draw_frontier(records: Records, x: str, y: str, *, replicates: int = 1000, seed: int = SEED) -> Frontier:
    """The frontier of the records on two axes."""
    check_axes(x, y)
    table = item_table(records, (x, y), records.manifest.prices)
    return draw(table, x=x, y=y, replicates=replicates, rng=np.random.default_rng(seed))


def priced(records: Records, prices: Mapping[str, Price], own: Mapping[str, Price]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The flat view and the calls view, each with a column `cost` in dollars, null where it is not known.

    prices: of every model that has one; own: those among them that are the user's, and go before what an upstream billed.
    """
    calls = records.calls().collect()
    calls = calls.with_columns(cost=_cost(prices, own))
    answering = calls.lazy().filter(pl.col("purpose") == "answer")
    key = ["system", "item", "attempt"]
    costs = answering.group_by(key).agg(cost=pl.when(pl.col("cost").is_null().any()).then(None).otherwise(pl.col("cost").sum()))
    return records.scan().join(costs, on=key, how="left", maintain_order="left").collect(), calls


def _cost(prices: Mapping[str, Price], own: Mapping[str, Price]) -> pl.Expr:
    """`metrics.cost`, call by call: the user's own price, or else the upstream's bill, or else the list price."""
    whole = pl.col("billed")
    for model, price in prices.items():
        dollars = pl.lit(0.0)
        if price.per_hour is not None:
            dollars += pl.coalesce("machine_seconds", "seconds") * (price.per_hour / 3600)
        if price.input is not None and price.output is not None:
            cached = pl.min_horizontal(pl.col("cached_tokens").fill_null(0), "prompt_tokens")
            saved = cached * (price.input - (price.input if price.cached is None else price.cached))
            dollars += (pl.col("prompt_tokens") * price.input + pl.col("completion_tokens") * price.output - saved) / 1e6
        dollars = pl.coalesce(dollars, "billed") if model in own else pl.coalesce("billed", dollars)
        whole = pl.when(pl.col("model") == model).then(dollars).otherwise(whole)
    return whole


def _frontiers(book: Book, systems: tuple[SystemMetrics, ...], x: str | None, y: str) -> tuple[Frontier, ...]:
    """The wanted axes first, then the other ways to pay; axes that no system has a value on are left out."""
    measured = {name for system in systems for name, found in system.metrics.items() if found.value is not None}
    if y not in measured:
        return ()
    paid = [name for name in dict.fromkeys([x, *PAID]) if name in measured and name != y]
    table = item_table(book, (*paid, y))
    return tuple(draw(table, x=name, y=y, rng=np.random.default_rng(SEED)) for name in paid if name is not None)


def _by_task(records: Records, flat: pl.DataFrame, manifest: Manifest) -> dict[str, tuple[SystemMetrics, ...]]:
    tasks = flat["task"].fill_null("").unique(maintain_order=True).to_list()
    if len(tasks) < 2:
        return {}
    return {task: summarise(Part(records, task), prices=manifest.prices) for task in tasks}


def _behind(book: Book, systems: tuple[SystemMetrics, ...]) -> dict[str, Estimate]:
    """How far each system's accuracy lies from the most accurate one's, question by question."""
    found = {system.system: system.metrics[GAINED].value for system in systems if GAINED in system.metrics}
    known = {name: value for name, value in found.items() if value is not None}
    if len(known) < 2:
        return {}
    best = max(known, key=known.__getitem__)
    return {pair.first: pair.difference for pair in compare(book, GAINED, baseline=best)}


def _made(path: str | Path, manifest: Manifest) -> dict[str, str]:
    file = manifest.extra.get("file")
    command = f"isocost study {shlex.quote(str(file))} -o {shlex.quote(str(path))}" if file else ""
    facts = {
        "command": command,
        "isocost": manifest.isocost,
        "seed": "" if manifest.seed is None else str(manifest.seed),
        "asked from": manifest.created,
        "notes": " ".join(manifest.notes),
    }
    return {name: fact for name, fact in facts.items() if fact}
