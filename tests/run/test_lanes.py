"""Ctrl-C: nothing new begins, what is in progress may end within the grace, and nothing finished is lost."""

import asyncio
import os
import signal
import threading

import pytest
from tests.run.world import Pages, exact, job

from isocost.records import Answer, Request
from isocost.run import Outcome, Stopped, Team, ask


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Slow:
    """Answers the first question at once; the second presses ctrl-C and waits until `release`."""

    def __init__(self) -> None:
        self.release, self.cut, self.begun = asyncio.Event(), 0, 0

    async def __call__(self, request: Request) -> Answer:
        self.begun += 1
        if self.begun == 2:
            press()
            self.on_press()
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cut += 1
                raise
        return Answer(text="0")

    def on_press(self) -> None:
        pass


def interrupted(system: Slow, **settings: object) -> tuple[Pages, Outcome]:
    pages = Pages()
    outcome = asyncio.run(ask(job(5, names=("one",), concurrency=1, **settings), Team({"one": system}, exact), pages))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the handler of before is back"
    return pages, outcome


def test_what_is_in_progress_ends_and_nothing_new_begins() -> None:
    class Ends(Slow):
        def on_press(self) -> None:
            asyncio.get_running_loop().call_later(0.01, self.release.set)

    pages, outcome = interrupted(system := Ends(), grace=60)
    assert [record.item for record in pages.safe] == ["q0", "q1"]
    assert (outcome.stopped, outcome.remaining, system.begun, system.cut) == (Stopped.INTERRUPT, 3, 2, 0)


def test_what_does_not_end_within_the_grace_is_cut() -> None:
    pages, outcome = interrupted(system := Slow(), grace=0.01)
    assert [record.item for record in pages.safe] == ["q0"]
    assert (outcome.stopped, outcome.remaining, system.cut) == (Stopped.INTERRUPT, 4, 1)


def test_the_second_ctrl_c_cuts_at_once() -> None:
    class Again(Slow):
        def on_press(self) -> None:
            asyncio.get_running_loop().call_later(0.01, press)

    pages, outcome = interrupted(system := Again(), grace=3600)
    assert [record.item for record in pages.safe] == ["q0"]
    assert (outcome.stopped, system.cut) == (Stopped.INTERRUPT, 1)


def test_the_third_ctrl_c_stops_code_that_holds_the_loop() -> None:
    class Holds(Slow):
        def on_press(self) -> None:
            press()
            press()

    pages = Pages()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(ask(job(5, names=("one",), concurrency=1), Team({"one": Holds()}, exact), pages))
    assert [record.item for record in pages.safe] == ["q0"]


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    pages = Pages()

    async def right(request: Request) -> Answer:
        return Answer(text="0")

    story = ask(job(2, names=("one",)), Team({"one": right}, exact), pages)
    thread = threading.Thread(target=lambda: asyncio.run(story))
    thread.start()
    thread.join()
    assert len(pages.safe) == 2


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    class Ends(Slow):
        def on_press(self) -> None:
            self.release.set()

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    pages = Pages()
    try:
        asyncio.run(ask(job(5, names=("one",), concurrency=1), Team({"one": Ends()}, exact), pages))
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(pages.safe) == 5
