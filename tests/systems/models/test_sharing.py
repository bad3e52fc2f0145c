"""One machine shared by several calls: shares add up, and prompts meet the slots that know them."""

import asyncio
import math

from hypothesis import given
from hypothesis import strategies as st

from isocost.systems.models.sharing import Meter, Slots


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_moment_is_divided_among_the_calls_in_flight() -> None:
    """One call alone for 2 s, with another for 2 s more, the other alone for 4 s: 3 s and 5 s."""
    wall, cpu = Clock(), Clock()
    meter = Meter(wall, cpu)
    first = meter.enter()
    wall.now, cpu.now = 2, 4
    second = meter.enter()
    wall.now, cpu.now = 4, 6
    assert meter.leave(first)[:2] == (3, 5)
    wall.now, cpu.now = 8, 14
    assert meter.leave(second)[:2] == (5, 9)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=40))
def test_shares_add_up_to_the_time_the_machine_was_busy(events: list[tuple[bool, int]]) -> None:
    """Against the obvious sum over moments, whatever the order of arrivals and departures."""
    clock, meter_inside, busy, shares = Clock(), [], 0.0, []
    meter = Meter(clock, clock)
    for arrives, gap in events:
        clock.now += gap
        busy += gap if meter_inside else 0
        if arrives or not meter_inside:
            meter_inside.append(meter.enter())
        else:
            shares.append(meter.leave(meter_inside.pop(0)))
    shares += [meter.leave(begun) for begun in meter_inside]
    assert abs(sum(share.machine_seconds for share in shares) - busy) < 1e-6
    assert all(share.machine_seconds >= 0 and share.machine_seconds == share.cpu_seconds for share in shares)


def test_joules_are_divided_like_time_and_unknown_without_a_meter() -> None:
    clock, joules = Clock(), Clock()
    meter = Meter(clock, clock, joules)
    first, second = meter.enter(), meter.enter()
    joules.now = 10
    assert meter.leave(first).joules == 5
    joules.now = 12
    assert meter.leave(second).joules == 7
    unmetered = Meter(clock, clock)
    assert math.isnan(unmetered.leave(unmetered.enter()).joules)


def test_an_idle_machine_charges_nobody() -> None:
    clock = Clock()
    meter = Meter(clock, clock)
    meter.leave(meter.enter())
    clock.now = 100
    assert meter.leave(meter.enter())[:2] == (0, 0)


def test_a_prompt_goes_to_the_free_slot_that_knows_most_of_it() -> None:
    async def story() -> None:
        slots = Slots(3)
        async with slots.hold("few A: q1") as a, slots.hold("other: q1") as b:
            assert a != b
        async with slots.hold("other: q2") as again:
            assert again == b
        async with slots.hold("few A: q2") as again:
            assert again == a

    asyncio.run(story())


def test_samples_of_one_question_follow_each_other_in_one_slot() -> None:
    """Where other questions wait, nine samples of each are read once each: every question stays in its slot."""

    async def story() -> None:
        slots, seen = Slots(2), []

        async def call(prompt: str) -> None:
            async with slots.hold(prompt) as slot:
                await asyncio.sleep(0)
                seen.append((slot, prompt))

        async with slots.hold("x"), slots.hold("y"):
            tasks = [asyncio.create_task(call(prompt)) for prompt in "aaabbb"]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert {prompt: len({slot for slot, said in seen if said == prompt}) for prompt in "ab"} == {"a": 1, "b": 1}

    asyncio.run(story())


def test_a_call_that_is_cancelled_while_it_waits_loses_no_slot() -> None:
    async def story() -> None:
        slots = Slots(1)

        async def call() -> int:
            async with slots.hold("p") as slot:
                return slot

        async with slots.hold("q"):
            waiting, cancelled = asyncio.create_task(call()), asyncio.create_task(call())
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.wait([cancelled])
        late = asyncio.create_task(call())
        late.cancel()
        await asyncio.wait([late])
        assert await waiting == 0
        assert await call() == 0

    asyncio.run(story())


@given(st.lists(st.tuples(st.sampled_from(["aa", "ab", "b", "ba"]), st.booleans()), max_size=30), st.integers(1, 3))
def test_no_slot_is_held_twice_and_none_is_lost(calls: list[tuple[str, bool]], n: int) -> None:
    async def story() -> None:
        slots, held = Slots(n), set()

        async def call(prompt: str) -> None:
            async with slots.hold(prompt) as slot:
                assert slot not in held
                held.add(slot)
                try:
                    await asyncio.sleep(0)
                finally:
                    held.discard(slot)

        tasks = []
        for prompt, cancel in calls:
            tasks.append(asyncio.create_task(call(prompt)))
            await asyncio.sleep(0)
            if cancel:
                tasks[len(tasks) // 2].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        assert all(task.cancelled() or task.exception() is None for task in tasks)
        free = [slots.hold("x") for _ in range(n)]
        assert {await each.__aenter__() for each in free} == set(range(n))
        for each in free:
            await each.__aexit__(None, None, None)

    asyncio.run(story())


def test_a_slot_that_is_given_back_among_cancelled_calls_is_lost_to_nobody() -> None:
    """The holder leaves in the same round of the loop in which those who wait are cancelled."""

    async def story() -> None:
        slots, inside = Slots(1), asyncio.Event()

        async def hold() -> None:
            async with slots.hold("a"):
                inside.set()
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(hold()) for _ in range(5)]
        await inside.wait()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        async with asyncio.timeout(5), slots.hold("b"):
            pass

    asyncio.run(story())
