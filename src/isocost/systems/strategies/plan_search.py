"""`plan_search`: thinks of different ways to solve the question first, then follows each, and repairs what does not pass."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations, cycle, islice
from typing import Literal, NamedTuple

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.finals import normalised
from isocost.systems.strategies.parts import no_answer, parts_in
from isocost.systems.strategies.steps import told
from isocost.systems.strategies.tab import Tab, says_something
from isocost.systems.strategies.vote import TEMPERATURE, sample

IDEAS_PROMPTS = {
    "observations": """Do not answer yet. Make {most} short observations about the question that help to answer it, each
different from the others: properties, special cases, ways in. Write a numbered list.""",
    "algorithms": """Do not answer yet. Name {most} different algorithms that solve this, each with its complexity in time, the
fastest first. Write a numbered list.""",
}
PLAN_PROMPT = """Use these thoughts:
{ideas}

Do not answer yet. Describe in a few sentences a plan that follows from them."""
ANSWER_PROMPT = """Follow this plan:
{plan}"""
REPAIR_PROMPT = """An answer that is not right yet:
{answer}

What was found wrong with it:
{feedback}

Give the whole answer again, repaired."""


class Verdict(NamedTuple):
    """What a check says of an answer: how good it is, 1 for right, and what is wrong with it."""

    score: float
    feedback: str = ""


Check = Callable[[str, str], Verdict]
"""(the question, an answer's text) -> the verdict. A test run, a verifier, a simulator."""


def plan_search(
    system: System,
    n: int = 4,
    *,
    check: Check | None = None,
    repairs: int = 0,
    ideas: Literal["observations", "algorithms"] = "observations",
    planner: System | None = None,
) -> System:
    """The best of `n` answers that follow `n` different plans, themselves made from different observations of the question.

    PlanSearch: Wang et al. 2024, arXiv 2409.03733. One call lists observations; each of `n` subsets of them, single ones
    first, then pairs, becomes a plan in words and the plan an answer, where repeated sampling would say the same again. It
    departs from the paper in one layer of observations (the paper draws more from each subset) and in going from the plan to
    the answer at once.
    ideas "algorithms": the list is of algorithms with their complexity, one for each plan (LLM4EFFI: Ye et al. 2025, arXiv
    2502.18489); let `check` score by speed what is right.
    check: says how good an answer is, 1 for right, and what is wrong; the best score wins and is the confidence. Without it the
    most frequent answer, with its share. repairs: so often the best answer is given back with what `check` found wrong, until
    its score is 1 (iterative programmatic planning: Aravindan et al. 2025, arXiv 2505.10749).
    planner: who has ideas and plans; without one `system`. details: the thoughts behind each plan.
    """
    for name, value, least in (("n", n, 1), ("repairs", repairs, 0)):
        if value < least:
            raise InputError(f"{name}: must be at least {least}, got {value}.")
    if ideas not in IDEAS_PROMPTS:
        raise InputError(f"ideas: expected one of {', '.join(IDEAS_PROMPTS)}, got {ideas!r}.")
    if repairs and check is None:
        raise InputError("repairs: need a `check` that says what is wrong, got none.")
    thinker = no_answer(planner or system)

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        listed = told(request, IDEAS_PROMPTS[ideas].format(most=n))
        thought = await tab.ask(thinker, listed, "ideas") if tab.open else None
        sets = subsets([part.text for part in parts_in(thought.text, n)] if thought else [], n, pairs=ideas == "observations")
        jobs = [partial(_follow, tab, (thinker, system), request, chosen, number) for number, chosen in enumerate(sets)]
        candidates = [given for given in await tab.each(jobs) if given is not None and says_something(given)]
        short = not tab.open and len(candidates) < n
        if check is None:
            votes = Counter(normalised(given.value) for given in candidates)
            best = max(candidates, key=lambda given: votes[normalised(given.value)], default=None)
            sure = votes[normalised(best.value)] / n if best else None
        else:
            best, sure, unrepaired = await _repaired(tab, system, request, candidates, check, repairs)
            short = short or unrepaired
        details = {"thoughts": [list(chosen) for chosen in sets], "answers": len(candidates)}
        return tab.answer(best, what=f"plan search of {n}", short=short, confidence=sure, details=details)

    return answer


def subsets(thoughts: Sequence[str], n: int, *, pairs: bool) -> list[tuple[str, ...]]:
    """`n` sets of thoughts: single ones, then pairs, then again from the start; empty ones where there are no thoughts."""
    every = [chosen for size in (1, 2)[: 1 + pairs] for chosen in combinations(thoughts, size)] or [()]
    return list(islice(cycle(every), n))


async def _follow(
    tab: Tab, who: tuple[System, System], request: Request, thoughts: Sequence[str], number: int
) -> Answer | None:
    """An answer by a plan of its own; to the question as it is, where there are no thoughts to plan from or no plan came."""
    thinker, system = who
    asked = request
    if thoughts:
        text = PLAN_PROMPT.format(ideas="\n".join(thoughts))
        plan = await tab.ask(thinker, sample(told(request, text), number, TEMPERATURE), f"plan {number + 1}")
        if not tab.open:
            return None
        if plan is not None and plan.text.strip():
            asked = told(request, ANSWER_PROMPT.format(plan=plan.text.strip()))
    return await tab.ask(system, sample(asked, number, TEMPERATURE), f"answer {number + 1}")


class _Repaired(NamedTuple):
    """The best answer, its score as a share, and whether another repair was due when the budget ran out."""

    answer: Answer | None
    score: float | None
    short: bool


async def _repaired(
    tab: Tab, system: System, request: Request, candidates: Sequence[Answer], check: Check, repairs: int
) -> _Repaired:
    judged = [(given, check(request.question, given.value)) for given in candidates]
    if not judged:
        return _Repaired(None, None, False)
    best, verdict = max(judged, key=lambda each: each[1].score)
    for turn in range(repairs):
        if verdict.score >= 1:
            break
        if not tab.open:
            return _Repaired(best, min(max(verdict.score, 0.0), 1.0), True)
        text = REPAIR_PROMPT.format(answer=best.value.strip(), feedback=verdict.feedback or "It did not pass.")
        given = await tab.ask(system, sample(told(request, text), turn, TEMPERATURE), f"repair {turn + 1}")
        if given is not None and says_something(given):
            again = check(request.question, given.value)
            if again.score >= verdict.score:
                best, verdict = given, again
    return _Repaired(best, min(max(verdict.score, 0.0), 1.0), False)
