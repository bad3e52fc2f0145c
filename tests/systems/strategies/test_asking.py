"""What is asked again is the same question, with more after it."""

import pytest

from isocost.records import InputError, Message, Request, derive_seed
from isocost.systems.strategies.asking import at_least, follow_up

PICTURE = {"type": "image_url", "image_url": {"url": "data:,"}}


def test_the_text_stands_behind_the_last_question_and_the_chat_stays() -> None:
    chat = (Message("system", "Be kind."), Message("user", "One?"), Message("assistant", "1"), Message("user", "Two?"))
    asked = follow_up(Request(prompt=chat, task="sums", max_tokens=9), "Sure?")
    assert asked == Request(prompt=(*chat[:3], Message("user", "Two?\n\nSure?")), task="sums", max_tokens=9)


def test_a_question_in_parts_gets_one_more() -> None:
    asked = follow_up(Request(prompt=(Message("user", (PICTURE,)),)), "Sure?")
    assert asked.prompt == (Message("user", (PICTURE, {"type": "text", "text": "Sure?"})),)


def test_a_chat_without_a_question_gets_one() -> None:
    assert follow_up(Request(prompt=(Message("system", "Tell a joke."),)), "Again.").question == "Again."


def test_a_raw_prompt_gets_a_new_place_for_the_answer() -> None:
    assert follow_up(Request(prompt="Question: 1\nAnswer:"), "Sure?").prompt == "Question: 1\nAnswer:\n\nSure?\n\nAnswer:"


def test_each_part_has_a_seed_of_its_own_and_none_where_there_is_none() -> None:
    request = Request(prompt="?", seed=4)
    assert follow_up(request, "a").seed == 4
    assert follow_up(request, "a", "check", 1).seed == derive_seed(4, "check", 1)
    assert follow_up(Request(prompt="?"), "a", 1).seed is None


def test_an_option_below_its_least_is_named() -> None:
    with pytest.raises(InputError, match="rounds: must be at least 1 round, got 0"):
        at_least("rounds", 0, 1, "round")
