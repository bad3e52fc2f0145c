"""Drafts make notes, notes make an answer, and what is waited for is told apart from what is paid for."""

import asyncio
import re
from functools import partial
from itertools import product

import pytest
from tests.conformance.worlds import run

from isocost.records import Answer, Budget, Call, CallFailed, InputError, Message, Request
from isocost.systems.strategies import parallel_distill_refine

ASKED = Request(prompt=(Message("user", "How many?"),), seed=1)


class Workshop:
    """Drafts as scripted, notes "k of n are right", and an answer that is right when most of the drafts are."""

    LENGTHS = {"draft": 30, "notes": 10, "answer": 20}

    def __init__(self, drafts: str) -> None:
        self.drafts = iter(drafts)
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        text = request.question
        if "Draft answers:" in text:
            kind, said = (
                "notes",
                f"{len(re.findall('^[0-9]+. r$', text, re.M))} of {len(re.findall('^[0-9]+. ', text, re.M))} are right",
            )
        elif (found := re.search(r"(\d+) of (\d+) are right", text)) and (n := next(self.drafts, None)) is None:
            kind, said = "answer", "r" if 2 * int(found[1]) > int(found[2]) else "w"
        else:
            kind, said = "draft", n if found else next(self.drafts)
        tokens = min(self.LENGTHS[kind], request.max_tokens or 99)
        if request.budget is None or request.budget.seconds is not None:
            await asyncio.sleep(tokens)
        return Answer(text=said, calls=(Call(model="m", prompt_tokens=len(text), completion_tokens=tokens),))


@pytest.mark.parametrize("n", [3, 5])
def test_notes_that_count_the_drafts_make_it_a_vote(n: int) -> None:
    """P(right) is the binomial tail, over every sequence of drafts."""
    p, right = 0.4, 0.0
    for drafts in product("rw", repeat=n):
        given, _ = run(partial(parallel_distill_refine(Workshop("".join(drafts)), n), ASKED))
        assert len(given.calls) == n + 2
        right += p ** drafts.count("r") * (1 - p) ** drafts.count("w") * (given.value == "r")
    tail = sum(p ** list(d).count("r") * (1 - p) ** list(d).count("w") for d in product("rw", repeat=n) if 2 * d.count("r") > n)
    assert right == pytest.approx(tail, abs=1e-12)


def test_what_is_waited_for_is_a_draft_the_notes_and_the_answer_however_many_drafts() -> None:
    for n in (2, 3, 8):
        given, seconds = run(partial(parallel_distill_refine(Workshop("rwrwrwrw"[:n]), n), ASKED))
        assert given.details["sequential_tokens"] == seconds == 30 + 10 + 20
        assert given.details["total_tokens"] == sum(c.completion_tokens or 0 for c in given.calls) == 30 * n + 10 + 20


def test_the_second_rounds_drafts_see_the_notes_of_the_first_and_no_draft() -> None:
    model = Workshop("rwwrrr")
    given, _ = run(partial(parallel_distill_refine(model, 3, rounds=2), ASKED))
    texts = [request.question for request in model.asked]
    assert texts[:3] == ["How many?"] * 3
    assert all("1 of 3 are right" in text and "Draft answers" not in text for text in texts[4:7])
    assert "3 of 3 are right" in texts[8]
    assert (given.value, given.confidence, given.details["drafts"]) == ("r", 1.0, ["r", "r", "r"])
    assert len({request.seed for request in model.asked}) == len(texts) == 9


def test_the_notes_are_bounded_so_no_answering_context_grows_with_the_drafts() -> None:
    contexts = []
    for n in (2, 8):
        model = Workshop("rwrwrwrw"[:n])
        run(partial(parallel_distill_refine(model, n, workspace=7), ASKED))
        notes, last = model.asked[-2:]
        assert notes.max_tokens == 7
        contexts.append(len(last.question))
    assert contexts[0] == contexts[1]


def test_a_distiller_of_its_own_writes_the_notes() -> None:
    async def distiller(request: Request) -> Answer:
        return Answer(text="3 of 3 are right", calls=(Call(model="distiller"),))

    given, _ = run(partial(parallel_distill_refine(Workshop("www"), 3, distiller=distiller), ASKED))
    assert (given.value, [call.model for call in given.calls].count("distiller")) == ("r", 1)


def test_when_the_notes_fail_the_plurality_is_the_note() -> None:
    async def broken(request: Request) -> Answer:
        raise CallFailed("down", kind="server", calls=[Call(model="distiller", error="down")])

    model = Workshop("wrww")
    run(partial(parallel_distill_refine(model, 3, distiller=broken), ASKED))
    assert "Most say: w" in model.asked[-1].question


@pytest.mark.parametrize(("calls", "text"), [(1, "w"), (3, "r"), (4, "r"), (5, "r")])
def test_when_the_budget_runs_out_the_plurality_stands(calls: int, text: str) -> None:
    request = Request(prompt=ASKED.prompt, seed=1, budget=Budget(calls=calls))
    given, _ = run(partial(parallel_distill_refine(Workshop("wrr"), 3), request))
    assert (given.text, len(given.calls), given.finish) == (text, calls, "complete" if calls == 5 else "budget")


@pytest.mark.parametrize("options", [{"drafts": 0}, {"rounds": 0}, {"workspace": 0}, {"temperature": -1.0}])
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        parallel_distill_refine(Workshop(""), **options)  # type: ignore[arg-type]
