"""`--dry-run`: the study's own systems, asked through models that answer nothing and always spend the most they may."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from isocost.records import Answer, Call, Grader, InputError, Item, Price, Request, System, derive_seed, text_of
from isocost.study.team import Prepared, make_systems
from isocost.workload import GraderError, make_grader

MAX_TOKENS = 1024  # assumed where a request sets no limit of its own


class Bound(NamedTuple):
    """At most this much, for one system. `dollars` is None where a model is not priced by tokens."""

    system: str
    questions: int
    calls: int
    tokens: int
    dollars: float | None


class WorstCase:
    """A model that spends all it may and never agrees with itself, so that no vote stops early and no cascade accepts.

    Prompt tokens are bounded by UTF-8 bytes: no tokenizer makes more tokens than bytes. A strategy that goes on when answers
    *agree* is not bounded by this; none of ours does. The text is as long as its tokens, for those who are shown it.
    """

    def __init__(self, name: str, confidence: float | None = None) -> None:
        self.name, self.calls, self.confidence = name, 0, confidence

    async def __call__(self, request: Request) -> Answer:
        self.calls += 1
        most = MAX_TOKENS if request.max_tokens is None else request.max_tokens
        text = request.prompt if isinstance(request.prompt, str) else "".join(map(text_of, request.prompt))
        overhead = 16 * (1 if isinstance(request.prompt, str) else 1 + len(request.prompt))  # the chat template's own tokens
        call = Call(
            model=self.name,
            prompt_tokens=len(text.encode()) + overhead,
            completion_tokens=most,
            key=request.key,
        )
        said = f"answer {self.calls} ".ljust(most, "x")
        sure = (-50.0,) if request.logprobs else None
        return Answer(text=said, confidence=self.confidence, logprobs=sure, calls=(call,))


def dry_run(prepared: Prepared) -> tuple[list[Bound], Bound]:
    """An upper bound of each system's calls, tokens and dollars, and of them all when identical calls are made once."""
    items, attempts = prepared.workload.items, prepared.study.settings.attempts
    made = asyncio.run(_ask(prepared, items, attempts))
    answers, systems = len(items) * attempts, len(prepared.study.systems)
    asked = {name: answers * (1 if name in prepared.study.systems else systems) for name in made}
    each = [_bound(name, asked[name], calls, prepared.prices) for name, calls in made.items()]
    once = {(call.model, call.key): call for calls in made.values() for call in calls}
    return each, _bound("in all, identical calls once", answers * systems, list(once.values()), prepared.prices)


def rehearse(prepared: Prepared) -> None:
    """Raises InputError for what no question can be asked with (missing examples, say), by trying one a task."""
    first = {item.task: item for item in reversed(prepared.workload.items)}
    asyncio.run(_ask(prepared, tuple(first.values()), attempts=1))


async def _ask(prepared: Prepared, items: Sequence[Item], attempts: int) -> dict[str, list[Call]]:
    """The calls of each system, and those of "grading" where there is a judge."""
    study = prepared.study
    models: dict[str, System] = {
        name: WorstCase(str(table.get("name", name)), confidence=0.0 if table["kind"] == "replay" else None)
        for name, table in study.models.items()  # of models only replayed answers say how sure they are
    }
    systems, judges = make_systems(study, models, prepared.workload), _judges(prepared, models)
    made: dict[str, list[Call]] = {name: [] for name in (*systems, *(["grading"] if judges else []))}
    for name, item, attempt in product(systems, items, range(attempts)):
        try:
            given = await systems[name](item.request(seed=derive_seed(study.settings.seed, item.id, attempt)))
        except InputError as error:
            with study.blame():
                raise InputError(f"systems.{name}: {error}") from error
        made[name] += given.calls
        if item.task in judges:
            made["grading"] += await _judged(judges[item.task], item, given)
    return made


def _judges(prepared: Prepared, models: Mapping[str, System]) -> dict[str, Grader]:
    """The graders that ask a model, by task: each table of the workload is a task."""
    study, tasks = prepared.study, dict.fromkeys(item.task for item in prepared.workload.items)
    return {
        task: make_grader(table["grader"], folder=study.path.parent, systems=models)
        for task, table in zip(tasks, study.workload, strict=True)
        if isinstance(table.get("grader"), Mapping) and "system" in table["grader"]
    }


async def _judged(judge: Grader, item: Item, answer: Answer) -> Sequence[Call]:
    try:
        return (await judge(item, answer)).calls
    except GraderError as error:  # it finds no score in what a `WorstCase` says
        return error.calls


def _bound(name: str, questions: int, calls: Sequence[Call], prices: Mapping[str, Price]) -> Bound:
    costs = [None if (price := prices.get(call.model)) is None else price.dollars(call) for call in calls]
    dollars = None if any(cost is None for cost in costs) else sum(cost for cost in costs if cost is not None)
    return Bound(name, questions, len(calls), sum(call.tokens for call in calls), dollars)
