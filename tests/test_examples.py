"""Every example runs, and prints what stands beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))


STUDIES = sorted(FOLDER.glob("*.toml"))


def says_what_stands_beside(example: Path, command: list[str | Path], folder: Path, update: bool) -> None:
    done = subprocess.run(command, cwd=folder, env=os.environ | {"COLUMNS": "120"}, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    beside = example.with_suffix(".out")
    if update:
        beside.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == beside.read_text(encoding="utf-8")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_prints_what_stands_beside_it(script: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    says_what_stands_beside(script, [sys.executable, script], tmp_path, request.config.getoption("--update-examples"))


def test_the_synthetic_study_prints_what_stands_beside_it(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    study = FOLDER / "synthetic.toml"
    command = [sys.executable, "-m", "isocost", "study", study, "--no-page", "--quiet"]
    says_what_stands_beside(study, command, tmp_path, request.config.getoption("--update-examples"))


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_a_study_file_among_the_examples_passes_its_dry_run(study: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "isocost", "study", study, "--dry-run", "-o", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ questions", done.stdout)
    assert not (tmp_path / "out").exists()
