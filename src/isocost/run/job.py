"""What is to be asked (`Job`), by whom it is answered (`Team`), and what of it is still missing (`backlog`)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from isocost.records import Budget, Call, Cap, Grader, InputError, Item, Price, Record, Source, System, derive_seed

ENGINES = ("here", "ray")


class Label(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What every record of a system says about it. The fingerprint changes when its settings do."""

    fingerprint: str = ""
    source: Source = "measured"


class Job(Struct, frozen=True, kw_only=True):
    """Which questions go to which systems, and how. Data only: it is also what travels to other processes.

    systems: by name, in the order in which a question visits them.
    attempts: how often each system answers each item; seed: makes every request's seed (None: unseeded, nothing shared).
    budget: what one answer may consume. prices: by model, to count what was spent before against the cap.
    concurrency: how many questions are being answered at once; each visits its systems one after the other.
    timeout: the most seconds for one answer, and again for its grading. grace: seconds that answers in progress get to
    finish after an interrupt. retries: how often a failed question is asked once more in the same run.
    only: the (system, item) pairs that are wanted; None: all of them.
    engine: "here" (this process) or "ray" (a cluster).
    """

    items: tuple[Item, ...]
    systems: Mapping[str, Label]
    attempts: int = 1
    seed: int | None = 0
    budget: Budget | None = None
    prices: Mapping[str, Price] = {}
    concurrency: int = 16
    timeout: float | None = None
    grace: float = 5.0
    retries: int = 0
    engine: str = "here"
    only: frozenset[tuple[str, str]] | None = None

    def __post_init__(self) -> None:
        for name, least in (("attempts", 1), ("concurrency", 1), ("retries", 0), ("grace", 0)):
            if not getattr(self, name) >= least:
                raise InputError(f"{name} must be at least {least}, got {getattr(self, name)}.")
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(f"timeout must be more than 0 seconds, got {self.timeout}. Hint: leave it out for no limit.")
        if self.engine not in ENGINES:
            raise InputError(f"engine must be one of {', '.join(ENGINES)}, got '{self.engine}'.")
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise InputError(f"item ids must be unique, '{item.id}' occurs twice. Hint: rename or remove one of them.")
            seen.add(item.id)

    @property
    def size(self) -> int:
        """How many records the finished job has."""
        return (len(self.items) * len(self.systems) if self.only is None else len(self.only)) * self.attempts

    def wants(self, system: str, item: str) -> bool:
        """Whether this system is to answer this item."""
        return self.only is None or (system, item) in self.only

    def seed_of(self, item: str, attempt: int) -> int | None:
        """The seed of an attempt at an item, the same for every system, so that identical calls are shared."""
        return derive_seed(self.seed, item, attempt)


def _forget(calls: Iterable[Call]) -> None:
    """For systems without a memory of calls."""


async def _nothing() -> None:
    """For systems with nothing to close."""


class Team(NamedTuple):
    """Those who do the work: the systems by name, and the grader.

    remember: gives stored calls back to the models' memory, so that they are not paid twice; close: frees what they hold.
    """

    systems: Mapping[str, System]
    grader: Grader
    remember: Callable[[Iterable[Call]], None] = _forget
    close: Callable[[], Awaitable[None]] = _nothing


Build = Callable[[Cap], Team]
"""Makes a team whose models ask this cap before each call. Ray carries it to its workers by cloudpickle."""


class Question(Struct, frozen=True):
    """One attempt at one item, and the systems that have yet to answer it: the unit of work that is handed out.

    All its systems are visited in one place, one after the other, so that identical calls between them are made once and
    the earlier system is always the one that made them.
    known: stored calls of this attempt, made with these settings; tried: the stored records of these systems, which all
    ended in an error.
    """

    item: Item
    attempt: int
    systems: tuple[str, ...]
    known: tuple[Call, ...] = ()
    tried: dict[str, Record] = {}


class Backlog(NamedTuple):
    """What is missing: the questions to hand out, and how many of the job's records are stored already."""

    questions: list[Question]
    stored: int


class Stopped(StrEnum):
    """Why a run ended before its work was done."""

    NO = ""
    CAP = "cap"
    INTERRUPT = "interrupt"


class Outcome(Struct, frozen=True, kw_only=True):
    """How a run ended. remaining: records still missing, those that ended in an error not among them.

    why: what the cap said, where it stopped the run.
    """

    asked: int
    errors: int
    stored_before: int
    remaining: int
    seconds: float
    stopped: Stopped = Stopped.NO
    why: str = ""


class _Past:
    """What is stored of one attempt at one item."""

    __slots__ = ("calls", "done", "tried")

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.calls: list[Call] = []
        self.tried: dict[str, Record] = {}


def backlog(job: Job, stored: Iterable[Record], cap: Cap) -> Backlog:
    """What the job still needs, item by item; counts what the stored records spent into the cap.

    A record that ended in an error is asked again. Raises InputError where a stored answer was made by other settings.
    """
    past: defaultdict[tuple[str, int], _Past] = defaultdict(_Past)
    for record in stored:
        here = past[record.item, record.attempt]
        if record.error is None:
            if record.system in job.systems:
                _check_same_settings(record, job)
            here.done.add(record.system)
            _spend(record, job, cap)
        else:
            here.tried[record.system] = record
        if here.done >= job.systems.keys():
            here.calls = []  # nothing is asked of a complete attempt
        elif _made_alike(record, job):
            here.calls += record.calls + record.grading
    for here in past.values():
        # Only now: a later record of the same system carries the calls of its failed one.
        here.tried = {system: record for system, record in here.tried.items() if system not in here.done}
        for record in here.tried.values():
            _spend(record, job, cap)
    questions = list(_questions(job, past))
    return Backlog(questions, job.size - sum(len(question.systems) for question in questions))


def _questions(job: Job, past: Mapping[tuple[str, int], _Past]) -> Iterator[Question]:
    names, nothing = tuple(job.systems), _Past()
    for item in job.items:
        for attempt in range(job.attempts):
            here = past.get((item.id, attempt), nothing)
            missing = tuple(name for name in names if name not in here.done and job.wants(name, item.id))
            if missing:
                tried = {name: here.tried[name] for name in missing if name in here.tried}
                yield Question(item, attempt, missing, tuple(here.calls), tried)


def _spend(record: Record, job: Job, cap: Cap) -> None:
    for call in record.calls + record.grading:
        cap.add(call, job.prices.get(call.model))


def _made_alike(record: Record, job: Job) -> bool:
    """Whether its models were set up as they are now; of a system that left the job that is not known."""
    label = job.systems.get(record.system)
    return label is not None and record.fingerprint == label.fingerprint


def _check_same_settings(record: Record, job: Job) -> None:
    now = job.systems[record.system].fingerprint
    if record.fingerprint != now:
        raise InputError(
            f"system '{record.system}' has stored records made with other settings (fingerprint "
            f"'{record.fingerprint}', now '{now}'). Hint: start again with --fresh, or give the changed system a new name."
        )
    seed = job.seed_of(record.item, record.attempt)
    if record.seed != seed:
        raise InputError(
            f"system '{record.system}' has a stored record of item '{record.item}' made with seed {record.seed}, this job "
            f"would use {seed}. Hint: set the study's seed back, or start again with --fresh."
        )
