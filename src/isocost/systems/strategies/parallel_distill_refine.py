"""`parallel_distill_refine`: several drafts at once, distilled into a workspace of bounded length, and refined from it."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from isocost.records import Answer, Request, System, derive_seed
from isocost.systems.strategies.asking import at_least, follow_up
from isocost.systems.strategies.continuing import tokens_of
from isocost.systems.strategies.finals import conclusion
from isocost.systems.strategies.refine import refine
from isocost.systems.strategies.tab import Tab, says_something
from isocost.systems.strategies.vote import TEMPERATURE, check_sampling, sample

DISTILL = """Draft answers:
{drafts}

Do not answer yet. Sum up in a few notes what is useful in these drafts: where they agree, where they contradict each other, \
which mistakes they make, and which results are sure."""

REFINE = """Notes from earlier attempts, which may be wrong in places:
{workspace}

Use what is right in them, and answer."""


def parallel_distill_refine(
    system: System,
    drafts: int = 4,
    *,
    rounds: int = 1,
    workspace: int = 256,
    distiller: System | None = None,
    temperature: float = TEMPERATURE,
) -> System:
    """The answer that is refined from notes on `drafts` answers, each made without seeing the others.

    Parallel-Distill-Refine: Madaan et al. 2025, arXiv 2510.01123, section 3:
        drafts  s[r, i] = M(x, C[r-1]), i = 1..drafts, all at once
        notes   C[r] = D(x, s[r, 1..drafts]), |C[r]| <= workspace, C[0] empty
        answer  s = M(x, C[rounds])
    so that no context is longer than question, drafts and notes, and what is waited for (`details.sequential_tokens`: the
    longest draft of each round, the notes and the answer) grows apart from what is paid for (`details.total_tokens`). One
    draft is sequential refinement, `refine(system, rounds)`, as in the paper. D is a summary; the paper's other ways to
    distil (picking drafts) are not here. If D fails, the drafts' plurality is the note.

    rounds: how often drafts are made and distilled. workspace: the most tokens of the notes. distiller: who writes them,
    else `system`. temperature: of the drafts, for requests that have none. When the budget runs out, the plurality of the
    last drafts is the answer so far. confidence: the share of the last drafts that come to the same as the answer.
    """
    at_least("drafts", drafts, 1, "draft")
    check_sampling(drafts, temperature)
    at_least("rounds", rounds, 1, "round")
    at_least("workspace", workspace, 1, "token")
    if drafts == 1:
        return refine(system, rounds, until_repeated=False)

    async def answer(request: Request) -> Answer:
        tab, asked = Tab(request), request
        made: list[Answer] = []
        stages: list[list[int]] = []  # the tokens of what was asked at once
        for number in range(rounds):
            jobs = [
                partial(tab.ask, system, sample(asked, number * drafts + place, temperature), f"round {number + 1}/draft")
                for place in range(drafts)
            ]
            answered = await tab.each(jobs) if tab.open else []
            new = [given for given in answered if given is not None and says_something(given)]
            made = new or made
            stages.append([tokens_of(given) for given in new])
            if new and tab.open:
                notes = await tab.ask(distiller or system, _distilling(request, new, workspace, number), "distill")
                stages.append([] if notes is None else [tokens_of(notes)])
                known = notes.text if notes is not None and says_something(notes) else f"Most say: {_plurality(new).value}"
                asked = follow_up(request, REFINE.format(workspace=known.strip()))
        asking = tab.open
        last = replace(asked, seed=derive_seed(request.seed, rounds * drafts))
        refined = await tab.ask(system, last, "refine") if asking else None
        stages.append([] if refined is None else [tokens_of(refined)])
        whole = refined is not None and says_something(refined) and refined.finish != "budget"
        best = refined if whole else _plurality(made) if made else refined
        reached = [conclusion(given) for given in made]
        return tab.answer(
            best,
            what=f"{rounds} rounds of {drafts} drafts",
            short=not asking,
            confidence=reached.count(conclusion(best)) / drafts if best and reached else None,
            details={
                "drafts": reached,
                "sequential_tokens": sum(max(stage, default=0) for stage in stages),
                "total_tokens": sum(map(sum, stages)),
            },
        )

    return answer


def _plurality(made: Sequence[Answer]) -> Answer:
    """The first of the drafts that come to what most of them come to."""
    most = Counter(map(conclusion, made)).most_common(1)[0][0]
    return next(given for given in made if conclusion(given) == most)


def _distilling(request: Request, drafts: Sequence[Answer], workspace: int, number: int) -> Request:
    shown = "\n\n".join(f"{place}. {given.text.strip()}" for place, given in enumerate(drafts, 1))
    return replace(follow_up(request, DISTILL.format(drafts=shown), "distill", number), max_tokens=workspace)
