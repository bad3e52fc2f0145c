"""The story that every call goes through: memo, cap, budget, places, accounting."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from isocost.records import Answer, Budget, Call, CallFailed, Cap, CapReached, InputError, Price, Request
from isocost.systems.models.base import Draft, Model
from isocost.systems.models.synthetic import Answering, Style, Synthetic


class Echo(Model):
    """Says its prompt back, as many words of it as it may; counts how often it is asked."""

    def __init__(self, name: str = "echo", on_ask: Callable[[], object] | None = None, **settings: object) -> None:
        super().__init__(name, **settings)  # type: ignore[arg-type]
        self.asked: list[Request] = []
        self.inside = self.most_inside = 0
        self.gate: asyncio.Event | None = None

    async def count_tokens(self, request: Request) -> int:
        return len(str(request.prompt).split())

    async def ask(self, request: Request, draft: Draft) -> Answer:
        self.asked.append(request)
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        try:
            if self.gate is not None:
                draft.text.append("so far")
                await self.gate.wait()
        finally:
            self.inside -= 1
        words = str(request.prompt).split()
        said = words[: request.max_tokens]
        call = Call(model=self.name, prompt_tokens=len(words), completion_tokens=len(said), seconds=0.0)
        return Answer(text=" ".join(said), calls=(call,), finish="complete" if len(said) == len(words) else "length")


def ask(model: Model, request: Request) -> Answer:
    return asyncio.run(model(request))  # type: ignore[arg-type]


def test_a_call_is_stamped_with_its_key_and_text() -> None:
    request = Request(prompt="a b", seed=1)
    (call,) = ask(Echo(), request).calls
    assert (call.key, call.text, call.shared) == (request.key, "a b", False)


def test_identical_seeded_calls_are_asked_once_and_accounted_in_full() -> None:
    async def story() -> None:
        model = Echo()
        first, again = await model(Request(prompt="a b", seed=1)), await model(Request(prompt="a b", seed=1))
        assert len(model.asked) == 1
        assert again.calls == (replace(first.calls[0], shared=True),)
        assert again.text == first.text

    asyncio.run(story())


@pytest.mark.parametrize("changed", [{"seed": 2}, {"seed": None}, {"max_tokens": 1}, {"temperature": 0.5}, {"stop": ("x",)}])
def test_whatever_changes_the_answer_is_asked_anew(changed: dict[str, object]) -> None:
    async def story() -> None:
        model, request = Echo(), Request(prompt="a b", seed=1)
        await model(request)
        assert not (await model(replace(request, **changed))).calls[0].shared

    asyncio.run(story())


def test_calls_without_a_seed_are_never_shared() -> None:
    async def story() -> None:
        model = Echo()
        for _ in range(2):
            await model(Request(prompt="a"))
        assert len(model.asked) == 2

    asyncio.run(story())


def test_calls_in_flight_are_shared_too() -> None:
    async def story() -> None:
        model = Echo()
        model.gate = asyncio.Event()
        tasks = [asyncio.create_task(model(Request(prompt="a", seed=1))) for _ in range(5)]
        while not model.inside:
            await asyncio.sleep(0)
        model.gate.set()
        answers = await asyncio.gather(*tasks)
        assert len(model.asked) == 1
        assert [answer.calls[0].shared for answer in answers] == [False, True, True, True, True]

    asyncio.run(story())


def test_when_the_one_who_asks_is_cancelled_a_waiter_asks() -> None:
    async def story() -> None:
        model = Echo()
        model.gate = asyncio.Event()
        owner, *waiters = [asyncio.create_task(model(Request(prompt="a", seed=1))) for _ in range(3)]
        while not model.inside:
            await asyncio.sleep(0)
        owner.cancel()
        await asyncio.wait([owner])
        model.gate.set()
        answers = await asyncio.gather(*waiters)
        assert owner.cancelled()
        assert [answer.calls[0].shared for answer in answers] == [False, True]

    asyncio.run(story())


def test_cancelling_a_waiter_leaves_the_one_who_asks_alone() -> None:
    async def story() -> None:
        model = Echo()
        model.gate = asyncio.Event()
        owner, waiter = [asyncio.create_task(model(Request(prompt="a", seed=1))) for _ in range(2)]
        while not model.inside:
            await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.wait([waiter])
        model.gate.set()
        assert (await owner).text == "a"

    asyncio.run(story())


def test_a_failed_call_is_not_remembered() -> None:
    async def story() -> None:
        model = Synthetic(abilities=0, answering={"failures": 1.0})
        for _ in range(2):
            with pytest.raises(CallFailed) as failed:
                await model(Request(prompt="a", seed=1))
            assert failed.value.calls[0].error

    asyncio.run(story())


def test_stored_calls_answer_instead_of_the_model() -> None:
    async def story() -> None:
        before, after = Echo(), Echo()
        request = Request(prompt="a b c", seed=1, max_tokens=2)
        first = await before(request)
        after.remember([*first.calls, Call(model="other", key="k", text="x"), Call(model="echo", key="k", error="bad")])
        again = await after(request)
        assert (again.text, again.finish, after.asked) == ("a b", "length", [])
        assert again.calls[0].shared
        assert not (await after(replace(request, logprobs=True))).calls[0].shared

    asyncio.run(story())


def test_no_more_calls_are_in_flight_than_there_are_places() -> None:
    async def story() -> None:
        model = Echo(concurrency=3)
        model.gate = asyncio.Event()
        tasks = [asyncio.create_task(model(Request(prompt="a", seed=seed))) for seed in range(10)]
        while model.inside < 3:
            await asyncio.sleep(0)
        model.gate.set()
        await asyncio.gather(*tasks)
        assert model.most_inside == 3

    asyncio.run(story())


def test_a_cap_stops_new_calls_and_counts_shared_ones_once() -> None:
    async def story() -> None:
        model = Echo()
        model.cap = Cap(tokens=5)
        for _ in range(3):
            await model(Request(prompt="a", seed=1))
        await model(Request(prompt="a b", seed=1))
        assert model.cap.spent_tokens == 6
        with pytest.raises(CapReached):
            await model(Request(prompt="a", seed=2))
        await model(Request(prompt="a", seed=1))  # what is known costs nothing

    asyncio.run(story())


def test_one_model_serves_one_event_loop_after_another() -> None:
    model = Echo(concurrency=1)

    async def story() -> None:
        await asyncio.gather(*(model(Request(prompt="a", seed=None)) for _ in range(3)))

    asyncio.run(story())
    asyncio.run(story())
    assert len(model.asked) == 6


PRICES = {"echo": Price(input=3.0, output=5.0, cached=1.0)}
small = st.one_of(st.none(), st.sampled_from([0, 1]), st.integers(2, 60))


@given(
    tokens=small, calls=small, microdollars=small, words=st.integers(0, 12), max_tokens=st.one_of(st.none(), st.integers(1, 12))
)
def test_no_answer_costs_more_than_its_budget(
    tokens: int | None, calls: int | None, microdollars: int | None, words: int, max_tokens: int | None
) -> None:
    """Whatever the budget, 0 and 1 included: asked or shared, an answer stays within it or is not made at all."""
    budget = Budget(tokens=tokens, calls=calls, microdollars=microdollars, prices=PRICES)
    request = Request(prompt=" ".join("w" * words), budget=budget, max_tokens=max_tokens, seed=1)

    async def story() -> None:
        model = Echo()
        for _ in range(2):
            answer = await model(request)
            assert sum(call.tokens for call in answer.calls) <= (tokens if tokens is not None else 10**9)
            assert len(answer.calls) <= (calls if calls is not None else 10**9)
            assert sum(map(budget.cost, answer.calls)) <= (microdollars if microdollars is not None else 10**9)
            assert bool(answer.calls) != (answer.finish == "budget")

    asyncio.run(story())


@given(
    seconds=st.one_of(st.none(), st.floats(0, 3)),
    microdollars=st.one_of(st.none(), st.integers(0, 1000)),
    tokens=small,
    steps=st.booleans(),
)
def test_no_simulated_answer_takes_longer_than_its_budget(
    seconds: float | None, microdollars: int | None, tokens: int | None, steps: bool
) -> None:
    """Seconds, and money by the hour, hold exactly where time is simulated."""
    price = Price(input=1.0, output=2.0, per_hour=1.5)
    model = Synthetic(abilities=0, answering=Answering(styles={"": Style(tokens=40, steps=steps)}, first_token_seconds=0.3))
    budget = Budget(seconds=seconds, microdollars=microdollars, tokens=tokens, prices={"synthetic": price})
    answer = ask(model, Request(prompt="Which one?", budget=budget, seed=3))
    left = budget.minus(answer.calls)
    assert sum(call.seconds or 0 for call in answer.calls) <= (1e9 if seconds is None else seconds)
    assert microdollars is None or sum(map(budget.cost, answer.calls)) + (left.microdollars or 0) == microdollars
    assert tokens is None or sum(call.tokens for call in answer.calls) <= tokens


def test_a_budget_that_binds_cuts_max_tokens_and_its_call_has_a_key_of_its_own() -> None:
    model = Echo()
    request = Request(prompt="a b c d", seed=1)
    answer = ask(model, replace(request, budget=Budget(tokens=6)))
    assert (answer.text, model.asked[0].max_tokens) == ("a b", 2)
    assert answer.calls[0].key == replace(request, max_tokens=2).key


def test_time_that_runs_out_leaves_what_was_said_so_far_and_shares_it_with_nobody() -> None:
    async def story() -> None:
        model = Echo()
        model.gate = asyncio.Event()
        request = Request(prompt="a", seed=1, budget=Budget(seconds=0.01))
        answer = await model(request)
        assert (answer.text, answer.finish, answer.calls[0].key) == ("so far", "budget", "")
        assert model.inside == 0
        model.gate.set()
        assert (await model(replace(request, budget=None))).calls[0].shared is False

    asyncio.run(story())


def test_time_that_runs_out_while_waiting_for_a_place_costs_no_call() -> None:
    async def story() -> None:
        model = Echo(concurrency=1)
        model.gate = asyncio.Event()
        first = asyncio.create_task(model(Request(prompt="a", seed=1)))
        while not model.inside:
            await asyncio.sleep(0)
        answer = await model(Request(prompt="b", seed=1, budget=Budget(seconds=0.01)))
        assert (answer.finish, answer.calls) == ("budget", ())
        model.gate.set()
        await first

    asyncio.run(story())


def test_an_hourly_price_bounds_the_seconds_of_the_call() -> None:
    async def story() -> None:
        model = Echo()
        model.gate = asyncio.Event()  # never opens: only the money ends it
        budget = Budget(microdollars=10, prices={"echo": Price(per_hour=3.6)})  # $3.6/h is 1000 micro-dollars a second
        answer = await model(Request(prompt="a", seed=1, budget=budget))
        assert answer.finish == "budget"
        assert answer.calls[0].seconds is not None

    asyncio.run(story())


def test_a_money_budget_without_the_models_price_is_refused_before_anything_is_spent() -> None:
    model = Echo()
    with pytest.raises(InputError, match="price for model 'echo'"):
        ask(model, Request(prompt="a", budget=Budget(microdollars=5)))
    assert model.asked == []


def test_a_shared_answer_that_alone_would_not_have_fitted_is_not_given() -> None:
    async def story() -> None:
        model = Synthetic(abilities=0, answering={"first_token_seconds": 1.0})
        await model(Request(prompt="a", seed=1))
        answer = await model(Request(prompt="a", seed=1, budget=Budget(seconds=0.5)))
        assert (answer.finish, answer.calls) == ("budget", ())

    asyncio.run(story())


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="concurrency must be at least 1, got 0"):
        Echo(concurrency=0)
    with pytest.raises(InputError, match="a price is a table"):
        Echo(price={"in": 3})
    assert Echo(price={"input": 1, "output": 2}).price == Price(input=1, output=2)
