"""Small worlds with a verifier and known optima: a grid to cross, and four numbers to make 24 of.

Each is a `System` that says one legal next step to a prompt that shows the steps so far, in a new order for each seed.
"""

import hashlib
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations

from isocost.records import Answer, Call, Message, Request

MOVES = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
Cell = tuple[int, int]


def question(text: str, seed: int | None = 0) -> Request:
    return Request(prompt=(Message("user", text),), seed=seed)


def steps_of(request: Request) -> list[str]:
    """The steps that a search's prompt shows."""
    shown = re.search(r"Steps so far:\n(.*?)\n\n", request.question, re.DOTALL)
    return [] if shown is None or shown.group(1) == "(none)" else shown.group(1).split("\n")


def draw(*parts: object) -> random.Random:
    return random.Random(hashlib.blake2b("\x1f".join(map(str, parts)).encode()).hexdigest())


class Steppers:
    """A system that says one of `moves(steps so far)`.

    listing: the n-th time it is asked the same it says the n-th of them, and then nothing, so that enough samples see each
    once; else one at random.
    """

    def __init__(self, moves: Callable[[list[str]], Sequence[str]], *, listing: bool = True) -> None:
        self.moves, self.listing = moves, listing
        self.asked: Counter[str] = Counter()

    async def __call__(self, request: Request) -> Answer:
        steps = steps_of(request)
        key = "\n".join(steps)
        moves = list(self.moves(steps))
        number = self.asked[key]
        self.asked[key] += 1
        said = (moves[number : number + 1] or [""])[0] if self.listing else draw(key, request.seed).choice(moves or [""])
        return Answer(text=said, calls=(Call(model="world", prompt_tokens=10, completion_tokens=len(said.split())),))


class Grid:
    """Rows of "." and "#": from the upper left corner to the lower right one."""

    def __init__(self, rows: Sequence[str]) -> None:
        self.free = {(x, y) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell == "."}
        self.start, self.goal = (0, 0), (len(rows[0]) - 1, len(rows) - 1)

    def at(self, steps: Sequence[str]) -> Cell:
        """Where the steps lead."""
        x, y = self.start
        for step in steps:
            dx, dy = MOVES.get(step, (0, 0))
            x, y = x + dx, y + dy
        return x, y

    def moves(self, steps: list[str]) -> list[str]:
        """The legal moves to where the steps have not been; at the goal, the answer."""
        x, y = self.at(steps)
        been = {self.at(steps[:length]) for length in range(len(steps))}
        if (x, y) == self.goal:
            return [f"Answer: {len(steps)}"]
        return [name for name, (dx, dy) in MOVES.items() if (x + dx, y + dy) in self.free - been]

    def distance(self, text: str) -> int:
        """Steps to the goal, and to say so, if there were no walls: never too many."""
        x, y = self.at(text.split("\n"))
        return abs(self.goal[0] - x) + abs(self.goal[1] - y) + ("Answer" not in text)

    def shortest(self) -> int:
        """Breadth first: the oracle."""
        seen, queue = {self.start}, deque([(self.start, 0)])
        while queue:
            (x, y), length = queue.popleft()
            if (x, y) == self.goal:
                return length
            for dx, dy in MOVES.values():
                following = (x + dx, y + dy)
                if following in self.free and following not in seen:
                    seen.add(following)
                    queue.append((following, length + 1))
        raise AssertionError("no way through")


Numbers = tuple[Fraction, ...]


@cache
def combined(numbers: Numbers) -> dict[str, Numbers]:
    """Every step from these numbers, with what is left after it."""
    found: dict[str, Numbers] = {}
    for i, j in combinations(range(len(numbers)), 2):
        a, b = numbers[i], numbers[j]
        rest = tuple(numbers[k] for k in range(len(numbers)) if k not in (i, j))
        made = {f"{a} + {b}": a + b, f"{a} * {b}": a * b, f"{a} - {b}": a - b, f"{b} - {a}": b - a}
        made |= {f"{x} / {y}": x / y for x, y in ((a, b), (b, a)) if y}
        for said, value in made.items():
            left = tuple(sorted((*rest, value)))
            found[f"{said} = {value} (left: {' '.join(map(str, left))})"] = left
    return found


@cache
def solvable(numbers: Numbers, target: int = 24) -> bool:
    """Exhaustive: the oracle."""
    return numbers == (target,) if len(numbers) == 1 else any(solvable(left, target) for left in combined(numbers).values())


class Countdown:
    """Numbers to combine until one is left, which should be the target."""

    def __init__(self, *numbers: int, target: int = 24) -> None:
        self.numbers = tuple(sorted(map(Fraction, numbers)))
        self.target = target

    def left(self, steps: Sequence[str]) -> Numbers:
        """The numbers that are left."""
        shown = re.findall(r"left: ([^)]*)\)", steps[-1]) if steps else []
        return tuple(map(Fraction, shown[0].split())) if shown else self.numbers

    def moves(self, steps: list[str]) -> list[str]:
        """Every step; when one number is left, the answer."""
        left = self.left(steps)
        return [f"Answer: {left[0]}"] if len(left) == 1 else list(combined(left))

    def promise(self, text: str) -> float:
        """Whether the target can still be made: a perfect step reward."""
        steps = [step for step in text.split("\n") if not step.startswith("Answer")]
        return float(solvable(self.left(steps), self.target))
