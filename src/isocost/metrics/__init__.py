"""Records in, estimates out: quality, cost, latency, energy, each with its interval, its n, its method and its basis."""

from isocost.metrics.answers import Answers, Book, Records, read
from isocost.metrics.cost import cost_per_correct_per_question
from isocost.metrics.estimate import Basis, Estimate, basis_of
from isocost.metrics.prices import list_price, resolve
from isocost.metrics.summary import (
    Axis,
    Comparison,
    ItemTable,
    Metric,
    SystemMetrics,
    compare,
    item_table,
    summarise,
)

__all__ = [
    "Answers",
    "Axis",
    "Basis",
    "Book",
    "Comparison",
    "Estimate",
    "ItemTable",
    "Metric",
    "Records",
    "SystemMetrics",
    "basis_of",
    "compare",
    "cost_per_correct_per_question",
    "item_table",
    "list_price",
    "read",
    "resolve",
    "summarise",
]
