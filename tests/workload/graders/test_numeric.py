"""Numbers are read as people write them, and compared exactly."""

import asyncio
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Answer, InputError, Item
from isocost.workload.graders.numeric import number_in, numbers_in, numeric, whole_number


def score(text: str, target: Any, **options: Any) -> float:
    item = Item(id="q", question="?", target=target)
    return asyncio.run(numeric(**options)(item, Answer(text=text))).score


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The answer is 5.", "5"),
        ("$1,234.50 in all", "1234.5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("it is \u22127 degrees", "-7"),
        ("50%", "50"),
        ("3/4", "0.75"),
        (r"\frac{3}{4}", "0.75"),
        (r"$-\dfrac{1}{2}$", "-0.5"),
        ("5e3", "5000"),
        ("1.5 \u00d7 10^-3", "0.0015"),
        (r"2 \times 10^{6}", "2000000"),
        (r"\boxed{12{,}000}", "12000"),
        ("...12", "12"),
        (".5", "0.5"),
        ("between 3-5", "5"),
        ("10 - 4", "4"),
        ("- 5 apples", "5"),
        ("1, 2 and 3", "3"),
        ("1,2345", "2345"),
        ("1/0 or 7/0, so 6", "6"),
        ("1e999999999999999999999 or 4", "4"),
        ("#### 72", "72"),
        ("The area is 25 cm^2", "25"),
        (r"25 \text{ m}^{-2}", "25"),
        ("10^5", "100000"),
        ("2^{10}", "1024"),
        ("10^-2", "0.01"),
        ("1 1/2 cups", "1.5"),
        ("-2 3/4", "-2.75"),
        (r"2\frac{1}{2}", "2.5"),
        (r"-2\dfrac12", "-2.5"),
        ("in 2020 7/2", "3.5"),
    ],
)
def test_the_last_number_is_read_as_people_write_it(text: str, number: str) -> None:
    assert number_in(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "none", "H2O", "gpt4", "1/0", "x_5", ".", "x^2", "cm^(-2)", "0^0", "9^999999999999"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_in(text) is None


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**18), max_value=10**18),
    st.sampled_from(["{:f}", "{:,f}", "{:.10e}"]),
)
def test_a_number_printed_is_read_back(value: Decimal, style: str) -> None:
    printed = style.format(value)
    assert number_in(f"so it is {printed}.") == Decimal(printed.replace(",", ""))
    assert whole_number(f" ${printed} ") == Decimal(printed.replace(",", ""))


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30), st.integers(1, 1000))
def test_equal_fractions_are_equal(top: int, bottom: int, by: int) -> None:
    assert score(f"{top}/{bottom}", f"{top * by}/{bottom * by}") == 1


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**9))
def test_fractions_compare_as_the_slow_obvious_way_does(a: int, b: int, c: int, d: int) -> None:
    assert score(f"{a}/{b}", f"{c}/{d}") == float(Fraction(a, b) == Fraction(c, d))


@given(st.integers(-(10**40), 10**40), st.sampled_from([-1, 1]))
def test_neighbouring_integers_of_any_size_are_told_apart(value: int, step: int) -> None:
    assert score(str(value), value) == 1
    assert score(str(value), value + step) == 0


@given(st.text(alphabet=" .,-+eExX/$%\\{}^()\u00d7\u2212½٣_ab0123456789\n*"))
def test_the_short_cut_finds_what_reading_everything_finds(text: str) -> None:
    everything = list(numbers_in(text))
    assert list(numbers_in(text, backwards=True)) == everything[::-1]
    assert number_in(text) == (everything[-1] if everything else None)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for value in numbers_in(text):
        assert value.is_finite()


def test_take_says_which_number() -> None:
    two = "of 10, 4 remain"
    assert [score(two, 4, take=take) for take in ("last", "first", "only", "whole")] == [1, 0, 0, 0]
    assert [score("4 remain", 4, take=take) for take in ("last", "first", "only", "whole")] == [1, 1, 1, 0]
    assert score(" $4.00. ", 4, take="whole") == 1


def test_a_tolerance_is_absolute_or_relative_to_the_target_whichever_is_larger() -> None:
    assert score("3.14", "3.14159") == 0
    assert score("3.14", "3.14159", absolute=0.01) == 1
    assert score("101", 100, relative=0.01) == 1
    assert score("101.1", 100, relative=0.01) == 0
    assert score("-101", -100, relative=0.01) == 1


def test_one_of_several_targets_is_enough() -> None:
    assert score("7", [5, 7]) == 1


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(InputError, match="a tolerance must be at least 0, got absolute=-1"):
        numeric(absolute=-1)
