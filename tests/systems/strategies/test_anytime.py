"""Whenever it is cut off, the last answer stands."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.worlds import run
from tests.systems.strategies.writers import Writer, answered, asked

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Request
from isocost.systems.strategies import anytime

POINTS = (10, 20, 40, 80)


def writer(length: int = 100, **options: object) -> Writer:
    """Knows the answer to a tenth of its thinking, rounded down: "0 sheep", "1 sheep", ... up to "3 sheep"."""
    return Writer(lambda question: length, lambda question, n: f"{min(n // 10, 3)} sheep", **options)  # type: ignore[arg-type]


def test_it_has_an_answer_at_every_checkpoint() -> None:
    given_ = answered(anytime(writer(), POINTS, solution=2), asked())
    assert given_.details["curve"] == [[10, "1 sheep"], [20, "2 sheep"], [40, "3 sheep"], [80, "3 sheep"]]
    assert (given_.final, given_.finish, given_.confidence) == ("3 sheep", "complete", 0.5)
    assert sum(call.completion_tokens or 0 for call in given_.calls) == 80 + 4 * 2


def test_a_checkpoint_at_0_answers_before_any_thinking() -> None:
    given_ = answered(anytime(writer(), (0, 10), solution=2), asked())
    assert given_.details["curve"] == [[0, "0 sheep"], [10, "1 sheep"]]


@pytest.mark.parametrize(("agree", "points"), [(1, 1), (2, 4), (3, 4), (0, 4)])
def test_it_ends_when_so_many_answers_agree(agree: int, points: int) -> None:
    assert len(answered(anytime(writer(), POINTS, solution=2, agree=agree), asked()).details["curve"]) == points


def test_thinking_that_ends_with_an_answer_ends_it() -> None:
    given_ = answered(anytime(writer(15), POINTS, solution=2), asked())
    assert given_.final == "1 sheep"
    assert given_.details["curve"] == [[10, "1 sheep"], [20, "1 sheep"]]  # 15 words, and "The answer is 1 sheep."
    assert [call.completion_tokens for call in given_.calls] == [10, 2, 10]


@settings(max_examples=150, deadline=None)
@given(budget=st.integers(0, 400))
def test_any_budget_that_has_room_for_an_answer_has_one_and_more_never_shows_less(budget: int) -> None:
    """Question, closing words and solution are 6 tokens."""
    given_, more = (
        answered(anytime(writer(), POINTS, solution=2), asked(budget=Budget(tokens=tokens))) for tokens in (budget, budget + 40)
    )
    assert sum(call.tokens for call in given_.calls) <= budget
    assert (given_.final or "").endswith("sheep") == (budget >= 6)
    if budget >= 6:
        assert int(given_.final.split()[0]) <= int(more.final.split()[0])  # type: ignore[union-attr]


@pytest.mark.parametrize("seconds", [3.0, 12.5, 15.0, 40.0, 99.0])
def test_cut_off_at_any_time_it_returns_the_last_answer(seconds: float) -> None:
    given_, took = run(partial(anytime(writer(), POINTS, solution=2), asked(budget=Budget(seconds=seconds))))
    assert took <= seconds
    assert given_.final is not None


def test_a_failed_piece_of_thinking_is_made_up_for_at_the_next_checkpoint() -> None:
    model, made = writer(), 0

    async def flaky(request: Request) -> Answer:
        nonlocal made
        made += 1
        if made == 3:
            raise CallFailed("down", kind="server", calls=[Call(model="writer", error="down")])
        return await model(request)

    given_ = answered(anytime(flaky, POINTS, solution=2), asked())
    assert given_.details["curve"] == [[10, "1 sheep"], [40, "3 sheep"], [80, "3 sheep"]]


@pytest.mark.parametrize("points", [(), (8, 8), (8, 4), (-1, 4)])
def test_checkpoints_grow(points: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="checkpoints: expected growing numbers of tokens"):
        anytime(writer(), points)
