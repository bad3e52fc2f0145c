"""The nouns count, derive and compare as their docstrings say."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Answer, Call, CallFailed, Item, Message, Record, Request, derive_seed, merge, total

ITEM = Item(id="q1", question="2 + 2?", target="4", task="sums")


def test_an_item_becomes_a_request_with_its_task_and_seed() -> None:
    request = ITEM.request(seed=3)
    assert request.question == "2 + 2?"
    assert (request.task, request.seed) == ("sums", 3)


def test_the_question_is_the_last_user_message_even_when_it_has_parts() -> None:
    parts = (
        {"type": "text", "text": "what is"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "this?"},
    )
    request = Request(prompt=(Message("user", "before"), Message("assistant", "yes"), Message("user", parts)))
    assert request.question == "what is\nthis?"


def test_a_request_without_a_user_message_asks_nothing() -> None:
    assert Request(prompt=(Message("system", "be brief"),)).question == ""


def test_the_key_tells_apart_everything_that_changes_the_answer() -> None:
    base = ITEM.request(seed=1)
    changes = {
        "seed": 2,
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ("\n",),
        "logprobs": True,
        "extra": {"a": 1},
    }
    keys = {msgspec.structs.replace(base, **{name: value}).key for name, value in changes.items()}
    assert len(keys | {base.key}) == len(changes) + 1


def test_the_key_does_not_depend_on_the_order_of_extra_fields() -> None:
    one, other = (Request(prompt="x", extra=dict(pairs)) for pairs in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)]))
    assert one.key == other.key


def test_the_value_of_an_answer_is_its_final_part_where_there_is_one() -> None:
    assert Answer(text="2+2=4. Answer: 4", final="4").value == "4"
    assert Answer(text="4").value == "4"
    assert Answer(text="so", final="").value == ""


def test_merging_loses_no_call() -> None:
    one, two = (Answer(text=name, calls=(Call(model=name), Call(model=name))) for name in "ab")
    assert [call.model for call in merge([one, two], text="a").calls] == ["a", "a", "b", "b"]


def test_a_total_with_an_unknown_part_is_unknown() -> None:
    assert total([1, 2]) == 3
    assert total([1, None]) is None
    assert total([]) is None


def test_a_failed_call_keeps_what_was_paid() -> None:
    error = CallFailed("no", kind="timeout", calls=[Call(model="m", prompt_tokens=3)])
    assert sum(call.tokens for call in error.calls) == 3


@given(st.integers(0, 2**63), st.integers(0, 50))
def test_a_derived_seed_fits_a_sampler_and_differs_by_part(seed: int, part: int) -> None:
    derived = derive_seed(seed, part)
    assert derived is not None
    assert 0 <= derived < 2**31
    assert derived == derive_seed(seed, part)
    assert derived != derive_seed(seed, part, 0)


def test_no_seed_derives_none() -> None:
    assert derive_seed(None, 1) is None


def test_a_record_survives_json_and_omits_what_it_does_not_know() -> None:
    record = Record(system="s", item="i", score=1.0, calls=(Call(model="m", prompt_tokens=1),))
    text = msgspec.json.encode(record)
    assert msgspec.json.decode(text, type=Record) == record
    assert b"null" not in text


@pytest.mark.parametrize("wrong", ['{"system":"s","item":"i","score":"high"}', '{"item":"i"}'])
def test_a_record_of_wrong_types_is_refused(wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Record)
