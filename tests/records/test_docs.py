"""The page of this room tells what really happens."""

import doctest
from pathlib import Path

import pytest

from isocost.records.importing.mapping import FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "records.md"


def test_the_examples_print_what_stands_beside_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 3
    assert outcome.failed == 0


def test_every_field_of_a_mapping_is_explained() -> None:
    assert not [field for field in FIELDS if f"`{field}`" not in PAGE.read_text(encoding="utf-8")]
