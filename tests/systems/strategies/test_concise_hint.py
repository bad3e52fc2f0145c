"""Hints come at the schedule's places, and leave no trace in the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.systems.strategies.writers import Writer, answered, asked

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Request
from isocost.systems.strategies import concise_hint
from isocost.systems.strategies.concise_hint import HINT, interval, place_of_hint


@given(first=st.integers(1, 300), growth=st.floats(0.01, 1.0), pieces=st.integers(1, 12))
def test_pieces_end_where_the_closed_form_says(first: int, growth: float, pieces: int) -> None:
    """l[k] = first ((1 + growth)^k - 1) / growth, less the rounding down of each piece, carried on by the growth."""
    written, whole = 0, True
    for _ in range(pieces):
        whole = whole and first + growth * written < 1024
        written += interval(written, first, growth)
    exact = first * ((1 + growth) ** pieces - 1) / growth
    if whole:
        assert exact - ((1 + growth) ** pieces - 1) / growth - 1e-6 <= written <= exact + 1e-6


def test_without_growth_pieces_are_equal_and_none_is_longer_than_1024() -> None:
    assert {interval(written, 128, 0.0) for written in (0, 128, 9999)} == {128}
    assert interval(10_000, 128, 0.2) == 1024


@pytest.mark.parametrize(
    ("piece", "share", "place"),
    [
        ("One, two. Three", 0.0, 4),
        ("One, two. Three", 0.3, 9),
        ("One, two. Three", 0.9, None),
        ("3.14 is pi, so to say", 0.0, 11),
        ("No stop", 0.0, None),
        ("ends.", 0.0, None),
    ],
)
def test_a_hint_stands_behind_a_comma_or_full_stop(piece: str, share: float, place: int | None) -> None:
    assert place_of_hint(piece, share) == place


def spoken(length: int, saved: int = 0) -> tuple[Writer, list[int]]:
    """Writes so many words with commas; each hint it can see spares it so many of them."""
    lengths: list[int] = []

    class Heeding(Writer):
        def _rest(self, question: str, begun: list[str]) -> list[str]:
            text = " ".join(begun)
            hints, words = text.count(HINT.strip()), len(text.replace(HINT.strip(), "").split())
            lengths.append(words)
            return ["and,"] * (max(words, length - saved * hints) - words) + ["done."]

    return Heeding(lambda question: 0, lambda question, n: ""), lengths


def test_the_answer_is_what_would_have_been_said_and_the_model_saw_the_hints() -> None:
    model, lengths = spoken(300)
    given_ = answered(concise_hint(model, first=50, growth=0.2), asked())
    assert given_.text.split() == ["and,"] * 300 + ["done."]
    assert lengths == [0, 50, 110, 182, 268]
    assert len(given_.details["hints"]) == 4
    assert [prompt.count(HINT) for prompt in model.prompts] == [0, 1, 2, 3, 4]
    assert given_.finish == "complete"


def test_hints_cut_a_short_answer_by_a_larger_share_than_a_long_one() -> None:
    """Each hint that is seen spares thirty words, and hints get ever rarer."""
    shares = []
    for length in (60, 200, 800):
        heeded = answered(concise_hint(spoken(length, saved=30)[0], first=20), asked())
        shares.append(len(heeded.text.split()) / length)
    assert shares[0] < shares[1] < shares[2] < 1


def test_intensity_falls_with_length() -> None:
    """Hints a word: more in the first hundred words than in the next hundreds."""
    model, _ = spoken(2000)
    places = answered(concise_hint(model, first=20, growth=0.2), asked()).details["hints"]
    words = [place // 5 for place in places]  # "and, " is five letters
    assert (
        sum(word < 100 for word in words) > sum(100 <= word < 200 for word in words) > sum(200 <= word < 300 for word in words)
    )


def test_no_answer_is_longer_than_its_limit() -> None:
    given_ = answered(concise_hint(spoken(300)[0], first=50, max_tokens=120), asked())
    assert (len(given_.text.split()), given_.finish) == (120, "length")
    assert len(answered(concise_hint(spoken(300)[0], first=50), asked(max_tokens=70)).text.split()) == 70


@given(budget=st.integers(0, 900))
def test_a_budget_is_kept_and_what_was_written_is_returned(budget: int) -> None:
    given_ = answered(concise_hint(spoken(300)[0], first=50), asked(budget=Budget(tokens=budget)))
    assert sum(call.tokens for call in given_.calls) <= budget
    assert len(given_.text.split()) == sum(call.completion_tokens or 0 for call in given_.calls)
    assert (given_.finish == "complete") == given_.text.endswith("done.")


def test_one_failed_piece_is_asked_again_and_two_are_enough() -> None:
    model, made = spoken(300)[0], 0

    def flaky(*broken: int):  # type: ignore[no-untyped-def]
        async def ask(request: Request) -> Answer:
            nonlocal made
            made += 1
            if made in broken:
                raise CallFailed("down", kind="server", calls=[Call(model="writer", error="down")])
            return await model(request)

        return ask

    assert answered(concise_hint(flaky(1), first=50), asked()).finish == "complete"
    made = 0
    given_ = answered(concise_hint(flaky(2, 3), first=50), asked())
    assert (len(given_.text.split()), given_.finish, len(given_.calls)) == (50, "length", 3)


def test_a_system_that_says_nothing_more_ends_it() -> None:
    async def silent(request: Request) -> Answer:
        return Answer(text="", finish="length", calls=(Call(model="silent"),))

    assert len(answered(concise_hint(silent), asked()).calls) == 1


@pytest.mark.parametrize("options", [{"first": 0}, {"growth": -0.1}, {"growth": float("nan")}, {"max_tokens": 0}])
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        concise_hint(spoken(1)[0], **options)  # type: ignore[arg-type]
