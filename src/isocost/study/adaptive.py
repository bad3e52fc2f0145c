"""`isocost study --adaptive`: asks only what the frontier depends on, and says how sure it is.

It is called like `run.ask`, and asks through it, a batch at a time; so resumption, the cap, progress and ctrl-C are its own.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from isocost.plan.measure import Measure, Pair
from isocost.records import Cap, InputError, Price, Record
from isocost.records.nouns import total
from isocost.run import Build, Job, Observer, Outcome, Tally, Team, Writer, ask
from isocost.run.job import backlog
from isocost.study.team import Prepared

Value = Callable[[Record], float | None]


class Found(NamedTuple):
    """What an adaptive study knows in the end. calls: (system, question) pairs asked, of so many; saved: the part that was not.

    undecided: systems of which it is not sure whether they are on the frontier; silent: those that answered nothing.
    """

    frontier: tuple[str, ...]
    undecided: tuple[str, ...]
    silent: tuple[str, ...]
    confidence: float
    tolerance: float
    cost_tolerance: float
    calls: int
    of: int
    saved: float

    def words(self) -> str:
        """The same for a reader."""
        asked = f"{self.calls:,} of {self.of:,} pairs of a system and a question were asked: {self.saved:.0%} saved."
        names = ", ".join(self.frontier) or "none"
        off = f"up to {self.tolerance:g} of accuracy and {self.cost_tolerance:.0%} of cost"
        sure = f"The frontier of these questions, {self.confidence:.0%} sure {off}: {names}."
        if self.undecided:
            sure = f"The frontier so far: {names}. Not yet {self.confidence:.0%} sure {off}: {', '.join(self.undecided)}."
        silent = f" Left out, as they answered nothing: {', '.join(self.silent)}." if self.silent else ""
        return f"{sure}{silent}\n{asked}"


class Adaptive:
    """Asks like `run.ask`, but only the pairs that `plan.measure` wants; `found` says what came of it."""

    def __init__(self, prepared: Prepared, engine: str, tolerance: float) -> None:
        if engine != "here":
            raise InputError(f"an adaptive study is asked from here, got engine '{engine}'. Hint: leave out --engine.")
        self.cost, self.quality = _axes(prepared)
        items = [item.id for item in prepared.workload.items]
        rng = np.random.default_rng(prepared.study.settings.seed)
        self.measure = Measure(prepared.study.systems, items, rng=rng, tolerance=tolerance)

    async def __call__(
        self,
        job: Job,
        build: Build,
        writer: Writer,
        *,
        stored: Iterable[Record],
        cap: Cap,
        observe: Observer | None = None,
    ) -> Outcome:
        """Asks batch after batch until the frontier is known; what ended in an error before is asked once more."""
        kept: list[Record] = []
        backlog(job, _through(stored, kept), Cap())  # refuses other settings' records before anything is asked
        notes, team, began = _Notes(writer, job.attempts), build(cap), time.perf_counter()
        team.remember(call for record in kept for call in (*record.calls, *record.grading))
        lent = Team(team.systems, team.grader, team.remember)  # the models stay open between batches
        before = {record.identity for record in kept if record.error is None}
        for record in kept:
            notes.take(record)
        self._tell(notes.complete(before))
        failed = {(record.system, record.item) for record in kept if record.error is not None and record.identity not in before}
        progress = _Progress(job, len(before), cap, observe)
        try:
            outcome, wanted = None, frozenset(self.measure.ask()) | frozenset(failed & _all_pairs(job))
            while outcome is None or (wanted and not outcome.stopped):
                part = replace(job, only=wanted)
                outcome = await ask(part, lent, notes, stored=kept, cap=cap, observe=progress)
                progress.next()
                self._tell(notes.complete())
                kept, wanted = [], frozenset(self.measure.ask())
        finally:
            await team.close()
        return replace(
            outcome,
            asked=progress.whole.asked,
            errors=progress.whole.errors,
            stored_before=len(before),
            remaining=len(self.measure.ask()) * job.attempts,
            seconds=time.perf_counter() - began,
        )

    @property
    def found(self) -> Found:
        """What is known now."""
        m = self.measure
        of = len(m.systems) * len(m.items)
        sure = (m.confidence, m.tolerance, m.manner.cost_tolerance)
        return Found(m.frontier, m.undecided, m.silent, *sure, m.calls, of, m.saved)

    def _tell(self, answered: dict[Pair, list[Record]]) -> None:
        scores = [_mean(map(self.quality, records)) for records in answered.values()]
        costs = [_mean(self.cost(record) for record in records if record.error is None) for records in answered.values()]
        self.measure.tell(list(answered), scores, costs)


class _Notes:
    """Writes the records, and keeps those of a pair until all its attempts are there."""

    def __init__(self, writer: Writer, attempts: int) -> None:
        self.writer, self.attempts, self.flush = writer, attempts, writer.flush
        self.pages: defaultdict[Pair, dict[int, Record]] = defaultdict(dict)
        self.told: set[Pair] = set()

    def append(self, record: Record) -> None:
        self.writer.append(record)
        self.take(record)

    def take(self, record: Record) -> None:
        self.pages[record.system, record.item][record.attempt] = record

    def complete(self, among: set[tuple[str, str, int]] | None = None) -> dict[Pair, list[Record]]:
        """The pairs whose every attempt is there (and among these), each once; errors count as there, not as answers."""
        ready = {}
        for pair, attempts in list(self.pages.items()):
            if len(attempts) < self.attempts or pair in self.told:
                continue
            if among is None or all(record.identity in among for record in attempts.values()):
                ready[pair] = list(attempts.values())
                self.told.add(pair)
                del self.pages[pair]
        return ready


class _Progress:
    """Shows many batches as one run."""

    def __init__(self, job: Job, stored: int, cap: Cap, observe: Observer | None) -> None:
        self.whole, self.observe = Tally(job.size, stored, cap), observe
        self.asked = self.errors = 0

    def __call__(self, tally: Tally) -> None:
        self.whole.asked, self.whole.errors = self.asked + tally.asked, self.errors + tally.errors
        self.whole.last_error = tally.last_error or self.whole.last_error
        if self.observe is not None:
            self.observe(self.whole)

    def next(self) -> None:
        self.asked, self.errors = self.whole.asked, self.whole.errors


def _through(records: Iterable[Record], kept: list[Record]) -> Iterator[Record]:
    for record in records:
        kept.append(record)
        yield record


def _all_pairs(job: Job) -> set[Pair]:
    return {(system, item.id) for system in job.systems for item in job.items}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _axes(prepared: Prepared) -> tuple[Value, Value]:
    """What an answer cost and how good it was, on the study's axes. Raises InputError for axes that it cannot follow."""
    x, y = prepared.study.settings.axes
    if y not in _QUALITIES or x not in ("cost", *_COSTS):
        raise InputError(
            f"study.axes: an adaptive study follows cost, {', '.join(_COSTS)} against {' or '.join(_QUALITIES)}, "
            f"the axes are '{x}' and '{y}'."
        )
    if x == "cost" and prepared.unpriced:
        raise InputError(
            f"an adaptive study of cost needs a price for every model, there is none for {', '.join(prepared.unpriced)}. "
            'Hint: give the model a `price`, or set axes = ["tokens", "accuracy"].'
        )
    return _COSTS.get(x, lambda record: _dollars(record, prepared.prices)), _QUALITIES[y]


def _dollars(record: Record, prices: dict[str, Price]) -> float | None:
    return total(
        call.billed if (price := prices.get(call.model)) is None or price.dollars(call) is None else price.dollars(call)
        for call in record.calls
    )


_COSTS: dict[str, Value] = {
    "tokens": lambda record: float(sum(call.tokens for call in record.calls)),
    "calls": lambda record: float(len(record.calls)),
    "seconds": lambda record: record.seconds,
}
_QUALITIES: dict[str, Value] = {
    "accuracy": lambda record: None if record.score is None else float(record.score >= 1),
    "mean_score": lambda record: record.score,
}
