"""`Replay`: answers from records, without asking anybody."""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from isocost.records import Answer, Call, CallFailed, InputError, Item, Record, Request, derive_seed, open_records
from isocost.systems.models.base import OUT_OF_BUDGET, Draft, Model, answer_of
from isocost.systems.models.limits import fits

TokenCount = Callable[[Request], Awaitable[int]]


class Recorded(NamedTuple):
    """An answer that was recorded, and the seed of its request where that is known."""

    seed: int | None
    answer: Answer


class Replay(Model):
    """A model, or a whole system, that says what it said when it was recorded.

    model: a request is answered by this model's call with the same `Request.key`. So any strategy whose calls were
    recorded replays exactly, whatever it is made of.
    system, items: a question (of these items, or of the study's own) is answered by this system's record of it: the one
    with the request's seed, or else one that was not given yet.

    Where there are several answers to one request, each is given once, in an order that `seed` decides: sampling without
    replacement. A request with a seed gets the same answer again; what was not recorded is refused, never made up.

    records: a study's folder or file, or the records. count_tokens: the recorded model's own, for requests that a token or
    money budget cut short (they were recorded as cut). Other settings are those of `base.Model`.
    """

    source = "replayed"

    def __init__(
        self,
        records: str | Path | Iterable[Record],
        *,
        model: str | None = None,
        system: str | None = None,
        items: Iterable[Item] = (),
        name: str | None = None,
        seed: int = 0,
        count_tokens: TokenCount | None = None,
        concurrency: int = 1_000,
        **settings: Any,
    ) -> None:
        if (model is None) == (system is None):
            raise InputError(
                f"a replay is of a `model` or of a `system`, one of them; got model={model!r} and system={system!r}."
            )
        super().__init__(name or model or system or "", concurrency=concurrency, **settings)
        self._count_tokens = count_tokens
        if isinstance(records, str | Path):
            opened = open_records(records)
            stored: Sequence[Record] = list(opened.read())
            names = {row["question"]: row["item"] for row in opened.items().iter_rows(named=True)} if system else {}
        else:
            stored, names = list(records), {}
        names |= {item.request().question: item.id for item in items}
        self._names: dict[str, str] = names
        self._system = system
        self._left = _calls(stored, model) if model is not None else _answers(stored, str(system))
        if not self._left:
            known = sorted({call.model for record in stored for call in record.calls} if model else {r.system for r in stored})
            raise InputError(
                f"there is nothing recorded of {'model' if model else 'system'} '{model or system}'. "
                f"Hint: {len(stored)} records know {', '.join(known) or 'none'}."
            )
        for key, recorded in self._left.items():
            random.Random(derive_seed(seed, key)).shuffle(recorded)
        self._had = {key: len(recorded) for key, recorded in self._left.items()}

    async def count_tokens(self, request: Request) -> int:
        """The recorded model's count, where it was given."""
        return await (self._count_tokens or super().count_tokens)(request)

    async def ask(self, request: Request, draft: Draft) -> Answer:
        """The recorded answer."""
        key, what = request.key, f"key {request.key}"
        if self._system is not None:
            key = self._names.get(request.question, request.question)
            what = f"question {key[:80]!r}"
        left = self._left.get(key, [])
        if not left:
            had = self._had.get(key, 0)
            why = f"all {had} recorded answers were given" if had else "nothing was recorded"
            raise CallFailed(f"replay of '{self.name}': {why} for {what}, seed {request.seed}.", kind="refused")
        chosen = next((recorded for recorded in left if recorded.seed == request.seed), left[-1])
        answer = chosen.answer
        if self._system is None:
            answer = answer_of(answer.calls[-1], request.max_tokens)
        if request.budget is not None and not fits(answer, request.budget):
            return OUT_OF_BUDGET
        left.remove(chosen)
        return answer


def _calls(records: Iterable[Record], model: str) -> dict[str, list[Recorded]]:
    """A model's calls by key; one that several systems shared was made once."""
    found: dict[str, list[Recorded]] = defaultdict(list)
    shared: dict[str, Call] = {}
    for record in records:
        for call in (*record.calls, *record.grading):
            if call.model != model or not call.key or call.text is None or call.error is not None:
                continue
            if call.shared:
                shared.setdefault(call.key, call)
            else:
                found[call.key].append(Recorded(None, _said(call)))
    for key, call in shared.items():
        if key not in found:
            found[key].append(Recorded(None, _said(call)))
    return dict(found)


def _said(call: Call) -> Answer:
    return Answer(text=call.text or "", calls=(replace(call, role=""),))  # the strategy that asks now names the role


def _answers(records: Iterable[Record], system: str) -> dict[str, list[Recorded]]:
    """A system's answers by item; failed ones are no answers."""
    found: dict[str, list[Recorded]] = defaultdict(list)
    for record in records:
        if record.system == system and record.error is None and record.text is not None:
            answer = Answer(
                text=record.text,
                calls=record.calls or (Call(model=system, seconds=record.seconds),),
                final=record.final,
                finish=record.finish,
                confidence=record.confidence,
                details=record.details,
            )
            found[record.item].append(Recorded(record.seed, answer))
    return dict(found)
