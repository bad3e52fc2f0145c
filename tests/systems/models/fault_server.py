"""A tiny OpenAI-compatible server on the loopback that answers as a test tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Upstream:
    """Answers each request by the next handler, the last one again and again; keeps what was asked."""

    def __init__(self, *handlers: Handler) -> None:
        self.handlers, self.bodies, self.headers, self.paths = list(handlers), [], [], []  # type: ignore[var-annotated]
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        handler = self.handlers[min(len(self.bodies), len(self.handlers)) - 1]
        return await handler(request)


@asynccontextmanager
async def serve(*handlers: Handler) -> AsyncIterator[Upstream]:
    """The server, on a port of the system's choice."""
    upstream = Upstream(*handlers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", upstream.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield upstream
    finally:
        await runner.cleanup()


USAGE = {"prompt_tokens": 7, "completion_tokens": 2}


def chat(text: str = "42", usage: Any = USAGE, **choice: Any) -> dict[str, Any]:
    """A whole chat reply."""
    said = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"} | choice
    return {"id": "x", "choices": [said]} | ({} if usage is None else {"usage": usage})


def reply(body: Any, status: int = 200, **headers: str) -> Handler:
    """Answers with JSON, or with bytes as they are."""

    async def handler(request: web.Request) -> web.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        return web.Response(body=data, status=status, headers=kind | {k.replace("_", "-"): v for k, v in headers.items()})

    return handler


def stream(*pieces: str, usage: Any = USAGE, done: bool = True, finish: str | None = "stop", tear: bool = False) -> Handler:
    """Answers with a stream of events; tear: the connection breaks in the middle of it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await _event(response, {"choices": [{"delta": {"content": piece}, "finish_reason": None}]})
        if tear:
            assert request.transport is not None
            request.transport.close()
            return response
        if finish is not None:
            await _event(response, {"choices": [{"delta": {}, "finish_reason": finish}]})
        if usage is not None:
            await _event(response, {"choices": [], "usage": usage})
        if done:
            await response.write(b"data: [DONE]\n\n")
        return response

    return handler


async def _event(response: web.StreamResponse, event: Any) -> None:
    await response.write(f": a comment\nevent: message\ndata: {json.dumps(event)}\r\n\n".encode())


def hang(before: bytes = b"") -> Handler:
    """Never ends."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(before)
        await asyncio.Event().wait()
        return response

    return handler
