"""`Replay`: answers from records, without asking anybody."""

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from isocost.records import InputError, Item, Price, Record, Request, derive_seed
from isocost.systems.models.base import Model

TokenCount = Callable[[Request], Awaitable[int]]


class Replay(Model):
    """A model, or a whole system, that says what it said when it was recorded.

    As a model (`model`): a request is answered by the call with the same `Request.key`. So any strategy whose calls were
    recorded replays exactly, whatever it is made of. As a system (`system`, with the workload's `items`): a question is
    answered by one of the system's records for it: the one with the request's seed, or else one that was not used yet.

    Where there are several answers to the same request, each is given once, in an order that `seed` decides, and then
    there are no more: sampling without replacement. What was not recorded is refused, never made up.

    records: a study's folder or file, or the records. count_tokens: the recorded model's own, when a token or money budget
    cut the recorded requests short (such a request is recorded as cut).
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
        price: Price | Mapping[str, Any] | None = None,
        concurrency: int = 1_000,
        count_tokens: TokenCount | None = None,
    ) -> None:
        if (model is None) == (system is None):
            raise InputError(f"a replay needs either `model` or `system`, got model={model!r} and system={system!r}.")
        super().__init__(name or model or system or "", price=price, concurrency=concurrency)
        self.model, self.system = model, system
        self._count = count_tokens_of = count_tokens
        del count_tokens_of
        stored = _read(records) if isinstance(records, str | Path) else records
        self._answers = _by_key(stored, model) if model is not None else _by_question(stored, str(system), items)
        for key, answers in self._answers.items():
            random.Random(derive_seed(seed, key)).shuffle(answers)
