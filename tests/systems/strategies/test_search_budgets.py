"""On a model that cuts and refuses as real ones do, no search and no plan exceeds its budget."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isocost.records import Answer, Budget, Price, Request, System
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import (
    Verdict,
    difficulty_adaptive,
    particle_filter,
    plan_and_budget,
    plan_search,
    selective_allocation,
    tree_search,
    vote,
)
from isocost.systems.strategies.pruning import Search
from isocost.systems.strategies.steps import Steps

ITEM = items(1, seed=5)[0]
PRICES = {"synthetic": Price(input=0.1, output=2.0)}
SYSTEMS: dict[str, Callable[[System], System]] = {
    "plan_and_budget": lambda model: plan_and_budget(model, tokens=60),
    "selective_allocation": lambda model: selective_allocation(model, vote(model, 2)),
    "balanced": lambda model: tree_search(model, width=3, search=Search(depth=3)),
    "beam of judged": lambda model: tree_search(model, "beam", width=2, judge=model, search=Search(depth=2)),
    "best first": lambda model: tree_search(model, "best_first", width=2, search=Search(depth=3, expansions=5)),
    "particles": lambda model: particle_filter(model, 3, steps=Steps(depth=2)),
    "plan_search": lambda model: plan_search(model, 3, check=lambda question, text: Verdict(0.0), repairs=2),
    "adaptive": lambda model: difficulty_adaptive(
        model, [vote(model, 2), tree_search(model, search=Search(depth=2))], edges=[0.4, 0.5]
    ),
    "search over plans": lambda model: tree_search(plan_and_budget(model, tokens=40), width=2, search=Search(depth=2)),
}


def ask(system: System, request: Request) -> Answer:
    async def whole() -> Answer:
        return await system(request)

    return asyncio.run(whole())


def model(*, memo: bool = False) -> Synthetic:
    return Synthetic(abilities=0.0, memo=memo, answering={"styles": {"": {"tokens": 9, "steps": True}}})


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=list(SYSTEMS))
@settings(max_examples=40, deadline=None)
@given(tokens=st.none() | st.integers(0, 900), calls=st.none() | st.integers(0, 12), money=st.none() | st.integers(0, 400))
def test_no_budget_is_exceeded(
    make: Callable[[System], System], tokens: int | None, calls: int | None, money: int | None
) -> None:
    budget = Budget(tokens=tokens, calls=calls, microdollars=money, prices=PRICES)
    answer = ask(make(model()), ITEM.request(seed=1, budget=budget))
    assert tokens is None or sum(call.tokens for call in answer.calls) <= tokens
    assert calls is None or len(answer.calls) <= calls
    assert money is None or sum(map(budget.cost, answer.calls)) <= money
    assert len(answer.calls) <= len(ask(make(model()), ITEM.request(seed=1)).calls)


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=list(SYSTEMS))
def test_a_model_that_remembers_is_asked_nothing_twice(make: Callable[[System], System]) -> None:
    remembering = model(memo=True)

    async def whole() -> tuple[Answer, Answer]:
        system = make(remembering)
        return await system(ITEM.request(seed=1)), await system(ITEM.request(seed=1))

    first, second = asyncio.run(whole())
    assert first.text == second.text
    assert all(call.shared for call in second.calls)
