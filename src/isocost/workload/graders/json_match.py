"""The answer is JSON that equals the target, or contains it."""

import json
import math
import re
from typing import Any, Literal

from isocost.records import Answer, Grade, Grader, Item
from isocost.workload.errors import GraderError
from isocost.workload.graders.exact import shown

_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)```", re.DOTALL)
_TRIES = 50  # openings looked at in a text: a text of brackets alone must not take quadratic time


def json_match(*, match: Literal["equal", "subset"] = "equal", absolute: float = 0.0, relative: float = 1e-9) -> Grader:
    """1 where the answer's JSON equals the target (a value, or JSON text); lists are ordered, objects are not.

    subset: the answer's objects may have more keys. Numbers compare by value within a tolerance (1 is 1.0, true is not 1).
    The JSON may stand alone, in a code fence (the last one) or within prose (the first object or list).
    """

    async def grade(item: Item, answer: Answer) -> Grade:
        target = _target(item)
        try:
            said = find_json(answer.value)
        except ValueError:
            return Grade(0.0, "no JSON in the answer")
        try:
            fault = difference(said, target, subset=match == "subset", absolute=absolute, relative=relative)
        except RecursionError:
            return Grade(0.0, "the answer's JSON is nested too deeply")
        return Grade(0.0, fault) if fault else Grade(1.0)

    return grade


def find_json(text: str) -> Any:
    """The JSON value that a text is or holds. Raises ValueError where there is none."""
    fences = _FENCE.findall(text) if "```" in text else []
    for part in (text, *reversed(fences)):
        try:
            return _loads(part)
        except ValueError:
            continue
    starts = [match.start() for match, _ in zip(re.finditer(r"[{\[]", text), range(_TRIES), strict=False)]
    for start in starts:
        try:
            return _DECODER.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue
    raise ValueError("no JSON")


def difference(said: Any, target: Any, *, subset: bool, absolute: float, relative: float, place: str = "$") -> str:
    """Where and how `said` first differs from `target`, or ""."""

    def deeper(a: Any, b: Any, inside: str) -> str:
        return difference(a, b, subset=subset, absolute=absolute, relative=relative, place=inside)

    if isinstance(target, dict) and isinstance(said, dict):
        for key in target:
            if key not in said:
                return f"{place}.{key} is missing"
        more = [key for key in said if key not in target]
        if more and not subset:
            return f"{place}.{more[0]} is not expected"
        return next((fault for key in target if (fault := deeper(said[key], target[key], f"{place}.{key}"))), "")
    if isinstance(target, list | tuple) and isinstance(said, list):
        if len(said) != len(target):
            return f"{place} has {len(said)} elements, expected {len(target)}"
        pairs = enumerate(zip(said, target, strict=True))
        return next((fault for i, (a, b) in pairs if (fault := deeper(a, b, f"{place}[{i}]"))), "")
    if _number(said) and _number(target):
        same = said == target or math.isclose(said, target, rel_tol=relative, abs_tol=absolute)
    else:
        same = type(said) is type(target) and said == target
    return "" if same else f"{place} is {shown(said)}, expected {shown(target)}"


def _target(item: Item) -> Any:
    if not isinstance(item.target, str):
        return item.target
    try:
        return _loads(item.target)
    except ValueError as error:
        raise GraderError(f"its target {shown(item.target)} is not JSON ({error}).", item=item.id) from error


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _loads(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
