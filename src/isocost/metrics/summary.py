"""The three questions asked of records: what did each system achieve, item by item what, and who is better than whom."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from isocost.metrics import cost, energy, latency, quality
from isocost.metrics.answers import DOLLARS, Answers, Book, Readable, read, systems
from isocost.metrics.estimate import Basis, Estimate, basis_of, estimate, missing
from isocost.metrics.means import mean_of
from isocost.metrics.prices import Floats
from isocost.records import InputError, Price
from isocost.stats import Interval, holm, paired_difference

T = TypeVar("T")
Found = Estimate | Mapping[str, Estimate] | None


class Metric(NamedTuple):
    """The columns a metric needs, and the function that estimates it (or several, by name) for one system."""

    needs: tuple[str, ...]
    estimate: Callable[[Answers], Found]


class Axis(NamedTuple):
    """The columns an axis needs, its value for each answer of one system, whether more is better, and if it lies in [0, 1]."""

    needs: tuple[str, ...]
    values: Callable[[Answers], Floats]
    maximise: bool = False
    share: bool = False


AXES: dict[str, Axis] = {
    "accuracy": Axis(("score",), quality.right, maximise=True, share=True),
    "mean_score": Axis(("score",), lambda answers: answers["score"], maximise=True),
    "cost": Axis((DOLLARS,), cost.dollars),
    "tokens": Axis(("prompt_tokens", "completion_tokens"), cost.tokens),
    "prompt_tokens": Axis(("prompt_tokens",), cost.prompt_tokens),
    "completion_tokens": Axis(("completion_tokens",), cost.completion_tokens),
    "calls": Axis(("n_calls",), cost.calls),
    "seconds": Axis(("seconds", "n_shared", "call_seconds"), latency.seconds),
    "first_token_seconds": Axis(("first_token_seconds",), latency.first_token_seconds),
    "cpu_seconds": Axis(("cpu_seconds",), lambda answers: answers["cpu_seconds"]),
    "energy": Axis(("joules",), lambda answers: answers["joules"]),
}


def _mean(name: str) -> Metric:
    return Metric(AXES[name].needs, lambda answers: mean_of(answers, AXES[name].values(answers)))


METRICS: dict[str, Metric] = {
    "accuracy": Metric(("score",), quality.accuracy),
    "mean_score": Metric(("score",), quality.mean_score),
    "pass@k": Metric(("score",), quality.pass_at_k),
    "cost": Metric((DOLLARS,), cost.cost),
    "cost_per_correct_pooled": Metric((DOLLARS, "score"), cost.cost_per_correct_pooled),
    "cost_per_correct_per_question": Metric((DOLLARS, "score"), cost.cost_per_correct_per_question),
    "never_solved": Metric(("score",), cost.never_solved),
    "tokens": _mean("tokens"),
    "prompt_tokens": _mean("prompt_tokens"),
    "completion_tokens": _mean("completion_tokens"),
    "calls": _mean("calls"),
    "seconds": Metric(AXES["seconds"].needs, latency.mean_seconds),
    "seconds_p50": Metric(AXES["seconds"].needs, latency.quantile(latency.seconds, 0.5)),
    "seconds_p90": Metric(AXES["seconds"].needs, latency.quantile(latency.seconds, 0.9)),
    "seconds_p99": Metric(AXES["seconds"].needs, latency.quantile(latency.seconds, 0.99)),
    "first_token_seconds": _mean("first_token_seconds"),
    "first_token_p50": Metric(AXES["first_token_seconds"].needs, latency.quantile(latency.first_token_seconds, 0.5)),
    "first_token_p90": Metric(AXES["first_token_seconds"].needs, latency.quantile(latency.first_token_seconds, 0.9)),
    "first_token_p99": Metric(AXES["first_token_seconds"].needs, latency.quantile(latency.first_token_seconds, 0.99)),
    "cpu_seconds": Metric(("cpu_seconds",), energy.cpu_seconds),
    "energy": Metric(("joules",), energy.energy),
}


class SystemMetrics(Struct, frozen=True):
    """What a system achieved: how much was asked of it, how much failed, and its metrics by name.

    n_items: questions asked; n_records: attempts; n_errors: those that failed, which no metric counts.
    """

    system: str
    n_items: int
    n_errors: int
    n_records: int
    metrics: dict[str, Estimate]


@dataclass(frozen=True)
class ItemTable:
    """Metrics question by question: values[name][s, i] is the mean over system s's attempts at item i, NaN where there is none.

    groups: a code for each item by which questions belong together, where any do; bases: each system's basis.
    """

    systems: tuple[str, ...]
    items: tuple[str, ...]
    values: dict[str, Floats]
    groups: NDArray[np.int64] | None = None
    bases: tuple[Basis, ...] = ()


class Comparison(Struct, frozen=True):
    """How much more of a metric the first system has than the second, on the questions that both answered.

    The interval holds for all the comparisons made at once (Bonferroni), and p is adjusted for them (Holm).
    """

    first: str
    second: str
    metric: str
    difference: Estimate
    p: float


def summarise(
    records: Readable,
    *,
    prices: Mapping[str, Price] | None = None,
    metrics: Sequence[str] | None = None,
) -> tuple[SystemMetrics, ...]:
    """Every metric (or the named ones) of every system, in order of name, with 95 % intervals.

    records: what `records.open_records` gives, a frame with the columns of its flat view, or what `read` made of either, for
    many questions on one reading (its prices then hold). prices: the user's own, by model; they go before bills and list
    prices. From a bare frame, answers that went to several models are priced by their bills only: it lacks their calls.
    """
    chosen = {name: _known(METRICS, name) for name in (METRICS if metrics is None else metrics)}
    book = _book(records, chosen.values(), prices)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy works outside Python's lock
        return tuple(pool.map(lambda answers: _summary(answers, chosen), systems(book)))


def item_table(records: Readable, names: Sequence[str], prices: Mapping[str, Price] | None = None) -> ItemTable:
    """The named axes, question by question, of every system: for paired statistics."""
    axes = {name: _known(AXES, name) for name in names}
    book = _book(records, axes.values(), prices)
    items = tuple(book.names["item"])
    every = list(systems(book))
    values = {name: np.full((len(every), len(items)), np.nan) for name in axes}

    def fill(row: int) -> None:
        for name, axis in axes.items():
            found = every[row].by_item(axis.values(every[row]))
            values[name][row, found.items] = found.totals / found.counts

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(len(every))))
    bases = tuple(answers.basis for answers in every)
    return ItemTable(tuple(answers.system for answers in every), items, values, _groups(book), bases)


def compare(
    records: Readable,
    metric: str = "accuracy",
    *,
    baseline: str | None = None,
    prices: Mapping[str, Price] | None = None,
    confidence: float = 0.95,
) -> tuple[Comparison, ...]:
    """Every pair of systems, compared question by question, corrected for their number.

    With a baseline, only the pairs that hold it, always as the second: the difference is what a system has more than it.
    A pair without a question that both have a value for (one is unpriced, say) is named, and is no comparison to correct for.
    """
    table = item_table(records, (metric,), prices)
    if baseline is not None and baseline not in table.systems:
        raise InputError(f"the baseline must be one of the systems {list(table.systems)}, got '{baseline}'.")
    pairs = [(a, b) if a != baseline else (b, a) for a, b in combinations(table.systems, 2) if baseline in (None, a, b)]
    if not pairs:
        return ()
    row, basis = dict(zip(table.systems, table.values[metric], strict=True)), dict(zip(table.systems, table.bases, strict=True))
    made = [(a, b) for a, b in pairs if not np.isnan(row[a] + row[b]).all()]
    each = 1 - (1 - confidence) / max(1, len(made))
    found = [paired_difference(row[a], row[b], table.groups, each, share=AXES[metric].share) for a, b in made]
    note = f"Bonferroni and Holm over {len(made)}" if len(made) > 1 else ""
    told = {
        pair: (estimate(Interval(*d[:5]), basis_of(basis[name] for name in pair), note=note), float(p))
        for pair, d, p in zip(made, found, holm([d.p for d in found]), strict=True)
    }
    apart = f"no question for which both have {metric}"
    return tuple(
        Comparison(a, b, metric, *told.get((a, b), (missing(apart, basis_of((basis[a], basis[b]))), 1.0))) for a, b in pairs
    )


def _summary(answers: Answers, chosen: Mapping[str, Metric]) -> SystemMetrics:
    metrics: dict[str, Estimate] = {}
    for name, metric in chosen.items():
        found = metric.estimate(answers)
        metrics |= {} if found is None else {name: found} if isinstance(found, Estimate) else found
    return SystemMetrics(answers.system, answers.n_items, answers.n_errors, answers.n_records, metrics)


def _book(records: Readable, parts: Iterable[Metric | Axis], prices: Mapping[str, Price] | None) -> Book:
    return records if isinstance(records, Book) else read(records, prices, [name for part in parts for name in part.needs])


def _known(table: Mapping[str, T], name: str) -> T:
    if name not in table:
        raise InputError(f"'{name}' is no metric here. Known: {', '.join(table)}.")
    return table[name]


def _groups(book: Book) -> NDArray[np.int64] | None:
    """A cluster code for each item: its group, or else its own."""
    groups, items = len(book.names["group"]), len(book.names["item"])
    if groups == 0:
        return None
    codes = np.arange(groups, groups + items)
    codes[book.codes["item"]] = np.where(
        book.codes["group"] < groups, book.codes["group"], groups + book.codes["item"].astype(np.int64)
    )
    return codes
