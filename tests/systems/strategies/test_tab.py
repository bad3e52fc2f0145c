"""The tab keeps what was spent, in the order of asking."""

import asyncio

from tests.conformance.worlds import Fake, run

from isocost.records import Answer, Budget, Request
from isocost.systems.strategies import Tab


def test_what_is_left_falls_with_calls_and_with_time() -> None:
    async def work() -> Budget | None:
        request = Request(prompt="?", budget=Budget(tokens=20, calls=3, seconds=5))
        tab = Tab(request)
        await tab.ask(Fake(), request, "one")
        await asyncio.sleep(0.5)
        return tab.left

    left, _ = run(work)
    assert left == Budget(tokens=13, calls=2, seconds=3.5)


def test_calls_stand_in_the_order_of_asking_whichever_ends_first() -> None:
    slow, quick = Fake(name="slow"), Fake(name="quick")
    slow.SECONDS = 3.0

    async def work() -> list[str]:
        request = Request(prompt="?")
        tab = Tab(request)
        await tab.each([lambda: tab.ask(slow, request, "first"), lambda: tab.ask(quick, request, "second")])
        return [f"{call.role}: {call.model}" for call in tab.calls]

    calls, seconds = run(work)
    assert calls == ["first: slow", "second: quick"]
    assert seconds == 3.0


def test_one_job_after_the_other_where_the_budget_counts_what_they_take() -> None:
    model = Fake()

    async def work(budget: Budget | None) -> None:
        request = Request(prompt="?", budget=budget)
        tab = Tab(request)
        await tab.each([lambda: tab.ask(model, request, "a")] * 3)

    assert run(lambda: work(None))[1] == 1.0
    assert run(lambda: work(Budget(seconds=9)))[1] == 1.0
    assert run(lambda: work(Budget(tokens=999)))[1] == 3.0


def test_a_part_of_the_budget_that_runs_out_leaves_the_rest_open() -> None:
    """Refused within it, or cut off by its time: the tab itself goes on."""

    async def stuck(request: Request) -> Answer:
        return await asyncio.get_running_loop().create_future()

    async def work() -> tuple[bool, bool, Budget | None]:
        request = Request(prompt="?", budget=Budget(tokens=20, seconds=5))
        tab = Tab(request)
        refused = await tab.ask(Fake(), request, "one", within=Budget(tokens=2, seconds=5))
        assert refused is not None
        assert refused.finish == "budget"
        cut = await tab.ask(stuck, request, "two", within=Budget(tokens=20, seconds=1))
        return cut is None, tab.open, tab.left

    (cut, still_open, left), seconds = run(work)
    assert (cut, still_open, left) == (True, True, Budget(tokens=20, seconds=5 - seconds))
    assert 1.0 <= seconds <= 1.1
