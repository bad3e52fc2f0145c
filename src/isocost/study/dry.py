"""`--dry-run`: the study's own systems, asked through models that answer nothing and always spend the most they may."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from isocost.records import Answer, Call, InputError, Item, Price, Request, System, derive_seed, text_of
from isocost.study.team import Prepared, make_systems

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
    *agree* is not bounded by this; none of ours does.
    """

    def __init__(self, name: str, confidence: float | None = None) -> None:
        self.name, self.calls, self.confidence = name, 0, confidence

    async def __call__(self, request: Request) -> Answer:
        self.calls += 1
        text = request.prompt if isinstance(request.prompt, str) else "".join(map(text_of, request.prompt))
        overhead = 16 * (1 if isinstance(request.prompt, str) else 1 + len(request.prompt))  # the chat template's own tokens
        call = Call(
            model=self.name,
            prompt_tokens=len(text.encode()) + overhead,
            completion_tokens=MAX_TOKENS if request.max_tokens is None else request.max_tokens,
            key=request.key,
        )
        sure = (-50.0,) if request.logprobs else None
        return Answer(text=f"answer {self.calls}", confidence=self.confidence, logprobs=sure, calls=(call,))


def dry_run(prepared: Prepared) -> tuple[list[Bound], Bound]:
    """An upper bound of each system's calls, tokens and dollars, and of them all when identical calls are made once."""
    study = prepared.study
    made = asyncio.run(_ask(prepared, prepared.workload.items, study.settings.attempts))
    answers = len(prepared.workload.items) * study.settings.attempts
    each = [_bound(name, answers, calls, prepared.prices) for name, calls in made.items()]
    once = {(call.model, call.key): call for calls in made.values() for call in calls}
    return each, _bound("in all, identical calls once", answers * len(made), list(once.values()), prepared.prices)


def rehearse(prepared: Prepared) -> None:
    """Raises InputError for what no question can be asked with (missing examples, say), by trying one a task."""
    first = {item.task: item for item in reversed(prepared.workload.items)}
    asyncio.run(_ask(prepared, tuple(first.values()), attempts=1))


async def _ask(prepared: Prepared, items: Sequence[Item], attempts: int) -> dict[str, list[Call]]:
    study = prepared.study
    models: dict[str, System] = {
        name: WorstCase(str(table.get("name", name)), confidence=0.0 if table["kind"] == "replay" else None)
        for name, table in study.models.items()  # of models only replayed answers say how sure they are
    }
    systems = make_systems(study, models, prepared.workload)
    made: dict[str, list[Call]] = {name: [] for name in systems}
    for name, item, attempt in product(systems, items, range(attempts)):
        try:
            given = await systems[name](item.request(seed=derive_seed(study.settings.seed, item.id, attempt)))
        except InputError as error:
            with study.blame():
                raise InputError(f"systems.{name}: {error}") from error
        made[name] += given.calls
    return made


def _bound(name: str, questions: int, calls: Sequence[Call], prices: Mapping[str, Price]) -> Bound:
    costs = [None if (price := prices.get(call.model)) is None else price.dollars(call) for call in calls]
    dollars = None if any(cost is None for cost in costs) else sum(cost for cost in costs if cost is not None)
    return Bound(name, questions, len(calls), sum(call.tokens for call in calls), dollars)
