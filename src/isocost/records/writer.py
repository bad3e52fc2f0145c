"""`RecordWriter`: appends records to a study's folder, so that what was acknowledged survives whatever happens next."""

import errno
import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from isocost.records.disk import locked, sync_folder
from isocost.records.errors import InputError, StoreError
from isocost.records.lines import MAX_LINE, check, whole_json
from isocost.records.nouns import Record

LINES = "records.jsonl"


class RecordWriter:
    """Appends to DIR/records.jsonl; the only writer there as long as it lives.

    A record is acknowledged when the `flush` after it has returned; `append` flushes by itself every `every` records and
    every `seconds`. A record torn by a crash is cut off when the folder is next opened. When the disk is full, the file is
    cut back to whole lines, what did not fit is kept, and the next `flush` tries again.
    """

    def __init__(self, folder: str | Path, *, every: int = 1000, seconds: float = 1.0) -> None:
        self.file = Path(folder) / LINES
        self.every, self.seconds = every, seconds
        self.saved = 0
        self._encode = msgspec.json.Encoder().encode
        self._waiting: list[bytes] = []
        self._due = time.monotonic() + seconds
        with ExitStack() as stack:
            stack.enter_context(locked(self.file.parent))
            self._handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            stack.callback(os.close, self._handle)
            self._end = _mend(self._handle)
            sync_folder(self.file.parent)
            self._open = stack.pop_all()

    def append(self, record: Record) -> None:
        """Takes the record; raises InputError, and takes nothing, when it could not be read back."""
        self._waiting.append(self._line(record))
        if len(self._waiting) >= self.every or time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Returns when everything appended is on disk."""
        data = memoryview(b"".join(self._waiting))
        try:
            while data:
                data = data[os.write(self._handle, data) :]
            if self._waiting:
                os.fsync(self._handle)
        except BaseException as error:  # an interrupt, too, must leave whole lines only
            os.ftruncate(self._handle, self._end)
            if isinstance(error, OSError):
                raise self._full(error) from error
            raise
        self._end += sum(map(len, self._waiting))
        self.saved += len(self._waiting)
        self._waiting.clear()
        self._due = time.monotonic() + self.seconds

    def close(self) -> None:
        """Flushes, and lets others write."""
        with self._open:
            if self._waiting:
                self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with suppress(*[StoreError] if isinstance(error, StoreError) else []):  # it was said once already
            self.close()

    def _line(self, record: Record) -> bytes:
        try:
            line = self._encode(record)
        except UnicodeEncodeError:
            line = self._encode(_scrubbed(msgspec.to_builtins(record)))
        except (TypeError, OverflowError) as error:
            raise self._refused(record, f"it cannot be written as JSON: {error}") from error
        if record.score is not None and not 0 <= record.score <= 1:
            raise self._refused(record, f"a score must be between 0 and 1, got {record.score}")
        if len(line) >= MAX_LINE:
            raise self._refused(record, f"it takes {len(line):,} bytes, the most is {MAX_LINE:,}")
        try:
            check(line)
        except msgspec.ValidationError as error:
            raise self._refused(record, str(error)) from error
        return line + b"\n"

    def _refused(self, record: Record, why: str) -> InputError:
        return InputError(f"the record of {record.identity} cannot be stored: {why}.")

    def _full(self, error: OSError) -> StoreError:
        size = sum(map(len, self._waiting))
        cure = "free at least" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "mend the disk, it must take"
        return StoreError(
            f"{self.file}: {error.strerror}. {self.saved} records of this run are saved and readable, {len(self._waiting)} "
            f"are not yet. Hint: {cure} {size:,} bytes, then resume: only what is missing is asked again."
        )


def _mend(handle: int) -> int:
    """Cuts a torn last line off, or ends a whole one; comes back with the file's size."""
    size = os.fstat(handle).st_size
    start, tail = size, b""
    while start and b"\n" not in tail:
        step = min(start, 65536)
        start -= step
        tail = os.pread(handle, step, start) + tail
    last = tail.rpartition(b"\n")[2]
    if last and whole_json(last):
        return size + os.write(handle, b"\n")
    os.ftruncate(handle, size - len(last))
    return size - len(last)


def _scrubbed(value: Any) -> Any:
    """The value with half surrogate pairs (a model's broken emoji) replaced, since UTF-8 cannot carry them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(part) for part in value]
    return value
