"""One question to one system: whatever the user's code does, a record comes out that says what happened."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.run.world import Model, exact, items, job

from isocost.records import Answer, Budget, Call, CallFailed, Cap, CapReached, Grade, Grader, Item, Record, Request, Source
from isocost.run import Job, Label, Team
from isocost.run.job import Question
from isocost.run.question import answer
from isocost.workload import GraderError

CALL = Call(model="m", prompt_tokens=10, completion_tokens=5, key="k")
Behaviour = Callable[[Request], Awaitable[Answer]]


def record_of(system: Behaviour, grader: Grader = exact, tried: Record | None = None, **settings: object) -> Record:
    question = Question(items(1)[0], 0, ("one",), tried={} if tried is None else {"one": tried})
    return asyncio.run(answer(job(1, **settings), Team({"one": system}, grader), question, "one"))


async def right(request: Request) -> Answer:
    return Answer(text="0", calls=(CALL,), confidence=0.5, details={"votes": 1})


async def hangs(*_: object) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


def raising(error: BaseException) -> Behaviour:
    async def system(request: Request) -> Answer:
        raise error

    return system


def test_a_right_answer_is_recorded_with_all_that_is_known() -> None:
    record = record_of(right)
    assert (record.text, record.score, record.calls, record.confidence) == ("0", 1.0, (CALL,), 0.5)
    assert (record.task, record.fingerprint, record.details) == ("sums", "f", {"votes": 1})
    assert record.seed == job().seed_of("q0", 0)
    assert record.seconds is not None
    assert record.started is not None


def test_the_request_carries_the_seed_of_the_attempt_and_the_budget() -> None:
    asked = []

    async def system(request: Request) -> Answer:
        asked.append(request)
        return Answer(text="0")

    record_of(system, budget=(budget := Budget(tokens=5)))
    assert (asked[0].seed, asked[0].budget) == (job().seed_of("q0", 0), budget)


@pytest.mark.parametrize(("source", "seconds"), [("measured", False), ("simulated", True), ("replayed", True)])
def test_seconds_are_the_wall_s_unless_the_models_only_tell_theirs(source: Source, seconds: bool) -> None:
    calls = (Call(model="m", seconds=1000.0), Call(model="m", seconds=500.0))

    async def system(request: Request) -> Answer:
        return Answer(text="0", calls=calls)

    question = Question(items(1)[0], 0, ("one",))
    of = Job(items=items(1), systems={"one": Label(source=source)})
    record = asyncio.run(answer(of, Team({"one": system}, exact), question, "one"))
    assert (record.seconds == 1500.0) is seconds


def test_a_failed_call_is_an_error_with_its_calls_and_no_score() -> None:
    record = record_of(raising(CallFailed("no", kind="rate_limit", calls=[CALL])))
    assert (record.error, record.error_kind, record.calls, record.score) == ("no", "rate_limit", (CALL,), None)


def test_a_bug_is_an_error_with_its_type() -> None:
    record = record_of(raising(KeyError("gone")))
    assert (record.error_kind, record.error) == ("bug", "KeyError: 'gone'")


def test_a_system_that_is_no_coroutine_function_or_answers_something_else_is_a_bug() -> None:
    assert record_of(lambda request: "0").error_kind == "bug"  # type: ignore[arg-type, return-value]

    async def text(request: Request) -> str:
        return "0"

    assert record_of(text).error == "expected Answer, got str: '0'"  # type: ignore[arg-type]


def test_calls_that_are_no_calls_are_a_bug() -> None:
    async def system(request: Request) -> Answer:
        return Answer(text="0", calls=[CALL])  # type: ignore[arg-type]

    assert "must be a tuple of Call, got [Call(" in str(record_of(system).error)


def test_a_system_that_cancels_itself_is_a_bug_and_does_not_end_the_run() -> None:
    assert record_of(raising(asyncio.CancelledError())).error_kind == "bug"


def test_a_task_group_s_failure_is_named_by_the_call_that_failed() -> None:
    failed = CallFailed("no", kind="server", calls=[CALL])
    record = record_of(raising(ExceptionGroup("two", [ValueError(), ExceptionGroup("one", [failed])])))
    assert (record.error_kind, record.error, record.calls) == ("server", "no", (CALL,))


def test_the_cap_is_no_failure_of_the_question_also_out_of_a_task_group() -> None:
    for error in (CapReached("spent"), ExceptionGroup("one", [ValueError(), CapReached("spent")])):
        with pytest.raises(CapReached):
            record_of(raising(error))


def test_a_hanging_system_is_a_timeout() -> None:
    record = record_of(hangs, timeout=0.01)
    assert (record.error_kind, record.error) == ("timeout", "no answer within 0.01 s.")


def test_a_timeout_of_the_system_s_own_is_not_ours() -> None:
    assert record_of(raising(TimeoutError("mine")), timeout=60).error == "TimeoutError: mine"


@pytest.mark.parametrize("trouble", [hangs, raising(KeyError("gone")), raising(CallFailed("no", kind="server"))])
def test_what_a_system_spent_before_it_failed_is_recorded_where_it_counts_towards_the_cap(trouble: Behaviour) -> None:
    cap = Cap()
    model = Model(cap)

    async def system(request: Request) -> Answer:
        async with asyncio.TaskGroup() as group:
            for seed in range(2):
                group.create_task(model(Request(prompt=request.prompt, seed=seed)))
        return await trouble(request)

    record = record_of(system, timeout=0.05)
    assert record.error is not None
    assert (len(record.calls), sum(call.tokens for call in record.calls)) == (2, cap.spent_tokens)


def test_what_a_judge_spent_without_a_verdict_is_recorded() -> None:
    async def judge(item: Item, answer: Answer) -> Grade:
        raise GraderError("no score", calls=[CALL])

    record = record_of(right, judge)
    assert (record.error, record.error_kind, record.grading) == ("grading: no score", "grader", (CALL,))


def test_a_system_that_is_cut_can_still_say_what_it_spent() -> None:
    async def system(request: Request) -> Answer:
        try:
            return await hangs()
        except asyncio.CancelledError:
            raise CallFailed("cut", kind="timeout", calls=[CALL]) from None

    record = record_of(system, timeout=0.01)
    assert (record.error, record.calls) == ("cut", (CALL,))


@pytest.mark.parametrize(
    ("grader", "why"),
    [
        (hangs, "no answer within 0.01 s."),
        (raising(ValueError("odd")), "ValueError: odd"),
        (raising(CallFailed("no", kind="server", calls=[CALL])), "no"),
        (
            lambda item, answer: asyncio.sleep(0, Grade(1.5)),
            "ValueError: a score must lie between 0 and 1, the grader gave 1.5.",
        ),
        (lambda item, answer: asyncio.sleep(0, Grade(float("nan"))), "the grader gave nan"),
        (lambda item, answer: asyncio.sleep(0, Grade("good")), "TypeError"),
        (lambda item, answer: asyncio.sleep(0, True), "expected Grade, got bool: True"),
    ],
)
def test_a_grader_that_fails_is_named_and_the_answer_is_kept(grader: object, why: str) -> None:
    async def grading(item: Item, given: Answer) -> Grade:
        return await (grader(item, given) if grader.__code__.co_argcount == 2 else grader(item))  # type: ignore[attr-defined, operator, no-any-return]

    record = record_of(right, grading, timeout=0.01)
    assert (record.text, record.score, record.error_kind, record.calls) == ("0", None, "grader", (CALL,))
    assert record.error is not None
    assert why in record.error


def test_a_question_that_fails_once_is_asked_again_and_keeps_the_calls_of_both_tries() -> None:
    failed, tries = Call(model="m", error="no", key="k"), []

    async def system(request: Request) -> Answer:
        tries.append(request)
        if len(tries) == 1:
            raise CallFailed("no", kind="server", calls=[failed])
        return Answer(text="0", calls=(CALL,))

    record = record_of(system, retries=3)
    assert (record.error, record.calls, len(tries)) == (None, (failed, CALL), 2)


def test_retries_are_bounded() -> None:
    record = record_of(raising(CallFailed("no", kind="server", calls=[CALL])), retries=2)
    assert (record.error, len(record.calls)) == ("no", 3)


def test_calls_that_a_later_try_shares_with_a_failed_one_are_counted_once() -> None:
    before = Record(system="one", item="q0", calls=(CALL,), error="grading: no", error_kind="grader")
    shared = Call(model="m", prompt_tokens=10, completion_tokens=5, key="k", shared=True)

    async def system(request: Request) -> Answer:
        return Answer(text="0", calls=(shared,))

    assert record_of(system, tried=before).calls == (CALL,)
