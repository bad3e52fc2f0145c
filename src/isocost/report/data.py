"""`ReportData`: everything a report shows, handed in by whoever ran the study."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from isocost.frontier import Frontier
from isocost.metrics import Estimate, SystemMetrics
from isocost.report.words import AXES, missing


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """What the table, the plot and the page are made of. Only `systems` is needed; what is left out is not shown.

    systems: what metrics says of each system, over all tasks.
    frontiers: the first is the one that the summary and the plot open with; others give other axes their probabilities.
    records: the flat view, one row an attempt; with a column `cost` (dollars, null where unpriced) where the caller priced it.
    calls: the calls view, likewise with `cost`. items: item, task, group, question, target.
    by_task: task -> what metrics says of each system on that task alone.
    behind: system -> paired difference of its accuracy to the most accurate system's (0 or below).
    settings: system -> what it was made of.
    prices: model -> its price (any struct or mapping with input, output, per_hour, source and date).
    target: the accuracy that is good enough, where the user said one.
    made: how to make this again, in the order to show it: command, seed, date, ...
    """

    systems: tuple[SystemMetrics, ...]
    title: str = "isocost study"
    frontiers: tuple[Frontier, ...] = ()
    records: pl.DataFrame = field(default_factory=pl.DataFrame)
    calls: pl.DataFrame = field(default_factory=pl.DataFrame)
    items: pl.DataFrame = field(default_factory=pl.DataFrame)
    by_task: Mapping[str, tuple[SystemMetrics, ...]] = field(default_factory=dict)
    behind: Mapping[str, Estimate] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prices: Mapping[str, Any] = field(default_factory=dict)
    target: float | None = None
    made: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [system.system for system in self.systems]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each system stands once in a report, got {twice} more than once.")

    def told(self, system: str, metric: str) -> Estimate | None:
        """What metrics says of a system, even if only why there is no value."""
        return self._metrics.get(system, {}).get(metric)

    def estimate(self, system: str, metric: str) -> Estimate | None:
        """What was measured of a system; None where nothing was."""
        found = self.told(system, metric)
        return None if found is None or found.value is None or math.isnan(found.value) else found

    def missing(self, system: str, metric: str, kind: str) -> str:
        """Why there is no value, in a word; a cost of right answers that is not there lacks what the cost lacks."""
        return missing(kind, self.told(system, metric) or (self.told(system, "cost") if kind == "money" else None))

    def value(self, system: str, metric: str) -> float | None:
        """The estimate's value; None where it was not measured."""
        found = self.estimate(system, metric)
        return None if found is None else found.value

    @cached_property
    def _metrics(self) -> dict[str, dict[str, Estimate]]:
        return {system.system: system.metrics for system in self.systems}

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The metrics that were measured for at least one system and can stand on an axis."""
        return tuple(name for name in AXES if any(self.estimate(each.system, name) for each in self.systems))

    @cached_property
    def main(self) -> tuple[str, str]:
        """The axes to open with: the first frontier's, or the best that was measured."""
        if self.frontiers:
            return _ends(self.frontiers[0])
        paid = [name for name in ("cost", "tokens", "seconds", "calls") if name in self.axes]
        gained = [name for name in ("accuracy", "mean_score") if name in self.axes]
        return (paid or ["cost"])[0], (gained or ["accuracy"])[0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The systems, cheapest first on the main axis; those without a value last."""
        x, y = self.main

        def place(name: str) -> tuple[float, float]:
            paid, gained = self.value(name, x), self.value(name, y)
            return (math.inf if paid is None else paid, 0.0 if gained is None else -gained)

        return tuple(sorted((each.system for each in self.systems), key=place))

    @cached_property
    def per(self) -> int:
        """Dollars are told per so many questions: 1, or 1,000 where a question costs less than five cents."""
        costs = [cost for each in self.systems if (cost := self.value(each.system, "cost")) is not None]
        return 1000 if costs and max(costs) < 0.05 else 1

    def frontier(self, x: str, y: str) -> Frontier | None:
        """The frontier drawn for these axes, if one was handed in."""
        return next((each for each in self.frontiers if _ends(each) == (x, y)), None)


def _ends(frontier: Frontier) -> tuple[str, str]:
    return frontier.axes[0], frontier.axes[-1]
