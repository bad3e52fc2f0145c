"""`Endpoint`: any OpenAI-compatible address, chat and raw completions, streaming or not."""

import asyncio
import email.utils
import math
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Any

import aiohttp
import msgspec

from isocost.records import Answer, Call, CallFailed, InputError, Price, Request
from isocost.systems.models import wire
from isocost.systems.models.base import Draft, Model

KINDS = {408: "timeout", 425: "rate_limit", 429: "rate_limit", 503: "server"}


class Retries(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often and how patiently a failed call is made again.

    The wait doubles from `first_wait` with up to half of it random, unless the upstream says `Retry-After`; it is never
    longer than `longest_wait`. Timeouts, rate limits, server errors and broken connections are tried again, and replies
    that cannot be read if they stated no tokens; refusals (400, 401, 404, redirects, ...) are not.
    """

    times: Annotated[int, msgspec.Meta(ge=0)] = 4
    first_wait: Annotated[float, msgspec.Meta(ge=0)] = 0.5
    longest_wait: Annotated[float, msgspec.Meta(ge=0)] = 60.0

    def wait(self, attempt: int, retry_after: float | None, rng: random.Random) -> float:
        """Seconds to wait after this attempt (0 is the first)."""
        if retry_after is not None:
            return min(retry_after, self.longest_wait)
        return min(self.first_wait * 2.0**attempt, self.longest_wait) * (1 - rng.random() / 2)


class Endpoint(Model):
    """A model behind an OpenAI-compatible address.

    model: the upstream's name for it; `name` is ours, the same unless given.
    api_key_env: the environment variable that holds the key; the key itself appears in no record, error or repr.
    timeout: seconds for one attempt. limit_field: "max_completion_tokens" for upstreams that want it so called.
    extra, headers: sent with every request. largest_reply: bytes. Other settings are those of `base.Model`.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str = "https://api.openai.com/v1",
        name: str | None = None,
        api_key_env: str | None = None,
        stream: bool = False,
        timeout: float = 120.0,
        retries: Retries | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        limit_field: str = "max_tokens",
        largest_reply: int = 32 * 2**20,
        price: Price | Mapping[str, Any] | None = None,
        concurrency: int = 8,
        memo: bool = True,
        max_tokens: int | None = None,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(name or model, price=price, concurrency=concurrency, memo=memo, max_tokens=max_tokens)
        if not base_url.startswith(("http://", "https://")):
            raise InputError(f"base_url must begin with http:// or https://, got {base_url!r}.")
        if limit_field not in ("max_tokens", "max_completion_tokens"):
            raise InputError(f"limit_field must be max_tokens or max_completion_tokens, got {limit_field!r}.")
        if timeout <= 0:
            raise InputError(f"timeout must be more than 0 seconds, got {timeout}.")
        self.model, self.base_url, self.api_key_env = model, base_url.rstrip("/"), api_key_env
        self.stream, self.timeout, self.limit_field, self.largest_reply = stream, timeout, limit_field, largest_reply
        self.retries = retries if isinstance(retries, Retries) else _retries(retries or {})
        self.headers, self.extra = dict(headers or {}), dict(wire.refuse_ours(extra or {}))
        self._rng, self._sleep = rng or random.Random(), sleep  # jitter: it changes when is asked, never what
        self._session: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None

    def check(self) -> None:
        """Raises InputError where the key is not in the environment."""
        self._authorization()

    async def ask(self, request: Request, draft: Draft) -> Answer:
        """The upstream's answer, after as many attempts as it took; the failed ones come before it."""
        allowed = 1 + self.retries.times
        if request.budget is not None and request.budget.calls is not None:
            allowed = min(allowed, request.budget.calls)
        for attempt in range(allowed):
            try:
                answer = await self._attempt(request, draft)
            except _Fault as fault:
                draft.failed.append(fault.call)
                if attempt + 1 == allowed or not fault.again:
                    raise CallFailed(f"model '{self.name}': {fault}", kind=fault.kind, calls=draft.failed) from fault
                await self._sleep(self.retries.wait(attempt, fault.retry_after, self._rng))
            else:
                return msgspec.structs.replace(answer, calls=(*draft.failed, *answer.calls))
        raise AssertionError("at least one attempt is allowed, an empty budget was refused before")

    async def aclose(self) -> None:
        """Closes the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session[1].close()

    async def _attempt(self, request: Request, draft: Draft) -> Answer:
        """One try: the answer with its call, or the fault with its call."""
        heard, clock = wire.Heard(), time.perf_counter
        draft.text, draft.quantities = heard.text, {}
        started = clock()

        def said(text: str) -> None:
            if text:
                draft.quantities.setdefault("first_token_seconds", clock() - started)

        try:
            await self._exchange(request, heard, said)
            self._check(request, heard)
        except (_Fault, msgspec.MsgspecError, wire.UpstreamError, aiohttp.ClientError, TimeoutError, OSError) as error:
            quantities = draft.quantities | (heard.usage.quantities() if heard.usage else {})
            fault = error if isinstance(error, _Fault) else _fault(error, self.timeout)
            fault.args = (self._without_key(str(fault)),)
            fault.again = fault.again and not (heard.usage and heard.usage.completion_tokens)
            fault.call = Call(model=self.name, seconds=clock() - started, error=str(fault), **quantities)
            raise fault from None  # the cause may name the key in a header; its words are in the message, without it
        quantities = draft.quantities | (heard.usage.quantities() if heard.usage else {})
        call = Call(model=self.name, seconds=clock() - started, **quantities)
        return heard.answer(call, wants_logprobs=request.logprobs)

    async def _exchange(self, request: Request, heard: wire.Heard, said: Callable[[str], None]) -> None:
        """Sends the request and hears the reply out."""
        path = "/completions" if isinstance(request.prompt, str) else "/chat/completions"
        sent = wire.body(request, model=self.model, extra=self.extra, stream=self.stream, limit_field=self.limit_field)
        async with self._open().post(
            self.base_url + path,
            data=msgspec.json.encode(sent),
            headers={"Content-Type": "application/json", **self._authorization(), **self.headers},
            timeout=aiohttp.ClientTimeout(total=self.timeout),
            allow_redirects=False,
        ) as response:
            if response.status != 200:
                raise await self._refusal(response)
            if self.stream and response.content_type != "application/json":  # some upstreams do not stream, and say so
                await self._hear_stream(response, heard, said)
            else:
                text = heard.take(b"".join([piece async for piece in self._pieces(response)]))
                if self.stream:
                    said(text)  # all of it came at once: its first token came last

    async def _hear_stream(self, response: aiohttp.ClientResponse, heard: wire.Heard, said: Callable[[str], None]) -> None:
        rest, done = b"", False
        async for piece in self._pieces(response):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                data = line.strip().removeprefix(b"data:").strip()
                if not line.startswith(b"data:"):
                    if line.strip() and not line.startswith((b":", b"event:", b"id:", b"retry:")):
                        raise _Fault("malformed", f"expected a stream of events, got {_short(line)}", again=True)
                elif data == b"[DONE]":
                    done = True
                elif data:
                    said(heard.take(data))
        if not done and heard.finish is None:
            raise _Fault("connection", f"the stream stopped half-way, after {sum(map(len, heard.text))} characters", again=True)

    async def _pieces(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """The body, up to the largest reply that is read."""
        size = 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > self.largest_reply:
                response.close()
                raise _Fault("malformed", f"the reply is larger than {self.largest_reply} bytes")
            yield piece

    async def _refusal(self, response: aiohttp.ClientResponse) -> "_Fault":
        """What a status other than 200 means."""
        status = response.status
        text = (await response.content.read(2000)).decode(errors="replace").strip()
        response.close()
        if 300 <= status < 400:
            place = response.headers.get("Location", "nowhere")
            return _Fault("refused", f"HTTP {status}, redirected to {place}. Hint: give that address as base_url.")
        kind = KINDS.get(status, "server" if status >= 500 else "refused")
        retry_after = _seconds(response.headers.get("Retry-After"))
        return _Fault(kind, f"HTTP {status}: {text[:300]}", again=kind != "refused", retry_after=retry_after)

    def _check(self, request: Request, heard: wire.Heard) -> None:
        """Refuses to believe what cannot be true."""
        if not heard.said_something:
            raise _Fault("malformed", "the reply has no choices, or an empty one", again=True)
        wrong = heard.usage and heard.usage.wrong(request.max_tokens)
        if wrong:
            raise _Fault("malformed", f"its usage states {wrong}")
        budget = request.budget
        if budget is not None and (budget.tokens is not None or budget.microdollars is not None):
            usage = heard.usage
            if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
                raise _Fault("malformed", "the reply states no usage, so a token or money budget cannot be kept")

    def _authorization(self) -> dict[str, str]:
        if self.api_key_env is None:
            return {}
        key = os.environ.get(self.api_key_env)
        if not key:
            raise InputError(
                f"the endpoint '{self.name}' needs its key in the environment variable {self.api_key_env}, which is not set. "
                f"Hint: export {self.api_key_env}=..."
            )
        return {"Authorization": f"Bearer {key}"}

    def _without_key(self, text: str) -> str:
        key = os.environ.get(self.api_key_env) if self.api_key_env else None
        return text.replace(key, "***") if key else text

    def _open(self) -> aiohttp.ClientSession:
        """This loop's session, opened at the first call."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session[0] is not loop:
            connector = aiohttp.TCPConnector(limit=0)  # the model's own concurrency is the limit
            self._session = (loop, aiohttp.ClientSession(connector=connector))
        return self._session[1]


class _Fault(Exception):
    """One attempt that failed."""

    call: Call

    def __init__(self, kind: str, message: str, *, again: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind, self.again, self.retry_after = kind, again, retry_after


def _fault(error: BaseException, timeout: float) -> _Fault:
    """What an exception of the libraries means."""
    if isinstance(error, TimeoutError):
        return _Fault("timeout", f"no whole answer within {timeout:g} seconds", again=True)
    if isinstance(error, msgspec.MsgspecError):
        return _Fault("malformed", f"the reply cannot be read: {error}", again=True)
    if isinstance(error, wire.UpstreamError):
        return _Fault("server", f"the upstream says: {error}", again=True)
    if isinstance(error, aiohttp.InvalidURL):
        return _Fault("refused", f"not an address: {error}")
    return _Fault("connection", f"{type(error).__name__}: {error}", again=True)


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds from now: a number or a date (RFC 9110, 10.2.3); None for what is neither."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass  # not a number; a date then
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def _retries(table: Mapping[str, Any]) -> Retries:
    try:
        return msgspec.convert(table, Retries)
    except msgspec.ValidationError as error:
        raise InputError(f"retries is a table of {', '.join(Retries.__struct_fields__)}: {error}.") from error


def _short(data: bytes) -> str:
    return repr(data[:80].decode(errors="replace"))
