"""A study file: TOML that names the models, the questions and the systems; errors say on which line."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from isocost.records import InputError

SECTIONS = ("study", "models", "workload", "systems", "parts")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[study]` table.

    attempts: how often each system answers each question. concurrency: questions under way at once.
    max_cost, max_tokens: the cap of the whole run, in dollars and tokens. axes: the frontier's, cost first.
    budget: what one answer may spend ({tokens, calls, seconds}). timeout: seconds a question may take.
    """

    name: str = ""
    description: str = ""
    seed: int = 0
    attempts: int = 1
    concurrency: int = 16
    max_cost: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    retries: int = 0
    axes: tuple[str, str] = ("cost", "accuracy")
    budget: dict[str, float] = {}


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
            place = re.match(r"[\w-]+(?:\[\d+\]|\.[\w-]+)+(?=: )", str(error))
            if error.file is not None or place is None:
                raise
            raise InputError(str(error), file=self.path, line=line_of(self.text, place.group())) from error


def read_study(path: str | Path) -> StudyFile:
    """The study file at `path`. Raises InputError with file and line."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
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
            near = get_close_matches(name, SECTIONS, n=1)
            hint = f" Hint: did you mean [{near[0]}]?" if near else ""
            raise InputError(
                f"unknown section '{name}', expected {', '.join(SECTIONS)}.{hint}", file=path, line=line_of(text, name)
            )
    for name, shape in (("workload", "[[workload]] with a `kind`"), ("systems", "[systems.NAME] with a `kind`")):
        if not data.get(name):
            raise InputError(f"a study needs at least one {shape}. Hint: see examples/quickstart.toml.", file=path)
    if not isinstance(data["workload"], list):
        raise InputError(
            "workload must be an array of tables. Hint: write [[workload]], with two brackets.",
            file=path,
            line=line_of(text, "workload"),
        )
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
        near = get_close_matches(key, known, n=1)
        hint = f" Hint: did you mean '{near[0]}'?" if near and key not in known else f" Known settings: {', '.join(known)}."
        raise InputError(f"study.{key}: {message}.{hint}", file=path, line=line_of(text, f"study.{key}")) from error
    for name, low in (("attempts", 1), ("concurrency", 1), ("max_cost", 0), ("max_tokens", 0), ("timeout", 0), ("retries", 0)):
        value = getattr(settings, name)
        if value is not None and not value >= low:
            raise InputError(
                f"study.{name}: must be at least {low}, got {value}.", file=path, line=line_of(text, f"study.{name}")
            )
    return settings


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def line_of(text: str, place: str) -> int | None:
    """The 1-based line where a place such as "systems.vote3.n" or "workload[1].grader.kind" is set.

    The nearest enclosing place when it has no line of its own (inside an inline table, or missing); None when nothing fits.
    """
    lines = dict(_places(text))
    while place:
        if place in lines:
            return lines[place]
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
