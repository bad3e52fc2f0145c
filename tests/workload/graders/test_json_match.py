"""JSON is found where models put it, and compared by value."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Answer, Grade, Item
from isocost.workload.graders.json_match import find_json, json_match

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def grade(text: str, target: Any, **options: Any) -> Grade:
    return asyncio.run(json_match(**options)(Item(id="q", question="?", target=target), Answer(text=text)))


@given(values)
def test_every_value_equals_itself_printed_with_its_keys_turned_round(value: Any) -> None:
    def turned(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(part)}
        return [turned(element) for element in part] if isinstance(part, list) else part

    assert grade(json.dumps(turned(value)), json.dumps(value)).score == 1


@given(st.dictionaries(st.text(), values, min_size=1, max_size=4))
def test_an_object_is_found_in_a_fence_and_in_prose(value: dict[str, Any]) -> None:
    printed = json.dumps(value)
    assert find_json(f"Here:\n```json\n{printed}\n```\nDone.") == value
    assert find_json(f"I say {printed} and that is all") == value


@pytest.mark.parametrize(
    ("text", "target", "options", "reason"),
    [
        ('{"a": 1}', {"a": 1.0}, {}, ""),
        ('{"a": true}', {"a": 1}, {}, "$.a is True, expected 1"),
        ('{"a": "1"}', {"a": 1}, {}, "$.a is '1', expected 1"),
        ('{"a": 1, "b": 2}', {"a": 1}, {}, "$.b is not expected"),
        ('{"a": 1, "b": 2}', {"a": 1}, {"match": "subset"}, ""),
        ('{"b": 2}', {"a": 1}, {"match": "subset"}, "$.a is missing"),
        ("[1, 2]", [2, 1], {}, "$[0] is 1, expected 2"),
        ("[1]", [1, 2], {}, "$ has 1 elements, expected 2"),
        ("[3.14]", [3.14159], {"absolute": 0.01}, ""),
        ("null", None, {}, ""),
        ("NaN", 1, {}, "no JSON in the answer"),
        ("[" * 99999, 1, {}, "no JSON in the answer"),
        ("no", 1, {}, "no JSON in the answer"),
    ],
)
def test_the_first_difference_is_the_reason(text: str, target: Any, options: dict[str, Any], reason: str) -> None:
    assert grade(text, target, **options) == Grade(0.0 if reason else 1.0, reason)
