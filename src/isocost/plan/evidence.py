"""`Evidence`: what was measured, as arrays by system, question and attempt. Plans are fitted on it and judged on it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isocost.metrics import Basis, Book, read
from isocost.metrics.answers import systems as answers_by_system
from isocost.metrics.estimate import BASES
from isocost.metrics.summary import AXES
from isocost.records import InputError, Price, read_items
from isocost.records.store import Records

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NOTHING = -1  # the code of an answer that is not there
QUALITIES = ("accuracy", "mean_score")
UNITS = {
    "cost": "dollars",
    "tokens": "tokens",
    "completion_tokens": "completion tokens",
    "seconds": "seconds",
    "calls": "calls",
}
"""What may be paid with: the axis of `metrics`, and its unit's name."""


@dataclass(frozen=True)
class Evidence:
    """S systems, n questions, up to A attempts of each; NaN where a system did not answer (or failed, or is not priced).

    worth, paid, seconds, confidence: (S, n, A) floats: what an answer scored, what it cost (in `unit`), how long it took, how
    sure its system was (NaN where it did not say). answer: (S, n, A) codes; two answers to one question have the same code
    exactly when their texts are the same, NOTHING where there is none. groups: (n,) codes of what a split must not tear
    apart (each question its own group where records name none). questions: their texts, "" where not recorded.
    columns: further numbers known of a question before it is asked. left_out: systems that cannot be used, and why.
    bases: those of its systems; none given: all measured. prices: by model, as the costs were made of.
    """

    systems: tuple[str, ...]
    items: tuple[str, ...]
    worth: Floats
    paid: Floats
    seconds: Floats
    confidence: Floats
    answer: Integers
    groups: Integers
    questions: tuple[str, ...]
    columns: Mapping[str, Floats]
    quality_name: str = "accuracy"
    unit: str = "cost"
    left_out: Mapping[str, str] | None = None
    bases: tuple[Basis, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)

    @cached_property
    def quality(self) -> Floats:
        """(S, n): each system's mean worth at each question."""
        return _mean(self.worth)

    @cached_property
    def cost(self) -> Floats:
        """(S, n): each system's mean cost at each question."""
        return _mean(self.paid)

    @cached_property
    def latency(self) -> Floats:
        """(S, n): each system's mean seconds at each question."""
        return _mean(self.seconds)

    @property
    def basis(self) -> Basis:
        """The weakest of the systems' bases: what mixes them is as weak."""
        return max(self.bases, key=BASES.index, default="measured")

    @cached_property
    def fingerprint(self) -> str:
        """A hash of what was measured: the same for the same answers, however they are kept; no text is read from it."""
        names = "\0".join((self.quality_name, self.unit, *self.systems, "", *self.items))
        digest = hashlib.sha256(names.encode())
        for values in (self.worth, self.paid, self.groups):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def usable(self) -> Self:
        """The evidence on the systems that have a question of known quality and cost."""
        known = ~np.isnan(self.quality + self.cost)
        return self.of([name for name, row in zip(self.systems, known, strict=True) if row.any()])

    def take(self, items: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """The evidence on some of the questions."""
        rows = np.arange(len(self.items))[items]
        return replace(
            self,
            items=tuple(self.items[i] for i in rows),
            questions=tuple(self.questions[i] for i in rows),
            groups=self.groups[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
            **{name: getattr(self, name)[:, rows] for name in _CUBES},
        )

    def of(self, systems: Sequence[str]) -> Self:
        """The evidence on some of the systems, in this order."""
        unknown = [name for name in systems if name not in self.systems]
        if unknown:
            raise InputError(f"expected systems among {list(self.systems)}, got {unknown}.")
        return self.aligned(systems)

    def aligned(self, systems: Sequence[str]) -> Self:
        """The evidence on these systems, in this order; one that is not here has no answers."""
        rows = [self.systems.index(name) if name in self.systems else -1 for name in systems]
        cubes: dict[str, Any] = {}
        for name in _CUBES:
            values = getattr(self, name)
            none = np.full((1, *values.shape[1:]), NOTHING if name == "answer" else np.nan)
            cubes[name] = np.concatenate((values, none.astype(values.dtype)))[rows]
        bases = tuple(self.bases[row] for row in rows if row >= 0) if self.bases else ()
        return replace(self, systems=tuple(systems), bases=bases, **cubes)


_CUBES = ("worth", "paid", "seconds", "confidence", "answer")


def gather(
    records: Records,
    *,
    quality: str = "accuracy",
    unit: str = "cost",
    prices: Mapping[str, Price] | None = None,
    columns: Sequence[str] = (),
) -> Evidence:
    """The evidence in some records. prices: the user's own, before those of the records' manifest.

    columns: names of numbers in the items' metadata that are known of a question before it is asked.

    Raises InputError where nothing can be planned with: no answers, or no system that has a cost in this unit.
    """
    for name, value, known in (("quality", quality, QUALITIES), ("unit", unit, tuple(UNITS))):
        if value not in known:
            raise InputError(f"{name}: expected one of {list(known)}, got '{value}'.")
    wanted = (quality, unit, "seconds")
    needs = sorted({need for name in wanted for need in AXES[name].needs} | {"confidence"})
    book = read(records, {**records.manifest.prices, **(prices or {})}, needs)
    texts = records.items().unique("item", keep="last")
    question = dict(zip(texts["item"], texts["question"].fill_null(""), strict=True))
    evidence = replace(
        _cubes(records, book, wanted),
        questions=tuple(question.get(item, "") for item in book.names["item"]),
        columns=_columns(records, book.names["item"], columns),
    )
    return _usable(evidence)


def _cubes(records: Records, book: Book, wanted: tuple[str, str, str]) -> Evidence:
    every = list(answers_by_system(book))
    shape = (len(every), len(book.names["item"]), max((_most(answers.item) for answers in every), default=1))
    cubes: dict[str, Any] = {name: np.full(shape, np.nan) for name in ("worth", "paid", "seconds", "confidence")}
    answer = np.full(shape, NOTHING, dtype=np.int64)
    said = _said(records, book)
    for row, answers in enumerate(every):
        attempt = _occurrence(answers.item)
        for cube, axis in zip(("worth", "paid", "seconds"), wanted, strict=True):
            cubes[cube][row, answers.item, attempt] = AXES[axis].values(answers)
        cubes["confidence"][row, answers.item, attempt] = answers["confidence"]
        answer[row, answers.item, attempt] = said[answers.system]
    groups = np.arange(shape[1], dtype=np.int64)
    for answers in every:
        groups[answers.item] = answers.cluster if len(book.names["group"]) else answers.item
    return Evidence(
        systems=tuple(answers.system for answers in every),
        items=tuple(book.names["item"]),
        answer=answer,
        groups=groups,
        questions=("",) * shape[1],
        columns={},
        quality_name=wanted[0],
        unit=wanted[1],
        bases=tuple(answers.basis for answers in every),
        prices={**book.listed, **book.own},
        **cubes,
    )


def _said(records: Records, book: Book) -> dict[str, Integers]:
    """Each system's answered records' texts as codes, in the order of its `Answers`."""
    text = pl.coalesce("final", "text").fill_null("")
    frame = records.scan().filter(pl.col("error").is_null()).select("system", said=text.str.strip_chars()).collect()
    codes = frame.select("system", code=pl.col("said").rank("dense").cast(pl.Int64) - 1, none=pl.col("said") == "")
    codes = codes.with_columns(code=pl.when("none").then(NOTHING).otherwise("code"))
    parts = codes.partition_by("system", as_dict=True, maintain_order=True)
    nothing = np.empty(0, dtype=np.int64)
    return {name: parts[(name,)]["code"].to_numpy() if (name,) in parts else nothing for name in book.names["system"]}


def _columns(records: Records, items: Sequence[str], names: Sequence[str]) -> dict[str, Floats]:
    if not names:
        return {}
    found = {item.id: item.metadata for item in read_items(records.path)} if records.path.is_dir() else {}
    columns = {}
    for name in names:
        values = [found.get(item, {}).get(name) for item in items]
        if not any(isinstance(value, int | float) for value in values):
            known = sorted({key for facts in found.values() for key, value in facts.items() if isinstance(value, int | float)})
            raise InputError(f"columns: the items have no number '{name}' in their metadata. They have: {known or 'none'}.")
        columns[name] = np.array([float(value) if isinstance(value, int | float) else np.nan for value in values])
    return columns


def _usable(evidence: Evidence) -> Evidence:
    """Without the systems that have no answer, or no cost."""
    left_out = {}
    for name, worth, paid in zip(evidence.systems, evidence.worth, evidence.paid, strict=True):
        if np.isnan(worth).all():
            left_out[name] = "it has no scored answer"
        elif np.isnan(paid).all():
            left_out[name] = f"its {evidence.unit} is not known"
    kept = [name for name in evidence.systems if name not in left_out]
    if not kept:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items()) or "there are no records"
        raise InputError(
            f"a plan needs systems with scored answers and a known {evidence.unit}: {reasons}. "
            "Hint: give prices with --prices, or plan in tokens."
        )
    return replace(evidence.of(kept), left_out=left_out)


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    counts = known.sum(axis=-1)
    sums = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0))


def _most(items: NDArray[np.uint32]) -> int:
    return int(np.bincount(items).max(initial=0))


def _occurrence(items: NDArray[np.uint32]) -> NDArray[np.intp]:
    """0 for an item's first answer, 1 for its second, ..."""
    order = np.argsort(items, kind="stable")
    ranked = items[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if len(items) else np.empty(0, dtype=np.intp)
    seen = np.empty(len(items), dtype=np.intp)
    seen[order] = np.arange(len(items)) - np.repeat(starts, np.diff(np.r_[starts, len(items)]))
    return seen
