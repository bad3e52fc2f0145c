"""The page of this room tells what really happens."""

import doctest
from pathlib import Path

from isocost.metrics.summary import METRICS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_examples_print_what_stands_beside_them() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 5
    assert outcome.failed == 0


def test_every_metric_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert not [name for name in METRICS if f"`{name}`" not in page and f"`{name.rsplit('_', 1)[0]}_p50`" not in page]
