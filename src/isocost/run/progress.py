"""A run on the terminal while it lasts: done of how many, what it spent, how long it will take, what went wrong."""

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from isocost.run.door import Tally

PLAIN_SECONDS = 10.0


class Progress:
    """An observer of `ask`: `with Progress() as progress: await ask(..., observe=progress)`.

    Writes to stderr. On a terminal a live display, four times a second; elsewhere a plain line every ten seconds and one at
    the end, so that a log stays readable.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = Console(file=sys.stderr) if console is None else console
        self.clock = clock
        self.began = self.printed = clock()
        self.tally: Tally | None = None
        self.live = Live(get_renderable=self._picture, console=self.console, refresh_per_second=4, transient=False)

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.console.is_terminal:
            self.live.stop()
        elif self.tally is not None:
            self._print()

    def __call__(self, tally: Tally) -> None:
        """Takes the tally; shows it when it is time."""
        self.tally = tally
        if not self.console.is_terminal and self.clock() - self.printed >= PLAIN_SECONDS:
            self._print()

    def line(self) -> str:
        """All of it in one line."""
        tally = self.tally
        if tally is None:
            return "starting"
        elapsed = max(self.clock() - self.began, 1e-9)
        rate = tally.asked / elapsed
        parts = [f"{tally.stored + tally.asked:,}/{tally.wanted:,}", f"{rate:,.3g}/s", _spent(tally)]
        if tally.remaining and rate:
            parts.append(f"{timedelta(seconds=round(tally.remaining / rate))} left")
        if tally.errors:
            parts.append(f"{tally.errors:,} errors, the last: {tally.last_error}")
        return " · ".join(parts)

    def _print(self) -> None:
        self.printed = self.clock()
        self.console.print(Text(self.line()), soft_wrap=True)

    def _picture(self) -> RenderableType:
        tally = self.tally
        if tally is None:
            return Text("starting")
        bar = ProgressBar(total=max(1, tally.wanted), completed=tally.stored + tally.asked, width=40)
        return Group(bar, Text(self.line(), overflow="ellipsis", no_wrap=True))


def _spent(tally: Tally) -> str:
    """Tokens, and dollars where there are any: of models without a price nothing is known, which is not $0."""
    cap = tally.cap
    text = f"{cap.spent_tokens:,} tokens" + (f" of {cap.tokens:,}" if cap.tokens is not None else "")
    if cap.spent_microdollars or cap.microdollars is not None:
        text += f" · ${cap.spent_microdollars / 1e6:,.4f}"
        text += f" of ${cap.microdollars / 1e6:,.4f}" if cap.microdollars is not None else ""
    return text
