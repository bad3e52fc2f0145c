"""Endpoints: what is sent, what is believed, and every way in which an upstream goes wrong."""

import asyncio
import email.utils
import random
import socket
import time
from typing import Any

import pytest
from tests.systems.models.fault_server import Handler, chat, hang, reply, serve, stream

from isocost.records import Answer, Budget, CallFailed, InputError, Message, Price, Request
from isocost.systems.models.endpoint import Endpoint, Retries

CHAT = Request(prompt=(Message("user", "What is 6 x 7?"),), seed=5)
ONCE = Retries(times=0)


class Waits(list[float]):
    """A sleep that only notes how long it was asked to be."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def answered(request: Request, *handlers: Handler, **settings: Any) -> tuple[Answer, list[Any]]:
    async with serve(*handlers) as upstream, Endpoint("m", base_url=upstream.url, **settings) as model:
        return await model(request), upstream.bodies


def ask(request: Request, *handlers: Handler, **settings: Any) -> tuple[Answer, list[Any]]:
    """The answer and what was sent; no test waits between attempts."""
    return asyncio.run(answered(request, *handlers, **({"sleep": Waits()} | settings)))


def failed(request: Request, *handlers: Handler, **settings: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failure:
        ask(request, *handlers, **settings)
    return failure.value


def test_a_chat_is_sent_as_it_is_and_its_usage_is_the_truth() -> None:
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 9,
        "cost": 0.0012,
        "prompt_tokens_details": {"cached_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    request = Request(
        prompt=(Message("system", "Be brief."), Message("user", "Hi")),
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        stop=("\n",),
        seed=3,
        extra={"reasoning_effort": "low"},
    )
    answer, (sent,) = ask(request, reply(chat("Hello", usage)), extra={"user": "u"})
    assert sent == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["\n"],
        "seed": 3,
        "reasoning_effort": "low",
        "user": "u",
    }
    (call,) = answer.calls
    assert (call.prompt_tokens, call.completion_tokens, call.cached_tokens, call.reasoning_tokens) == (20, 9, 16, 5)
    assert (call.billed, call.text, call.key, call.error) == (0.0012, "Hello", request.key, None)
    assert call.seconds is not None
    assert call.first_token_seconds is None


def test_a_raw_prompt_goes_to_completions() -> None:
    body = {
        "choices": [{"text": " 42", "finish_reason": "length", "logprobs": {"token_logprobs": [None, -0.5]}}],
        "usage": None,
    }

    async def story() -> None:
        async with serve(reply(body)) as upstream, Endpoint("m", base_url=upstream.url) as model:
            answer = await model(Request(prompt="6 x 7 =", logprobs=True))
            assert upstream.paths == ["/v1/completions"]
            assert upstream.bodies == [{"model": "m", "prompt": "6 x 7 =", "logprobs": 1}]
            assert (answer.text, answer.finish, answer.logprobs) == (" 42", "length", (-0.5,))
            assert answer.calls[0].completion_tokens is None  # not stated is not known, never 0

    asyncio.run(story())


def test_chat_logprobs_are_read() -> None:
    body = chat("ab", logprobs={"content": [{"token": "a", "logprob": -0.1}, {"token": "b", "logprob": -0.2}]})
    answer, (sent,) = ask(Request(prompt=CHAT.prompt, logprobs=True), reply(body))
    assert answer.logprobs == (-0.1, -0.2)
    assert sent["logprobs"] is True


def test_a_stream_says_when_its_first_token_came() -> None:
    answer, (sent,) = ask(CHAT, stream("4", "", "2é"), stream=True)
    (call,) = answer.calls
    assert (answer.text, answer.finish, call.prompt_tokens, call.completion_tokens) == ("42é", "complete", 7, 2)
    assert call.first_token_seconds is not None
    assert call.seconds is not None
    assert 0 < call.first_token_seconds <= call.seconds
    assert sent["stream_options"] == {"include_usage": True}


def test_an_upstream_that_does_not_stream_is_heard_all_the_same() -> None:
    answer, _ = ask(CHAT, reply(chat("42")), stream=True)
    assert answer.text == "42"
    assert answer.calls[0].first_token_seconds is not None


def test_why_it_stopped_and_tool_calls_are_told_in_the_details() -> None:
    body = chat(finish_reason="tool_calls", message={"content": None, "tool_calls": [{"id": "1"}]})
    answer, _ = ask(CHAT, reply(body))
    assert answer.text == ""
    assert answer.details == {"finish_reason": "tool_calls", "tool_calls": [[{"id": "1"}]]}


NO_CHOICES: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 0}}
FAULTS = {
    "timeout": (hang(), "timeout", True),
    "500": (reply(b"oops", 500), "server", True),
    "503": (reply(b"busy", 503), "server", True),
    "429": (reply(b"slow down", 429), "rate_limit", True),
    "401": (reply(b"who are you", 401), "refused", False),
    "400": (reply({"error": {"message": "bad field"}}, 400), "refused", False),
    "redirect": (reply(b"", 307, Location="http://elsewhere/v2"), "refused", False),
    "truncated JSON": (reply(b'{"choices": [{"mess'), "malformed", True),
    "not JSON": (reply(b"<html>hello</html>", Content_Type="text/html"), "malformed", True),
    "no choices": (reply(NO_CHOICES), "malformed", True),
    "an empty choice": (reply(chat(message=None)), "malformed", False),  # its usage was paid for
    "an error in a 200": (reply({"error": {"message": "overloaded"}}), "server", True),
    "negative usage": (reply(chat(usage={"prompt_tokens": -1, "completion_tokens": 2})), "malformed", True),
    "usage that is no number": (reply(chat(usage={"prompt_tokens": 3, "completion_tokens": "two"})), "malformed", True),
    "fractional usage": (reply(chat(usage={"prompt_tokens": 3, "completion_tokens": 2.5})), "malformed", True),
    "more than was asked for": (reply(chat(usage={"prompt_tokens": 3, "completion_tokens": 99})), "malformed", False),
    "more cached than read": (
        reply(chat(usage={"prompt_tokens": 3, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 4}})),
        "malformed",
        False,
    ),
    "more reasoning than said": (
        reply(chat(usage={"prompt_tokens": 3, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 4}})),
        "malformed",
        False,
    ),
    "a huge body": (reply(b'{"x": "' + b"y" * 70_000 + b'"}'), "malformed", False),
}
STREAM_FAULTS = {
    "a stream that stops half-way": (stream("4", done=False, finish=None, usage=None), "connection", True),
    "a stream that is torn": (stream("4", tear=True), "connection", True),
    "a stream that hangs": (hang(b'data: {"choices": [{"delta": {"content": "4"}}]}\n\n'), "timeout", True),
    "garbage for a stream": (reply(b"hello\nworld\n", Content_Type="text/plain"), "malformed", True),
    "a broken event": (reply(b"data: {nope}\n\n", Content_Type="text/event-stream"), "malformed", True),
}


@pytest.mark.parametrize("name", [*FAULTS, *STREAM_FAULTS])
def test_every_fault_has_its_kind_and_its_call_and_is_tried_again_only_where_that_helps(name: str) -> None:
    handler, kind, again = (FAULTS | STREAM_FAULTS)[name]
    request = Request(prompt=CHAT.prompt, max_tokens=8)
    settings = {"stream": name in STREAM_FAULTS, "timeout": 0.1 if kind == "timeout" else 5.0, "largest_reply": 65_536}
    failure = failed(request, handler, retries=Retries(times=2), **settings)
    assert failure.kind == kind
    assert len(failure.calls) == (3 if again else 1)
    assert all(call.error and call.model == "m" and call.seconds is not None for call in failure.calls)
    assert "m" in str(failure)


@pytest.mark.parametrize("name", [name for name, (_, _, again) in FAULTS.items() if again])
def test_after_a_passing_fault_the_answer_carries_the_failed_call_too(name: str) -> None:
    handler, kind, _ = FAULTS[name]
    answer, sent = ask(CHAT, handler, reply(chat("42")), timeout=0.2 if kind == "timeout" else 5.0)
    assert answer.text == "42"
    assert [call.error is None for call in answer.calls] == [False, True]
    assert sent[0] == sent[1]


def test_a_failed_call_that_stated_its_tokens_keeps_them() -> None:
    failure = failed(Request(prompt=CHAT.prompt, max_tokens=1), reply(chat()))
    assert (failure.calls[0].prompt_tokens, failure.calls[0].completion_tokens) == (7, 2)


def test_a_refused_connection_is_a_fault_of_the_connection() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = taken.getsockname()[1]

        async def story() -> CallFailed:
            async with Endpoint("m", base_url=f"http://127.0.0.1:{port}", retries=ONCE) as model:
                with pytest.raises(CallFailed) as failure:
                    await model(CHAT)
                return failure.value

        assert asyncio.run(story()).kind == "connection"


def test_waits_grow_and_are_jittered_and_capped() -> None:
    waits = Waits()
    settings = {"retries": Retries(times=5, first_wait=1.0, longest_wait=5.0), "rng": random.Random(1), "sleep": waits}
    failed(CHAT, reply(b"", 500), **settings)
    assert len(waits) == 5
    for wait, full in zip(waits, [1, 2, 4, 5, 5], strict=True):
        assert full / 2 <= wait <= full


@pytest.mark.parametrize(("header", "low", "high"), [("3", 3, 3), ("0.5", 0.5, 0.5), ("3600", 60, 60), ("-4", 0, 0)])
def test_retry_after_in_seconds_is_honoured_up_to_the_longest_wait(header: str, low: float, high: float) -> None:
    waits = Waits()
    ask(CHAT, reply(b"", 429, Retry_After=header), reply(chat()), sleep=waits)
    assert low <= waits[0] <= high


def test_retry_after_as_a_date_is_honoured() -> None:
    waits = Waits()
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    ask(CHAT, reply(b"", 503, Retry_After=date), reply(chat()), sleep=waits)
    assert 20 < waits[0] <= 30


@pytest.mark.parametrize("header", ["soon", "nan", "inf", "Mon, 99 Foo 2020"])
def test_a_retry_after_that_says_nothing_is_passed_over(header: str) -> None:
    waits = Waits()
    ask(CHAT, reply(b"", 429, Retry_After=header), reply(chat()), sleep=waits)
    assert 0.25 <= waits[0] <= 0.5


def test_a_budget_of_calls_counts_the_attempts() -> None:
    request = Request(prompt=CHAT.prompt, budget=Budget(calls=2))
    assert len(failed(request, reply(b"", 500)).calls) == 2


def test_a_token_budget_needs_an_upstream_that_states_its_usage() -> None:
    request = Request(prompt=CHAT.prompt, budget=Budget(tokens=1000))
    assert "no usage" in str(failed(request, reply(chat(usage=None))))


def test_a_token_budget_bounds_what_is_asked_for() -> None:
    request = Request(prompt="12345", budget=Budget(tokens=30))
    answer, (sent,) = ask(request, reply({"choices": [{"text": "x"}], "usage": {"prompt_tokens": 2, "completion_tokens": 1}}))
    assert (sent["max_tokens"], answer.text) == (30 - 5 - 16, "x")


def test_a_money_budget_is_kept_by_its_price() -> None:
    price = Price(input=1.0, output=10.0)
    request = Request(prompt="1234", budget=Budget(microdollars=70, prices={"m": price}))
    _, (sent,) = ask(request, reply({"choices": [{"text": "x"}], "usage": {"prompt_tokens": 2, "completion_tokens": 1}}))
    assert sent["max_tokens"] == 5  # (70 - 20 x 1) / 10


def test_when_time_runs_out_the_stream_so_far_is_the_answer() -> None:
    request = Request(prompt=CHAT.prompt, budget=Budget(seconds=0.3))
    answer, _ = ask(request, hang(b'data: {"choices": [{"delta": {"content": "so far"}}]}\n\n'), stream=True)
    assert (answer.text, answer.finish, answer.calls[0].key) == ("so far", "budget", "")
    assert answer.calls[0].first_token_seconds is not None


def test_the_key_goes_to_the_upstream_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-secret")

    async def story() -> None:
        echo = reply({"error": {"message": "bad key sk-secret"}}, 401)
        async with serve(echo) as upstream, Endpoint("m", base_url=upstream.url, api_key_env="TEST_KEY") as model:
            with pytest.raises(CallFailed) as failure:
                await model(CHAT)
            assert upstream.headers[0]["Authorization"] == "Bearer sk-secret"
            assert "***" in str(failure.value)
            assert "sk-secret" not in f"{failure.value}{failure.value.calls}{model!r}{vars(model)}"

    asyncio.run(story())


def test_a_key_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    with pytest.raises(InputError, match="TEST_KEY"):
        ask(CHAT, reply(chat()), api_key_env="TEST_KEY")


@pytest.mark.parametrize("field", ["n", "stream", "max_tokens", "model", "messages"])
def test_fields_that_have_a_place_of_their_own_are_refused_by_name(field: str) -> None:
    with pytest.raises(InputError, match=f"extra may not set {field}"):
        ask(Request(prompt="a", extra={field: 2}), reply(chat()))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "api.example.com"}, "base_url must begin with"),
        ({"limit_field": "tokens"}, "limit_field must be"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"retries": {"tries": 3}}, "retries is a table of times"),
        ({"retries": {"times": -1}}, "retries"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Endpoint("m", **settings)


def test_one_model_serves_one_loop_after_another_and_headers_are_sent() -> None:
    async def story(model: Endpoint) -> None:
        async with serve(reply(chat())) as upstream:
            model.base_url = upstream.url
            await model(Request(prompt=CHAT.prompt))
            assert upstream.headers[0]["X-Team"] == "blue"
            assert upstream.bodies[0]["max_completion_tokens"] == 3
        await model.aclose()

    model = Endpoint("m", headers={"X-Team": "blue"}, max_tokens=3, limit_field="max_completion_tokens")
    asyncio.run(story(model))
    asyncio.run(story(model))
