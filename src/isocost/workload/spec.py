"""`[[workload]]` tables -> items, grader and examples. A new source or grader is its own file and one line here."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from isocost.records import Answer, Example, Grade, Grader, InputError, IsocostError, Item, System
from isocost.records.errors import did_you_mean
from isocost.workload.errors import GraderError
from isocost.workload.options import blame, call, convert, options_of, pick, refuse_unknown
from isocost.workload.sources.files import Sourced
from isocost.workload.splits import sample, split

SOURCES = {
    "csv": "isocost.workload.sources.files:csv",
    "jsonl": "isocost.workload.sources.files:jsonl",
    "parquet": "isocost.workload.sources.files:parquet",
    "python": "isocost.workload.sources.python:python",
    "reasoning-gym": "isocost.workload.sources.reasoning:reasoning_gym",
}

GRADERS = {
    "choice": "isocost.workload.graders.choice:choice",
    "contains": "isocost.workload.graders.contains:contains",
    "exact": "isocost.workload.graders.exact:exact",
    "json": "isocost.workload.graders.json_match:json_match",
    "judge": "isocost.workload.graders.judge:judge",
    "numeric": "isocost.workload.graders.numeric:numeric",
    "program": "isocost.workload.graders.program:program",
    "python": "isocost.workload.graders.python:python",
    "reasoning-gym": "isocost.workload.graders.reasoning:reasoning_gym",
    "regex": "isocost.workload.graders.regex:regex",
}
TARGETLESS = {"judge", "program", "python"}  # these may grade without a target

OURS = ("kind", "task", "path", "size", "seed", "split", "grader", "examples")  # what every table may say


class Workload(Struct, frozen=True):
    """Questions, what counts as right, and worked examples by task."""

    items: tuple[Item, ...]
    grader: Grader
    examples: dict[str, tuple[Example, ...]] = {}


def load(
    table: Mapping[str, Any], *, folder: str | Path = ".", systems: Mapping[str, System] | None = None, place: str = "workload"
) -> Workload:
    """The workload of one `[[workload]]` table.

    folder: where its paths start. systems: by name, for a judge. place: how errors call the table ("workload[0]"). Raises
    InputError for anything that cannot be used: an option by its place, a row by file and line.
    """
    folder, kind = Path(folder), table.get("kind")
    source, generated = pick(SOURCES, kind, place), kind == "reasoning-gym"
    path = convert(table.get("path", ""), str, f"{place}.path")
    task = convert(table.get("task") or table.get("dataset") or Path(path).stem or kind, str, f"{place}.task")
    given: dict[str, Any] = {"task": task, "folder": folder, "file": folder / path}
    refuse_unknown(table, [*OURS, *options_of(source, given)], place)
    if "file" in options_of(source) and not path:
        raise InputError(f"{place}.path: is required and missing: the file that holds the items.")
    grading = table.get("grader", "reasoning-gym" if generated else "exact")
    grade = make_grader(grading, folder=folder, systems=systems, place=f"{place}.grader")
    needs_target = _kind(grading) not in TARGETLESS
    passed_on = [name for name in table if name not in OURS or (generated and name in ("size", "seed"))]
    with blame(place):
        sourced = call(source, {name: table[name] for name in passed_on}, place, **given)
        items = _checked(sourced, task, given["file"] if path else None, needs_target=needs_target)
        if "split" in table:
            items = _part(items, table["split"], f"{place}.split")
        if "size" in table and not generated:
            seed = convert(table.get("seed", 0), int, f"{place}.seed")
            items = sample(items, convert(table["size"], int, f"{place}.size"), seed)
    if not items:
        raise InputError(f"{place}: no items are left. Hint: see its size and split.")
    return Workload(items, _sheltered(grade), {task: _examples(table.get("examples", []), f"{place}.examples")})


def load_all(
    tables: Iterable[Mapping[str, Any]], *, folder: str | Path = ".", systems: Mapping[str, System] | None = None
) -> Workload:
    """One workload of several tables; each is a task, and items are graded by their task's grader.

    Where a later task has an id that an earlier one has, all of its ids get their task in front.
    """
    items: list[Item] = []
    graders: dict[str, Grader] = {}
    examples: dict[str, tuple[Example, ...]] = {}
    for number, table in enumerate(tables):
        place = f"workload[{number}]"
        one = load(table, folder=folder, systems=systems, place=place)
        task = one.items[0].task
        if task in graders:
            raise InputError(f"{place}.task: two tables have the task '{task}'. Hint: give each its own `task`.")
        taken = {item.id for item in items}
        clash = any(item.id in taken for item in one.items)
        items += [structs.replace(item, id=f"{task}/{item.id}") for item in one.items] if clash else one.items
        graders[task] = one.grader
        examples |= one.examples

    async def grade(item: Item, answer: Answer) -> Grade:
        if item.task not in graders:
            raise GraderError(f"there is no grader for its task '{item.task}'.{did_you_mean(item.task, graders)}", item=item.id)
        return await graders[item.task](item, answer)

    return Workload(tuple(items), grade, examples)


def make_grader(
    table: Mapping[str, Any] | str,
    *,
    folder: str | Path = ".",
    systems: Mapping[str, System] | None = None,
    place: str = "grader",
) -> Grader:
    """The grader of a table such as {kind = "numeric", absolute = 0.01}; a string is its kind."""
    if not isinstance(table, Mapping | str):
        raise InputError(f'{place}: expected a table such as {{kind = "exact"}}, got {table!r}.')
    factory = pick(GRADERS, _kind(table), place)
    options = {name: value for name, value in table.items() if name != "kind"} if isinstance(table, Mapping) else {}
    given: dict[str, Any] = {"folder": Path(folder)}
    if "system" in options and "system" in options_of(factory):
        known, name = systems or {}, options.pop("system")
        if name not in known:
            raise InputError(f"{place}.system: there is no system {name!r}.{did_you_mean(str(name), known)}")
        given["system"] = known[name]
    grader: Grader = call(factory, options, place, **given)
    return grader


def _kind(table: Mapping[str, Any] | str) -> Any:
    return table if isinstance(table, str) else table.get("kind")


def _sheltered(grader: Grader) -> Grader:
    """The grader, any failure of which is a GraderError that names the item."""

    async def grade(item: Item, answer: Answer) -> Grade:
        try:
            return await grader(item, answer)
        except IsocostError:
            raise
        except Exception as error:  # a fault of the grader must not be taken for a wrong answer, whatever it is
            raise GraderError(f"the grader raised {type(error).__name__}: {error}", item=item.id) from error

    return grade


def _checked(sourced: Iterable[Sourced], task: str, file: Path | None, *, needs_target: bool) -> tuple[Item, ...]:
    """The items with their task set; ids are unique, and targets there where the grader needs them."""
    seen: dict[str, int | None] = {}
    items = []
    for number, (item, line) in enumerate(sourced, 1):
        line = number if line is None else line
        if item.id in seen:
            raise InputError(
                f"the id '{item.id}' is that of line {seen[item.id]} too. Hint: ids, or without them questions, are unique.",
                file=file,
                line=line,
            )
        if needs_target and item.target is None:
            raise InputError(
                f"item '{item.id}' has no target, which its grader needs. Hint: a column `target` or `answer`, or fields = "
                '{target = "..."}.',
                file=file,
                line=line,
            )
        seen[item.id] = line
        items.append(item if item.task == task else structs.replace(item, task=task))
    return tuple(items)


def _part(items: tuple[Item, ...], table: Any, place: str) -> tuple[Item, ...]:
    """The part that {take = "test", test = 0.5, train = 0.5} names."""
    table = dict(convert(table, dict[str, Any], place))
    take, salt = table.pop("take", None), convert(table.pop("salt", ""), str, f"{place}.salt")
    fractions = {name: convert(part, float, f"{place}.{name}") for name, part in table.items()}
    if take not in fractions:
        raise InputError(f"{place}.take: expected one of the parts {', '.join(fractions) or '(none given)'}, got {take!r}.")
    return split(items, fractions, salt)[take]


def _examples(tables: Any, place: str) -> tuple[Example, ...]:
    for number, table in enumerate(convert(tables, list[dict[str, Any]], place)):
        refuse_unknown(table, Example.__struct_fields__, f"{place}[{number}]")
    return tuple(convert(tables, list[Example], place))
