"""The page of this room tells what really happens."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "allocate.md"


def test_the_examples_print_what_stands_beside_them() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 5
    assert outcome.failed == 0
