"""The nouns of the house. Each is a small frozen msgspec struct.

msgspec rather than dataclasses because these cross the disk and the wire: it checks types when it decodes, and encodes a
record in about two microseconds, which is what lets the runner write thousands of records a second.

A quantity that is not known is None, never 0. Quantities are tokens, calls, seconds and joules; money appears only where an
upstream itself stated a bill (`Call.billed`), since a bill is a fact. Everything else is priced later, by `Price`.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from isocost.records.budget import Budget
from isocost.records.calls import Call

Source = Literal["measured", "replayed", "simulated", "published", "served"]
Finish = Literal["complete", "length", "budget"]

SCHEMA = 1


class Message(Struct, frozen=True, omit_defaults=True):
    """One chat message; `content` is text, or OpenAI's list of parts (text, images) passed through."""

    role: str
    content: str | tuple[dict[str, Any], ...]


class Request(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is asked of a system.

    prompt: a tuple of messages (chat), or a string (a raw completion, no chat template).
    task: which task the question belongs to, so that a prompt style can choose its examples.
    seed: makes sampling reproducible; two calls with equal `key` are the same call. None: never shared.
    extra: fields passed through to an endpoint as they are (tools, response_format, ...).
    """

    prompt: str | tuple[Message, ...]
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: bool = False
    task: str = ""
    budget: Budget | None = None
    extra: dict[str, Any] = {}

    @property
    def question(self) -> str:
        """The text of the last user message, or the raw prompt."""
        if isinstance(self.prompt, str):
            return self.prompt
        for message in reversed(self.prompt):
            if message.role == "user":
                return text_of(message)
        return ""

    @property
    def key(self) -> str:
        """Equal for calls that ask the same thing with the same seed; the budget is not part of it."""
        body = msgspec.json.encode(
            (self.prompt, self.max_tokens, self.temperature, self.top_p, self.stop, self.seed, self.logprobs, self.extra),
            order="deterministic",
        )
        return hashlib.blake2b(body, digest_size=12).hexdigest()


class Answer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a system says, and every call made to say it.

    final: the answer proper, where a style tells it apart from its reasoning; None: the text itself.
    finish: "budget" says that the budget ran out and this is the best answer so far ("" if there was none).
    confidence: how sure the system is of itself, in [0, 1] (vote agreement, mean token probability, ...).
    logprobs: natural-log probability of each token of `text`, where the runtime gives them.
    details: what a strategy wants to say about how it got there (votes, stages); JSON values only.
    """

    text: str
    calls: tuple[Call, ...] = ()
    final: str | None = None
    finish: Finish = "complete"
    confidence: float | None = None
    logprobs: tuple[float, ...] | None = None
    details: dict[str, Any] = {}

    @property
    def value(self) -> str:
        """The answer proper: `final`, or else the text."""
        return self.text if self.final is None else self.final


class Example(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A worked example for few-shot prompts; `steps` is the reasoning before the answer."""

    question: str
    answer: str
    steps: str = ""


class Item(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One question of a workload. `target` is what a grader compares with; `group` clusters questions that belong together."""

    id: str
    question: str | tuple[Message, ...]
    target: Any = None
    task: str = ""
    group: str | None = None
    choices: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}

    def request(self, *, seed: int | None = None, budget: Budget | None = None) -> Request:
        """The question as a request."""
        asked = self.question
        prompt = (Message("user", asked),) if isinstance(asked, str) else asked
        return Request(prompt=prompt, seed=seed, task=self.task, budget=budget)


class Grade(Struct, frozen=True, omit_defaults=True):
    """What a grader says: a score in [0, 1] (1 is right), why, and the calls a judge made for it."""

    score: float
    reason: str = ""
    calls: tuple[Call, ...] = ()


class Record(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One system's attempt at one item. (system, item, attempt) is unique in a store.

    score: None when not graded, as for every record with an `error`: a failed call is not a wrong answer.
    seconds: wall time of the whole answer; started: Unix time. grading: the judge's calls, not part of the system's cost.
    fingerprint: changes when the system's settings change, so that a resumed study notices.
    extra: fields of a newer schema or of an imported log, kept as they came.
    """

    system: str
    item: str
    attempt: int = 0
    task: str = ""
    group: str | None = None
    seed: int | None = None
    text: str | None = None
    final: str | None = None
    finish: Finish = "complete"
    confidence: float | None = None
    score: float | None = None
    reason: str = ""
    error: str | None = None
    error_kind: str | None = None
    calls: tuple[Call, ...] = ()
    grading: tuple[Call, ...] = ()
    seconds: float | None = None
    started: float | None = None
    source: Source = "measured"
    fingerprint: str = ""
    schema: int = SCHEMA
    details: dict[str, Any] = {}
    extra: dict[str, Any] = {}

    @property
    def identity(self) -> tuple[str, str, int]:
        return self.system, self.item, self.attempt


System = Callable[[Request], Awaitable[Answer]]
"""Anything that answers: a model, or a strategy that wraps systems. Raises `CallFailed` when it cannot."""

Grader = Callable[[Item, Answer], Awaitable[Grade]]
"""Says how right an answer is."""


def merge(answers: Sequence[Answer], *, text: str, final: str | None = None, **fields: Any) -> Answer:
    """One answer that carries every call of several."""
    calls = tuple(call for answer in answers for call in answer.calls)
    return Answer(text=text, final=final, calls=calls, **fields)


def total(values: Iterable[float | None]) -> float | None:
    """The sum, or None if any part is unknown or there is none."""
    parts = list(values)
    return None if not parts or any(part is None for part in parts) else sum(part for part in parts if part is not None)


def text_of(message: Message) -> str:
    """The message's text, its parts joined."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(str(part["text"]) for part in message.content if part.get("type") == "text")


def derive_seed(seed: int | None, *parts: object) -> int | None:
    """A seed in [0, 2^31) for a named part of a seeded whole; None stays None."""
    if seed is None:
        return None
    text = "\x1f".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) >> 1
