"""Searches at equal effort on a puzzle with a verifier: make 24 of four numbers, by a model that steps at random.

The step reward is right about the way (can 24 still be made?) three times in four. Chains that never look back, a depth-first
search that backtracks, and the policies of `tree_search`: solved, steps asked for, distinct beginnings kept at a time.

Run: PYTHONPATH=. python bench/search.py
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction

from tests.systems.strategies.puzzles import Countdown, Steppers, draw, question, solvable

from isocost.records import System
from isocost.stats import clustered_wilson
from isocost.systems.strategies import particle_filter, tree_search
from isocost.systems.strategies.pruning import Search
from isocost.systems.strategies.steps import Steps

PUZZLES, SEEDS, RIGHT = 40, 5, 0.75


def puzzles() -> list[Countdown]:
    """Solvable puzzles of cards from 1 to 13, always the same."""
    rng, found = random.Random(24), []
    while len(found) < PUZZLES:
        numbers = tuple(rng.randint(1, 13) for _ in range(4))
        if solvable(tuple(sorted(map(Fraction, numbers)))):
            found.append(Countdown(*numbers))
    return found


def noisy(world: Countdown) -> Callable[[str, str], float]:
    """A reward that is wrong now and then about steps, never about the end."""
    known: dict[str, float] = {}

    def score(question: str, text: str) -> float:
        if text not in known:
            truth = world.promise(text)
            wrong = "Answer" not in text and draw("reward", text).random() > RIGHT
            known[text] = 0.05 + 0.85 * (1 - truth if wrong else truth) + 0.1 * draw("ties", text).random()
        return known[text]

    return score


Make = Callable[[System, Callable[[str, str], float]], System]


def tree(policy: str, width: int, **how: float) -> Make:
    """A tree search of this policy."""
    return lambda model, score: tree_search(
        model,
        policy,  # type: ignore[arg-type]
        width=width,
        score=score,
        search=Search(depth=4, **how),  # type: ignore[arg-type]
    )


def blind(model: System, score: Callable[[str, str], float]) -> System:
    """Depth first with backtracking: it knows only of an end whether it is the right one."""

    def seen(question: str, text: str) -> float:
        return -1.0 if "Answer" in text and score(question, text) < 0.5 else 0.0

    return tree_search(model, "best_first", width=4, score=seen, search=Search(depth=4, expansions=16))


CONTESTANTS: dict[str, Make] = {
    "16 chains, no look at steps": tree("beam", 16, keep=16),
    "depth first, backtracking": blind,
    "beam of 4": tree("beam", 16, keep=4),
    "balanced (REBASE)": tree("balanced", 16),
    "diverse (ETS)": tree("diverse", 16),
    "diverse, sharing at 3": tree("diverse", 16, sharing=3.0),
    "best first, 16 expansions": tree("best_first", 4, expansions=16),
    "particle filter of 16": lambda model, score: particle_filter(model, 16, score=score, steps=Steps(depth=4)),
}


def beginnings(model: Steppers) -> float:
    """Mean over levels of the distinct beginnings among the paths gone on from: what a prefix cache holds at a time."""
    levels: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for key in model.asked:
        steps = tuple(key.split("\n")) if key else ()
        levels[len(steps)] |= {steps[:length] for length in range(1, len(steps) + 1)}
    return sum(map(len, levels.values())) / max(1, len(levels) - 1)


async def main() -> None:
    """Prints a line for each contestant."""
    worlds = puzzles()
    print(f"{'':30s} solved of {PUZZLES * SEEDS} [95 %]       steps  beginnings")
    for name, make in CONTESTANTS.items():
        solved, steps, kept = [], 0, 0.0
        for world in worlds:
            solved.append(0)
            score = noisy(world)
            for seed in range(SEEDS):
                model = Steppers(world.moves, listing=False)
                answer = await make(model, score)(question("Make 24.", seed))
                solved[-1] += answer.value == "24"
                steps += model.asked.total()
                kept += beginnings(model)
        share, n = clustered_wilson(solved, [SEEDS] * PUZZLES), PUZZLES * SEEDS
        print(f"{name:30s} {share.value:.3f} [{share.low:.3f}, {share.high:.3f}] {steps / n:12.1f} {kept / n:8.1f}")


asyncio.run(main())
