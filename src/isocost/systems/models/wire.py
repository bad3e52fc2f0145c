"""The wire words of OpenAI-compatible endpoints: what is sent, and what is believed of what comes back."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from isocost.records import Answer, Call, InputError, Request

Count = Annotated[int, Meta(ge=0)]

# Set by the request or by the endpoint itself, never through `extra`.
OURS = ("logprobs", "max_completion_tokens", "max_tokens", "messages", "model", "n", "prompt", "seed", "stop", "stream",
        "stream_options", "temperature", "top_logprobs", "top_p")  # fmt: skip


class PromptDetails(Struct):
    """`usage.prompt_tokens_details`."""

    cached_tokens: Count | None = None


class CompletionDetails(Struct):
    """`usage.completion_tokens_details`."""

    reasoning_tokens: Count | None = None


class Usage(Struct):
    """`usage`: the truth about tokens, and about the bill where the upstream states one (`cost`, in dollars)."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cost: Annotated[float, Meta(ge=0)] | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None

    def quantities(self) -> dict[str, Any]:
        """The fields of a `Call`."""
        prompt, completion = self.prompt_tokens_details, self.completion_tokens_details
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cached_tokens": prompt.cached_tokens if prompt else None,
            "reasoning_tokens": completion.reasoning_tokens if completion else None,
            "billed": self.cost,
        }

    def wrong(self, max_tokens: int | None) -> str | None:
        """What cannot be true in it."""
        parts = self.quantities()
        cached, reasoning = parts["cached_tokens"], parts["reasoning_tokens"]
        if self.prompt_tokens is not None and (cached or 0) > self.prompt_tokens:
            return f"{cached} cached of {self.prompt_tokens} prompt tokens"
        if self.completion_tokens is not None and (reasoning or 0) > self.completion_tokens:
            return f"{reasoning} reasoning of {self.completion_tokens} completion tokens"
        if max_tokens is not None and (self.completion_tokens or 0) > max_tokens:
            return f"{self.completion_tokens} completion tokens where at most {max_tokens} were asked for"
        return None


class Said(Struct):
    """A message, or a piece of one."""

    content: str | None = None
    tool_calls: Any = None


class TokenLogprob(Struct):
    """One token of chat logprobs."""

    logprob: float


class Logprobs(Struct):
    """Logprobs as chat has them (`content`), or as completions have them (`token_logprobs`)."""

    content: list[TokenLogprob] | None = None
    token_logprobs: list[float | None] | None = None

    def values(self) -> list[float]:
        """One number a token."""
        if self.content is not None:
            return [token.logprob for token in self.content]
        return [number for number in self.token_logprobs or () if number is not None]


class Choice(Struct):
    """A choice of a reply (`message` or `text`) or of a chunk (`delta` or `text`)."""

    message: Said | None = None
    delta: Said | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: Logprobs | None = None

    @property
    def said(self) -> Said | None:
        """The message, wherever it stands; None where there is none."""
        return self.message or self.delta or (None if self.text is None else Said(self.text))


class Reply(Struct):
    """A whole reply, or one chunk of a stream."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None


DECODER = msgspec.json.Decoder(Reply)


class Heard:
    """A reply as it comes in, whole or in chunks."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.logprobs: list[float] = []
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.tool_calls: list[Any] = []
        self.said_something = False

    def take(self, data: bytes) -> str:
        """Takes a reply or a chunk in; its new text. Raises `msgspec.DecodeError` for what is not one."""
        reply = DECODER.decode(data)
        if reply.error is not None:
            problem = reply.error.get("message") if isinstance(reply.error, dict) else None
            raise UpstreamError(str(problem or reply.error))
        self.usage = reply.usage or self.usage
        if not reply.choices:
            return ""
        choice = reply.choices[0]  # `n` is always one
        said = choice.said
        self.finish = choice.finish_reason or self.finish
        if choice.logprobs is not None:
            self.logprobs += choice.logprobs.values()
        if said is None:
            return ""
        self.said_something = True
        if said.tool_calls:
            self.tool_calls.append(said.tool_calls)
        text = said.content or ""
        self.text.append(text)
        return text

    def answer(self, call: Call, *, wants_logprobs: bool) -> Answer:
        """The answer; a reason to stop that is neither the end nor the limit is told in its details."""
        details: dict[str, Any] = {}
        if self.finish not in (None, "stop", "length"):
            details["finish_reason"] = self.finish
        if self.tool_calls:
            details["tool_calls"] = self.tool_calls
        return Answer(
            text="".join(self.text),
            calls=(call,),
            finish="length" if self.finish == "length" else "complete",
            logprobs=tuple(self.logprobs) if wants_logprobs and self.logprobs else None,
            details=details,
        )


class UpstreamError(Exception):
    """The upstream says in its reply that something went wrong."""


def body(request: Request, *, model: str, extra: Mapping[str, Any], stream: bool, limit_field: str) -> dict[str, Any]:
    """The request as JSON; what is not set is not sent."""
    chat = not isinstance(request.prompt, str)
    sent: dict[str, Any] = {**extra, **refuse_ours(request.extra), "model": model}
    sent["messages" if chat else "prompt"] = request.prompt
    optional = {
        limit_field: request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stop": list(request.stop) or None,
        "seed": request.seed,
    }
    sent |= {name: value for name, value in optional.items() if value is not None}
    if request.logprobs:
        sent["logprobs"] = True if chat else 1
    if stream:
        sent |= {"stream": True, "stream_options": {"include_usage": True}}
    return sent


def refuse_ours(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """The extra fields, unless one of them has a place of its own or would change how the reply is read."""
    taken = sorted(set(extra) & set(OURS))
    if taken:
        raise InputError(
            f"extra may not set {', '.join(taken)}. Hint: these are fields of the request or settings of the endpoint; "
            "several samples are several calls."
        )
    return extra
