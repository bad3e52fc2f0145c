"""Records as arrays: read once, in the columns that are needed, and cut into one `Answers` a system."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isocost.metrics.estimate import Basis, basis_of
from isocost.metrics.prices import QUANTITIES, Floats, Quantities, bill, resolve
from isocost.records import InputError, Price
from isocost.records.columns import FLAT

Codes = NDArray[np.uint32]

DOLLARS = "dollars"  # not a column: what an answer costs, from several of them
COST_COLUMNS = (*QUANTITIES, "billed")
NAMED = ("system", "item", "group", "model", "source")
ALL = (DOLLARS, "score", "seconds", "n_shared", "first_token_seconds", "cpu_seconds", "joules")


class Records(Protocol):
    """Anything that holds records: their flat view, and the view of their calls."""

    def scan(self) -> pl.LazyFrame:
        """One row a record, with the columns of `records.columns.FLAT`."""
        ...

    def calls(self) -> pl.LazyFrame:
        """One row a call, with the columns of `records.columns.CALLS`."""
        ...


class Sums(NamedTuple):
    """A total and a count for each cluster."""

    totals: Floats
    counts: Floats


class Coded(NamedTuple):
    """Distinct names in order, and codes that stand for them."""

    names: list[str]
    codes: Codes


class ItemSums(NamedTuple):
    """A total, a count, a code and a cluster for each item that has values."""

    totals: Floats
    counts: Floats
    items: NDArray[Any]
    clusters: NDArray[np.int64]


@dataclass(frozen=True)
class Book:
    """Records read into memory: arrays of equal length, ordered by system, its answered records before its failed ones.

    A code stands for a name by its place in `names`; their number stands for none.
    """

    columns: Mapping[str, Floats]
    codes: Mapping[str, Codes]
    names: Mapping[str, Sequence[str]]
    refused: NDArray[np.bool_]
    counts: NDArray[np.intp]  # (systems, 2): answered and failed records
    mixed: Floats | None = None  # what answers of several models cost, where their calls could be read
    unpriced: Mapping[int, frozenset[str]] = field(default_factory=dict)  # models without a price, by system, of those
    own: Mapping[str, Price] = field(default_factory=dict)
    listed: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """One system's records; the arrays hold its answered ones only, since a failed call is not a wrong answer."""

    book: Book
    system: str
    rows: slice
    n_records: int
    n_errors: int
    n_items: int
    basis: Basis

    def __getitem__(self, column: str) -> Floats:
        """A column, NaN where not known; `dollars` is one."""
        return self.cost[0] if column == DOLLARS else self.book.columns[column][self.rows]

    @cached_property
    def item(self) -> Codes:
        """The code of each answer's item."""
        return self.book.codes["item"][self.rows]

    @cached_property
    def cluster(self) -> NDArray[np.int64]:
        """The code of what each answer is clustered by: its group, or else its item."""
        groups = len(self.book.names["group"])
        if groups == 0:
            return self.item.astype(np.int64)
        group = self.book.codes["group"][self.rows]
        return np.where(group < groups, group, groups + self.item.astype(np.int64))

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Where the budget ran out before the first call: nothing was consumed, and that is known."""
        return self.book.refused[self.rows]

    @cached_property
    def cost(self) -> tuple[Floats, tuple[str, ...]]:
        """Dollars of each answer, and the models that have no price."""
        return _cost(self)

    @cached_property
    def repeats(self) -> bool:
        """True if some cluster has several answers."""
        return len(self.cluster) > 0 and int(np.bincount(self.cluster).max()) > 1

    @cached_property
    def attempts(self) -> bool:
        """True if some item has several answers."""
        return len(self.item) > 0 and int(np.bincount(self.item).max()) > 1

    def sums(self, values: Floats) -> Sums:
        """Totals and counts of the values, one an answer, by cluster."""
        if self.repeats:
            return sums(values, self.cluster)
        known = values[~np.isnan(values)]
        return Sums(known, np.ones(len(known)))

    def by_item(self, values: Floats) -> ItemSums:
        """Totals and counts of the values, one an answer, of each item that has any."""
        if not self.attempts:
            known = ~np.isnan(values)
            return ItemSums(values[known], np.ones(int(known.sum())), self.item[known], self.cluster[known])
        totals, counts = sums(values, self.item)
        items = np.flatnonzero(counts)
        clusters = np.zeros(len(self.book.names["item"]), dtype=np.int64)
        clusters[self.item] = self.cluster
        return ItemSums(totals[items], counts[items], items, clusters[items])


def sums(values: Floats, codes: NDArray[Any]) -> Sums:
    """Totals and counts of the values by code, NaN left out."""
    known = ~np.isnan(values)
    if not known.all():
        values, codes = values[known], codes[known]
    return Sums(_totals(codes, values), np.bincount(codes).astype(np.float64))


def _totals(codes: NDArray[Any], values: Floats, size: int = 0) -> Floats:
    return np.asarray(np.bincount(codes, weights=values, minlength=size), dtype=np.float64)


Readable = Records | pl.LazyFrame | pl.DataFrame | Book


def read(
    records: Records | pl.LazyFrame | pl.DataFrame, prices: Mapping[str, Price] | None = None, needs: Sequence[str] = ALL
) -> Book:
    """The records in memory, once for many questions, in the columns needed (`dollars` stands for all that prices need).

    prices: the user's own, by model; they go before bills and list prices.
    """
    priced = DOLLARS in needs
    numbers = sorted({*needs, "n_calls", *(COST_COLUMNS if priced else ())} - {DOLLARS})
    frame = _select(records.lazy() if isinstance(records, pl.LazyFrame | pl.DataFrame) else records.scan(), numbers)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # polars and numpy work outside Python's lock
        coded = dict(zip(NAMED, pool.map(_coded, (frame[name] for name in NAMED)), strict=True))
        names, codes = {name: c.names for name, c in coded.items()}, {name: c.codes for name, c in coded.items()}
        order = _Order(codes["system"], frame["failed"].to_numpy())
        parts = {name: frame.drop_in_place(name) for name in numbers}
        placed = pool.map(lambda name: order.numbers(parts.pop(name)), numbers)  # each is freed when it is placed
        book = Book(
            columns=dict(zip(numbers, placed, strict=True)),
            codes=dict(zip(codes, pool.map(order, codes.values()), strict=True)),
            names=names,
            refused=order(frame["refused"].to_numpy()),
            counts=order.counts(len(names["system"])),
            own=prices or {},
        )
    if not priced:
        return book
    calls = (
        None if isinstance(records, pl.LazyFrame | pl.DataFrame) else _calls(records, book, order(frame["attempt"].to_numpy()))
    )
    book = replace(book, listed=resolve(_without_bill(book, calls) - set(book.own)))
    return book if calls is None else _with_mixed(book, calls)


def systems(book: Book) -> Iterator[Answers]:
    """Each system's answers, in order of name."""
    start = 0
    for system, (answered, failed) in zip(book.names["system"], book.counts.tolist(), strict=True):
        rows = slice(start, start + answered)
        start += answered + failed
        asked = book.codes["item"][rows.start : start]
        sources = [name for name, count in _tally(book, "source", rows).items() if count]
        yield Answers(
            book=book,
            system=system,
            rows=rows,
            n_records=answered + failed,
            n_errors=failed,
            n_items=int(np.count_nonzero(np.bincount(asked))),
            basis=basis_of(sources),
        )


class _Order:
    """Puts arrays in order of system, answered records before failed ones, equal ones as they stand."""

    def __init__(self, system: Codes, failed: NDArray[np.bool_]) -> None:
        self.key: NDArray[Any] = 2 * system.astype(np.uint16 if int(system.max(initial=0)) < 2**15 else np.uint32) + failed
        self.place: NDArray[np.intp] | None = None
        if bool(np.less(self.key[1:], self.key[:-1]).any()):
            self.place = np.empty(len(system), dtype=np.intp)
            self.place[np.argsort(self.key, kind="stable")] = np.arange(len(system))  # a radix sort where codes are narrow

    def counts(self, systems: int) -> NDArray[np.intp]:
        """Answered and failed records of each system."""
        return np.bincount(self.key, minlength=2 * systems).reshape(-1, 2)

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if self.place is None else _put([values], self.place, np.empty_like(values))

    def numbers(self, series: pl.Series) -> Floats:
        """The series as floats in order, null as NaN."""
        if self.place is None:
            return np.asarray(series.to_numpy(), dtype=np.float64)
        return _put([chunk.to_numpy() for chunk in series.get_chunks()], self.place, np.empty(len(series)))


def _put(parts: Sequence[NDArray[Any]], place: NDArray[np.intp], into: NDArray[Any]) -> NDArray[Any]:
    # Reads in sequence and writes to one stream a key, which is three times as fast as gathering.
    start = 0
    for part in parts:
        into[place[start : start + len(part)]] = part
        start += len(part)
    return into


def _tally(book: Book, column: str, rows: slice) -> dict[str, int]:
    """How many of the rows bear each name; "" counts those that bear none."""
    counts = np.bincount(book.codes[column][rows], minlength=len(book.names[column]) + 1)
    return dict(zip((*book.names[column], ""), counts.tolist(), strict=True))


def _select(scan: pl.LazyFrame, numbers: Sequence[str]) -> pl.DataFrame:
    schema, plain = scan.collect_schema(), (pl.Float64, pl.Int64)
    for name in ("system", "item"):
        if name not in schema:
            raise InputError(
                f"records need the columns 'system' and 'item', got {schema.names()}. Hint: map a column to '{name}'."
            )
    defaults = {"source": pl.lit("measured"), "attempt": pl.lit(0, pl.Int64)}

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in schema else defaults.get(name, pl.lit(None, FLAT[name])).alias(name)

    return (
        scan.with_columns(column(name) for name in FLAT if name not in schema)
        .select(
            "attempt",
            pl.col(*NAMED).cast(pl.Categorical),
            pl.col("error").is_not_null().alias("failed"),
            ((pl.col("finish") == "budget") & (pl.col("n_calls") == 0)).fill_null(False).alias("refused"),
            *(pl.col(name) if schema.get(name) in plain else pl.col(name).cast(pl.Float64) for name in numbers),
        )
        .collect(engine="streaming")
    )


def _coded(series: pl.Series) -> Coded:
    """The distinct names in order, and the code of each entry; a null's code is their number."""
    unique = series.unique().drop_nulls()
    if unique.is_empty():
        return Coded([], np.broadcast_to(np.uint32(0), len(series)))
    pairs = sorted(zip(unique.cast(pl.String).to_list(), unique.to_physical().to_list(), strict=True))
    table = np.empty(max(code for _, code in pairs) + 2, dtype=np.uint32)
    table[-1] = len(pairs)
    for new, (_, old) in enumerate(pairs):
        table[old] = new
    return Coded([name for name, _ in pairs], table[series.to_physical().fill_null(len(table) - 1).to_numpy()])


def _without_bill(book: Book, calls: pl.DataFrame | None) -> set[str]:
    """The models that have answers without a bill: those that need a list price, if they are not the user's own."""
    known = book.names["model"]
    if set(known) <= set(book.own) and calls is None:
        return set()
    counts = np.bincount(book.codes["model"][np.isnan(book.columns["billed"])], minlength=len(known) + 1)
    found = {model for model, count in zip(known, counts, strict=False) if count}
    return found if calls is None else found | set(calls.filter(pl.col("billed").is_nan())["model"].drop_nulls())


def _several(book: Book) -> NDArray[np.bool_]:
    """Where an answer's calls went to several models."""
    several: NDArray[np.bool_] = (book.codes["model"] == len(book.names["model"])) & (book.columns["n_calls"] > 0)
    return several


def _calls(records: Records, book: Book, attempt: NDArray[np.int64]) -> pl.DataFrame | None:
    """The calls of the answers that went to several models, if there are any."""
    rows = np.flatnonzero(_several(book))
    if not len(rows):
        return None
    named = {name: pl.Series(book.names[name], dtype=pl.String).gather(book.codes[name][rows]) for name in ("system", "item")}
    wanted = pl.LazyFrame({"row": rows, "attempt": attempt[rows], **named})
    calls = records.calls().filter(pl.col("purpose") == "answer").rename({"seconds": "call_seconds"})
    numbers = (pl.col(name).cast(pl.Float64).fill_null(math.nan) for name in COST_COLUMNS)
    return calls.join(wanted, on=["system", "item", "attempt"]).select("row", "model", *numbers).collect(engine="streaming")


def _with_mixed(book: Book, calls: pl.DataFrame) -> Book:
    """The book with the cost of each answer that went to several models: the sum over its calls, if all are there."""
    rows, cost, unpriced = calls["row"].to_numpy(), np.empty(len(calls)), dict[int, frozenset[str]]()
    models, quantities = calls["model"].fill_null("").to_numpy(), {name: calls[name].to_numpy() for name in COST_COLUMNS}
    for model in np.unique(models):
        at = models == model
        cost[at], priced = bill(model, {name: values[at] for name, values in quantities.items()}, book.own, book.listed)
        if not priced:
            for system in np.unique(book.codes["system"][rows[at & np.isnan(cost)]]):
                unpriced[int(system)] = unpriced.get(int(system), frozenset()) | {model}
    size = len(book.columns["n_calls"])
    whole = _totals(rows, cost, size)
    whole[np.bincount(rows, minlength=size) != book.columns["n_calls"]] = math.nan
    return replace(book, mixed=whole, unpriced=unpriced)


def _cost(answers: Answers) -> tuple[Floats, tuple[str, ...]]:
    book, rows = answers.book, answers.rows
    quantities: Quantities = {name: answers[name] for name in COST_COLUMNS}
    cost, unpriced = quantities["billed"].copy(), set[str]()
    for model, count in _tally(book, "model", rows).items():
        if count and model in book.names["model"]:
            at = slice(None) if count == len(cost) else book.codes["model"][rows] == book.names["model"].index(model)
            cost[at], priced = bill(model, {name: values[at] for name, values in quantities.items()}, book.own, book.listed)
            if not priced and np.isnan(cost[at]).any():
                unpriced.add(model)
    several = (book.codes["model"][rows] == len(book.names["model"])) & (answers["n_calls"] > 0)
    if several.any() and book.mixed is not None:
        cost[several] = book.mixed[rows][several]
        unpriced |= book.unpriced.get(book.names["system"].index(answers.system), frozenset())
    elif np.isnan(cost[several]).any():
        unpriced.add("several models")
    cost[answers.refused] = 0.0
    return cost, tuple(sorted(unpriced))
