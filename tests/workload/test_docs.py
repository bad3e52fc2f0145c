"""The page's Python prints what stands below it, and its TOML loads."""

import re
import tomllib
from pathlib import Path

import pytest

from isocost.workload import load_all

PAGE = (Path(__file__).parents[2] / "docs" / "workload.md").read_text(encoding="utf-8")


def test_the_pages_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("reasoning_gym", reason="pip install 'isocost[tasks]'")
    monkeypatch.chdir(tmp_path)
    world: dict[str, object] = {}
    for code, output in re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", PAGE, re.DOTALL):
        exec(code, world)
        assert capsys.readouterr().out == output
    (tables,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    workload = load_all(tomllib.loads(tables)["workload"], folder=tmp_path)
    assert len(workload.items) == 62
    assert list(workload.examples) == ["capitals", "sums"]
