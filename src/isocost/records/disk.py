"""How files are put on disk so that a crash leaves the old or the new, and one writer at a time."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from polars.exceptions import PolarsError

from isocost.records.errors import InputError, StoreError


def make_folder(folder: Path) -> None:
    """The folder, made with its parents where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError("expected a folder to keep records in, this is a file. Hint: name another.", file=folder) from None
    except OSError as error:
        raise StoreError(f"{folder}: the folder cannot be made: {error}.") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the folder against every other writer; the lock ends with the process, however that ends."""
    make_folder(folder)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise StoreError(
                f"{folder} is being written by process {holder}. Hint: wait for it, stop it, or choose another folder."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def write_whole(file: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Puts what `write` writes in the place of the file: beside it, synced, then renamed."""
    beside = file.with_name(f"{file.name}.tmp")
    try:
        with beside.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
        sync_folder(file.parent)
    except (OSError, PolarsError) as error:  # polars tells of a full disk in its own words
        beside.unlink(missing_ok=True)
        raise StoreError(f"{file} could not be written: {error}. What was there before is unchanged.") from error


def sync_folder(folder: Path) -> None:
    """Makes renames and removals in the folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
