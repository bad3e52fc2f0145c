"""A regular expression grades; one that could run away is matched in a process that is killed in time."""

import asyncio
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterable
from re import _constants, _parser  # type: ignore[attr-defined]  # the only parser of Python's own patterns
from typing import Any, Literal

from isocost.records import Answer, Grade, Grader, InputError, Item
from isocost.workload.errors import GraderError
from isocost.workload.graders.exact import normaliser, shown, targets

_STEPS = 6.0  # 10^6 of the matcher's: some tens of milliseconds
_ALONE = (
    "import json, re, sys\n"
    "pattern, flags, text = json.load(sys.stdin)\n"
    "print(json.dumps([[match.group(), *match.groups()] for match in re.finditer(pattern, text, flags)]))"
)


def regex(
    *, pattern: str = "", take: Literal["last", "first"] = "last", ignore_case: bool = False, seconds: float = 5.0
) -> Grader:
    """Grades by a pattern (Python's `re`; ^ and $ match at lines).

    A pattern with a group: what the group holds in the last (or first) match must equal the target, case and spaces aside.
    Without a group: 1 where it occurs. Left out: the target is the pattern. `seconds`: the limit of one matching.
    """
    flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
    normal = normaliser()
    if pattern:
        _compile(pattern, flags)

    async def grade(item: Item, answer: Answer) -> Grade:
        chosen = [pattern] if pattern else targets(item)
        for one in chosen:
            try:
                compiled = _compile(one, flags)
            except InputError as error:
                raise GraderError(str(error), item=item.id) from error
            found = await _find(compiled, answer.value, seconds, item)
            if not (pattern and compiled.groups):
                if found:
                    return Grade(1.0)
            elif found:
                groups = found[-1 if take == "last" else 0][1:]
                said = next((group for group in groups if group is not None), "")
                right = any(normal(said) == normal(target) for target in targets(item))
                return Grade(1.0) if right else Grade(0.0, f"{shown(said)}, expected {shown(item.target)}")
        return Grade(0.0, f"no match of {shown(chosen[0])}")

    return grade


def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"not a regular expression: {error}: {shown(pattern)}.") from error


async def _find(pattern: re.Pattern[str], text: str, seconds: float, item: Item) -> list[tuple[str | None, ...]]:
    if steps(pattern, len(text)) <= _STEPS:
        return [(match.group(), *match.groups()) for match in pattern.finditer(text)]
    try:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-I", "-S", "-c", _ALONE],
            input=json.dumps([pattern.pattern, pattern.flags & ~re.UNICODE, text]),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise GraderError(
            f"the pattern {shown(pattern.pattern)} took longer than {seconds:g} s on {len(text)} characters. "
            "Hint: avoid repeats inside repeats, such as (a+)+.",
            item=item.id,
        ) from error
    return [tuple(groups) for groups in json.loads(done.stdout)]


def steps(pattern: re.Pattern[str], length: int) -> float:
    """log10 of a bound of the steps of searching a text of this length: length ^ (open repeats + 1).

    Repeats inside repeats, and back-references, count as unbounded: they can be exponential.
    """
    open_repeats, choices = _cost(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE), inside=False)
    return math.log10(max(length, 2)) * (open_repeats + 1) + math.log10(choices)


def _cost(parsed: Iterable[Any], *, inside: bool) -> tuple[float, float]:
    """How many repeats without a small limit, and the product of the small limits and of the alternatives."""
    repeats, choices = 0.0, 1.0
    for op, given in parsed:
        if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            low, high, body = given
            if inside and high > 1:
                return float("inf"), 1.0
            more, factor = _cost(body, inside=inside or high > 1)
            repeats, choices = repeats + more, choices * factor
            if high > 8 and high != low:
                repeats += 1
            else:
                choices *= max(1, int(high) - int(low) + 1)
        elif op is _constants.BRANCH:
            costs = [_cost(branch, inside=inside) for branch in given[1]]
            repeats += max(cost for cost, _ in costs)
            choices *= sum(factor for _, factor in costs)
            if inside:
                return float("inf"), 1.0
        elif op is _constants.GROUPREF:
            return float("inf"), 1.0
        else:
            for body in _bodies(given):
                more, factor = _cost(body, inside=inside)
                repeats, choices = repeats + more, choices * factor
    return repeats, choices


def _bodies(given: Any) -> list[Any]:
    """The patterns inside a group or an assertion."""
    if isinstance(given, _parser.SubPattern):
        return [given]
    if isinstance(given, tuple):
        return [part for part in given if isinstance(part, _parser.SubPattern)]
    return []
