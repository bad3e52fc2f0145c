"""The error tree. Catch the narrowest; `IsocostError` catches all of them.

IsocostError
├── InputError (ValueError)   what the user gave cannot be used: says what was expected, what came, and the cure
├── MissingExtra (ImportError) an optional package is needed: says what to install
├── CallFailed                a call to a model failed; carries the calls made so far, so that their cost is not lost
├── CapReached                the study's spending cap is reached; not a failure of any question
└── StoreError (OSError)      records could not be written or read back
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from isocost.records.calls import Call


class IsocostError(Exception):
    """Anything isocost raises on purpose."""


class InputError(IsocostError, ValueError):
    """The user's input cannot be used; `file` and `line` say where it stands."""

    def __init__(self, message: str, *, file: str | Path | None = None, line: int | None = None) -> None:
        self.message, self.file, self.line = message, file, line
        place = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(place + message)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), file=self.file, line=self.line), (self.message,)


class MissingExtra(IsocostError, ImportError):
    """An optional package is not installed."""

    def __init__(self, what: str, install: str) -> None:
        self.what, self.install = what, install
        super().__init__(f"{what} needs a package that is not installed. Hint: {install}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.install)


class CallFailed(IsocostError):
    """A call failed for good (after its bounded retries).

    `kind` is one of "timeout", "rate_limit", "server", "connection", "malformed", "refused".
    `calls` holds every call made on the way, the failed ones included: their tokens were paid for.
    """

    def __init__(self, message: str, *, kind: str, calls: Sequence[Call] = ()) -> None:
        super().__init__(message)
        self.kind, self.calls = kind, tuple(calls)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), kind=self.kind, calls=self.calls), self.args


class CapReached(IsocostError):
    """The spending cap of the whole run leaves no room for this call; ask again with a higher cap."""


class StoreError(IsocostError, OSError):
    """Records could not be written or read."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error about a name that is not among the known ones: the nearest of them, and what is known."""
    names = sorted(map(shorten, known))
    near = get_close_matches(shorten(name), names, n=2)
    hint = f" Hint: did you mean {' or '.join(map(repr, near))}?" if near else ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{hint} Known: {', '.join(names[:_LISTED]) or 'none'}{more}."


_LISTED = 40


def shorten(text: str, most: int = 60) -> str:
    """The text, cut where it is too long for a message."""
    return text if len(text) <= most else f"{text[:most]}..."
