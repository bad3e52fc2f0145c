"""`kill -9` at a random moment, ten times over: no acknowledged record is lost, none is doubled, the end is the same."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.run.study_child import COUNT
from tests.run.world import Pages, build, job, timeless

from isocost.records import open_records
from isocost.run import ask

ROOT = Path(__file__).parents[2]


def started(folder: Path) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [sys.executable, str(ROOT / "tests/run/study_child.py"), str(folder)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_killed_ten_times_and_resumed_a_study_ends_like_one_that_was_left_alone(tmp_path: Path) -> None:
    rng, said = random.Random(5), []
    for _ in range(10):
        with started(tmp_path) as process:
            assert process.stdout is not None
            for _ in range(rng.randrange(30)):  # a random moment, counted in acknowledged records
                said.append(process.stdout.readline().strip())
            process.kill()
            said += process.stdout.read().split("\n")[:-1]  # acknowledged before the kill, read after it
        assert process.returncode == -signal.SIGKILL, "it was in the middle"
        stored = ["|".join(map(str, record.identity)) for record in open_records(tmp_path).read()]
        assert set(said) <= set(stored), "what was acknowledged is there"
        assert len(set(stored)) == len(stored)
        assert len(set(said)) == len(said), "nothing is asked again that was acknowledged"
    with started(tmp_path) as process:
        process.communicate()
    pages = Pages()
    asyncio.run(ask(job(COUNT), build, pages))
    assert timeless(open_records(tmp_path).read()) == timeless(pages.safe)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 3 * COUNT, "not even a superseded line"
