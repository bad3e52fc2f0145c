"""ZeroEval's GSM8K through the commands: the accuracies are the file's, and the published table's where that can be said."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.external


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("zeroeval", Path(__file__).parents[2] / "bench" / "zeroeval.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def printed(bench: ModuleType, external_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What import, metrics and frontier print."""
    if not (external_data / "zeroeval").is_dir():
        pytest.skip(f"no zeroeval/ in {external_data}")
    steps = bench.commands(external_data / "zeroeval", tmp_path_factory.mktemp("zeroeval") / "gsm")
    return {name: bench.run(steps[name]) for name in ("import", "metrics", "frontier")}


def test_every_accuracy_is_the_files_and_full_runs_are_near_the_published_table(bench, printed, external_data: Path) -> None:
    found = list(bench.rows(external_data / "zeroeval", printed["metrics"]))
    assert (len(found), sum(row.answers for row in found)) == (44, 57_398)
    assert [fault for fault in map(bench.wrong, found) if fault] == []
    assert [row.model for row in found if row.published is None] == []
    assert {row.model for row in found if not row.full} == {"gemini-1.5-flash-exp-0827"}
    assert {row.model for row in found if row.full and abs(row.off) > 0.5} == bench.KNOWN


def test_the_frontier_of_tokens_and_accuracy_is_the_one_found_pair_by_pair(printed) -> None:
    drawn = json.loads(printed["frontier"])
    places = drawn["systems"]
    beaten = {
        a["system"]
        for a in places
        for b in places
        if b["x"] <= a["x"] and b["y"] >= a["y"] and (b["x"], b["y"]) != (a["x"], a["y"])
    }
    assert drawn["frontier"] == [place["system"] for place in places if place["system"] not in beaten]
    assert "gemini-1.5-flash-exp-0827 (681)" in drawn["notes"][0]
