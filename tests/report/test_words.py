"""Numbers are said the same way everywhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.metrics import Estimate
from isocost.report.words import count, digits, interval, missing, probability, say


def estimate(value: float | None, low: float | None, high: float | None, method: str = "a test") -> Estimate:
    return Estimate(value, low, high, 10, method, "measured")


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (1, "1.00"), (0.012345, "0.0123"), (1234.5, "1,234"), (999.96, "1,000"), (-0.5, "-0.500")]
)
def test_three_digits_count_and_no_exponent_ever_shows(value: float, said: str) -> None:
    assert digits(value) == said


@given(st.floats(min_value=1e-12, max_value=1e12))
def test_what_is_said_is_within_half_a_percent_of_what_was_meant(value: float) -> None:
    said = digits(value)
    assert "e" not in said
    assert float(said.replace(",", "")) == pytest.approx(value, rel=0.005)


def test_what_is_missing_is_never_nought() -> None:
    assert say("money", None) == "unpriced"
    assert say("seconds", math.nan) == "not measured"
    assert missing("money", estimate(None, 1.0, None, "infinite: 3 of 4 questions never answered right")) == "infinite"
    assert missing("money", estimate(None, None, None, "unpriced: x")) == "unpriced"
    assert missing("money", estimate(None, None, None, "not measured")) == "not measured"


def test_money_is_scaled_and_shares_are_percentages() -> None:
    assert say("money", 0.00123, 1000) == "$1.23"
    assert say("share", 0.5) == "50.0 %"
    assert say("seconds", 1.5) == "1.50 s"


def test_an_interval_names_its_unit_once_and_says_when_an_end_is_open() -> None:
    assert interval("share", estimate(0.5, 0.4, 0.6)) == "40.0 to 60.0 %"
    assert interval("money", estimate(1, 0.5, 2)) == "$0.500 to $2.00"
    assert interval("money", estimate(1, 0.5, 2), joint="-") == "$0.500-2.00"
    assert interval("share", estimate(1.0, None, None)) == "no interval"
    assert interval("money", estimate(None, 2.0, None)) == "at least $2.00"
    assert interval("seconds", estimate(1, None, 2.0)) == "at most 2.00 s"


def test_a_bootstrap_never_claims_certainty() -> None:
    assert [probability(p) for p in (1.0, 0.0, 0.5, None)] == ["> 99 %", "< 1 %", "50 %", "not known"]
    assert not {probability(p / 1000) for p in range(1001)} & {"100 %", "0 %"}


def test_one_is_singular() -> None:
    assert (count(1, "question"), count(1319, "question")) == ("1 question", "1,319 questions")
