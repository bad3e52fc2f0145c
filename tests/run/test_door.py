"""`ask`: what comes out of a whole run, however it is asked and however it ends."""

import asyncio
from collections.abc import Callable

import pytest
from tests.run.world import PRICE, Model, Pages, build, exact, items, job, timeless, vote

from isocost.records import Answer, Call, Cap, InputError, Record, Request, StoreError
from isocost.run import Job, Label, Outcome, Stopped, Tally, Team, ask


def asked(of: Job, team: object = build, **options: object) -> tuple[list[Record], Outcome]:
    pages = Pages()
    outcome = asyncio.run(ask(of, team, pages, **options))  # type: ignore[arg-type]
    assert pages.safe == pages.seen, "everything is on disk when ask returns"
    return pages.seen, outcome


def test_every_system_answers_every_item_as_often_as_wanted() -> None:
    records, outcome = asked(job(3, attempts=2))
    assert len({record.identity for record in records}) == len(records) == 3 * 2 * 3
    assert {record.score for record in records} == {1.0}
    assert (outcome.asked, outcome.remaining, outcome.stopped) == (18, 0, Stopped.NO)


def test_the_records_are_the_same_whatever_the_concurrency() -> None:
    one, many = (timeless(asked(job(20, attempts=2, concurrency=n))[0]) for n in (1, 16))
    assert one == many


def test_identical_calls_of_a_question_s_systems_are_made_once_and_recorded_in_full() -> None:
    records, _ = asked(job(2))
    shared = {record.system: [call.shared for call in record.calls] for record in records}
    assert shared == {"one": [False], "vote3": [False] * 3, "vote5": [True] * 3 + [False] * 2}


def test_concurrency_is_reached_and_never_exceeded() -> None:
    model = Model()
    asked(job(30, names=("one",), concurrency=7), Team({"one": model}, exact))
    assert model.most == 7


def test_a_resumed_run_asks_only_what_is_missing_and_ends_as_an_uninterrupted_one() -> None:
    whole, _ = asked(job(4))
    for done in range(len(whole)):
        rest, outcome = asked(job(4), stored=whole[:done])
        assert timeless(whole[:done] + rest) == timeless(whole)
        assert (outcome.stored_before, outcome.asked) == (done, len(whole) - done)


def test_a_changed_system_is_refused_before_anything_is_asked() -> None:
    pages = Pages()
    with pytest.raises(InputError, match="--fresh"):
        asyncio.run(ask(job(), build, pages, stored=[Record(system="one", item="q0", seed=job().seed_of("q0", 0))]))
    assert not pages.seen


def test_a_team_without_a_named_system_is_refused() -> None:
    with pytest.raises(InputError, match=r"does not have: \['one', 'vote3', 'vote5'\]\. It has \['two'\]"):
        asked(job(), Team({"two": Model()}, exact))


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("limit", [{"tokens": 100}, {"microdollars": 130}, {"tokens": 90, "microdollars": 10**9}])
def test_the_cap_is_overshot_by_no_more_than_the_calls_in_flight(limit: dict[str, int], concurrency: int) -> None:
    cap = Cap(**limit)
    records, outcome = asked(job(40, concurrency=concurrency), cap=cap)
    assert (outcome.stopped, outcome.remaining) == (Stopped.CAP, 120 - len(records))
    assert "cap" in outcome.why
    for name, a_call in (("tokens", 15), ("microdollars", 20)):
        if name in limit and limit[name] < 10**9:
            assert limit[name] <= getattr(cap, f"spent_{name}") < limit[name] + a_call * concurrency
    assert not [record for record in records if record.error]


def test_a_run_under_a_cap_goes_on_where_it_stopped_and_counts_what_was_spent() -> None:
    whole, _ = asked(job(10))
    records: list[Record] = []
    for tokens in range(100, 1000, 100):
        cap = Cap(tokens=tokens)
        more, outcome = asked(job(10, concurrency=1, prices={"m": PRICE}), cap=cap, stored=records)
        records += more
        assert sum(call.tokens for record in records for call in record.calls if not call.shared) <= tokens + 15
    assert outcome.stopped is Stopped.NO
    assert timeless(records) == timeless(whole)


def test_a_bug_in_one_system_leaves_the_others_alone() -> None:
    async def broken(request: Request) -> Answer:
        raise ZeroDivisionError

    team = Team({"one": Model(), "vote3": broken, "vote5": vote(Model(), 5)}, exact)  # type: ignore[dict-item]
    records, outcome = asked(job(3), team)
    assert {record.system for record in records if record.error} == {"vote3"}
    assert (outcome.errors, outcome.remaining) == (3, 0)


def test_the_observer_sees_every_record() -> None:
    seen: list[tuple[int, int]] = []

    def observe(tally: Tally) -> None:
        seen.append((tally.asked, tally.remaining))

    asked(job(2, names=("one",)), observe=observe)
    assert seen == [(0, 2), (1, 1), (2, 0)]


class Strict(Pages):
    """Refuses as the store does what it could not read back."""

    def append(self, record: Record) -> None:
        if record.details or any(call.tokens < 0 for call in record.calls):
            raise InputError("cannot be stored")
        super().append(record)


@pytest.mark.parametrize(("call", "kept"), [(Call(model="m", prompt_tokens=1), 1), (Call(model="m", prompt_tokens=-1), 0)])
def test_an_answer_that_cannot_be_stored_is_an_error_that_keeps_what_it_can(call: Call, kept: int) -> None:
    async def system(request: Request) -> Answer:
        return Answer(text="0", details={"lock": object()}, calls=(call,))

    pages = Strict()
    outcome = asyncio.run(ask(job(1, names=("one",)), Team({"one": system}, exact), pages))
    (record,) = pages.safe
    assert (record.error, record.error_kind, record.score, len(record.calls)) == ("cannot be stored", "bug", None, kept)
    assert outcome.errors == 1


class Full(Pages):
    """A disk that takes no more at the second flush."""

    def __init__(self, fails: Callable[[], bool]) -> None:
        super().__init__()
        self.fails = fails

    def flush(self) -> None:
        if self.fails():
            raise StoreError("No space left on device")
        super().flush()


def test_a_full_disk_ends_the_run_with_its_error_even_while_a_system_hangs() -> None:
    async def hangs(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(StoreError, match="No space left"):
        asyncio.run(ask(job(1, names=("one",)), Team({"one": hangs}, exact), Full(lambda: True)))


def test_the_team_is_closed_also_after_a_failure() -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    asked(job(1, names=("one",)), Team({"one": Model()}, exact, close=close))
    with pytest.raises(StoreError):
        asyncio.run(ask(job(1, names=("one",)), Team({"one": Model()}, exact, close=close), Full(lambda: True)))
    assert closed == [True, True]


def test_a_cancelled_run_flushes_what_it_has() -> None:
    reached = asyncio.Event()

    async def system(request: Request) -> Answer:
        if "1 + 1" in request.question:
            reached.set()
            await asyncio.Event().wait()
        return Answer(text="0")

    pages = Pages()

    async def story() -> None:
        task = asyncio.create_task(ask(job(2, names=("one",), concurrency=1), Team({"one": system}, exact), pages))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert [record.item for record in pages.safe] == ["q0"]


def test_nothing_to_ask_is_no_error() -> None:
    records, outcome = asked(Job(items=(), systems={"one": Label()}), Team({"one": Model()}, exact))
    assert (records, outcome.asked, outcome.remaining) == ([], 0, 0)
    assert len(items(0)) == 0
