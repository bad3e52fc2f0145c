"""Run by scripts/wheel inside an environment that holds the built wheel and nothing else of ours: no extra, no source tree."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import isocost
import isocost.cli
import isocost.frontier
import isocost.metrics
import isocost.records
import isocost.report
import isocost.run
import isocost.stats
import isocost.study
import isocost.systems.spec
import isocost.systems.strategies
import isocost.workload

assert "site-packages" in isocost.__file__, f"not the wheel: {isocost.__file__}"
for extra in ("altair", "vl_convert", "xllamacpp", "reasoning_gym", "ray", "torch"):
    assert importlib.util.find_spec(extra) is None, f"{extra} is here: this environment was to have no extra"
    assert extra not in sys.modules


def isocost_command(*words: str, code: int = 0) -> str:
    done = subprocess.run([Path(sys.executable).with_name("isocost"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


isocost_command("--help")
isocost_command("doctor")
isocost_command("study", "synthetic.toml", "-o", "out")
systems = json.loads(isocost_command("metrics", "out", "--json"))["systems"]
assert all(system["n_items"] > 0 for system in systems), systems
assert json.loads(isocost_command("frontier", "out", "--json"))["frontier"]
# What needs an extra says which one, and how to get it.
assert Path("out/report.html").stat().st_size > 100_000
assert "pip install 'isocost[report]'" in isocost_command("report", "out", "--image", "a.svg", code=1)
print(f"the wheel of isocost {isocost.__version__} runs without any extra")
