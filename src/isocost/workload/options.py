"""Options from a TOML table, checked against the signature of what they are for; a refusal names the place."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from isocost.records import InputError
from isocost.records.errors import did_you_mean

T = TypeVar("T")


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    """Raises InputError, naming the place, for the first key that is not known."""
    known = list(known)
    for name in table:
        if name not in known:
            raise InputError(f"{place}.{name}: there is no such option.{did_you_mean(name, known)}")


def pick(kinds: Mapping[str, str], kind: object, place: str) -> Callable[..., Any]:
    """What a lazy "module:name" of the literal dict `kinds` stands for."""
    if not isinstance(kind, str) or kind not in kinds:
        raise InputError(f"{place}.kind: expected one of {', '.join(kinds)}, got {kind!r}.{did_you_mean(str(kind), kinds)}")
    module, _, name = kinds[kind].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def options_of(function: Callable[..., Any], given: Iterable[str] = ()) -> list[str]:
    """The names that a table may set for a function: its parameters, those given otherwise aside."""
    return [name for name in inspect.signature(function).parameters if name not in given]


def call(function: Callable[..., T], table: Mapping[str, Any], place: str, **given: Any) -> T:
    """function(**table, **given): the table's names and types checked against the signature; `given` is passed on unchecked.

    A given argument that the function does not take is left out: it is an offer.
    """
    parameters, known = inspect.signature(function).parameters, options_of(function, given)
    refuse_unknown(table, known, place)
    hints = get_type_hints(function)
    values = {name: convert(value, hints[name], f"{place}.{name}") for name, value in table.items()}
    for name in known:
        if name not in table and parameters[name].default is inspect.Parameter.empty:
            raise InputError(f"{place}.{name}: is required and missing.")
    with blame(place):
        return function(**values, **{name: value for name, value in given.items() if name in parameters})


@contextmanager
def blame(place: str) -> Iterator[None]:
    """Puts the place before the message of an InputError that names no file: "size: ..." becomes "workload[0].size: ..."."""
    try:
        yield
    except InputError as error:
        if error.file is not None or str(error).startswith(place):
            raise
        joint = "." if re.match(r"[\w.-]+: ", str(error)) else ": "
        raise InputError(f"{place}{joint}{error}") from error


def convert(value: Any, kind: Any, place: str) -> Any:
    """The value as `kind`; raises InputError that names the place, the expectation and the value."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{place}: {str(error)[:1].lower()}{str(error)[1:]}: {value!r}.") from error


def resolve(target: str, folder: Path, place: str) -> Callable[..., Any]:
    """The Python callable "module:function" or "file.py:function", looked for in `folder` first."""
    module, colon, name = target.partition(":")
    if not colon or not module or not name:
        raise InputError(f'{place}: expected "module:function" or "file.py:function", got \'{target}\'.')
    found: Any = getattr(_module(module, folder, place), name, None)
    if not callable(found):
        raise InputError(f"{place}: '{module}' has no function '{name}'.")
    result: Callable[..., Any] = found
    return result


def _module(name: str, folder: Path, place: str) -> Any:
    path = folder / (name if name.endswith(".py") else name.replace(".", "/") + ".py")
    try:
        if not path.is_file() and not name.endswith(".py"):
            return import_module(name)
        spec = spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise InputError(f"{place}: '{path}' is no Python file.")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:  # importing a user's file runs it, and it may raise anything
        raise InputError(
            f"{place}: '{name}' cannot be imported: {type(error).__name__}: {error}. Looked in {folder}."
        ) from error
    return module
