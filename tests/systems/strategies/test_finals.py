"""The final answer is found where people and benchmarks put it, and equal answers are equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.systems.strategies import final_answer, normalised


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("First 1. The answer is 12", "12"),
        ("The answer is 12. Hope this helps!", "12"),
        ("so\nAnswer: 3.5.\nBye", "3.5"),
        ("**Final answer:** Paris", "Paris"),
        ("**Answer**: (B)", "(B)"),
        ("Answer: 1\nNo. Answer: 2", "2"),
        ("1 + 1 = 2\n#### 1,234", "1,234"),
        (r"thus \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"The answer is $\boxed{7}$.", "7"),
        ("The correct answer is: -4", "-4"),
        ("The answer is Dr. Who. Yes.", "Dr. Who"),
        ("answer = 9", "9"),
        ("THE ANSWER IS\n\n8", "8"),
        ("The answer is", None),
        (r"\boxed{never closed", None),
        ("I answered 12", None),
        ("12", None),
        ("", None),
    ],
)
def test_the_final_answer(text: str, final: str | None) -> None:
    assert final_answer(text) == final


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12", " 12. "),
        ("1,234", "1234"),
        ("1000", "1,000.00"),
        ("4.0", "4"),
        ("-0", "0"),
        ("+3", "3"),
        ("\u22123", "-3"),
        ("$5", "5"),
        ("(B)", "b"),
        ("**Paris**", "paris"),
        ("The  Moon", "the moon"),
    ],
)
def test_the_same_answer(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"), [("12", "-12"), ("1,23", "123"), ("1/2", "12"), ("a b", "ab"), ("10", "1"), ("50%", "50"), ("?", "")]
)
def test_different_answers(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.text(), st.text())
def test_any_text_has_a_final_answer_or_none(text: str, tail: str) -> None:
    final = final_answer(text)
    assert final is None or (final and final in text.strip())
    assert final_answer(f"{text} #### 5") == "5"
