"""A replay says what was said, each answer once, and refuses the rest."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from isocost.records import Answer, Budget, CallFailed, InputError, Item, Record, RecordWriter, Request, System, derive_seed
from isocost.systems.models.replay import Replay
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import vote

ITEMS = items(6)


async def recorded(system: System, name: str, attempts: int = 1) -> list[Record]:
    records = []
    for item in ITEMS:
        for attempt in range(attempts):
            seed = derive_seed(0, item.id, attempt)
            answer = await system(item.request(seed=seed))
            records.append(
                Record(
                    system=name,
                    item=item.id,
                    attempt=attempt,
                    seed=seed,
                    text=answer.text,
                    final=answer.final,
                    calls=answer.calls,
                )
            )
    return records


def said(answer: Answer) -> tuple[object, ...]:
    return answer.text, answer.final, [replace(call, shared=False) for call in answer.calls]


def test_a_strategy_whose_calls_were_recorded_replays_exactly() -> None:
    """A vote of 5 recorded, replayed as a vote of 5 and as the vote of 3 that shares its first samples."""

    async def story() -> None:
        model = Synthetic(abilities=0.0, seed=1)
        records = await recorded(vote(model, 5), "vote5")
        again = Replay(records, model="synthetic")
        for n in (5, 3):
            for item, record in zip(ITEMS, records, strict=True):
                request = item.request(seed=record.seed)
                assert said(await vote(again, n)(request)) == said(await vote(model, n)(request))
        assert again.source == "replayed"

    asyncio.run(story())


def test_a_system_is_replayed_from_the_records_of_a_study(tmp_path: Path) -> None:
    async def story() -> None:
        records = await recorded(vote(Synthetic(abilities=0.0), 3), "vote3", attempts=2)
        with RecordWriter(tmp_path) as writer:
            for record in records:
                writer.append(record)
        replay = Replay(tmp_path, system="vote3", items=ITEMS)
        for record in reversed(records):
            item = next(item for item in ITEMS if item.id == record.item)
            answer = await replay(item.request(seed=record.seed))
            assert (answer.text, answer.calls) == (record.text, record.calls)

    asyncio.run(story())


def test_many_recorded_answers_are_given_without_replacement_in_an_order_the_seed_decides() -> None:
    records = [Record(system="s", item="i", attempt=k, text=str(k), seed=None) for k in range(20)]
    question = Item(id="i", question="Why?")

    async def order(seed: int) -> list[str]:
        replay = Replay(records, system="s", items=[question], seed=seed)
        answers = [(await replay(question.request())).text for _ in range(20)]
        with pytest.raises(CallFailed, match="all 20 recorded answers were given") as failure:
            await replay(question.request())
        assert failure.value.kind == "refused"
        return answers

    first = asyncio.run(order(1))
    assert sorted(first, key=int) == [str(k) for k in range(20)]
    assert asyncio.run(order(1)) == first
    assert asyncio.run(order(2)) != first


def test_a_request_with_a_seed_gets_the_same_answer_again() -> None:
    records = [Record(system="s", item="Why?", attempt=k, text=str(k)) for k in range(2)]

    async def story() -> None:
        replay = Replay(records, system="s")
        request = Item(id="i", question="Why?").request(seed=1)
        first, again = await replay(request), await replay(request)
        assert first.text == again.text

    asyncio.run(story())


def test_what_was_not_recorded_is_refused_with_what_was_looked_for() -> None:
    async def story() -> None:
        records = await recorded(Synthetic(abilities=0.0), "zero")
        replay, request = Replay(records, model="synthetic"), Request(prompt="new", seed=3)
        with pytest.raises(CallFailed, match=f"nothing was recorded for key {request.key}, seed 3"):
            await replay(request)

    asyncio.run(story())


def test_failed_records_and_calls_are_no_answers() -> None:
    with pytest.raises(InputError, match="nothing recorded of system 's'"):
        Replay([Record(system="s", item="i", error="timeout")], system="s")
    with pytest.raises(InputError, match="know synthetic"):
        Replay(asyncio.run(recorded(Synthetic(abilities=0.0), "zero")), model="other")


def test_a_replay_is_of_a_model_or_of_a_system() -> None:
    with pytest.raises(InputError, match="one of them"):
        Replay([])


def test_an_answer_that_does_not_fit_the_budget_is_not_given_and_not_used_up() -> None:
    async def story() -> None:
        records = await recorded(Synthetic(abilities=0.0), "zero")
        replay = Replay(records, system="zero", items=ITEMS)
        request = ITEMS[0].request(seed=records[0].seed)
        tight = await replay(replace(request, budget=Budget(seconds=1e-6)))
        assert (tight.finish, tight.calls) == ("budget", ())
        assert (await replay(request)).text == records[0].text

    asyncio.run(story())


def test_requests_that_a_budget_cut_short_replay_with_the_models_own_count() -> None:
    async def story() -> None:
        model = Synthetic(abilities=0.0)
        request = Request(prompt="a step to take", seed=1, budget=Budget(tokens=20))
        answer = await model(request)
        records = [Record(system="s", item="i", text=answer.text, calls=answer.calls)]
        replay = Replay(records, model="synthetic", count_tokens=model.count_tokens)
        again = await replay(request)
        assert said(again) == said(answer)
        assert again.finish == answer.finish == "length"

    asyncio.run(story())
