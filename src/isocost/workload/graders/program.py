"""Runs a model's program with its tests, in the sandbox."""

import asyncio
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from isocost.records import Answer, Grade, Grader, Item
from isocost.workload.errors import GraderError
from isocost.workload.sandbox.run import Limits, SandboxError, run

_FENCE = re.compile(r"```(?:[Pp]ython[0-9]?|py)?[ \t]*\n(.*?)(?:\n```|$)", re.DOTALL)


def program(
    *,
    seconds: float = 5.0,
    memory: int = 512,
    disk: int = 16,
    processes: int = 8,
    isolation: Literal["full", "limits"] = "full",
) -> Grader:
    """1 where the answer's Python code passes the item's tests within the limits (see `sandbox.run.Limits`).

    The tests are the item's `test` (HumanEval: defines check(candidate), called with `entry_point`), `tests` or `test_list`
    (statements) in its metadata, or its target. Code is taken from code fences where there are any. An answer that does not
    define `entry_point` is taken as the continuation of the prompt.
    """
    limits = Limits(seconds=seconds, memory=memory, disk=disk, processes=processes, isolation=isolation)
    # No more at once than there are cores: they would only eat each other's seconds.
    pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="isocost-program")

    async def grade(item: Item, answer: Answer) -> Grade:
        source, tests = assemble(item, answer.value), tests_of(item)
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(pool, run, f"{source}\n\n{tests}\n", limits)
        except SandboxError as error:
            raise GraderError(str(error), item=item.id) from error
        return Grade(1.0 if outcome.passed else 0.0, outcome.reason)

    return grade


def extract(text: str) -> str:
    """The code of an answer: its fences' Python, or else the text as it is."""
    return "\n\n".join(_FENCE.findall(text)) if "```" in text else text


def assemble(item: Item, text: str) -> str:
    """The whole program that an answer stands for: with the prompt's imports and helpers, or as its continuation."""
    code, entry = extract(text), str(item.metadata.get("entry_point", ""))
    prompt = item.metadata.get("prompt", item.question)
    start = (
        re.search(rf"^(?:async )?def {re.escape(entry)}\b", prompt, re.MULTILINE) if entry and isinstance(prompt, str) else None
    )
    if start is None:
        return code
    if re.search(rf"^(?:async )?(?:def|class) {re.escape(entry)}\b|^{re.escape(entry)}\s*=", code, re.MULTILINE):
        return f"{prompt[: start.start()]}\n{code}"
    return f"{prompt}{code}"


def tests_of(item: Item) -> str:
    """The statements that test the item's program. Raises GraderError where there are none."""
    found: Any = next((item.metadata[name] for name in ("test", "tests", "test_list") if item.metadata.get(name)), item.target)
    lines = found if isinstance(found, list | tuple) else [found]
    if not lines or not all(isinstance(line, str) and line.strip() for line in lines):
        raise GraderError("it has no tests. Hint: a column `test`, `tests` or `test_list`, or the target.", item=item.id)
    tests, entry = "\n".join(lines), item.metadata.get("entry_point")
    return f"{tests}\ncheck({entry})" if entry and re.search(r"^def check\(", tests, re.MULTILINE) else tests
