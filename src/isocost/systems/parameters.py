"""What a factory takes, read off its signature, and whether a value of a study file is that."""

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from isocost.records import InputError, System
from isocost.records.errors import did_you_mean

_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class Parameter(NamedTuple):
    """One option of a kind."""

    name: str
    annotation: Any
    default: Any
    required: bool

    @property
    def refers(self) -> Literal["one", "many"] | None:
        """Whether a value names one system or a list of them."""
        if System in _union(self.annotation):
            return "one"
        return "many" if Sequence[System] in _union(self.annotation) else None

    @property
    def type(self) -> str:
        """The type in a TOML writer's words."""
        return " | ".join(dict.fromkeys(map(_type_name, _union(self.annotation))))

    def read(self, value: Any, place: str) -> Any:
        """The value as the parameter's type, a "module:function" as the function; InputError when it is neither."""
        data = [part for part in _union(self.annotation) if not _is_function(part)]
        if len(data) < len(_union(self.annotation)) and isinstance(value, str) and _REFERENCE.fullmatch(value):
            return _imported(value, place)
        try:
            return msgspec.convert(value, Union[tuple(data)])  # noqa: UP007 - the members are known only here
        except msgspec.ValidationError as error:
            choices = [choice for part in data if get_origin(part) is Literal for choice in get_args(part)]
            where = f" ({error})" if "$" in str(error) else ""  # inside of a table or list
            hint = did_you_mean(str(value), choices) if choices else ""
            raise InputError(f"{place}: expected {self.type}, got {value!r}{where}.{hint}") from error
        except TypeError:
            return value  # of a type that msgspec does not know: the kind checks it itself


def _imported(reference: str, place: str) -> Any:
    module, _, name = reference.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{place}: '{reference}' cannot be imported: {error}. Hint: is its folder on PYTHONPATH?") from error


def parameters_of(target: Callable[..., Any]) -> dict[str, Parameter]:
    """The options of a function, or of a class; where a class passes **settings on, those of its bases too."""
    makers = (
        [vars(base)["__init__"] for base in target.__mro__[:-1] if "__init__" in vars(base)]
        if inspect.isclass(target)
        else [target]
    )
    found: dict[str, Parameter] = {}
    for maker in makers:
        hints = get_type_hints(maker)
        parameters = inspect.signature(maker).parameters.values()
        for each in parameters:
            if each.name != "self" and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL):
                required = each.default is each.empty
                default = None if required else each.default
                found.setdefault(each.name, Parameter(each.name, hints.get(each.name, Any), default, required))
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return found


def _union(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, `System` whole."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _is_function(annotation: Any) -> bool:
    return get_origin(annotation) is get_origin(System)


def _type_name(part: Any) -> str:
    if part is System or part == System:
        return "system"
    if part == Sequence[System]:
        return "list of systems"
    if _is_function(part):
        return "module:function"
    if get_origin(part) is Literal:
        return " | ".join(map(repr, get_args(part)))
    named = {int: "int", float: "number", str: "text", bool: "true or false", type(None): "none"}
    if part in named:
        return named[part]
    origin = get_origin(part) or part
    if inspect.isclass(origin) and issubclass(origin, Sequence):
        return "list"
    return "table" if inspect.isclass(origin) and issubclass(origin, Mapping | msgspec.Struct) else "value"
