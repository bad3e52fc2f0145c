"""What a strategy itself costs: processor time per inner call, over a model that answers at once.

Run: python bench/strategies.py
"""

import asyncio
import time

from isocost.records import Answer, Budget, Call, Message, Request, System
from isocost.systems.strategies import (
    best_of,
    cascade,
    debate,
    elastic,
    parallel_distill_refine,
    refine,
    solve_detect_verify,
    vote,
)

ROUNDS = 300


async def instant(request: Request) -> Answer:
    """A model that costs nothing."""
    return Answer(text="7", calls=(Call(model="instant", prompt_tokens=3, completion_tokens=1),))


SYSTEMS: dict[str, System] = {
    "vote of 9": vote(instant, 9),
    "vote of 40, posterior": vote(instant, 40, stop_early={"posterior": 0.999}),
    "best of 9": best_of(instant, 9, score=lambda question, answer: 0.0),
    "cascade of votes": cascade([vote(instant, 3), vote(instant, 5)], accept=lambda answer: False),
    "vote of votes": vote(vote(instant, 3), 3),
    "refine, 8 rounds": refine(instant, 8, until_repeated=False),
    "4 drafts, distilled": parallel_distill_refine(instant, 4),
    "solve, detect, verify": solve_detect_verify(instant),
    "debate, agreed": debate(instant),
    "elastic": elastic(instant),
}


async def microseconds(system: System, budget: Budget | None) -> float:
    """The least of five rounds."""
    request = Request(prompt=(Message("user", "hi"),), seed=3, budget=budget)
    calls = len((await system(request)).calls)
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(ROUNDS):
            await system(request)
        best = min(best, (time.process_time() - began) / ROUNDS / calls)
    return best * 1e6


async def main() -> None:
    """Prints a line for each strategy, without and with a budget."""
    for name, system in SYSTEMS.items():
        free, limited = await microseconds(system, None), await microseconds(system, Budget(tokens=10_000, seconds=100))
        print(f"{name:24s} {free:6.1f} us a call, {limited:6.1f} us with a budget")


asyncio.run(main())
