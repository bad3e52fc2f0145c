"""`selective_allocation`: takes the question apart, and asks the slow system only for the hard parts."""

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.parts import Job, in_turn, taken_apart
from isocost.systems.strategies.steps import told
from isocost.systems.strategies.tab import Tab

SLOW_PROMPT = "Think step by step and check each step before you go on."


def selective_allocation(
    system: System, slow: System | None = None, *, threshold: int = 3, planner: System | None = None, most: int = 8
) -> System:
    """The answer found part by part: easy parts by the fast `system`, hard ones by the `slow` one, each told what was found.

    SCALE (Xiao et al. 2025, arXiv 2512.00466): the question is taken apart, each part's difficulty said (1 to 5), parts of
    difficulty `threshold` and above go to System 2, the others to System 1, in order, and the context is passed on. It departs
    from the paper in asking for parts and difficulties at once.
    slow: a system that thinks, or a larger one; without one, `system` told to think step by step. A part of unknown difficulty
    counts as hard, and so does the question when it cannot be taken apart. The last word, from the parts to the answer, is the
    fast system's. planner: who takes the question apart; without one `system`. most: so many parts. details.slow: which parts.
    """
    if not 1 <= threshold <= 6:
        raise InputError(f"threshold: must be a difficulty from 1 (all slow) to 6 (none), got {threshold}.")
    if most < 1:
        raise InputError(f"most: must be at least 1 part, got {most}.")

    async def thinking(request: Request) -> Answer:
        return await system(told(request, SLOW_PROMPT))

    careful = slow or thinking

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        parts = (await taken_apart(tab, planner or system, request, most, None)).parts if tab.open else []
        hard = [part.difficulty is None or part.difficulty >= threshold for part in parts]
        jobs = [Job(part, careful if is_hard else system) for part, is_hard in zip(parts, hard, strict=True)]
        worked = await in_turn(tab, request, [*jobs, Job(None, system if parts else careful)])
        details = {"parts": [part.text for part in parts], "slow": [place for place, is_hard in enumerate(hard) if is_hard]}
        return tab.answer(worked.answer, what="selective allocation", short=worked.short, details=details)

    return answer
