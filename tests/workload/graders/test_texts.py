"""exact, contains, choice: what normalisation ignores, and how a choice is read."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Answer, Grader, Item
from isocost.workload import GraderError
from isocost.workload.graders.choice import choice, chosen
from isocost.workload.graders.contains import contains
from isocost.workload.graders.exact import exact, normaliser


def score(grader: Grader, text: str, target: Any, **fields: Any) -> float:
    return asyncio.run(grader(Item(id="q", question="?", target=target, **fields), Answer(text=text))).score


options = st.fixed_dictionaries({f"ignore_{name}": st.booleans() for name in ("case", "whitespace", "punctuation")})


@given(st.text(), options)
def test_normalising_twice_changes_nothing_more(text: str, ignored: dict[str, bool]) -> None:
    normal = normaliser(**ignored)
    assert normal(normal(text)) == normal(text)


@given(st.text(), options)
def test_every_text_is_right_about_itself(text: str, ignored: dict[str, bool]) -> None:
    assert score(exact(**ignored), text, text) == 1


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_case_is_ignored_unless_it_matters(text: str) -> None:
    assert score(exact(), text.upper(), text.lower()) == 1
    assert score(exact(ignore_case=False), text.upper(), text.lower()) == float(
        " ".join(text.upper().split()) == " ".join(text.lower().split())
    )


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert score(exact(), "cafe\u0301", "caf\u00e9") == 1


def test_punctuation_is_ignored_on_request() -> None:
    assert score(exact(), "New York!", "new york") == 0
    assert score(exact(ignore_punctuation=True), "\u201cNew York\u201d!", "new york") == 1


def test_a_word_is_found_whole_unless_parts_count() -> None:
    assert score(contains(), "12 or 1.", "1") == 1
    assert score(contains(), "12", "1") == 0
    assert score(contains(whole_words=False), "12", "1") == 1
    assert score(contains(), "C++ it is", "c++") == 1


CITIES = ("Paris", "London", "New London")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(b)", "B"),
        ("b.", "B"),
        ("**B**", "B"),
        (r"$\boxed{\text{B}}$", "B"),
        ("B) London", "B"),
        ("B. because of A", "B"),
        ("A or C? The answer is (B).", "B"),
        ("Answer: b", "B"),
        ("The answer is A. No: the correct answer is C.", "C"),
        ("london!", "B"),
        ("It must be Paris.", "A"),
        ("The answer is a city in France.", None),
        ("The answer is a bit unclear, but it is London", "B"),
        ("The answer is A because of B", "A"),
        ("My choice is b, since a is wrong", "B"),
        ("It is not in the USA. So it is (B).", "B"),
        ("Nobody likes plan C. I take [A].", "A"),
        ("First I thought.\nB) London", "B"),
        (r"The answer is \text{B}", "B"),
        ("Answer: $C$", "C"),
        ("Paris or London", None),
        ("I think so", None),
        ("A man said nothing", None),
        ("D", None),
        ("", None),
    ],
)
def test_a_choice_is_read_from_its_letter_or_its_text(text: str, letter: str | None) -> None:
    assert chosen(text, CITIES) == letter


@pytest.mark.parametrize("target", ["B", "b", "London", 1])
def test_a_target_is_a_letter_a_text_or_an_index_from_0(target: Any) -> None:
    assert score(choice(), "B", target, choices=CITIES) == 1
    assert score(choice(), "A", target, choices=CITIES) == 0


@pytest.mark.parametrize("target", ["D", 3, -1, True, None, "Rome"])
def test_a_target_that_is_no_choice_is_the_graders_error(target: Any) -> None:
    with pytest.raises(GraderError, match="item 'q': its target"):
        score(choice(), "A", target, choices=CITIES)
