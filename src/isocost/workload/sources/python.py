"""Items from a Python callable of the user's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isocost.records import InputError, Item
from isocost.workload.options import resolve
from isocost.workload.sources.files import Sourced


def python(*, target: str, folder: Path, settings: dict[str, Any] | None = None) -> Iterator[Sourced]:
    """The items that the callable `target` ("module:function") returns; `settings` are its keyword arguments."""
    function = resolve(target, folder, "target")
    try:
        items = list(function(**(settings or {})))
    except Exception as error:  # the user's function may raise anything
        raise InputError(f"{target} raised {type(error).__name__}: {error}.") from error
    for item in items:
        if not isinstance(item, Item):
            raise InputError(f"{target} must return Items, got {type(item).__name__}: {item!r}.")
        yield Sourced(item)
