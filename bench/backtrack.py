"""Does going back beat starting anew, at equal compute? CountDown and Sudoku, with solvers whose heuristics err.

The question of Qin et al. 2025, arXiv 2504.07052: models that search on in one long text fell behind best-of-n on CountDown
and were ahead of it on Sudoku. Here a solver tries moves in the order of a noisy heuristic of its own: one goes back when it
is stuck, the other is asked again from the start, with other noise (`best_of` with the true verifier). A move tried is a
token, and both have the same budget of tokens.

Which wins depends on the task and the budget: on CountDown with 5 numbers starting anew (.627 against .407 at 200 moves),
since the first moves of a search decide and it is long before they are taken back; with 4 numbers, where 200 moves go through
much of the tree, going back; on Sudoku going back (.947 against .587 at 60 moves), where dead ends are near.

Run: python bench/backtrack.py
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from isocost.records import Answer, Budget, Call, Message, Request, System
from isocost.stats import paired_difference
from isocost.systems.strategies import best_of

PUZZLES, BUDGETS, NOISE = 150, (20, 60, 200, 600), 0.6
SOLVED = "solved"

Moves = Callable[[Any, random.Random], Sequence[Any]]
"""(a state, noise) -> the states one move further, the most promising first; none where it is stuck."""


def countdown_moves(state: tuple[tuple[float, ...], int], rng: random.Random) -> list[Any]:
    """Two numbers become one; the closer some number then is to the target, the earlier, but for noise."""
    numbers, target = state
    found = []
    for a, b in combinations(sorted(numbers, reverse=True), 2):
        rest = list(numbers)
        rest.remove(a)
        rest.remove(b)
        made = [a + b, a * b, a - b] + ([a / b] if b and a % b == 0 else [])
        found += [(tuple(sorted([*rest, value])), target) for value in made]

    def far(next_: tuple[tuple[float, ...], int]) -> float:
        return min(abs(value - target) for value in next_[0]) * rng.lognormvariate(0, 3 * NOISE)

    return sorted(set(found), key=far)


def countdown_solved(state: tuple[tuple[float, ...], int]) -> bool:
    return state[0] == (state[1],)


def countdown(rng: random.Random) -> tuple[tuple[float, ...], int]:
    """Five numbers and a target that they make."""
    while True:
        numbers = tuple(sorted(rng.randint(1, 25) for _ in range(5)))
        state: Any = (numbers, 0)
        while len(state[0]) > 1:
            state = rng.choice(countdown_moves(state, rng))
        if 10 <= state[0][0] <= 100:
            return numbers, int(state[0][0])


def free(cells: tuple[int, ...], place: int) -> list[int]:
    """The digits of a 6 x 6 Sudoku (blocks of 2 x 3) that fit in a place."""
    row, column = divmod(place, 6)
    top, left = row - row % 2, column - column % 3
    seen = {cells[row * 6 + i] for i in range(6)} | {cells[i * 6 + column] for i in range(6)}
    seen |= {cells[(top + i) * 6 + left + j] for i in range(2) for j in range(3)}
    return [digit for digit in range(1, 7) if digit not in seen]


def sudoku_moves(cells: tuple[int, ...], rng: random.Random) -> list[Any]:
    """An empty place is filled: the one with the fewest digits that fit, but for noise."""
    empty = [place for place in range(36) if not cells[place]]
    if not empty:
        return []
    place = min(empty, key=lambda each: len(free(cells, each)) * rng.lognormvariate(0, NOISE))
    digits = free(cells, place)
    rng.shuffle(digits)
    return [(*cells[:place], digit, *cells[place + 1 :]) for digit in digits]


def sudoku_solved(cells: tuple[int, ...]) -> bool:
    return all(cells)


def sudoku(rng: random.Random) -> tuple[int, ...]:
    """A full grid with 26 of its 36 places emptied; it may have several solutions, each of which counts."""
    stack: list[tuple[int, ...]] = [(0,) * 36]
    while not sudoku_solved(cells := stack.pop()):
        stack += reversed(sudoku_moves(cells, rng))
    emptied = set(rng.sample(range(36), 26))
    return tuple(0 if place in emptied else cells[place] for place in range(36))


TASKS: dict[str, tuple[Callable[[random.Random], Any], Moves, Callable[[Any], bool]]] = {
    "CountDown (5 numbers)": (countdown, countdown_moves, countdown_solved),
    "Sudoku (6 x 6)": (sudoku, sudoku_moves, sudoku_solved),
}


def solver(task: str, puzzles: Sequence[Any], *, goes_back: bool) -> System:
    """A model that tries moves until it has solved the puzzle, is stuck (and does not go back), or has no tokens left."""
    _, moves, done = TASKS[task]

    async def solve(request: Request) -> Answer:
        limit = request.budget.tokens if request.budget and request.budget.tokens is not None else 10**9
        rng, stack, tried = random.Random(request.seed), [puzzles[int(request.question)]], 0
        best = False
        while stack and tried < limit and not best:
            state = stack.pop()
            tried += 1
            best = done(state)
            further = list(moves(state, rng))
            stack = [*(stack if goes_back else []), *reversed(further if goes_back else further[:1])]
        call = Call(model="solver", prompt_tokens=0, completion_tokens=tried)
        return Answer(text=SOLVED if best else "stuck", calls=(call,))

    return solve


async def solved(system: System, tokens: int) -> list[float]:
    """Which of the puzzles it solves within so many moves."""
    found = []
    for number in range(PUZZLES):
        request = Request(prompt=(Message("user", str(number)),), seed=number, budget=Budget(tokens=tokens))
        found.append(float((await system(request)).text == SOLVED))
    return found


async def main() -> None:
    """A line for each task and budget: both shares, their paired difference with its interval, and the winner."""
    for task, (make, _, _) in TASKS.items():
        rng = random.Random(7)
        puzzles = [make(rng) for _ in range(PUZZLES)]
        back = solver(task, puzzles, goes_back=True)
        anew = best_of(solver(task, puzzles, goes_back=False), 200, score=lambda question, answer: answer.text == SOLVED)
        for tokens in BUDGETS:
            one, other = await solved(back, tokens), await solved(anew, tokens)
            difference = paired_difference(one, other)
            low, high = difference.low, difference.high
            winner = "going back" if low > 0 else "starting anew" if high < 0 else "neither, surely"
            print(
                f"{task:22s} {tokens:5d} moves: back {sum(one) / PUZZLES:.3f}, anew {sum(other) / PUZZLES:.3f}, "
                f"difference {difference.value:+.3f} [{low:+.3f}, {high:+.3f}]: {winner}"
            )


if __name__ == "__main__":
    asyncio.run(main())
