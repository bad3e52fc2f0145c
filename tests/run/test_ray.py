"""On a local Ray cluster of two workers: the same records, one cap, and workers that may die."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.run.world import Pages, build, job

from isocost.records import MissingExtra
from isocost.run import ask

ROOT = Path(__file__).parents[2]


def started(story: str, folder: Path) -> subprocess.Popen[str]:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'isocost[ray]'")
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "RAY_USAGE_STATS_ENABLED": "0"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests/run/ray_story.py"), story, str(folder)],
        env={name: value for name, value in environment.items() if name != "RAY_ADDRESS"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a signal can be sent to all of it, as a terminal does
    )


def left(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = msgspec.json.decode((folder / "result.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    folder = tmp_path_factory.mktemp("ray")
    started("run", folder).communicate(timeout=240)
    return left(folder)


@pytest.mark.ray
def test_the_records_are_the_same_as_here(told: Mapping[str, Any]) -> None:
    assert len(told["here"]["records"]) == 36
    assert told["ray"]["records"] == told["here"]["records"]
    assert told["ray"]["spent"] == told["here"]["spent"]


@pytest.mark.ray
def test_a_resumed_run_gives_stored_calls_to_the_workers(told: Mapping[str, Any]) -> None:
    assert told["resumed"]["records"] == told["here"]["records"][17:]
    assert told["resumed"]["spent"] == told["here"]["spent"]


@pytest.mark.ray
def test_the_workers_share_one_cap(told: Mapping[str, Any]) -> None:
    story = told["capped"]
    assert story["outcome"]["stopped"] == "cap"
    assert 700 <= story["spent"] < 700 + 4 * 15
    assert all(record in told["forty"]["records"] for record in story["records"]), "also where a lease ran out in the middle"


@pytest.mark.ray
def test_a_dead_worker_s_question_goes_to_another_one_once(told: Mapping[str, Any]) -> None:
    errors = {record["item"]: record.get("error_kind") for record in told["deadly"]["records"]}
    assert errors == {"q0": None, "q1": None, "q2": None, "q3": "worker", "q4": None, "q5": None}


@pytest.mark.ray
def test_a_team_that_cannot_be_built_ends_the_run_with_its_error(told: Mapping[str, Any]) -> None:
    assert told["broken"]["error"] == "the team cannot be built"
    assert "does not have: ['nobody']" in told["lacking"]["error"]


@pytest.mark.ray
def test_an_answer_that_cannot_travel_is_an_error(told: Mapping[str, Any]) -> None:
    (record,) = told["odd"]["records"]
    assert record["error_kind"] == "bug"


@pytest.mark.ray
def test_ctrl_c_lets_what_is_in_progress_end(tmp_path: Path) -> None:
    """The signal goes to every process of the terminal, Ray's among them. The cluster is the run's own, on loopback only."""
    with started("interrupt", tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun on 127.0.0.1\n"
        os.killpg(process.pid, signal.SIGINT)
        (tmp_path / "go").touch()
        assert process.stdout.read() == "", "what Ray has to say does not go where results go"
    story = left(tmp_path)["interrupt"]
    assert story["outcome"]["stopped"] == "interrupt"
    assert 2 <= len(story["records"]) < 18
    assert not [record for record in story["records"] if "error" in record]


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"isocost\[ray\]"):
        asyncio.run(ask(job(1, engine="ray"), build, Pages()))
