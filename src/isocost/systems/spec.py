"""From names to systems: the tables of a study file, read into `Blueprint`s of what to make, then made.

    [models.small]
    kind = "embedded"
    [systems.vote5]
    kind = "vote"
    n = 5
    system = { kind = "few_shot", system = "small", steps = true }

Every error is an InputError that begins with the place in the file ("systems.vote5.n: ...").
"""

import hashlib
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from isocost.records import InputError, System
from isocost.records.errors import did_you_mean
from isocost.systems.parameters import Parameter, parameters_of
from isocost.systems.strategies.styles import Examples

KINDS: dict[str, str] = {
    "anytime": "isocost.systems.strategies.anytime:anytime",
    "best_of": "isocost.systems.strategies.best_of:best_of",
    "budget_forcing": "isocost.systems.strategies.budget_forcing:budget_forcing",
    "cascade": "isocost.systems.strategies.cascade:cascade",
    "concise_hint": "isocost.systems.strategies.concise_hint:concise_hint",
    "debate": "isocost.systems.strategies.debate:debate",
    "difficulty_adaptive": "isocost.systems.strategies.difficulty_adaptive:difficulty_adaptive",
    "effort_levels": "isocost.systems.strategies.effort_levels:effort_levels",
    "elastic": "isocost.systems.strategies.elastic:elastic",
    "embedded": "isocost.systems.models.embedded:Embedded",
    "endpoint": "isocost.systems.models.endpoint:Endpoint",
    "few_shot": "isocost.systems.strategies.styles:few_shot",
    "parallel_distill_refine": "isocost.systems.strategies.parallel_distill_refine:parallel_distill_refine",
    "particle_filter": "isocost.systems.strategies.particle_filter:particle_filter",
    "plan_and_budget": "isocost.systems.strategies.plan_and_budget:plan_and_budget",
    "plan_search": "isocost.systems.strategies.plan_search:plan_search",
    "refine": "isocost.systems.strategies.refine:refine",
    "replay": "isocost.systems.models.replay:Replay",
    "selective_allocation": "isocost.systems.strategies.selective_allocation:selective_allocation",
    "solve_detect_verify": "isocost.systems.strategies.solve_detect_verify:solve_detect_verify",
    "style": "isocost.systems.strategies.styles:style",
    "synthetic": "isocost.systems.models.synthetic:Synthetic",
    "tree_search": "isocost.systems.strategies.tree_search:tree_search",
    "turns": "isocost.systems.strategies.turns:turns",
    "vote": "isocost.systems.strategies.vote:vote",
    "zero_shot": "isocost.systems.strategies.styles:zero_shot",
}
"""Everything that can be named; a new model or strategy adds its line."""

Table = Mapping[str, Any]

# What changes how fast or how dear an answer is, never what it says: stored answers stay good when these change.
NOT_ANSWERING = {
    *("concurrency", "parallel", "threads", "memo", "price", "retries", "timeout", "stream"),
    *("key_env", "largest_reply", "rng", "sleep"),
}


class Kind(NamedTuple):
    """Something that can be named, with the options it takes."""

    name: str
    summary: str
    is_model: bool
    target: Callable[..., Any]
    parameters: dict[str, Parameter]


@cache
def kind(name: str) -> Kind:
    """The kind of this name, its code imported only now."""
    module, _, attribute = KINDS[name].partition(":")
    target = getattr(import_module(module), attribute)
    summary = (inspect.getdoc(target) or "").split("\n\n")[0].replace("\n", " ")
    return Kind(name, summary, ".models." in module, target, parameters_of(target))


def describe() -> list[Kind]:
    """Every kind, models first."""
    return sorted(map(kind, KINDS), key=lambda each: (not each.is_model, each.name))


def kind_of(name: Any, place: str, *, is_model: bool) -> Kind:
    """The model or strategy of this name; an InputError that lists the known ones otherwise."""
    known = [each for each, target in KINDS.items() if (".models." in target) == is_model]
    if name in known:
        return kind(name)
    if isinstance(name, str) and name in KINDS:
        cure = "write it as [models.NAME] and refer to it by NAME" if not is_model else "write it as [systems.NAME]"
        raise InputError(f"{place}.kind: '{name}' is a {'strategy' if is_model else 'model'}. Hint: {cure}.")
    what = "model" if is_model else "strategy"
    raise InputError(f"{place}.kind: expected the kind of a {what}, got {name!r}.{did_you_mean(str(name), known)}")


class Model(NamedTuple):
    """A reference to a model."""

    name: str


class Blueprint(NamedTuple):
    """A thing to be made: its place in the file, its kind, and its options as written, references as `Blueprint` or `Model`."""

    place: str
    kind: Kind
    options: dict[str, Any]


def build_models(tables: Mapping[str, Table]) -> dict[str, Any]:
    """The models of `[models.*]`, each called by its table's name unless the table gives a `name`."""
    maker = _Maker({})
    return {name: maker.make(_read_model(name, table)) for name, table in tables.items()}


def build(
    systems: Mapping[str, Table],
    *,
    models: Mapping[str, System],
    parts: Mapping[str, Table] | None = None,
    examples: Examples | None = None,
) -> dict[str, System]:
    """The systems of `[systems.*]`; they may refer to models, to each other and to `[parts.*]`, each made once.

    examples: by task, for few-shot systems whose own table has none.
    """
    reader, maker = _Reader(systems, parts or {}, models, examples or {}), _Maker(models)
    for name in parts or {}:
        reader.named(name, f"parts.{name}")  # also the ones that nobody uses must be right
    return {name: maker.make(reader.named(name, f"systems.{name}")) for name in systems}


def fingerprint(
    name: str,
    systems: Mapping[str, Table],
    *,
    models: Mapping[str, Table],
    parts: Mapping[str, Table] | None = None,
    examples: Examples | None = None,
) -> str:
    """A hash of all that decides what the system answers: defaults and models included, prices and speed not.

    Give one task's examples alone for the system's fingerprint on that task.
    """
    plan = _Reader(systems, parts or {}, models, examples or {}).named(name, f"systems.{name}")
    whole = msgspec.json.encode(_decisive(plan, models), order="deterministic")
    return hashlib.blake2b(whole, digest_size=8).hexdigest()


class _Reader:
    """Reads systems' tables into Blueprints: every name known, every option taken by its kind and of its type, no circle."""

    def __init__(
        self, systems: Mapping[str, Table], parts: Mapping[str, Table], models: Collection[str], examples: Examples
    ) -> None:
        self._models, self._examples = models, examples
        self._tables = {name: (f"parts.{name}", table) for name, table in parts.items()}
        for name, table in systems.items():
            if name in parts:
                raise InputError(f"systems.{name}: the name is taken by parts.{name}. Hint: choose another one.")
            self._tables[name] = (f"systems.{name}", table)
        for name, (place, _) in self._tables.items():
            if name in models:
                raise InputError(f"{place}: the name is taken by models.{name}. Hint: choose another one.")
        self._done: dict[str, Blueprint] = {}
        self._under_way: list[str] = []

    def named(self, name: str, place: str) -> Blueprint | Model:
        """What the name stands for, which is referred to at `place`."""
        if name in self._models:
            return Model(name)
        if name in self._under_way:
            raise InputError(f"{place}: refers back to itself: {' -> '.join([*self._under_way, name])}.")
        if name not in self._tables:
            known = [*self._models, *self._tables]
            raise InputError(f"{place}: there is no model, system or part called '{name}'.{did_you_mean(str(name), known)}")
        if name not in self._done:
            self._under_way.append(name)
            self._done[name] = self._system(*self._tables[name])
            self._under_way.pop()
        return self._done[name]

    def _system(self, place: str, table: Any) -> Blueprint:
        plan = _read(place, table, is_model=False, given={"examples": self._examples})
        for name, value in plan.options.items():
            refers, where = plan.kind.parameters[name].refers, f"{place}.{name}"
            if refers == "one":
                plan.options[name] = self._reference(value, where)
            elif refers == "many":
                if not isinstance(value, list):
                    raise InputError(f"{where}: expected a list of systems, got {value!r}.")
                plan.options[name] = [self._reference(each, f"{where}[{i}]") for i, each in enumerate(value)]
        return plan

    def _reference(self, value: Any, place: str) -> Blueprint | Model:
        if not isinstance(value, str | Mapping):
            raise InputError(f"{place}: expected the name of a model or system, or a table with a `kind`, got {value!r}.")
        return self.named(value, place) if isinstance(value, str) else self._system(place, value)


class _Maker:
    """Makes what Blueprints describe, each place once."""

    def __init__(self, models: Mapping[str, System]) -> None:
        self._models = models
        self._made: dict[str, Any] = {}

    def make(self, plan: Blueprint | Model) -> Any:
        """The model or system itself."""
        if isinstance(plan, Model):
            return self._models[plan.name]
        if plan.place not in self._made:
            options = {name: self._value(plan, name, value) for name, value in plan.options.items()}
            try:
                self._made[plan.place] = plan.kind.target(**options)
            except InputError as error:
                raise _placed(error, plan) from error
        return self._made[plan.place]

    def _value(self, plan: Blueprint, name: str, value: Any) -> Any:
        if isinstance(value, Blueprint | Model):
            return self.make(value)
        if plan.kind.parameters[name].refers == "many":
            return [self.make(each) for each in value]
        return plan.kind.parameters[name].read(value, f"{plan.place}.{name}")


def _read_model(name: str, table: Any) -> Blueprint:
    return _read(f"models.{name}", table, is_model=True, given={"name": name})


def _read(place: str, table: Any, *, is_model: bool, given: Table) -> Blueprint:
    """A table's kind and options; `given` is what it gets where it says nothing itself and its kind takes it."""
    if not isinstance(table, Mapping):
        raise InputError(f"{place}: expected a table with a `kind`, got {table!r}.")
    kind = kind_of(table.get("kind"), place, is_model=is_model)
    options = {name: value for name, value in given.items() if name in kind.parameters}
    options |= {name: value for name, value in table.items() if name != "kind"}
    for name in options:
        if name not in kind.parameters:
            raise InputError(f"{place}.{name}: {kind.name} has no such option.{did_you_mean(name, list(kind.parameters))}")
    for parameter in kind.parameters.values():
        if parameter.required and parameter.name not in options:
            raise InputError(f"{place}: {kind.name} needs `{parameter.name}` ({parameter.type}).")
    return Blueprint(place, kind, options)


def _placed(error: InputError, plan: Blueprint) -> InputError:
    """The target's own complaint, with the place in the file of the option that it names first."""
    named = next((word for word in re.findall(r"\w+", str(error)) if word in plan.options), None)
    if named is None:
        return InputError(f"{plan.place}: {error}")
    return InputError(f"{plan.place}.{named}: {str(error).removeprefix(f'{named}: ')}")


def _decisive(plan: Blueprint | Model | Any, models: Mapping[str, Table]) -> Any:
    """What decides the answers, as plain data."""
    if isinstance(plan, Model):
        return _decisive(_read_model(plan.name, models[plan.name]), models)
    if isinstance(plan, list):
        return [_decisive(each, models) for each in plan]
    if not isinstance(plan, Blueprint):
        return plan
    defaults = {parameter.name: parameter.default for parameter in plan.kind.parameters.values()}
    options = {name: _decisive(value, models) for name, value in (defaults | plan.options).items()}
    return {"kind": plan.kind.name, **{name: value for name, value in options.items() if name not in NOT_ANSWERING}}
