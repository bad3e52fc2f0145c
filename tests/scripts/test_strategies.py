"""docs/strategies.md is what the code says of itself."""

import re
from types import ModuleType

from tests.scripts.conftest import ROOT

from isocost.cli.strategies import all_strategies, description


def test_the_committed_page_is_what_the_docstrings_give(script: ModuleType) -> None:
    """If not: python scripts/strategies.py."""
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


def test_every_word_of_every_docstring_stands_there(script: ModuleType) -> None:
    page = re.sub(r"\\(?=[<*])", "", script.PAGE.read_text(encoding="utf-8")).split()
    for kind in all_strategies():
        words = description(kind).split()
        assert set(words) <= set(page), kind.name


def test_indented_lines_stand_as_they_are_and_signs_mean_themselves(script: ModuleType) -> None:
    text = "A* ends as </think>, a * b.\n    p = q * r\n    s\nThen `x*y`."
    assert script.prose(text) == "A\\* ends as \\</think>, a * b.\n\n```text\np = q * r\ns\n```\n\nThen `x*y`."


def test_other_pages_lead_there(script: ModuleType) -> None:
    assert "(docs/strategies.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(strategies.md)" in (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
