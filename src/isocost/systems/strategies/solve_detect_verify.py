"""`solve_detect_verify`: stops when a solution is there, and checks it with as much effort as it needs."""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from isocost.records import Answer, Request, System, derive_seed
from isocost.systems.strategies.asking import at_least, follow_up
from isocost.systems.strategies.continuing import Writing
from isocost.systems.strategies.finals import final_answer
from isocost.systems.strategies.tab import Tab
from isocost.systems.strategies.vote import TEMPERATURE, sample

LONGEST, BRIEF, THOROUGH = 2048, 48, 512
"""The most tokens of a solution (where the request has no limit), of a fast check, and of a thorough one."""

CHECK = """A proposed solution:
{solution}

Is it right? Reply Yes, or No and in one line where it goes wrong."""

EXAMINE = """A proposed solution:
{solution}

Go through it line by line and say where it goes wrong, if it does. End with "Verdict: Yes" if it is right, or "Verdict: No"."""

REVISE = """A proposed solution, which is wrong:
{solution}

What a reviewer says of it:
{report}

Write a new, correct solution."""

YES_NO = re.compile(r"\b(yes|no)\b", re.IGNORECASE)

Detect = Callable[[str], bool]
"""the text so far -> whether there is a solution in it."""


def solve_detect_verify(
    system: System,
    *,
    verifier: System | None = None,
    segment: int = 128,
    checks: int = 3,
    rounds: int = 1,
    detect: Detect | None = None,
) -> System:
    """A solution that ends as soon as it is complete, is checked fast and, where that is not clear, thoroughly, and made anew.

    Solve-Detect-Verify: Zhong et al. 2025, arXiv 2505.11966. Solve and detect: it is written in pieces of `segment` tokens,
    and no further when `detect` finds a solution in it (the paper pauses where the model hesitates, "Wait", and asks it
    whether it is done). Verify: `checks` fast checks at once; if they all say the same, that holds, else one thorough check
    decides (FlexiVe's flexible budget; theirs is one trained model with two modes). With fast checks right with f and a
    thorough one with s, a verdict is right with f^k + (1 - f^k - (1 - f)^k) s, and 1 - f^k - (1 - f)^k of the questions
    need the thorough one. A solution found wrong is made anew with the report, which as in the paper is not checked again
    after the last round.

    verifier: who checks, else `system`. rounds: how often a wrong solution is made anew; 0: nothing is checked. detect: a
    function of the text; else a stated final answer whose sentence or line has ended. confidence: the share of the checks
    that say Yes, of a checked solution. Continues its own text: see `continuing`; a solution of one piece needs no more.
    """
    at_least("segment", segment, 1, "token")
    at_least("checks", checks, 1, "check")
    at_least("rounds", rounds, 0, "rounds")

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        best: Answer | None = None
        verdict: Verdict | None = None
        words: list[str] = []
        short = True
        for attempt in range(rounds + 1):
            if not tab.open:
                break
            given = await _solution(tab, system, _anew(request, best, verdict, attempt), segment, detect or has_solution)
            if given is not None and (best is None or given.finish != "budget"):
                best, verdict = given, None
            if attempt == rounds:
                short = given is not None and given.finish == "budget"
            elif given is not None and tab.open:
                verdict = await _verified(tab, verifier or system, request, given, attempt, checks)
                if verdict is None:
                    break
                words.append(verdict.word)
                short = verdict.word == "wrong"
            if not short:
                break
        return tab.answer(
            best,
            what="solving and verifying",
            short=short,
            confidence=verdict.share if verdict else None,
            details={"verdicts": words},
        )

    return answer


class Verdict(NamedTuple):
    """What the checks say: "right", "wrong" or "unclear"; the share of them that said Yes; the reviewer's words."""

    word: str
    share: float | None
    report: str


def has_solution(text: str) -> bool:
    """Whether a final answer is stated and said to its end: one more letter would not make it another."""
    stated = final_answer(text)
    return stated is not None and stated == final_answer(text + "0")


def _anew(request: Request, best: Answer | None, verdict: Verdict | None, attempt: int) -> Request:
    """The question; with the last solution and what is wrong with it, where there is one."""
    if best is None or verdict is None:
        return replace(request, seed=derive_seed(request.seed, attempt) if attempt else request.seed)
    return follow_up(request, REVISE.format(solution=best.text.strip(), report=verdict.report), attempt)


async def _solution(tab: Tab, system: System, request: Request, segment: int, detect: Detect) -> Answer | None:
    """The text up to the piece in which it is complete, by itself or by the detector; None when nothing came."""
    writing = Writing(tab, system, request)
    limit = LONGEST if request.max_tokens is None else request.max_tokens
    whole = False
    while not whole and writing.tokens < limit and tab.open:
        left = limit - writing.tokens
        piece = await writing.more("solve", left if writing.repeats else min(segment, left))
        if not (piece or writing.repeats):
            break
        whole = writing.ended or detect(writing.said)
    if not writing.said:
        return None
    return Answer(text=writing.said, finish="complete" if whole else "length" if tab.open else "budget")


async def _verified(
    tab: Tab, verifier: System, request: Request, solution: Answer, attempt: int, checks: int
) -> Verdict | None:
    """What the fast checks say if they agree, else the thorough one; None when the budget ended it."""
    text = solution.text.strip()
    brief = replace(follow_up(request, CHECK.format(solution=text), "check", attempt), max_tokens=BRIEF)
    jobs = [partial(tab.ask, verifier, sample(brief, number, TEMPERATURE), "check") for number in range(checks)]
    answered = await tab.each(jobs)
    said = [(vote[0].lower(), given.text) for given in answered if given and (vote := YES_NO.findall(given.text))]
    if len(answered) < checks:
        return None
    deciding = said[:1]
    if len({vote for vote, _ in said}) != 1:
        if not tab.open:
            return None
        asked = follow_up(request, EXAMINE.format(solution=text), "examine", attempt)
        given = await tab.ask(verifier, replace(asked, max_tokens=THOROUGH), "examine")
        deciding = [(vote[-1].lower(), given.text)] if given and (vote := YES_NO.findall(_end(given.text))) else []
        said += deciding
    share = sum(vote == "yes" for vote, _ in said) / len(said) if said else None
    if not deciding:
        return Verdict("unclear", share, "")
    vote, report = deciding[0]
    return Verdict("right" if vote == "yes" else "wrong", share, report.strip())


def _end(text: str) -> str:
    """What follows the last "Verdict", or else all of it."""
    return text[max(0, text.lower().rfind("verdict")) :]
