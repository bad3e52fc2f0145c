"""Patterns grade; those that could run away are seen beforehand and stopped."""

import asyncio
import re
import subprocess
from typing import Any

import pytest

from isocost.records import Answer, Grade, InputError, Item
from isocost.workload import GraderError
from isocost.workload.graders.regex import regex, steps


def grade(text: str, target: Any = None, **options: Any) -> Grade:
    return asyncio.run(regex(**options)(Item(id="q", question="?", target=target), Answer(text=text)))


def test_a_group_is_compared_with_the_target_in_the_last_match_or_the_first() -> None:
    text = "Answer: 4\nAnswer: 5"
    assert grade(text, 5, pattern=r"^Answer: (\d+)$").score == 1
    assert grade(text, 5, pattern=r"^Answer: (\d+)$", take="first") == Grade(0.0, "'4', expected 5")


def test_without_a_group_a_match_is_enough() -> None:
    assert grade("I cannot say", pattern="cannot|unable").score == 1
    assert grade("I can", pattern="cannot|unable").reason == "no match of 'cannot|unable'"


def test_without_a_pattern_the_target_is_one() -> None:
    assert grade("colour", "colou?r").score == 1
    assert grade("COLOR", ["grey", "colou?r"], ignore_case=True).score == 1


def test_a_broken_pattern_is_refused_and_a_broken_target_is_the_graders_error() -> None:
    with pytest.raises(InputError, match="not a regular expression"):
        regex(pattern="(")
    with pytest.raises(GraderError, match="item 'q': not a regular expression"):
        grade("x", "(")


RUNAWAYS = ["(a+)+$", "(a|a)*$", "(a|aa)+$", r"(.*a){12}$", r"(x+x+)+y", r"^(\w+\s?)*$", r"(a*)*\1b", "(?:(?:a{0,9}){9}){9}b"]


@pytest.mark.parametrize("pattern", RUNAWAYS)
def test_a_pattern_that_can_run_away_is_known_beforehand(pattern: str) -> None:
    assert steps(re.compile(pattern), 100) == float("inf")


@pytest.mark.parametrize(
    "pattern", [r"answer is (-?\d+)", r"#### (.+)$", "yes|no", r"\b[A-D]\b", r"\d{1,3}(,\d{3})?", "(?=x)y"]
)
def test_usual_patterns_are_matched_here_on_usual_answers(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert grade("so the answer is 4", "none", pattern=pattern).score in (0, 1)


def test_a_runaway_is_stopped_and_names_item_and_pattern() -> None:
    with pytest.raises(GraderError, match=r"item 'q': the pattern '\(a\+\)\+\$' took longer than 1 s on 51 characters"):
        grade("a" * 50 + "b", pattern="(a+)+$", seconds=1.0)


def test_matching_elsewhere_gives_the_same_as_matching_here() -> None:
    """The same pattern on a short text (here) and on a long one (in a process of its own)."""
    pattern, padding = r"(\w+) is (\d+)", "so " * 9000
    assert steps(re.compile(pattern), 20) < 6 < steps(re.compile(pattern), len(padding))
    for text in ("x is 4", f"{padding}x is 4"):
        assert grade(text, "x", pattern=pattern, seconds=60.0).score == 1
