"""docs/papers.md tells the truth: it is what the script writes, and what it names exists."""

import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from tests.scripts.conftest import ROOT

from isocost.cli import COMMANDS


@pytest.fixture(scope="module")
def status() -> dict[str, dict[str, str]]:
    return tomllib.loads((ROOT / "docs" / "papers.toml").read_text(encoding="utf-8"))


def test_the_committed_page_is_what_the_facts_from_outside_give(script: ModuleType, status, external_data: Path) -> None:
    shared = external_data.parent
    if not (shared / "papers.jsonl").is_file():
        pytest.skip(f"no papers.jsonl in {shared}")
    assert script.render(script.from_shared(shared), status) == script.TABLE.read_text(encoding="utf-8")


def test_the_committed_page_gives_itself(script: ModuleType, status) -> None:
    page = script.TABLE.read_text(encoding="utf-8")
    assert script.render(script.from_table(page), status) == page


def test_every_paper_has_its_own_number_and_id(script: ModuleType) -> None:
    papers = script.from_table(script.TABLE.read_text(encoding="utf-8"))
    assert [paper.n for paper in papers] == list(range(271))
    assert len({paper.id for paper in papers}) == 271


def test_every_room_and_command_exists(status) -> None:
    for name, entry in status.items():
        assert set(entry) <= {"room", "command", "showed", "missing"}, name
        room = ROOT / "src" / "isocost" / entry["room"]
        assert room.is_dir() or room.with_suffix(".py").is_file(), f"{name}: there is no room {room}"
        first, command, *_ = entry["command"].split()
        known = command in COMMANDS if first == "isocost" else (ROOT / command).is_file()
        assert first in ("isocost", "python", "pytest"), name
        assert known, f"{name}: {entry['command']}"


def test_an_entry_for_no_paper_is_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"no papers.*nobody"):
        script.render([], {"nobody": {}})
