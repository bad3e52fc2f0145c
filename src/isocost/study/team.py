"""From a study file to those who do the work: questions, models, systems, what they cost and how they are told apart."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from isocost.metrics import list_price
from isocost.records import Budget, Call, Cap, Price, Source, System
from isocost.run import Job, Label, Team
from isocost.study.file import Limits, StudyFile
from isocost.systems.spec import build, build_models, fingerprint
from isocost.workload import Workload, load_all


class Prepared(Struct, frozen=True, kw_only=True):
    """A study file read to the end: nothing is asked yet, and all that can be wrong with it was found."""

    study: StudyFile
    workload: Workload
    labels: dict[str, Label]
    prices: dict[str, Price]
    unpriced: tuple[str, ...]


def prepare(study: StudyFile) -> Prepared:
    """Reads the questions and makes every model and system once, so that errors come before the first call."""
    with study.blame():
        models = build_models(study.models)
        workload = _workload(study, models)
        make_systems(study, models, workload)
        labels = {name: _label(study, name, models, workload) for name in study.systems}
        prices = {name: price for name, model in models.items() if (price := _price(model, study.models[name]))}
    return Prepared(
        study=study,
        workload=workload,
        labels=labels,
        prices={models[name].name: price for name, price in prices.items()},
        unpriced=tuple(models[name].name for name in models if name not in prices),
    )


def make_team(study: StudyFile, prices: Mapping[str, Price], cap: Cap) -> Team:
    """The systems that answer, their models under this cap. Ray's workers each make their own."""
    models = build_models(study.models)
    for model in models.values():
        model.check()
        model.cap, model.price = cap, prices.get(model.name)
    workload = _workload(study, models)

    def remember(calls: Iterable[Call]) -> None:
        known = list(calls)
        for model in models.values():
            model.remember(known)

    async def close() -> None:
        for model in models.values():
            await model.aclose()

    return Team(make_systems(study, models, workload), workload.grader, remember, close)


def make_systems(study: StudyFile, models: Mapping[str, Any], workload: Workload) -> dict[str, System]:
    """The systems of the file, on these models."""
    return build(study.systems, models=models, parts=study.parts, examples=workload.examples)


def job_of(prepared: Prepared, engine: str) -> Job:
    """The job that the study file describes."""
    settings = prepared.study.settings
    with prepared.study.blame():
        return Job(
            items=prepared.workload.items,
            systems=prepared.labels,
            attempts=settings.attempts,
            seed=settings.seed,
            budget=_budget(settings.budget, prepared.prices),
            prices=prepared.prices,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
            retries=settings.retries,
            engine=engine,
        )


def _budget(limits: Limits, prices: Mapping[str, Price]) -> Budget | None:
    if limits == Limits():
        return None
    return Budget(
        tokens=limits.tokens,
        calls=limits.calls,
        seconds=limits.seconds,
        microdollars=None if limits.dollars is None else round(limits.dollars * 1e6),
        prices=dict(prices) if limits.dollars is not None else {},
    )


def _workload(study: StudyFile, models: Mapping[str, Any]) -> Workload:
    return load_all(study.workload, folder=study.path.parent, systems=models)


def _price(model: Any, table: Mapping[str, Any]) -> Price | None:
    """The file's own price, or else the list price of what the endpoint calls the model."""
    own: Price | None = model.price
    if own is not None or model.source == "simulated" or table.get("kind") == "embedded":
        return own
    return list_price(str(table.get("model", model.name)))


def _label(study: StudyFile, name: str, models: Mapping[str, Any], workload: Workload) -> Label:
    """The fingerprint covers the system, its models, how answers are graded and by which judge; the source is the weakest of
    its models'."""
    made = fingerprint(name, study.systems, models=study.models, parts=study.parts, examples=workload.examples)
    grading = [table.get("grader") for table in study.workload]
    judges = [grader["system"] for grader in grading if isinstance(grader, Mapping) and "system" in grader]
    grading += [fingerprint(judge, {}, models=study.models) for judge in judges]
    digest = hashlib.blake2b(msgspec.json.encode((made, grading), order="deterministic"), digest_size=8)
    sources = {models[model].source for model in set(_names(study.systems[name], study)) if model in models}
    weakest: Source = next((source for source in ("simulated", "replayed") if source in sources), "measured")
    return Label(fingerprint=digest.hexdigest(), source=weakest)


def _names(value: Any, study: StudyFile, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every name that a system's table refers to, directly or through other systems and parts."""
    if isinstance(value, str) and value not in seen:
        yield value
        yield from _names(study.systems.get(value) or study.parts.get(value), study, seen | {value})
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _names(part, study, seen)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part, study, seen)
