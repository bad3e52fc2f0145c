"""Generated questions from reasoning-gym: a dataset by name, its settings, a size and a seed."""

import inspect
from collections.abc import Iterator
from typing import Any

from isocost.records import InputError, Item, MissingExtra
from isocost.records.errors import did_you_mean
from isocost.workload.options import refuse_unknown
from isocost.workload.sources.files import Sourced, stable_id


def reasoning_gym(
    *, task: str, dataset: str = "", size: int = 100, seed: int = 0, settings: dict[str, Any] | None = None
) -> Iterator[Sourced]:
    """`size` questions of the dataset (by default named as the task); the first n are the same whatever the size.

    An id holds the question's hash, so that a question made with other settings is another item.
    """
    name = dataset or task
    made = create(name, {**(settings or {}), "size": size, "seed": seed})
    for index in range(size):
        entry = dict(made[index])
        question = str(entry["question"])
        yield Sourced(
            Item(
                id=f"{task}-{index}-{stable_id(question)[:8]}",
                question=question,
                target=entry["answer"],
                metadata={"dataset": name, "settings": settings or {}, "entry": entry},
            )
        )


def create(name: str, settings: dict[str, Any]) -> Any:
    """The reasoning-gym dataset. Raises InputError for an unknown name or setting, naming the nearest."""
    try:
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise MissingExtra("reasoning-gym", "pip install 'isocost[tasks]'") from error
    if name not in DATASETS:
        raise InputError(f"dataset: reasoning-gym has no dataset '{name}'.{did_you_mean(name, DATASETS)}")
    kind, config = DATASETS[name]
    refuse_unknown(settings, inspect.signature(config).parameters, "settings")
    try:
        return kind(config=config(**settings))
    except (AssertionError, ValueError, TypeError) as error:
        raise InputError(f"settings: reasoning-gym refuses them for '{name}': {error or type(error).__name__}.") from error
