"""What the user asks of a kind of plan beyond its goal, checked."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from isocost.records import InputError

T = TypeVar("T", bound=msgspec.Struct)


def chosen(given: Mapping[str, Any], into: type[T]) -> T:
    """The options as the kind's struct; lists may be written as "a,b,c". InputError names an unknown one or a wrong value."""
    fields = {field.name: field for field in msgspec.structs.fields(into)}
    unknown = sorted(set(given) - set(fields))
    if unknown:
        raise InputError(f"options: expected some of {', '.join(fields)}, got {', '.join(unknown)}.")
    plain = {name: _listed(value) if "tuple" in str(fields[name].type) else value for name, value in given.items()}
    return converted(plain, into)


def converted(given: Mapping[str, Any], into: type[T]) -> T:
    """The struct of plain data; InputError says which value is wrong."""
    try:
        return msgspec.convert(given, into, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{into.__name__.lower()}: {error}.") from error


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value
