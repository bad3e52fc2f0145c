"""The engine that works on a Ray cluster: every worker builds its own team and visits whole questions (extra `ray`).

Where a cluster is known (`ray.init` was called, or RAY_ADDRESS is set) it is used; or else one is started on this machine,
on the loopback interface only, and ended with the run.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from isocost.records import Call, Cap, CapReached, InputError, IsocostError, MissingExtra, Price, Record
from isocost.run.engine import Shift, assemble, visit
from isocost.run.job import Build, Job, Question, Stopped, Team
from isocost.run.lanes import Stop, lanes
from isocost.run.leases import Amount, Leases
from isocost.run.question import unanswered

TRIES = 2  # a worker that dies takes its questions with it; each is taken to one other worker
CLOSING_SECONDS = 5
_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Record)


class Reply(Struct, frozen=True):
    """What comes back from a worker: as many records as its lease was enough for, and what it has spent since it began."""

    records: tuple[bytes | Record, ...]
    tokens: int
    microdollars: int


class Lease(Cap):
    """A worker's cap. When it runs out in the middle of an answer, the answer begins again under the next lease, and finds
    its first calls in the models' memory; they are its own all the same, not shared with anyone's."""

    def __init__(self) -> None:
        super().__init__(tokens=0, microdollars=0)
        self.unrecorded: set[str] = set()

    def add(self, call: Call, price: Price | None) -> None:
        """Counts the call."""
        super().add(call, price)
        if call.key and not call.shared:
            self.unrecorded.add(call.key)

    def owned(self, record: Record) -> Record:
        """The record, with the calls that are in no earlier one as its own."""

        def own(call: Call) -> Call:
            first = call.key in self.unrecorded
            self.unrecorded.discard(call.key)
            return replace(call, shared=False) if call.shared and first else call

        return replace(record, calls=tuple(map(own, record.calls)), grading=tuple(map(own, record.grading)))


class Worker:
    """Lives in a process of the cluster as an async actor: several questions are in progress in it at once."""

    def __init__(self) -> None:
        self.team: Team | None = None

    async def start(self, job: Job, build: Build) -> str | None:
        """Builds the team; returns why it could not, for isocost's own errors."""
        self.job, self.cap, self.stop = job, Lease(), Stop(job.grace)
        try:
            self.team = assemble(job, build, self.cap)
        except IsocostError as error:  # they take keywords, so they do not survive being pickled
            return str(error)
        return None

    async def visit(self, question: Question, allowed: Amount) -> Reply:
        """Takes the question to its systems as long as the lease lasts."""
        assert self.team is not None
        self.cap.tokens, self.cap.microdollars = allowed
        records: list[bytes | Record] = []
        with suppress(CapReached):  # the driver sees what is missing
            await visit(self.job, self.team, question, lambda r: records.append(_packed(self.cap.owned(r))), self.stop)
        return Reply(tuple(records), self.cap.spent_tokens, self.cap.spent_microdollars)

    async def drain(self) -> None:
        """Begins nothing more."""
        self.stop.drain(Stopped.INTERRUPT)

    async def close(self) -> None:
        """Frees what the team holds."""
        if self.team is not None:
            await self.team.close()


def _packed(record: Record) -> bytes | Record:
    """The record as it will be written, since unpickled defaults would be written out; what is wrong with it is the writer's
    to say, so a record that cannot be encoded travels as it is."""
    try:
        line = _ENCODER.encode(record)
        _DECODER.decode(line)
    except (TypeError, ValueError, OverflowError):
        return _portable(record)
    return line


def _portable(record: Record) -> Record:
    try:
        pickle.dumps(record)
    except Exception as error:  # noqa: BLE001 - pickling runs the code of whatever the user put into the answer
        return replace(record, details={}, score=None, error=f"the answer cannot be stored: {error}", error_kind="bug")
    return record


def _unpacked(record: bytes | Record) -> Record:
    return record if isinstance(record, Record) else _DECODER.decode(record)


@dataclass
class _Seat:
    """A worker's place: when the worker dies, another one takes it, with an account of its own."""

    actor: Any
    account: int


async def on_ray(shift: Shift, build: Build) -> None:
    """Asks on a Ray cluster; the records are the same as `here`."""
    if not shift.questions:
        return
    ray = _import_ray()
    # Ray prints what happens to workers on stdout, where results belong.
    with redirect_stdout(sys.stderr), _cluster(ray):
        crew = _Crew(ray, shift, build)
        try:
            await crew.start()
            await crew.work()
        finally:
            await crew.close()


class _Crew:
    """The workers, as the driver sees them."""

    def __init__(self, ray: Any, shift: Shift, build: Build) -> None:
        self.ray, self.shift, self.build = ray, shift, build
        self.job = replace(shift.job, items=())
        size = max(1, min(int(ray.cluster_resources().get("CPU", 1)), shift.lanes))
        self.each = -(-shift.lanes // size)
        self.accounts = 0
        self.leases = Leases(shift.cap, size)
        self.seats = [_Seat(None, 0) for _ in range(size)]

    async def start(self) -> None:
        """Fills every seat."""
        await asyncio.gather(*map(self.fill, self.seats))

    async def fill(self, seat: _Seat) -> None:
        """Gives the seat a new worker. Raises InputError when the team cannot be built there."""
        self.accounts += 1
        seat.account = self.accounts
        # Beside its questions a worker must hear `drain` and `close`.
        seat.actor = self.ray.remote(Worker).options(num_cpus=1, max_concurrency=self.each + 2).remote()
        try:
            trouble = await seat.actor.start.remote(self.job, self.build)
        except self.ray.exceptions.RayActorError as error:
            raise IsocostError(f"a Ray worker ended while it was building its systems: {error}") from None
        if trouble is not None:
            raise InputError(trouble)

    async def work(self) -> None:
        """Keeps `lanes` questions in progress, spread over the seats."""
        messenger = asyncio.create_task(self.pass_on_drain())
        try:
            await lanes(self.shift.questions, self.shift.lanes, self.visit, self.shift.stop)
        finally:
            messenger.cancel()

    async def pass_on_drain(self) -> None:
        """Tells the workers when to stop."""
        await self.shift.stop.draining.wait()
        for seat in self.seats:
            seat.actor.drain.remote()

    async def visit(self, lane: int, question: Question) -> None:
        """Has the question answered in the lane's seat, again where the lease ran out or the worker died."""
        seat, deaths = self.seats[lane % len(self.seats)], 0
        while question.systems and not self.shift.stop and deaths < TRIES:
            actor, account = seat.actor, seat.account
            allowed = await self.leases.take(account)
            try:
                reply: Reply = await actor.visit.remote(question, allowed)
            except self.ray.exceptions.RayActorError:
                deaths += 1
                self.leases.lose(account)
                if seat.actor is actor:  # not yet replaced by another lane of the seat
                    self.ray.kill(actor)
                    await self.fill(seat)
                continue
            self.leases.settle(account, reply.tokens, reply.microdollars)
            records = list(map(_unpacked, reply.records))
            for record in records:
                self.shift.keep(record)
            done = {record.system for record in records}
            question = replace(question, systems=tuple(s for s in question.systems if s not in done))
        if deaths == TRIES:
            for system in question.systems:
                why = f"{TRIES} workers died while they answered it."
                self.shift.keep(unanswered(self.shift.job, question, system, kind="worker", why=why))

    async def close(self) -> None:
        """Lets the teams free what they hold, then ends the workers."""
        actors = [seat.actor for seat in self.seats if seat.actor is not None]
        ends: list[Any] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                ends = await asyncio.gather(*(actor.close.remote() for actor in actors), return_exceptions=True)
        for actor in actors:
            self.ray.kill(actor)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, self.ray.exceptions.RayActorError):
                raise end


def _import_ray() -> Any:
    # Before Ray is imported: nothing is reported to its makers, and a cluster of this machine listens on loopback only
    # (the variable's name is about other platforms; what it switches off is the search for an address others can reach).
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if "RAY_ADDRESS" not in os.environ:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
    except ImportError:
        raise MissingExtra("the ray engine", "pip install 'isocost[ray]'") from None
    return ray


@contextmanager
def _cluster(ray: Any) -> Iterator[None]:
    """The cluster that is there, or one of this machine's own."""
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS", "local")
    local = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if address == "local" else {}
    ray.init(address=address, log_to_driver=False, logging_level="ERROR", **local)
    try:
        yield
    finally:
        ray.shutdown()
