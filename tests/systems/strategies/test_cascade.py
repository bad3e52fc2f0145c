"""A cascade is the mixture of its stages."""

import asyncio
import math
from itertools import product

import pytest
from tests.conformance.worlds import Fake, run
from tests.systems.strategies.test_vote import Script

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Request
from isocost.systems.strategies import cascade, vote

ASKED = Request(prompt="?", seed=1)


def test_a_cascade_from_a_vote_is_the_mixture() -> None:
    """Unanimous among three (right p^3, wrong (1-p)^3), or else the second stage, right with q."""
    p, q = 0.6, 0.9
    right = calls = 0.0
    for first in product("rw", repeat=3):
        for second in "rw":
            weight = p ** first.count("r") * (1 - p) ** first.count("w") * (q if second == "r" else 1 - q)
            given = asyncio.run(cascade([vote(Script(first), 3), Script(second)])(ASKED))
            right += weight * (given.value == "r")
            calls += weight * len(given.calls)
    going_on = 1 - p**3 - (1 - p) ** 3
    assert right == pytest.approx(p**3 + going_on * q, abs=1e-12)
    assert calls == pytest.approx(3 + going_on, abs=1e-12)


async def _fails(request: Request) -> Answer:
    raise CallFailed("down", kind="connection", calls=[Call(model="down", error="down")])


def stage(text: str, confidence: float | None = None, **fields: object):  # type: ignore[no-untyped-def]
    async def ask(request: Request) -> Answer:
        return Answer(text=text, confidence=confidence, calls=(Call(model=text),), **fields)  # type: ignore[arg-type]

    return ask


@pytest.mark.parametrize(("accept", "chosen"), [(0.5, 1), (0.6, 1), (0.7, 2), (0.95, 3), (1.0, 3)])
def test_the_first_stage_that_is_sure_enough_answers(accept: float, chosen: int) -> None:
    stages = [stage("a", 0.6), stage("b", 0.9), stage("c", 0.1)]
    given = asyncio.run(cascade(stages, accept=accept)(ASKED))
    assert (given.text, given.details["stage"], len(given.calls)) == ("abc"[chosen - 1], chosen, chosen)
    assert [call.role for call in given.calls] == [f"stage {i + 1}" for i in range(chosen)]


def test_a_function_may_accept() -> None:
    given = asyncio.run(cascade([stage("no"), stage("yes"), stage("never")], accept=lambda a: a.text == "yes")(ASKED))
    assert given.text == "yes"


def test_token_probabilities_are_a_confidence() -> None:
    half = stage("a", logprobs=(math.log(0.5), math.log(0.5)))
    assert asyncio.run(cascade([half, stage("b")], accept=0.49)(ASKED)).text == "a"
    assert asyncio.run(cascade([half, stage("b")], accept=0.51)(ASKED)).text == "b"


def test_log_probabilities_are_asked_of_all_stages_but_the_last() -> None:
    model = Fake()
    run(lambda: cascade([model, model, model], accept=0.99, logprobs=True)(ASKED))
    assert [request.logprobs for request in model.asked] == [True, True, False]


def test_a_stage_that_cannot_say_how_sure_it_is_is_refused_with_the_cure() -> None:
    with pytest.raises(InputError, match="make the stage a vote"):
        asyncio.run(cascade([stage("a"), stage("b")])(ASKED))


def test_the_earlier_answer_stands_when_the_later_stage_fails_or_says_nothing() -> None:
    for later in (_fails, stage("")):
        given = asyncio.run(cascade([stage("a", 0.2), later])(ASKED))
        assert (given.text, given.finish, len(given.calls)) == ("a", "complete", 2)


def test_the_earlier_answer_stands_when_the_budget_cuts_the_later_one() -> None:
    given, _ = run(lambda: cascade([vote(Fake(), 3), Fake()])(Request(prompt="?", seed=3, budget=Budget(tokens=26))))
    assert given.finish == "budget"
    assert given.details["stage"] == 1
    assert sum(call.tokens for call in given.calls) <= 26


def test_a_stage_that_fails_is_passed_over() -> None:
    given = asyncio.run(cascade([_fails, stage("b", 0.1)])(ASKED))
    assert (given.text, [call.error for call in given.calls]) == ("b", ["down", None])


@pytest.mark.parametrize(("options", "message"), [({"systems": []}, "at least 1"), ({"accept": 1.5}, "from 0 to 1, got 1.5")])
def test_an_impossible_setting_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cascade(**{"systems": [stage("a")], **options})  # type: ignore[arg-type]
