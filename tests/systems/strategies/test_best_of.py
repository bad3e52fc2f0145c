"""The best of n is the one that scores highest, whoever scores."""

import asyncio
import math
from itertools import product

import pytest
from tests.systems.strategies.test_vote import Script

from isocost.records import Answer, Call, CallFailed, InputError, Request
from isocost.systems.strategies import best_of

ASKED = Request(prompt="How much?", seed=1)


def likely(*probabilities: float):  # type: ignore[no-untyped-def]
    """Answers "0", "1", ... whose tokens have these probabilities."""
    answers = iter(enumerate(probabilities))

    async def ask(request: Request) -> Answer:
        assert request.logprobs
        number, p = next(answers)
        return Answer(text=str(number), calls=(Call(model="m"),), logprobs=(math.log(p), math.log(p)))

    return ask


def test_without_a_scorer_the_likeliest_tokens_win() -> None:
    given = asyncio.run(best_of(likely(0.3, 0.9, 0.5), 3)(ASKED))
    assert given.text == "1"
    assert given.confidence == pytest.approx(0.9)
    assert given.details["scores"] == pytest.approx([0.3, 0.9, 0.5])


def test_a_function_scores_question_and_answer() -> None:
    seen = []

    def score(question: str, answer: Answer) -> float:
        seen.append(question)
        return -abs(float(answer.value) - 5)

    given = asyncio.run(best_of(Script(["1", "6", "9"]), 3, score=score)(ASKED))
    assert (given.text, given.confidence, seen) == ("6", None, ["How much?"] * 3)


def test_with_a_perfect_scorer_it_is_right_when_any_sample_is() -> None:
    """P(right) = 1 - (1 - p)^n, over every sequence of answers."""
    p, n = 0.3, 4
    right = 0.0
    for sequence in product("rw", repeat=n):
        given = asyncio.run(best_of(Script(sequence), n, score=lambda question, answer: answer.text == "r")(ASKED))
        right += p ** sequence.count("r") * (1 - p) ** sequence.count("w") * (given.text == "r")
    assert right == pytest.approx(1 - (1 - p) ** n, abs=1e-12)


def judge_of(marks: dict[str, str]):  # type: ignore[no-untyped-def]
    asked: list[Request] = []

    async def judge(request: Request) -> Answer:
        asked.append(request)
        mark = next(mark for answer, mark in marks.items() if f"answer:\n{answer}\n" in request.question)
        if mark == "fail":
            raise CallFailed("down", kind="server", calls=[Call(model="judge", error="down")])
        return Answer(text=mark, calls=(Call(model="judge"),))

    judge.asked = asked  # type: ignore[attr-defined]
    return judge


def test_a_judge_gives_marks_and_its_calls_are_counted() -> None:
    judge = judge_of({"a": "I would say 3.", "b": "8/10", "c": "no idea"})
    given = asyncio.run(best_of(Script("abc"), 3, judge=judge)(ASKED))
    assert (given.text, given.confidence, given.details["scores"]) == ("b", 0.8, [0.3, 0.8, None])
    assert [call.model for call in given.calls] == ["script", "judge"] * 3
    assert [call.role for call in given.calls][:2] == ["sample 1/answer", "sample 1/judge"]
    assert "How much?" in judge.asked[0].question


def test_equal_answers_are_judged_by_the_same_call() -> None:
    judge = judge_of({"a": "5"})
    asyncio.run(best_of(Script("aa"), 2, judge=judge)(ASKED))
    assert len({request.key for request in judge.asked}) == 1


def test_a_judge_that_fails_leaves_the_others_and_the_first_when_it_always_does() -> None:
    given = asyncio.run(best_of(Script("ab"), 2, judge=judge_of({"a": "fail", "b": "0"}))(ASKED))
    assert given.text == "b"
    given = asyncio.run(best_of(Script("ab"), 2, judge=judge_of({"a": "fail", "b": "fail"}))(ASKED))
    assert (given.text, given.confidence, len(given.calls)) == ("a", None, 4)


@pytest.mark.parametrize("mark", ["11", "10", "10.0"])
def test_a_mark_is_at_most_the_best(mark: str) -> None:
    assert asyncio.run(best_of(Script("a"), 1, judge=judge_of({"a": mark}))(ASKED)).confidence == 1.0


@pytest.mark.parametrize("score", ["self_certainty", "vibes"])
def test_an_unknown_score_is_refused_by_name(score: str) -> None:
    with pytest.raises(InputError, match=f"got '{score}'"):
        best_of(Script(""), 2, score=score)


def test_without_log_probabilities_it_says_what_would_help() -> None:
    with pytest.raises(InputError, match="use a model that gives them, a judge, or a function"):
        asyncio.run(best_of(Script("ab"), 2)(ASKED))
