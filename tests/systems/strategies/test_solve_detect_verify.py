"""A solution ends where it is complete, and is checked with the effort that it needs."""

import asyncio
import math
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.systems.strategies.writers import Writer, answered, asked

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Request, System
from isocost.systems.strategies import solve_detect_verify
from isocost.systems.strategies.solve_detect_verify import has_solution


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("The answer is 12. Wait", True),
        ("The answer is 12.", False),  # may become 12.5
        ("The answer is 12", False),
        ("The answer is 12\n", True),
        (r"so \boxed{12}", True),
        (r"so \boxed{12", False),
        ("twelve, it seems", False),
        ("Answer:", False),
        ("", False),
    ],
)
def test_a_solution_is_there_when_another_letter_would_not_change_it(text: str, there: bool) -> None:
    assert has_solution(text) is there


def rambler(place: int, whole: int) -> Writer:
    """States its answer after so many words and goes on rambling."""

    class Rambler(Writer):
        def _rest(self, question: str, begun: list[str]) -> list[str]:
            words = ["so"] * place + ["The", "answer", "is", "7.\n", "But"] + ["hm"] * whole
            return words[len(begun) :]

    return Rambler(lambda question: 0, lambda question, n: "")


@given(place=st.integers(0, 60), segment=st.integers(1, 40))
def test_it_stops_at_the_first_piece_that_has_the_solution_whole(place: int, segment: int) -> None:
    """Tokens: the statement's end (4 words further), rounded up to whole pieces."""
    given_ = answered(solve_detect_verify(rambler(place, 500), segment=segment, rounds=0), asked())
    said = sum(call.completion_tokens or 0 for call in given_.calls)
    assert said == math.ceil((place + 4) / segment) * segment
    assert given_.finish == "complete"


def test_a_detector_of_ones_own_decides() -> None:
    given_ = answered(
        solve_detect_verify(rambler(40, 99), segment=5, rounds=0, detect=lambda text: text.count("so") >= 10), asked()
    )
    assert given_.text.split() == ["so"] * 10


def test_without_a_solution_it_ends_at_the_limit() -> None:
    given_ = answered(solve_detect_verify(rambler(40, 99), segment=8, rounds=0), asked(max_tokens=20))
    assert (len(given_.text.split()), given_.finish) == (20, "length")


class Scripted:
    """Solver and verifier: solutions, and what each kind of check says, in turn."""

    def __init__(self, solutions: str, checks: str, examined: str = "") -> None:
        self.says: dict[str, Iterator[str]] = {"solve": iter(solutions), "check": iter(checks), "examine": iter(examined)}
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        text = request.question
        kind = "check" if "Reply Yes" in text else "examine" if "line by line" in text else "solve"
        said = next(self.says[kind])
        if kind != "solve":
            said = {"y": "Yes.", "n": "No, line 2 is wrong.", "?": "Hm."}[said]
        if kind == "examine":
            said = f"No line seems odd... Verdict: {said}"
        return Answer(text=said, calls=(Call(model="m"),))


def done(solutions: str, says: str, examined: str = "", **options: int) -> tuple[Answer, Scripted]:
    world = Scripted(solutions, says, examined)
    return asyncio.run(solve_detect_verify(world, **options)(asked())), world


@pytest.mark.parametrize(
    ("checks", "examined", "text", "words", "confidence"),
    [
        ("yyy", "", "a", ["right"], 1.0),
        ("nnn", "", "b", ["wrong"], None),
        ("yny", "y", "a", ["right"], 0.75),
        ("yny", "n", "b", ["wrong"], None),
        ("???", "y", "a", ["right"], 1.0),
        ("yn?", "?", "a", ["unclear"], 0.5),
        ("yy?", "", "a", ["right"], 1.0),
    ],
)
def test_fast_checks_that_agree_decide_and_else_a_thorough_one(
    checks: str, examined: str, text: str, words: list[str], confidence: float | None
) -> None:
    given_, _ = done("ab", checks, examined)
    assert (given_.text, given_.details["verdicts"], given_.confidence) == (text, words, confidence)
    assert len(given_.calls) == 4 + len(examined) + (text == "b")


@pytest.mark.parametrize(
    ("p", "q", "f", "s", "k"), [(0.6, 0.5, 0.8, 0.9, 3), (0.3, 0.4, 0.7, 0.95, 2), (0.5, 0.5, 0.5, 0.5, 1)]
)
def test_accuracy_and_effort_are_the_closed_forms(p: float, q: float, f: float, s: float, k: int) -> None:
    """Over every sequence: solution right with p, anew with q, fast checks right with f, a thorough one with s.

    A verdict is right with v = f^k + m s, where m = 1 - f^k - (1-f)^k need the thorough check; and then
    P(right) = p v + (p (1 - v) + (1 - p) v) q.
    """
    right = effort = 0.0
    for first, second, *checks, last in product("rw", "rw", *["tf"] * k, "tf"):
        weight = (p if first == "r" else 1 - p) * (q if second == "r" else 1 - q) * (s if last == "t" else 1 - s)
        weight *= f ** checks.count("t") * (1 - f) ** checks.count("f")
        says = ["y" if (check == "t") == (first == "r") else "n" for check in (*checks, last)]
        given_, _ = done(first + second, "".join(says[:-1]), says[-1], checks=k)
        right += weight * (given_.text == "r")
        effort += weight * sum(call.role == "examine" for call in given_.calls)
    m = 1 - f**k - (1 - f) ** k
    v = f**k + m * s
    assert effort == pytest.approx(m, abs=1e-12)
    assert right == pytest.approx(p * v + (p * (1 - v) + (1 - p) * v) * q, abs=1e-12)


def test_the_new_solution_is_told_what_was_wrong() -> None:
    _, world = done("ab", "nnn")
    assert "No, line 2 is wrong." in world.asked[-1].question
    assert "\na\n" in world.asked[-1].question
    _, world = done("ab", "yny", "n")
    assert "Verdict: No" in world.asked[-1].question


def test_checks_are_samples_of_their_own_and_short() -> None:
    _, world = done("ab", "nnn")
    checks = world.asked[1:4]
    assert len({request.seed for request in checks}) == 3
    assert {(request.temperature, request.max_tokens) for request in checks} == {(0.7, 48)}


def test_every_round_but_the_last_is_checked() -> None:
    given_, _ = done("abc", "nnnnnn", rounds=2)
    assert (given_.text, given_.details["verdicts"], len(given_.calls)) == ("c", ["wrong", "wrong"], 9)


def test_a_verifier_of_its_own_checks() -> None:
    async def verifier(request: Request) -> Answer:
        return Answer(text="Yes", calls=(Call(model="verifier"),))

    given_ = asyncio.run(solve_detect_verify(Scripted("a", ""), verifier=verifier)(asked()))
    assert [call.model for call in given_.calls] == ["m", "verifier", "verifier", "verifier"]


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 5, 6])
def test_the_solution_stands_when_the_budget_ends_the_checks(calls: int) -> None:
    world = Scripted("ab", "yny", "n")
    given_ = asyncio.run(solve_detect_verify(world)(asked(budget=Budget(calls=calls))))
    assert (given_.text, given_.finish) == (("a", "budget") if calls < 6 else ("b", "complete"))


def test_a_solution_that_failed_is_made_again() -> None:
    world, made = Scripted("b", "yyy"), 0

    async def flaky(request: Request) -> Answer:
        nonlocal made
        made += 1
        if made == 1:
            raise CallFailed("down", kind="server", calls=[Call(model="m", error="down")])
        return await world(request)

    given_ = asyncio.run(solve_detect_verify(flaky)(asked()))
    assert (given_.text, given_.details["verdicts"]) == ("b", [])


@pytest.mark.parametrize("options", [{"segment": 0}, {"checks": 0}, {"rounds": -1}])
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, int]) -> None:
    def never(request: Request) -> Answer:
        raise AssertionError

    system: System = never  # type: ignore[assignment]
    with pytest.raises(InputError, match=next(iter(options))):
        solve_detect_verify(system, **options)  # type: ignore[arg-type]
