"""A text that is written in several calls reads as if it had been written in one."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Answer, Call, CallFailed, Message, Request, System
from isocost.systems.strategies.continuing import Writing, continuation, joined, tokens_of, unrepeated
from isocost.systems.strategies.tab import Tab

CHAT = Request(prompt=(Message("system", "Be kind."), Message("user", "Count!")), seed=7)
RAW = Request(prompt="Count:", seed=7)
WHOLE = "One sheep, two sheep,\nthree sheep,\n\nfour sheep. And so to bed."


def test_a_raw_prompt_is_continued_at_its_end() -> None:
    assert continuation(RAW, " one,\n").prompt == "Count: one,"


def test_a_chat_is_continued_by_the_assistants_last_message() -> None:
    once = continuation(CHAT, "One, ")
    assert once.prompt == (*CHAT.prompt, Message("assistant", "One,"))
    assert continuation(once, " two").prompt == (*CHAT.prompt, Message("assistant", "One, two"))


@pytest.mark.parametrize("request_", [RAW, CHAT])
def test_of_nothing_there_is_no_continuation(request_: Request) -> None:
    assert continuation(request_, " \n") == request_


def writer(text: str, size: int, *, tells: str = "new") -> System:
    """Writes the text, so many characters a token; tells only what is new, or the whole message back."""

    async def write(request: Request) -> Answer:
        begun = request.prompt.removeprefix("Count:") if isinstance(request.prompt, str) else ""
        if not isinstance(request.prompt, str) and request.prompt[-1].role == "assistant":
            begun = str(request.prompt[-1].content)
        assert text.startswith(begun)
        rest = text[len(begun) :][: size * (request.max_tokens or 1000)]
        call = Call(model="m", prompt_tokens=9, completion_tokens=-(-len(rest) // size))
        ends = len(begun) + len(rest) == len(text)
        return Answer(text=begun + rest if tells == "all" else rest, calls=(call,), finish="complete" if ends else "length")

    return write


def written(system: System, request: Request, tokens: int) -> Writing:
    async def whole() -> Writing:
        writing = Writing(Tab(request), system, request)
        while not writing.ended:
            await writing.more("piece", tokens)
        return writing

    return asyncio.run(whole())


@pytest.mark.parametrize(("request_", "tells"), [(RAW, "new"), (CHAT, "new"), (CHAT, "all")])
@given(size=st.integers(1, 9), tokens=st.integers(3, 30))
def test_a_text_written_in_pieces_is_the_text(request_: Request, tells: str, size: int, tokens: int) -> None:
    """Wherever it is cut, in white space too; an address that gives the whole message back must have said enough to tell."""
    if tells == "all" and size * tokens < 30:
        return
    writing = written(writer(WHOLE, size, tells=tells), request_, tokens)
    assert writing.said == writing.shown == WHOLE


def test_what_is_put_in_is_shown_to_the_system_and_not_said() -> None:
    async def whole() -> Writing:
        writing = Writing(Tab(RAW), writer("One. [Hint.] Two.", 1), RAW)
        await writing.more("piece", 4)
        writing.add(" [Hint.]")
        await writing.more("piece", 99)
        return writing

    writing = asyncio.run(whole())
    assert (writing.said, writing.shown) == ("One. Two.", "One. [Hint.] Two.")


def test_a_model_that_begins_again_is_joined_once() -> None:
    begun = "Let us see: three and four"
    assert unrepeated(begun, begun + " is seven.") == " is seven."
    assert unrepeated("a", "a") == "a"
    assert unrepeated("round and round and round", " and round and round and round").startswith(" and")


def test_a_model_that_cannot_go_on_is_known_by_its_repeating() -> None:
    """It begins anew at each call; once a piece has room for all of the text, the text stands there once."""

    async def anew(request: Request) -> Answer:
        said = WHOLE[: request.max_tokens]
        return Answer(text=said, finish="complete" if said == WHOLE else "length", calls=(Call(model="m"),))

    async def whole() -> Writing:
        writing = Writing(Tab(CHAT), anew, CHAT)
        await writing.more("piece", 30)
        assert not writing.repeats
        await writing.more("piece", 30)
        assert writing.repeats
        await writing.more("piece", 99)
        return writing

    writing = asyncio.run(whole())
    assert (writing.said, writing.ended, writing.repeats) == (WHOLE, True, False)


def test_white_space_between_pieces_is_the_continuations_where_it_has_any() -> None:
    assert [joined("a \n", text) for text in (" b", "b", "")] == ["a b", "a \nb", "a \n"]


def test_the_first_piece_is_the_plain_call_and_each_later_one_has_a_seed_of_its_own() -> None:
    seeds: list[int | None] = []

    async def watched(request: Request) -> Answer:
        seeds.append(request.seed)
        return await writer(WHOLE, 1)(request)

    written(watched, RAW, 20)
    assert seeds[0] == 7
    assert len(set(seeds)) == len(seeds) == 4


def test_a_failed_piece_leaves_the_text_as_it_was() -> None:
    async def fails(request: Request) -> Answer:
        raise CallFailed("down", kind="server")

    async def whole() -> tuple[str | None, Writing]:
        writing = Writing(Tab(RAW), fails, RAW)
        return await writing.more("piece", 4), writing

    piece, writing = asyncio.run(whole())
    assert (piece, writing.shown, writing.ended, writing.tokens) == (None, "", False, 0)


CALLS: dict[str, tuple[tuple[Call, ...], int]] = {
    "two calls": ((Call(model="m", completion_tokens=3), Call(model="m", completion_tokens=4)), 7),
    "a failed one": ((Call(model="m", completion_tokens=3, error="x"), Call(model="m", completion_tokens=4)), 4),
    "not stated": ((Call(model="m"), Call(model="m", completion_tokens=4)), 2),
    "no calls": ((), 2),
}


@pytest.mark.parametrize(("calls", "tokens"), CALLS.values(), ids=list(CALLS))
def test_tokens_are_counted_and_words_where_they_are_not_known(calls: tuple[Call, ...], tokens: int) -> None:
    assert tokens_of(Answer(text="two words", calls=calls)) == tokens
