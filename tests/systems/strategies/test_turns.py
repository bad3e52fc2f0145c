"""Turns may halt at any of them, and each is an answer."""

import asyncio
from itertools import product

import pytest
from tests.systems.strategies.test_vote import Script

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Message, Request
from isocost.systems.strategies import turns
from isocost.systems.strategies.turns import FIRST, NEXT

ASKED = Request(prompt=(Message("user", "How many?"),), seed=1)


def taken(answers: str, **options: object) -> Answer:
    return asyncio.run(turns(Script(answers), len(answers), **options)(ASKED))  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
def test_halting_when_two_turns_agree_takes_the_waiting_time_of_a_repeat(n: int, p: float) -> None:
    """Right with p or wrong in every turn: the mean number of turns and P(right), walked by hand over the last answer."""
    turns_taken = right = 0.0
    for path in product("rw", repeat=n):
        weight = p ** path.count("r") * (1 - p) ** path.count("w")
        given = taken("".join(path))
        turns_taken += weight * len(given.calls)
        right += weight * (given.value == "r")
    state, expected_turns, expected_right = {"r": p, "w": 1 - p}, 1.0, 0.0
    for _ in range(n - 1):
        expected_turns += state["r"] + state["w"]
        expected_right += state["r"] * p
        state = {"r": state["w"] * p, "w": state["r"] * (1 - p)}
    assert turns_taken == pytest.approx(expected_turns, abs=1e-12)
    assert right == pytest.approx(expected_right + state["r"], abs=1e-12)


@pytest.mark.parametrize(("agree", "calls"), [(0, 6), (1, 1), (2, 3), (3, 6)])
def test_it_halts_when_so_many_in_a_row_agree(agree: int, calls: int) -> None:
    given = taken("abbcdd", agree=agree)
    assert (len(given.calls), given.finish) == (calls, "complete")


def test_each_turn_sees_the_ones_before_it() -> None:
    model = Script(["Answer: 4", "Answer: 5", "Answer: 5"])
    given = asyncio.run(turns(model, 4)(ASKED))
    assert model.asked[2].prompt == (
        Message("user", f"How many?\n\n{FIRST}"),
        Message("assistant", "Answer: 4"),
        Message("user", NEXT),
        Message("assistant", "Answer: 5"),
        Message("user", NEXT),
    )
    assert given.details["answers"] == ["4", "5", "5"]
    assert given.confidence == pytest.approx(2 / 3)
    assert len({request.seed for request in model.asked}) == 3


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_cut_at_any_turn_its_answer_stands(calls: int) -> None:
    request = Request(prompt=ASKED.prompt, budget=Budget(calls=calls))
    given = asyncio.run(turns(Script("abcd"), 4)(request))
    assert (given.text, given.finish) == ("abcd"[calls - 1], "budget")


def test_a_turn_has_its_own_limit_and_keeps_to_the_requests() -> None:
    for limit, expected in ((None, 256), (1000, 256), (99, 99)):
        model = Script("a")
        asyncio.run(turns(model, 1)(Request(prompt="?", max_tokens=limit)))
        assert model.asked[0].max_tokens == expected


def test_a_failed_turn_is_taken_again_with_another_seed() -> None:
    asked: list[Request] = []

    async def flaky(request: Request) -> Answer:
        asked.append(request)
        if len(asked) == 1:
            raise CallFailed("down", kind="server", calls=[Call(model="m", error="down")])
        return Answer(text="7", calls=(Call(model="m"),))

    given = asyncio.run(turns(flaky, 3)(ASKED))
    assert (given.text, len(given.calls)) == ("7", 3)
    assert asked[0].prompt == asked[1].prompt
    assert asked[0].seed != asked[1].seed


@pytest.mark.parametrize("options", [{"n": 0}, {"agree": -1}, {"unit": 0}])
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        turns(Script(""), **options)
