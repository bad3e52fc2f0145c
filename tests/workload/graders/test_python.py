"""A user's grader may return, raise, hang or exit; none of it harms the run."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from isocost.records import Answer, Call, CallFailed, CapReached, Grade, InputError, Item
from isocost.workload import GraderError, make_grader
from isocost.workload.graders.python import from_callable

ITEM = Item(id="q", question="?", target="4")


def grade(function: Any, **options: Any) -> Grade:
    return asyncio.run(from_callable(function, **options)(ITEM, Answer(text="4")))


def test_a_callable_returns_a_grade_a_number_or_a_truth() -> None:
    async def later(item: Item, answer: Answer) -> float:
        return 0.5

    class Half:
        async def __call__(self, item: Item, answer: Answer) -> Grade:
            return Grade(0.5)

    assert grade(lambda item, answer: item.target == answer.value) == Grade(1.0)
    assert grade(lambda item, answer: Grade(0.25, "so")) == Grade(0.25, "so")
    assert grade(later) == grade(Half()) == Grade(0.5)


@pytest.mark.parametrize("bad", [None, "1", 2, -0.1, float("nan"), Grade(3.0)])
def test_anything_else_is_the_graders_error(bad: Any) -> None:
    with pytest.raises(GraderError, match=r"item 'q': .* must (return|score)"):
        grade(lambda item, answer: bad)


@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError("mine"), StopIteration(), SystemExit(3), KeyboardInterrupt()])
def test_whatever_it_raises_is_the_graders_error_and_names_the_item(error: BaseException) -> None:
    def raising(item: Item, answer: Answer) -> float:
        raise error

    with pytest.raises(GraderError, match=f"item 'q': .*raising raised .*{type(error).__name__}"):
        grade(raising)


def test_a_loop_without_end_is_stopped_and_its_thread_ends() -> None:
    def looping(item: Item, answer: Answer) -> float:
        while True:
            pass

    with pytest.raises(GraderError, match=r"looping took longer than 0.1 s"):
        grade(looping, seconds=0.1)
    threads = [thread for thread in threading.enumerate() if thread.name == "isocost-grader"]
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_an_async_grader_that_waits_for_ever_is_stopped() -> None:
    async def waiting(item: Item, answer: Answer) -> float:
        await asyncio.Event().wait()
        return 1.0

    with pytest.raises(GraderError, match="waiting took longer"):
        grade(waiting, seconds=0.1)


def test_the_calls_of_a_failed_judge_are_kept_and_a_reached_cap_is_no_fault() -> None:
    async def asking(item: Item, answer: Answer) -> float:
        raise CallFailed("down", kind="server", calls=(Call(model="m"),))

    async def capped(item: Item, answer: Answer) -> float:
        raise CapReached("spent")

    with pytest.raises(GraderError) as caught:
        grade(asking)
    assert caught.value.calls == (Call(model="m"),)
    with pytest.raises(CapReached):
        grade(capped)


def test_a_function_beside_the_study_file_is_found_before_an_installed_one(tmp_path: Path) -> None:
    (tmp_path / "statistics.py").write_text("def mean(item, answer):\n    return .75\n")
    for target in ("statistics:mean", "statistics.py:mean"):
        grader = make_grader({"kind": "python", "target": target}, folder=tmp_path)
        assert asyncio.run(grader(ITEM, Answer(text=""))).score == 0.75


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("grading", 'target: expected "module:function"'),
        ("nowhere_at_all:f", "cannot be imported: ModuleNotFoundError"),
        ("broken.py:f", "cannot be imported: ZeroDivisionError"),
        ("statistics:maen", "has no function 'maen'"),
    ],
)
def test_a_target_that_cannot_be_found_says_why(target: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(InputError, match=rf"^grader\.target: .*{why.removeprefix('target: ')}"):
        make_grader({"kind": "python", "target": target}, folder=tmp_path)
