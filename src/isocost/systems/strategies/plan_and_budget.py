"""`plan_and_budget`: takes the question apart and gives each part its share of the tokens."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.parts import Job, Part, in_turn, taken_apart
from isocost.systems.strategies.steps import told
from isocost.systems.strategies.styles import SHORT
from isocost.systems.strategies.tab import Tab

Decay = Literal["constant", "linear", "polynomial", "exponential", "cosine"]
SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda i, n: 1.0,
    "linear": lambda i, n: float(n - i),
    "polynomial": lambda i, n: float((n - i) ** 2),
    "exponential": lambda i, n: 0.9**i,
    "cosine": lambda i, n: 0.5 * (1 + math.cos(math.pi * i / (n - 1))) + 0.1 if n > 1 else 1.0,
}
"""The weight of part i (from 0) of n, as in the paper's code."""
PLANNING = 4  # the plan may take one in so many of the tokens
MIDDLING = 3  # how difficult a part is that does not say
TOGETHER_PROMPT = """You may think along these parts, each in no more than its words:
{parts}

Then write "Answer: " and the answer to the question itself."""


def plan_and_budget(
    system: System,
    *,
    tokens: int = 1024,
    decay: Decay = "polynomial",
    planner: System | None = None,
    most: int = 5,
    together: bool = False,
) -> System:
    """The answer found part by part, each with its share of the tokens: harder parts more, later parts less.

    Plan-and-Budget: Lin et al. 2025, arXiv 2505.16122. Part i of n, of difficulty c_i, gets the share c_i w_i / sum of c w of
    the tokens, rounded down, what is left going to the largest shares; w by `decay`: constant 1, linear n - i, polynomial
    (n - i)^2, exponential .9^i, cosine .5 (1 + cos(pi i / (n - 1))) + .1 (the paper's code).
    tokens: of completion, in all: a quarter at most for the plan, the last 64 (an eighth, if that is less) for the answer, the
    rest for the parts. Held where the system answers in one call. What a part leaves goes to the next.
    planner: who takes the question apart and says how difficult the parts are, from 1 to 5; without one the system itself.
    most: so many parts. together: all parts in one call with their limits in words, as in the paper's code; else a call a part,
    limited and told what was found before, and one for the answer, which is where this departs. Without a usable plan the
    question is asked as it is. details: the parts and their shares.
    """
    for name, value in (("tokens", tokens), ("most", most)):
        if value < 1:
            raise InputError(f"{name}: must be at least 1, got {value}.")
    if decay not in SCHEDULES:
        raise InputError(f"decay: expected one of {', '.join(SCHEDULES)}, got {decay!r}.")

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        parts: list[Part] = []
        left = tokens
        if tab.open and tokens >= PLANNING:
            parts, used = await taken_apart(tab, planner or system, request, most, tokens // PLANNING)
            left -= used
        reserved = min(SHORT, left // 8) if parts and not together else left
        shares = shared([part.difficulty or MIDDLING for part in parts], max(0, left if together else left - reserved), decay)
        asked, jobs = request, [Job(None, system, reserved)]
        if together and parts:
            hints = [f"- {part.text} (up to {share} words)" for part, share in zip(parts, shares, strict=True)]
            asked = told(request, TOGETHER_PROMPT.format(parts="\n".join(hints)))
        else:
            jobs = [*(Job(part, system, share) for part, share in zip(parts, shares, strict=True)), *jobs]
        worked = await in_turn(tab, asked, jobs)
        details = {"parts": [part.text for part in parts], "shares": shares}
        return tab.answer(worked.answer, what="plan and budget", short=worked.short, details=details)

    return answer


def shared(difficulties: Sequence[float], tokens: int, decay: Decay) -> list[int]:
    """`tokens` for each part, whole numbers that add up to all of them.

    The share of part i is difficulty x schedule, normalised, rounded down; the remainder goes to the largest shares, one each.
    """
    weights = [difficulty * SCHEDULES[decay](i, len(difficulties)) for i, difficulty in enumerate(difficulties)]
    total = math.fsum(weights)
    shares = [math.floor(weight / total * tokens) for weight in weights]
    largest = sorted(range(len(weights)), key=lambda i: -weights[i])
    for i in largest[: tokens - sum(shares)]:
        shares[i] += 1
    return shares
