"""Leases: workers that cannot ask the cap never get more than it has, and what one does not use another one may."""

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import Cap, CapReached
from isocost.run.leases import Leases


def test_without_a_limit_there_is_nothing_to_wait_for() -> None:
    cap = Cap()
    leases = Leases(cap, 2)
    assert asyncio.run(leases.take(1)) == (None, None)
    leases.settle(1, 30, 40)
    assert (cap.spent_tokens, cap.spent_microdollars) == (30, 40)


@given(
    tokens=st.integers(0, 5000),
    money=st.one_of(st.none(), st.integers(0, 5000)),
    before=st.integers(0, 2000),
    workers=st.integers(1, 4),
    lanes=st.integers(1, 6),
    seed=st.integers(0, 2**16),
)
def test_the_cap_is_used_up_and_overshot_by_no_more_than_the_calls_in_flight(
    tokens: int, money: int | None, before: int, workers: int, lanes: int, seed: int
) -> None:
    """Simulated workers: each call is checked against the worker's lease, as a model does, and costs up to 50."""
    rng, most = Random(seed), 50
    cap = Cap(tokens=tokens, microdollars=money)
    cap.spent_tokens = cap.spent_microdollars = before
    spent: dict[int, int] = dict.fromkeys(range(workers), 0)
    leases = Leases(cap, workers)

    async def lane(number: int) -> None:
        worker = number % workers
        try:
            while True:
                allowed = [limit for limit in await leases.take(worker) if limit is not None]
                for _ in range(rng.randint(1, 5)):
                    if any(spent[worker] >= limit for limit in allowed):
                        break
                    await asyncio.sleep(0)  # the call is in flight
                    spent[worker] += rng.randint(1, most)
                leases.settle(worker, spent[worker], spent[worker])
        except CapReached:
            pass

    async def story() -> None:
        async with asyncio.timeout(30):
            await asyncio.gather(*map(lane, range(lanes)))

    asyncio.run(story())
    limit = min(each for each in (tokens, money) if each is not None)
    total = before + sum(spent.values())
    assert total >= limit
    assert total <= max(limit, before) + most * lanes
    assert cap.spent_tokens == cap.spent_microdollars == total


def test_what_an_idle_worker_did_not_use_is_free_again() -> None:
    cap = Cap(tokens=8)

    async def story() -> None:
        leases = Leases(cap, 1)
        first = await leases.take(1)
        leases.settle(1, 0, 0)
        assert await leases.take(2) == first == (2, None)

    asyncio.run(story())


def test_a_dead_worker_s_lease_counts_as_spent() -> None:
    cap = Cap(tokens=8)

    async def story() -> None:
        leases = Leases(cap, 1)
        await leases.take(1)
        leases.lose(1)
        assert cap.spent_tokens == 2

    asyncio.run(story())


def test_who_finds_nothing_waits_for_what_others_give_back() -> None:
    async def story() -> None:
        leases = Leases(Cap(tokens=1), 1)
        await leases.take(1)
        second = asyncio.create_task(leases.take(2))
        await asyncio.sleep(0)
        assert not second.done()
        leases.settle(1, 0, 0)
        assert await second == (1, None)
        third = asyncio.create_task(leases.take(1))
        await asyncio.sleep(0)
        leases.settle(2, 1, 0)
        with pytest.raises(CapReached):
            await third

    asyncio.run(story())


def test_an_older_word_after_a_newer_one_changes_nothing() -> None:
    cap = Cap()

    async def story() -> None:
        leases = Leases(cap, 1)
        await leases.take(1)
        await leases.take(1)
        leases.settle(1, 20, 2)
        leases.settle(1, 10, 1)

    asyncio.run(story())
    assert (cap.spent_tokens, cap.spent_microdollars) == (20, 2)
