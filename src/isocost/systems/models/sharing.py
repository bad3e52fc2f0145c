"""How one machine is shared by the calls it answers at once: who gets which slot, and who pays for which moment."""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple


class Share(NamedTuple):
    """A call's part of the machine: seconds of its time, seconds of its processors, and joules (NaN without a meter)."""

    machine_seconds: float
    cpu_seconds: float
    joules: float = math.nan


class Meter:
    """Divides each moment evenly among the calls then in flight, so that their shares add up to the time it was busy.

    This is processor sharing; the share of a call is the growth, while it is in flight, of the time that a call in flight
    all along would have got (the *virtual time* of fair queueing: Parekh & Gallager 1993, eq. 9, equal weights).
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.perf_counter,
        cpu: Callable[[], float] = time.process_time,
        joules: Callable[[], float] | None = None,
    ) -> None:
        self._clocks = (wall, cpu, joules or (lambda: math.nan))
        self._lock = threading.Lock()
        self._inside = 0
        self._seen = self._read()
        self._virtual = Share(0.0, 0.0, 0.0 if joules else math.nan)

    def enter(self) -> Share:
        """A call begins; keep what comes back for `leave`."""
        with self._lock:
            begun = self._advance()
            self._inside += 1
            return begun

    def leave(self, begun: Share) -> Share:
        """The call ends: its share."""
        with self._lock:
            now = self._advance()
            self._inside -= 1
            return Share(*(end - start for end, start in zip(now, begun, strict=True)))

    def _advance(self) -> Share:
        now = self._read()
        if self._inside:
            self._virtual = Share(*(v + (n - s) / self._inside for v, n, s in zip(self._virtual, now, self._seen, strict=True)))
        self._seen = now
        return self._virtual

    def _read(self) -> Share:
        return Share(*(clock() for clock in self._clocks))


class Slots:
    """The sequences that a runtime holds at once, given to the calls that have most of their prompt there already.

    A slot keeps the prompt it worked on last, so a call with the same beginning need not read it again. A call whose very
    prompt is at work in a slot gives way to others, to follow it there: nine samples of a question read it once.
    """

    def __init__(self, n: int) -> None:
        self._last = [""] * n
        self._free = list(range(n))
        self._waiting: list[tuple[str, asyncio.Future[int]]] = []

    @asynccontextmanager
    async def hold(self, prompt: str) -> AsyncIterator[int]:
        """A slot for this prompt."""
        slot = await self._wait(prompt) if not self._free or self._waiting else self._choose(prompt)
        self._last[slot] = prompt
        try:
            yield slot
        finally:
            self._release(slot)

    def _choose(self, prompt: str) -> int:
        slot = max(self._free, key=lambda free: _common(self._last[free], prompt))
        self._free.remove(slot)
        return slot

    async def _wait(self, prompt: str) -> int:
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        entry = (prompt, turn)
        self._waiting.append(entry)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release(turn.result())  # its turn came in the very moment it was cancelled
            else:
                self._waiting.remove(entry)
            raise

    def _release(self, slot: int) -> None:
        waiting = [entry for entry in self._waiting if not entry[1].done()]  # a cancelled one is about to leave by itself
        if not waiting:
            self._free.append(slot)
            return
        last = self._last[slot]
        busy = {prompt for other, prompt in enumerate(self._last) if other != slot and other not in self._free}
        best = max(waiting, key=lambda entry: (entry[0] not in busy or entry[0] == last, _common(last, entry[0])))
        self._waiting.remove(best)
        self._last[slot] = best[0]
        best[1].set_result(slot)


def _common(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
