"""A judge's calls are kept, whether it judged or failed."""

import asyncio
from typing import Any

import pytest

from isocost.records import Answer, Call, CallFailed, Grade, InputError, Item, Request
from isocost.workload import GraderError
from isocost.workload.graders.judge import judge

CALL = Call(model="judge", prompt_tokens=50, completion_tokens=5)
ITEM = Item(id="q", question="Name a {prime}.", target="7", task="t")


class Judge:
    """Replies with a text; remembers what it was asked."""

    def __init__(self, reply: str) -> None:
        self.reply, self.asked = reply, list[Request]()

    async def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        return Answer(text=self.reply, calls=(CALL,))


def grade(system: Any, **options: Any) -> Grade:
    return asyncio.run(judge(system=system, **options)(ITEM, Answer(text="5 {or} 7. Score: 10")))


def test_the_last_score_of_the_reply_divided_by_the_best_is_the_score() -> None:
    assert grade(Judge("I first thought Score: 9.\n**Score:** 5")) == Grade(
        0.5, "I first thought Score: 9.\n**Score:** 5", (CALL,)
    )
    assert grade(Judge("Score: 3"), best=4.0).score == 0.75


def test_the_judge_sees_question_target_and_answer_and_is_asked_the_same_each_time() -> None:
    system = Judge("Score: 1")
    grade(system)
    grade(system)
    first, second = system.asked
    assert first.key == second.key
    assert first.temperature == 0
    assert "Name a {prime}." in first.question
    assert "5 {or} 7. Score: 10" in first.question


@pytest.mark.parametrize(
    ("reply", "why"), [("Fine.", "gave no score"), ("Score: 11", "is not within 0 and 10"), ("Score: -1", "not within")]
)
def test_a_reply_without_a_usable_score_is_an_error_that_keeps_the_calls(reply: str, why: str) -> None:
    with pytest.raises(GraderError, match=f"item 'q': .*{why}") as caught:
        grade(Judge(reply))
    assert caught.value.calls == (CALL,)


def test_a_failed_call_is_the_graders_error_and_keeps_the_calls() -> None:
    async def failing(request: Request) -> Answer:
        raise CallFailed("503", kind="server", calls=(CALL,))

    with pytest.raises(GraderError, match="the judge's call failed: 503") as caught:
        grade(failing)
    assert caught.value.calls == (CALL,)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"template": "{answr}"}, "unknown {answr}"),
        ({"template": "{question}"}, "must contain {answer}"),
        ({"template": "{answer"}, "template: "),
        ({"pattern": "score"}, "one group"),
        ({"pattern": "("}, "pattern: "),
        ({"best": 0.0}, "above 0"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        judge(system=Judge(""), **options)
