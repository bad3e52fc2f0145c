"""What every strategy owes: a new one adds its line to CASES and inherits the rest."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.conformance.worlds import Fake, planned, run

from isocost.records import Answer, Budget, Call, CallFailed, CapReached, Example, Message, Request, System
from isocost.systems.strategies import (
    Verdict,
    anytime,
    best_of,
    budget_forcing,
    cascade,
    concise_hint,
    debate,
    difficulty_adaptive,
    effort_levels,
    elastic,
    few_shot,
    parallel_distill_refine,
    particle_filter,
    plan_and_budget,
    plan_search,
    refine,
    selective_allocation,
    solve_detect_verify,
    style,
    tree_search,
    turns,
    vote,
    zero_shot,
)
from isocost.systems.strategies.pruning import Search
from isocost.systems.strategies.steps import Steps

EXAMPLES = {"sums": [Example(question="1 + 1", answer="2", steps="One and one.")]}
CASES: dict[str, Callable[[System], System]] = {
    "zero_shot": lambda model: zero_shot(model, instruction="Be brief."),
    "few_shot": lambda model: few_shot(model, EXAMPLES),
    "few_shot by budget": lambda model: few_shot(model, EXAMPLES, count={"0": 0, "20": 1}),
    "few_shot with steps": lambda model: few_shot(model, EXAMPLES, steps=True, format="chat"),
    "vote": lambda model: vote(model, 5),
    "vote, decided": lambda model: vote(model, 5, stop_early="decided"),
    "vote, window": lambda model: vote(model, 7, stop_early={"window": 3}),
    "vote, posterior": lambda model: vote(model, 9, stop_early={"posterior": 0.9}),
    "vote, weighted": lambda model: vote(model, 4, weights="mean_logprob"),
    "best_of": lambda model: best_of(model, 4),
    "best_of with a function": lambda model: best_of(model, 4, score=lambda question, answer: answer.text == "b"),
    "best_of with a judge": lambda model: best_of(model, 3, judge=model),
    "cascade": lambda model: cascade([vote(model, 3), vote(model, 5)]),
    "cascade of models": lambda model: cascade([model, model], accept=0.99, logprobs=True),
    "anytime": lambda model: anytime(model, (8, 16), solution=4),
    "budget_forcing": lambda model: budget_forcing(model, 20, 4, waits=2),
    "concise_hint": lambda model: concise_hint(model, first=4),
    "debate": lambda model: debate(model, rounds=2, samples=3),
    "debate, one sided": lambda model: debate(model, samples=4, sides=1, judge=model),
    "difficulty_adaptive by one sample": lambda model: difficulty_adaptive(model, [model], edges=[0.1], probe=1),
    "difficulty_adaptive": lambda model: difficulty_adaptive(model, [vote(model, 2), vote(model, 3)], edges=[0.1, 0.4]),
    "effort_levels": lambda model: effort_levels(model, "low", levels={"low": 8}, solution=4),
    "elastic": lambda model: elastic(model, 8, 4),
    "parallel_distill_refine of one": lambda model: parallel_distill_refine(model, 1, rounds=2),
    "parallel_distill_refine": lambda model: parallel_distill_refine(model, 3, rounds=2),
    "particle_filter": lambda model: particle_filter(model, 3, steps=Steps(depth=2)),
    "plan_and_budget": lambda model: plan_and_budget(planned(model), tokens=99),
    "plan_and_budget, together": lambda model: plan_and_budget(model, planner=planned(model), together=True),
    "plan_search with repairs": lambda model: plan_search(model, 2, check=lambda question, text: Verdict(0.5), repairs=1),
    "plan_search": lambda model: plan_search(planned(model), 2),
    "refine": lambda model: refine(model, 3),
    "selective_allocation": lambda model: selective_allocation(planned(model), vote(model, 2)),
    "solve_detect_verify": lambda model: solve_detect_verify(model),
    "style": lambda model: style(model, "tree", words=40),
    "tree_search": lambda model: tree_search(model, width=3, search=Search(depth=2)),
    "tree_search, beam, judged": lambda model: tree_search(model, "beam", width=3, judge=model, search=Search(depth=2)),
    "tree_search, best_first": lambda model: tree_search(model, "best_first", width=3, search=Search(depth=2, expansions=3)),
    "tree_search, diverse": lambda model: tree_search(model, "diverse", width=3, search=Search(depth=2)),
    "turns": lambda model: turns(model, 3),
}
ASKS_ONCE = {"zero_shot", "few_shot", "few_shot with steps", "few_shot by budget", "concise_hint", "style"}
QUESTION = Request(prompt=(Message("user", "1 + 2"),), task="sums", seed=7)
PRICES = {"fake": Fake.price}

every_strategy = pytest.mark.parametrize("make", CASES.values(), ids=list(CASES))
several_calls = pytest.mark.parametrize("make", [make for name, make in CASES.items() if name not in ASKS_ONCE])
limits = st.none() | st.sampled_from([0, 1]) | st.integers(0, 60)
budgets = st.builds(
    Budget,
    tokens=limits,
    calls=st.none() | st.integers(0, 6),
    seconds=st.none() | st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 5, allow_nan=False).map(lambda s: round(s, 2)),
    microdollars=limits,
    prices=st.just(PRICES),
)
failing = st.sets(st.integers(0, 12))


def ask(system: System, request: Request = QUESTION) -> tuple[Answer | CallFailed, float]:
    async def work() -> Answer | CallFailed:
        try:
            return await system(request)
        except CallFailed as failure:
            return failure

    return run(work)


def bare(call: Call) -> Call:
    """The call without its role: what the model itself knows of it."""
    return Call(**{name: getattr(call, name) for name in call.__struct_fields__ if name != "role"})


@every_strategy
@settings(max_examples=60, deadline=None)
@given(budget=budgets, broken=failing)
def test_never_exceeds_its_budget_and_accounts_for_every_call(
    make: Callable[[System], System], budget: Budget, broken: set[int]
) -> None:
    model = Fake(fails=broken.__contains__)
    given, seconds = ask(make(model), Request(prompt=QUESTION.prompt, task="sums", seed=7, budget=budget))
    assert Counter(map(bare, given.calls)) == Counter(model.made)
    assert budget.tokens is None or sum(call.tokens for call in given.calls) <= budget.tokens
    assert budget.calls is None or len(given.calls) <= budget.calls
    assert budget.microdollars is None or sum(map(budget.cost, given.calls)) <= budget.microdollars
    assert budget.seconds is None or seconds <= budget.seconds + 1e-9
    if isinstance(given, CallFailed):
        assert any(call.error for call in given.calls)


@several_calls
@pytest.mark.parametrize("limit", [Budget(calls=2), Budget(tokens=14), Budget(microdollars=22, prices=PRICES)])
def test_asks_nothing_more_of_a_system_that_ignores_the_budget_once_it_is_spent(
    make: Callable[[System], System], limit: Budget
) -> None:
    """Two calls spend each of these budgets."""
    model = Fake()

    async def heedless(request: Request) -> Answer:
        return await model(Request(prompt=request.prompt, seed=request.seed, logprobs=request.logprobs))

    for system in (make(heedless), make(make(heedless))):
        model.made.clear()
        given, _ = ask(system, Request(prompt=QUESTION.prompt, task="sums", seed=7, budget=limit))
        assert (len(given.calls), len(model.made)) == (2, 2)


@several_calls
@pytest.mark.parametrize("calls", [1, 2])
def test_an_answer_that_names_no_calls_counts_as_one(make: Callable[[System], System], calls: int) -> None:
    asked = 0

    async def silent(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        return Answer(text="ab"[asked % 2], logprobs=(-1.0,))

    given, _ = ask(make(silent), Request(prompt=QUESTION.prompt, task="sums", budget=Budget(calls=calls)))
    assert asked == calls
    assert isinstance(given, Answer)
    assert given.text


@several_calls
def test_cuts_off_a_system_that_ignores_the_time_and_keeps_what_it_has(make: Callable[[System], System]) -> None:
    model = Fake()

    async def stuck(request: Request) -> Answer:
        if model.made:
            await asyncio.get_running_loop().create_future()
        return await model(replace(request, budget=None))

    for system in (make(stuck), make(make(stuck))):
        model.made.clear()
        given, seconds = ask(system, Request(prompt=QUESTION.prompt, task="sums", seed=7, budget=Budget(calls=20, seconds=5.0)))
        assert isinstance(given, Answer)
        assert (len(given.calls), given.finish) == (1, "budget")
        assert 5.0 <= seconds <= 5.1


@every_strategy
@settings(max_examples=40, deadline=None)
@given(budget=budgets)
def test_returns_its_best_answer_so_far_and_says_when_the_budget_ran_out(
    make: Callable[[System], System], budget: Budget
) -> None:
    model, free = Fake(), Fake()
    given, _ = ask(make(model), Request(prompt=QUESTION.prompt, task="sums", seed=7, budget=budget))
    full, _ = ask(make(free))
    assert isinstance(given, Answer)
    assert isinstance(full, Answer)
    assert bool(given.text) == bool(model.made)
    if given.finish == "complete":
        assert (given.text, given.confidence) == (full.text, full.confidence)
        assert Counter(map(bare, given.calls)) == Counter(map(bare, full.calls))
    else:
        assert len(model.made) <= len(free.made)


@every_strategy
def test_a_budget_of_nothing_asks_nothing_and_does_not_raise(make: Callable[[System], System]) -> None:
    model = Fake()
    for budget in (Budget(tokens=0), Budget(calls=0), Budget(seconds=0), Budget(microdollars=0, prices=PRICES)):
        given, _ = ask(make(model), Request(prompt=QUESTION.prompt, task="sums", budget=budget))
        assert (given.text, given.finish, given.calls) == ("", "budget", ())
    assert not model.asked


@every_strategy
def test_when_everything_fails_it_fails_and_carries_every_call(make: Callable[[System], System]) -> None:
    model = Fake(fails=lambda number: True)
    failure, _ = ask(make(model))
    assert isinstance(failure, CallFailed)
    assert failure.kind == "server"
    assert Counter(map(bare, failure.calls)) == Counter(model.made)


@several_calls
def test_survives_a_failing_call(make: Callable[[System], System]) -> None:
    model = Fake(fails=lambda number: number == 0)
    given, _ = ask(make(model))
    assert isinstance(given, Answer)
    assert given.text
    assert [call.error for call in given.calls].count("broken") == 1
    assert Counter(map(bare, given.calls)) == Counter(model.made)


@every_strategy
def test_is_cancelled_cleanly(make: Callable[[System], System]) -> None:
    model = Fake()

    async def work() -> None:
        asking = asyncio.ensure_future(make(model)(QUESTION))
        await asyncio.sleep(0.5)
        assert model.running > 0
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert model.running == 0

    run(work)


@every_strategy
@pytest.mark.parametrize("error", [CapReached("spent"), KeyError("a mistake of ours")])
def test_what_is_no_failed_call_comes_through_as_itself(make: Callable[[System], System], error: Exception) -> None:
    """The cap of the whole run, and a bug, are not swallowed nor wrapped; the others' calls are stopped."""
    slow = Fake()

    async def model(request: Request) -> Answer:
        if request.seed == 7 or slow.running == 2:
            raise error
        return await slow(request)

    async def work() -> None:
        with pytest.raises(type(error)):
            await make(model)(QUESTION)
        assert slow.running == 0

    run(work)


@every_strategy
def test_the_same_seed_gives_the_same_answer_to_the_byte(make: Callable[[System], System]) -> None:
    first, second, other = (ask(make(Fake()), Request(prompt=QUESTION.prompt, task="sums", seed=seed))[0] for seed in (7, 7, 8))
    assert first == second
    assert [call.key for call in first.calls] != [call.key for call in other.calls]


@every_strategy
def test_without_a_seed_no_call_is_given_one(make: Callable[[System], System]) -> None:
    model = Fake()
    ask(make(model), Request(prompt=QUESTION.prompt, task="sums"))
    assert {request.seed for request in model.asked} == {None}


@every_strategy
@settings(max_examples=15, deadline=None)
@given(budget=budgets, broken=failing)
def test_composes_with_itself(make: Callable[[System], System], budget: Budget, broken: set[int]) -> None:
    model = Fake(fails=broken.__contains__)
    given, seconds = ask(make(make(model)), Request(prompt=QUESTION.prompt, task="sums", seed=7, budget=budget))
    assert Counter(map(bare, given.calls)) == Counter(model.made)
    assert budget.tokens is None or sum(call.tokens for call in given.calls) <= budget.tokens
    assert budget.calls is None or len(given.calls) <= budget.calls
    assert budget.seconds is None or seconds <= budget.seconds + 1e-9
    free, _ = ask(make(make(Fake())))
    assert isinstance(free, Answer)
    assert free.text


@pytest.mark.parametrize("name", ["vote", "vote, window", "best_of", "best_of with a judge"])
def test_samples_are_asked_at_once(name: str) -> None:
    model = Fake(says=lambda request: "the same")
    _, seconds = ask(CASES[name](model))
    assert seconds <= 2 * Fake.SECONDS
    assert len(model.made) >= 3
