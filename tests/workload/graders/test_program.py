"""Programs in HumanEval's shape, graded however a model writes its answer."""

import asyncio
from typing import Any

import pytest

from isocost.records import Answer, Grade, Item
from isocost.workload import GraderError, make_grader
from isocost.workload.graders.program import assemble, extract

# One worker for all: the limit of processes counts every program of the user who runs them.
pytestmark = pytest.mark.xdist_group("sandbox")

DOUBLE = Item(
    id="own/0",
    question='import math\n\n\ndef half(x):\n    return x / 2\n\n\ndef twice(x: int) -> int:\n    """Twice x."""\n',
    metadata={
        "entry_point": "twice",
        "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-1) == -2\n",
    },
)
VOWELS = Item(
    id="own/1",
    question='def vowels(text: str) -> int:\n    """How many vowels text has."""\n',
    metadata={
        "entry_point": "vowels",
        "test": "METADATA = {}\n\ndef check(candidate):\n    assert candidate('banana') == 3\n    assert candidate('') == 0\n",
    },
)
PRIMES = Item(
    id="own/2",
    question="Write a Python function primes(n) that lists the primes below n.",
    metadata={"tests": ["assert primes(10) == [2, 3, 5, 7]", "assert primes(2) == []"]},
)
GOOD = {
    "own/0": [
        "    return 2 * x\n",
        "def twice(x):\n    return 2 * x",
        "def twice(x):\n    return int(math.pow(half(x), 1) * 4)",
    ],
    "own/1": ["    return sum(c in 'aeiou' for c in text)", "vowels = lambda text: sum(map(text.count, 'aeiou'))"],
    "own/2": ["def primes(n):\n    return [p for p in range(2, n) if all(p % d for d in range(2, p))]"],
}


def grade(item: Item, text: str, **options: Any) -> Grade:
    return asyncio.run(make_grader({"kind": "program", "seconds": 20.0, **options})(item, Answer(text=text)))


@pytest.mark.parametrize("item", [DOUBLE, VOWELS, PRIMES], ids=lambda item: item.id)
def test_a_right_program_passes_bare_and_in_a_fence(item: Item) -> None:
    for code in GOOD[item.id]:
        for text in (code, f"Sure:\n```python\n{code}\n```\nThis works because it does."):
            assert grade(item, text) == Grade(1.0)


@pytest.mark.parametrize(
    ("item", "text", "reason"),
    [
        (DOUBLE, "    return x", "AssertionError"),
        (DOUBLE, "    return 2 *", "SyntaxError"),
        (VOWELS, "    import sys; sys.exit(0)", "SystemExit: 0"),
        (PRIMES, "def prime(n): return []", "NameError: name 'primes' is not defined"),
        (PRIMES, "I cannot do that.", "SyntaxError"),
        (PRIMES, "", "NameError"),
    ],
)
def test_a_wrong_program_fails_with_its_reason(item: Item, text: str, reason: str) -> None:
    found = grade(item, text)
    assert found.score == 0
    assert found.reason.startswith(reason)


def test_a_program_that_never_ends_is_wrong_not_an_error() -> None:
    assert grade(VOWELS, "    while True: pass", seconds=1.0) == Grade(0.0, "took longer than 1 s")


def test_an_item_without_tests_is_the_graders_error() -> None:
    with pytest.raises(GraderError, match="item 'x': it has no tests"):
        grade(Item(id="x", question="?"), "pass")


def test_every_python_fence_is_taken_and_an_open_one_to_its_end() -> None:
    assert extract("a\n```python\nx = 1\n```\nb\n```\ny = 2") == "x = 1\n\ny = 2"


def test_the_prompts_helpers_stand_before_a_whole_answer() -> None:
    whole = assemble(DOUBLE, "def twice(x):\n    return 2 * x")
    assert whole.index("import math") < whole.index("def half") < whole.index("def twice")
    assert whole.count("def twice") == 1
