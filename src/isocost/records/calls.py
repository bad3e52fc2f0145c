"""`Call`: one call to a model, the unit in which everything is counted."""

from msgspec import Struct


class Call(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One call to a model: what it consumed, and how it went.

    prompt_tokens includes cached_tokens; completion_tokens includes reasoning_tokens (OpenAI's convention).
    seconds: wall time from asking to the last token; first_token_seconds: to the first one (streaming only).
    machine_seconds: this call's share of the machine's time, for a machine of your own that answers several calls at
        once: each moment is divided among the calls then in flight, so that the shares add up to the time it was busy.
    cpu_seconds: likewise its share of the process's CPU time.
    shared: the model was not asked again for this call, an identical one (same `key`) was already answered; it is
        accounted in full all the same, because a system served alone would have made it.
    billed: dollars the upstream itself stated, where it did.
    error: why it failed, if it did; tokens of a failed call count when the upstream stated them.
    """

    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    seconds: float | None = None
    first_token_seconds: float | None = None
    machine_seconds: float | None = None
    cpu_seconds: float | None = None
    joules: float | None = None
    billed: float | None = None
    role: str = ""
    key: str = ""
    text: str | None = None
    error: str | None = None
    shared: bool = False

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens, unknown ones as 0."""
        return (self.prompt_tokens or 0) + (self.completion_tokens or 0)
