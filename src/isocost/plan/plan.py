"""`Plan`: a decision as data: a TOML file that a person reads and compares, and for some a file of numbers beside it."""

import hashlib
import io
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import tomli_w
from msgspec import Struct

from isocost import __version__
from isocost.metrics import Estimate
from isocost.plan.evidence import Evidence
from isocost.plan.kinds import kind
from isocost.plan.rule import Arrays, Goal, Outcome, Rule
from isocost.records import InputError, Price
from isocost.records.disk import write_whole

VERSION = 1
CONVERTERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""What makes a plan of version v one of v + 1, by v."""


class Made(Struct, frozen=True, kw_only=True):
    """What a plan was made from: the records' path as given, a hash of what they say, how many questions; folds and seed."""

    records: str
    fingerprint: str
    questions: int
    folds: int
    seed: int
    isocost: str = __version__


class Numbers(Struct, frozen=True):
    """The file of numbers beside a plan, and its hash."""

    file: str
    sha256: str


class Plan(Struct, frozen=True, kw_only=True):
    """What to ask which question, and what that will achieve and cost. It holds no question's text and no key.

    rule: the kind's settings. expected: `quality` and `cost` (and `in_time`, `calibration`) on questions it was not fitted on,
    cost in `unit` a question. price: what one more unit of budget would buy in quality. over_mix: its quality beyond the mix of
    the same cost. baselines: each with `quality`, `cost` and `difference`: the plan's quality less its own. shares: how often
    each system is asked. measured: each system by itself. columns: what it looks at beside the question's text.
    """

    version: int = VERSION
    kind: str
    goal: Goal
    quality: str
    unit: str
    systems: tuple[str, ...]
    columns: tuple[str, ...] = ()
    price: float | None = None
    made: Made
    notes: tuple[str, ...] = ()
    rule: dict[str, Any]
    expected: dict[str, Estimate]
    over_mix: Estimate
    beats_mix: bool
    baselines: dict[str, dict[str, Estimate]]
    shares: dict[str, Estimate]
    measured: dict[str, dict[str, Estimate]]
    prices: dict[str, Price] = {}
    numbers: Numbers | None = None
    arrays: dict[str, Any] = {}

    def restore(self) -> Rule:
        """The rule, ready to spend."""
        return kind(self.kind).restore(self.rule, self.arrays)

    def spend(self, evidence: Evidence) -> Outcome:
        """What the plan gets on these questions; systems that it does not know are left out, missing ones have no answers."""
        return self.restore().spend(evidence.aligned(self.systems))

    def save(self, file: str | Path) -> None:
        """Writes the plan, whole or not at all; its numbers first, under a name of their own, then what names them."""
        file, numbers = Path(file), None
        before = _numbers_of(file)
        if self.arrays:
            stream = io.BytesIO()
            np.savez(stream, **self.arrays)
            digest = hashlib.sha256(stream.getvalue()).hexdigest()
            numbers = Numbers(f"{file.stem}.{digest[:8]}.npz", digest)
            write_whole(file.with_name(numbers.file), lambda out: out.write(stream.getvalue()))
        raw = _without_none({name: getattr(self, name) for name in self.__struct_fields__ if name != "arrays"})
        text = _toml(raw | ({"numbers": _without_none(numbers)} if numbers else {}))
        write_whole(file, lambda out: out.write(text.encode()))
        if before and before != (numbers.file if numbers else None):
            file.with_name(before).unlink(missing_ok=True)


def open_plan(file: str | Path) -> Plan:
    """The plan in a file, of this or of an older version; InputError with file and place for one that is damaged."""
    file = Path(file)
    raw = _converted(_read(file), file)
    _fill(raw)
    try:
        plan = msgspec.convert(raw, Plan)
    except msgspec.ValidationError as error:
        place = re.search(r"`\$\.?(.*?)`", str(error))
        raise InputError(
            f"not a plan as isocost writes it: {error}. Hint: undo the change, or make the plan again.",
            file=file,
            line=_line(file, place[1] if place else ""),
        ) from None
    try:
        kind(plan.kind)
    except InputError as error:
        raise InputError(error.message, file=file, line=_line(file, "kind")) from None
    plan = msgspec.structs.replace(plan, arrays=_load(plan.numbers, file)) if plan.numbers else plan
    _agree(plan, file)
    return plan


def _agree(plan: Plan, file: Path) -> None:
    """InputError where the parts of a plan, each valid, do not belong together: somebody has edited one of them."""
    for part, known in (("shares", plan.shares), ("measured", plan.measured)):
        if known and set(known) != set(plan.systems):
            odd = sorted(set(known) ^ set(plan.systems))
            raise InputError(
                f"systems and {part} do not name the same: {', '.join(odd)}. Hint: undo the change, or make the plan again.",
                file=file,
                line=_line(file, part),
            )
    try:
        plan.restore()
    except (InputError, AttributeError, LookupError, TypeError, ValueError) as error:  # settings that no rule has written
        why = error.message if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise InputError(
            f"not the settings of a plan of kind '{plan.kind}' ({why}). Hint: undo the change, or make the plan again.",
            file=file,
            line=_line(file, "rule"),
        ) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("there is no such plan. Hint: `isocost plan RECORDS -o FILE.toml` makes one.", file=file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the plan cannot be read as UTF-8 text ({error}).", file=file) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise InputError(f"not valid TOML: {error}", file=file, line=int(line[1]) if line else None) from None


def _converted(raw: dict[str, Any], file: Path) -> dict[str, Any]:
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InputError("not a plan: it has no `version`. Hint: `isocost plan RECORDS -o FILE.toml` makes one.", file=file)
    if version > VERSION:
        raise InputError(
            f"this plan has version {version}, this isocost ({__version__}) reads up to {VERSION}. "
            "Hint: update isocost (pip install -U isocost), or make the plan again.",
            file=file,
        )
    while version < VERSION:
        if version not in CONVERTERS:
            raise InputError(
                f"this plan has version {version}, which isocost {__version__} reads no more. "
                "Hint: make it again from its records (`made.records` names them), or open and save it with an isocost "
                "between the two.",
                file=file,
            )
        raw, version = CONVERTERS[version](raw), version + 1
    return raw | {"version": VERSION}


def _fill(value: Any) -> None:
    """Puts None where an estimate has no number: TOML has no such thing."""
    if isinstance(value, dict):
        if _estimates(value):
            for name in ("value", "low", "high"):
                value.setdefault(name, None)
        for part in value.values():
            _fill(part)


def _load(numbers: Numbers, file: Path) -> Arrays:
    beside = file.with_name(Path(numbers.file).name)
    try:
        data = beside.read_bytes()
    except OSError as error:
        raise InputError(f"the plan {file} needs its numbers, which cannot be read: {error}.", file=beside) from None
    if hashlib.sha256(data).hexdigest() != numbers.sha256:
        raise InputError(
            f"these are not the numbers that the plan {file} was saved with (their sha256 differs). "
            "Hint: copy both files together, or make the plan again.",
            file=beside,
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def _numbers_of(file: Path) -> str | None:
    """The name of the numbers of the plan that is there already, if it is one."""
    try:
        found = _read(file).get("numbers", {}).get("file")
    except (InputError, AttributeError):
        return None
    return Path(found).name if isinstance(found, str) else None


def _without_none(value: Any) -> Any:
    """The value as TOML can say it: what is None is not there."""
    value = msgspec.to_builtins(value) if isinstance(value, Struct) else value
    if isinstance(value, Mapping):
        return {str(name): _without_none(part) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_without_none(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a plan holds finite numbers, got {value}.")
    return value


def _toml(table: Mapping[str, Any], path: str = "") -> str:
    """The table as TOML: plain values first, each estimate on a line of its own, then the tables within."""
    plain = {name: value for name, value in table.items() if not (isinstance(value, dict) or _tables(value))}
    lines = [tomli_w.dumps(plain)]
    for name, value in table.items():
        if isinstance(value, dict) and _estimates(value):
            lines.append(f"{_key(name)} = {{ {', '.join(tomli_w.dumps(value).splitlines())} }}\n")
    for name, value in table.items():
        if isinstance(value, dict) and not _estimates(value):
            lines.append(f"\n[{path}{_key(name)}]\n{_toml(value, f'{path}{_key(name)}.')}")
        elif _tables(value):
            lines += [f"\n[[{path}{_key(name)}]]\n{_toml(each, f'{path}{_key(name)}.')}" for each in value]
    return "".join(lines)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _key(name: str) -> str:
    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")


def _estimates(value: Mapping[str, Any]) -> bool:
    return {"n", "method", "basis"} <= value.keys()


def _line(file: Path, place: str) -> int | None:
    """The line that sets the key at the end of a place like `goal.budget`."""
    *tables, key = place.split(".")
    inside = not tables
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("["):
            inside = line.strip("[] ") == ".".join(tables)
            if line.strip("[] ") == place:
                return number
        elif inside and key and re.match(rf"{re.escape(key)}\s*=", line):
            return number
    return None
