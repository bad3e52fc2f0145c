"""Parts of a question: how a system is asked to take it apart, and to answer the parts one after the other."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from isocost.records import Answer, Request, System
from isocost.systems.strategies.continuing import tokens_of
from isocost.systems.strategies.steps import told
from isocost.systems.strategies.tab import Tab, says_something

TAKE_APART_PROMPT = """Do not answer yet. Break the question into at most {most} sub-questions that lead to its answer.
Write a line for each:
1. [d] sub-question
where d says how difficult it is, from 1 (a moment's work) to 5 (very hard)."""
PART_PROMPT = """Found so far:
{found}

Now answer only this part: {part}"""
WHOLE_PROMPT = """Found so far:
{found}

Now answer the question itself. Write "Answer: " and the answer."""
_LINE = re.compile(
    r"^\s*(?:\d+\s*[.):]|[-*•])\s*(?:[\[(]\s*(?P<hard>[1-5])\s*(?:/\s*5\s*)?[\])][.:]?\s*)?(?P<text>\S.*?)\s*$", re.MULTILINE
)


class Part(NamedTuple):
    """A sub-question and how difficult it is said to be, from 1 to 5; None: not said."""

    text: str
    difficulty: int | None = None


class TakenApart(NamedTuple):
    """The parts of a question, and the completion tokens that it took to say them."""

    parts: list[Part]
    tokens: int


def parts_in(text: str, most: int) -> list[Part]:
    """The sub-questions of a numbered or dotted list."""
    lines = list(_LINE.finditer(text))[:most]
    return [Part(line["text"], int(line["hard"]) if line["hard"] else None) for line in lines]


def no_answer(system: System) -> System:
    """The system, what it says being no answer to the question: `final` is empty."""

    async def answer(request: Request) -> Answer:
        return replace(await system(request), final="")

    return answer


async def taken_apart(tab: Tab, planner: System, request: Request, most: int, max_tokens: int | None) -> TakenApart:
    """The question's parts as `planner` sees them; none when it failed or gave no list.

    Asked with the request's own seed, role "plan".
    """
    asked = told(request, TAKE_APART_PROMPT.format(most=most))
    asked = asked if max_tokens is None else replace(asked, max_tokens=max_tokens)
    planned = await tab.ask(no_answer(planner), asked, "plan")
    return TakenApart([], 0) if planned is None else TakenApart(parts_in(planned.text, most), tokens_of(planned))


def asking_part(request: Request, part: Part, found: Sequence[str]) -> Request:
    """The request for one part, with what was found before."""
    return told(request, PART_PROMPT.format(found="\n".join(found) or "(nothing yet)", part=part.text))


def asking_whole(request: Request, found: Sequence[str]) -> Request:
    """The request for the final answer; the question as it was asked when nothing was found before."""
    return told(request, WHOLE_PROMPT.format(found="\n".join(found))) if found else request


class Job(NamedTuple):
    """Who is asked for a part, or for the answer to the question itself (None), and how many tokens that may take."""

    part: Part | None
    system: System
    tokens: int | None = None


class Worked(NamedTuple):
    """The answer to the last part that got any, and whether there were more jobs than the budget allowed."""

    answer: Answer | None
    short: bool


async def in_turn(tab: Tab, request: Request, jobs: Sequence[Job]) -> Worked:
    """The jobs one after the other, each told what was found before; tokens that one leaves, the next one may take."""
    found: list[str] = []
    best: Answer | None = None
    over = 0
    for number, job in enumerate(jobs, 1):
        if not tab.open:
            return Worked(best, True)
        asked = asking_whole(request, found) if job.part is None else asking_part(request, job.part, found)
        limit = None if job.tokens is None else job.tokens + over
        if limit is not None and limit < 1:
            continue  # nothing is left for it
        if limit is not None:
            asked = replace(asked, max_tokens=limit if request.max_tokens is None else min(limit, request.max_tokens))
        given = await tab.ask(job.system, asked, "answer" if job.part is None else f"part {number}")
        if given is not None and says_something(given):
            best = given
            if job.part is not None:
                found.append(f"{job.part.text} {given.value.strip()}")
        over = 0 if limit is None else limit - (tokens_of(given) if given else 0)
    return Worked(best, False)
