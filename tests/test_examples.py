"""Every example runs, and prints what stands beside it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_prints_what_stands_beside_it(script: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    beside = script.with_suffix(".out")
    if request.config.getoption("--update-examples"):
        beside.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == beside.read_text(encoding="utf-8")


@pytest.mark.parametrize("study", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_study_file_among_the_examples_passes_its_dry_run(study: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "isocost", "study", study, "--dry-run", "-o", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ questions", done.stdout)
    assert not (tmp_path / "out").exists()
