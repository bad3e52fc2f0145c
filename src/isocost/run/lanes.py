"""Lanes: a fixed number of workers that pull questions from one iterator, until it is empty or `Stop` says stop."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from isocost.records import CapReached
from isocost.run.job import Question, Stopped


class Stop:
    """Whether to hand out more, and why not.

    After `drain`, what is in progress ends by itself; after `cut`, it is cancelled.
    """

    def __init__(self, grace: float) -> None:
        self.grace, self.reason, self.why = grace, Stopped.NO, ""
        self.draining, self.cutting = asyncio.Event(), asyncio.Event()

    def __bool__(self) -> bool:
        return self.draining.is_set()

    def drain(self, reason: Stopped, why: str = "") -> None:
        """Hands out nothing more."""
        self.reason, self.why = self.reason or reason, self.why or why
        self.draining.set()

    def cut(self) -> None:
        """Cancels what is in progress."""
        self.draining.set()
        self.cutting.set()

    def interrupt(self) -> None:
        """Ctrl-C: the first time what is in progress may finish within the grace, the second time it is cancelled."""
        if self.reason is Stopped.INTERRUPT:
            self.cut()
        else:
            self.reason = Stopped.INTERRUPT
            self.drain(self.reason)
            asyncio.get_running_loop().call_later(self.grace, self.cut)


@contextmanager
def ctrl_c(stop: Stop) -> Iterator[None]:
    """Ctrl-C means `stop.interrupt` inside; the third one raises KeyboardInterrupt, for code that does not let the loop run.

    Python delivers signals to its main thread only: in another one, and where SIGINT is ignored, nothing changes.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield
        return
    loop, pressed = asyncio.get_running_loop(), 0

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 2:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(stop.interrupt)

    signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def lanes(
    questions: Iterable[Question], count: int, work: Callable[[int, Question], Awaitable[None]], stop: Stop
) -> None:
    """Calls `work(lane, question)` for every question, `count` at once, until there are no more or `stop` says so.

    A fixed pool rather than a task for each question, so that a million questions need no more memory than a hundred.
    """
    waiting = iter(questions)

    async def lane(number: int) -> None:
        try:
            for question in waiting:
                if stop:
                    return
                await work(number, question)
                await asyncio.sleep(0)  # a system that never waits must not keep the timers and ctrl-C from their turn
        except CapReached as reached:
            stop.drain(Stopped.CAP, str(reached))
        except BaseException:  # whatever it is, the other lanes end too; it is raised again
            stop.cut()
            raise

    async def cut_when_told() -> None:
        await stop.cutting.wait()
        for task in running:
            task.cancel()

    running = [asyncio.create_task(lane(number)) for number in range(count)]
    watch = asyncio.create_task(cut_when_told())
    try:
        ended = await asyncio.gather(*running, return_exceptions=True)
    finally:
        watch.cancel()
    for end in ended:
        if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
            raise end
