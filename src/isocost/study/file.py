"""A study file: TOML that names the models, the questions and the systems; errors say on which line."""

import math
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from isocost.metrics.summary import AXES
from isocost.records import InputError
from isocost.records.errors import did_you_mean

SECTIONS = ("study", "models", "workload", "systems", "parts")


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`study.budget`: what one answer may spend."""

    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None
    dollars: float | None = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[study]` table.

    attempts: how often each system answers each question. concurrency: questions under way at once.
    max_cost, max_tokens: the cap of the whole run, in dollars and tokens. axes: the frontier's, cost first. target: the
    accuracy that is good enough; without one the report looks for the cheapest system that equals the best.
    budget: what one answer may spend ({tokens, calls, seconds, dollars}). timeout: seconds a question may take.
    """

    name: str = ""
    description: str = ""
    seed: int = 0
    attempts: int = 1
    concurrency: int = 16
    max_cost: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    target: float | None = None
    retries: int = 0
    axes: tuple[str, str] = ("cost", "accuracy")
    budget: Limits = Limits()


class StudyFile(Struct, frozen=True, kw_only=True):
    """What a study file says, checked section by section; `text` is kept to find lines in."""

    path: Path
    text: str
    settings: Settings
    models: dict[str, dict[str, Any]]
    workload: list[dict[str, Any]]
    systems: dict[str, dict[str, Any]]
    parts: dict[str, dict[str, Any]]

    @contextmanager
    def blame(self) -> Iterator[None]:
        """Adds file and line to an InputError whose message begins with the place in the file ("systems.vote3.n: ...")."""
        try:
            yield
        except InputError as error:
            place = re.match(rf"(?:{'|'.join(SECTIONS)})[.\[].+?(?=: )", str(error))
            if error.file is not None or place is None:
                raise
            raise InputError(str(error), file=self.path, line=line_of(self.text, place.group())) from error


def read_study(path: str | Path) -> StudyFile:
    """The study file at `path`. Raises InputError with file and line."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("there is no such study file. Hint: see examples/quickstart.toml.", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the study file cannot be read as UTF-8 text ({error}).", file=path) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise InputError(f"not valid TOML: {error}", file=path, line=int(found.group(1)) if found else None) from error
    _check_sections(data, path, text)
    return StudyFile(
        path=path,
        text=text,
        settings=_settings(data.get("study", {}), path, text),
        models=data.get("models", {}),
        workload=data["workload"],
        systems=data["systems"],
        parts=data.get("parts", {}),
    )


def _check_sections(data: dict[str, Any], path: Path, text: str) -> None:
    for name in data:
        if name not in SECTIONS:
            line = line_of(text, name)
            raise InputError(f"there is no section '{name}'.{did_you_mean(name, SECTIONS)}", file=path, line=line)
    for name, shape in (("workload", "[[workload]] with a `kind`"), ("systems", "[systems.NAME] with a `kind`")):
        if not data.get(name):
            raise InputError(f"a study needs at least one {shape}. Hint: see examples/quickstart.toml.", file=path)
    if not isinstance(data["workload"], list) or not all(isinstance(table, dict) for table in data["workload"]):
        raise InputError(
            "workload must be an array of tables. Hint: write [[workload]], with two brackets.",
            file=path,
            line=line_of(text, "workload"),
        )
    for section in ("study", "models", "systems", "parts"):
        if not isinstance(data.get(section, {}), dict):
            raise InputError(f"{section}: must be a table, got {data[section]!r}.", file=path, line=line_of(text, section))
    for section in ("models", "systems", "parts"):
        for name, table in data.get(section, {}).items():
            if not isinstance(table, dict):
                raise InputError(
                    f"{section}.{name}: must be a table, got {table!r}. Hint: write [{section}.{name}].",
                    file=path,
                    line=line_of(text, f"{section}.{name}"),
                )


def _settings(table: dict[str, Any], path: Path, text: str) -> Settings:
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        message = str(error)
        found = re.search(r"\$\.(\w+)", message) or re.search(r"unknown field `(\w+)`", message)
        key = found.group(1) if found else ""
        known = Settings.__struct_fields__
        hint = "" if key in known else did_you_mean(key, known)
        raise InputError(f"study.{key}: {message}.{hint}", file=path, line=line_of(text, f"study.{key}")) from error
    with StudyFile(path=path, text=text, settings=settings, models={}, workload=[], systems={}, parts={}).blame():
        _check_ranges(settings)
        _check_axes(settings)
    return settings


LEAST = {"target": 0, "attempts": 1, "concurrency": 1, "max_cost": 0, "max_tokens": 0, "timeout": 0, "retries": 0}


def _check_ranges(settings: Settings) -> None:
    given = {f"study.{name}": (getattr(settings, name), least) for name, least in LEAST.items()}
    given |= {f"study.budget.{name}": (getattr(settings.budget, name), 0) for name in Limits.__struct_fields__}
    for place, (value, least) in given.items():
        if value is not None and not least <= value < math.inf:
            raise InputError(f"{place}: must be at least {least} and finite, got {value}. Hint: leave it out for the default.")
    if settings.target is not None and settings.target > 1:
        raise InputError(f"study.target: must be an accuracy between 0 and 1, got {settings.target}.")
    if settings.timeout == 0:
        raise InputError("study.timeout: must be more than 0 seconds, got 0. Hint: leave it out for no limit.")


def _check_axes(settings: Settings) -> None:
    try:
        check_axes(*settings.axes)
    except InputError as error:
        raise InputError(f"study.axes: {error}") from error


def check_axes(x: str, y: str) -> None:
    """Raises InputError unless these are two different metrics that can be axes."""
    for name in (x, y):
        if name not in AXES:
            raise InputError(f"'{name}' is no axis. Hint: {', '.join(AXES)} are.")
    if x == y:
        raise InputError(f"the two axes must differ, both are '{x}'.")


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def line_of(text: str, place: str) -> int | None:
    """The 1-based line where a place such as "systems.vote3.n" or "workload[1].grader.kind" is set.

    Where it has no line of its own, the first place inside of it, or else the nearest that encloses it (for what is missing, or
    stands in an inline table); None when nothing fits.
    """
    lines = dict(_places(text))
    while place:
        inside = (line for name, line in lines.items() if name.startswith((f"{place}.", f"{place}[")))
        if place in lines or (found := next(inside, None)):
            return lines.get(place) or found
        cut = max(place.rfind("."), place.rfind("["))
        place = place[:cut] if cut > 0 else ""
    return None


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Every place that the TOML text sets, with its line; what stands inside multi-line strings is passed over."""
    counts: dict[str, int] = {}
    prefix, quoted = "", False
    for number, line in enumerate(text.splitlines(), 1):
        if not quoted and (header := _HEADER.match(line)):
            prefix = _inside(_plain(header.group(2)), counts)
            if header.group(1) == "[[":
                counts[prefix] = counts.get(prefix, -1) + 1
                if counts[prefix] == 0:
                    yield prefix, number
                prefix = f"{prefix}[{counts[prefix]}]"
            yield prefix, number
        elif not quoted and (key := _KEY.match(line)):
            yield (f"{prefix}." if prefix else "") + _plain(key.group(1)), number
        quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1


def _inside(name: str, counts: dict[str, int]) -> str:
    """workload.examples inside the second [[workload]] is workload[1].examples."""
    root, dot, rest = name.partition(".")
    return f"{root}[{counts[root]}].{rest}" if dot and root in counts else name


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
