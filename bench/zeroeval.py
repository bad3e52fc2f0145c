"""ZeroEval's GSM8K: import, metrics, frontier and report of 57,398 real answers, timed as commands; the accuracies checked.

    python bench/zeroeval.py [--runs 3]

Reads zeroeval/ in ISOCOST_EXTERNAL_DATA (default ../shared/data). Exits with 1 when an accuracy differs from the file's, or
a full run is more than half a point off the project's published table without being among the KNOWN others.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

QUESTIONS = 1319
MAP = "item=id,system=model,score=correct,prompt_tokens=prompt_tokens_o200k,completion_tokens=output_tokens_o200k"

# The published table names these models otherwise.
PUBLISHED_AS = {
    "DeepSeek-Coder-V2-0724": "deepseek-v2-coder-0724",
    "Llama-3.1-405B-Instruct-Turbo": "Llama-3.1-405B-Inst-fp8@together",
    "Meta-Llama-3.1-405B-Instruct@hyperbolic": "Llama-3.1-405B-Inst@hyperbolic",
    "deepseek-chat": "deepseek-v2-chat-0628",
    "deepseek-coder": "deepseek-v2-coder-0614",
    "gemma-2-27b-it@together": "gemma-2-27b-it",
}
# Full runs that the file scores more than half a point above the table: it was scored again, with a better answer finder.
KNOWN = {"Phi-3.5-mini-instruct", "Yi-1.5-9B-Chat", "yi-large", "yi-large-preview"}


class Row(NamedTuple):
    """One model: the file's answers and correct ones, the accuracy that isocost gives, and the published percentage."""

    model: str
    answers: int
    correct: int
    measured: float
    published: float | None

    @property
    def full(self) -> bool:
        """True when every question was asked."""
        return self.answers == QUESTIONS

    @property
    def off(self) -> float | None:
        """Points above the published accuracy."""
        return None if self.published is None else 100 * self.measured - self.published


def commands(folder: Path, into: Path) -> dict[str, list[str]]:
    """The four steps as a user types them."""
    return {
        "import": ["import", str(folder / "gsm_per_query.csv"), "--as", "csv", "--map", MAP, "-o", str(into)],
        "metrics": ["metrics", str(into), "--json"],
        "frontier": ["frontier", str(into), "--x", "completion_tokens", "--y", "accuracy", "--json"],
        "report": ["report", str(into), "-o", str(into / "report.html")],
    }


def run(command: list[str]) -> str:
    """What an isocost command prints."""
    return subprocess.run([sys.executable, "-m", "isocost", *command], check=True, stdout=subprocess.PIPE, text=True).stdout


def cpu_seconds() -> float:
    """What the processes that were run have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows(folder: Path, metrics: str) -> Iterator[Row]:
    """Each model of the file with what `isocost metrics --json` printed and what was published."""
    answers: dict[str, list[int]] = {}
    with open(folder / "gsm_per_query.csv", encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            answers.setdefault(line["model"], []).append(int(line["correct"]))
    measured = {entry["system"]: entry["metrics"]["accuracy"]["value"] for entry in json.loads(metrics)["systems"]}
    table = published(folder)
    for model, scores in answers.items():
        yield Row(model, len(scores), sum(scores), measured[model], table.get(PUBLISHED_AS.get(model, model)))


def published(folder: Path) -> dict[str, float]:
    """The project's own table: percentages by model."""
    lines = (folder / "published_gsm.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "greedy" in line]
    return {model: float(accuracy) for model, _, accuracy, *_ in cells}


def wrong(row: Row) -> str | None:
    """What is wrong with a model's accuracy, if anything."""
    if row.measured != row.correct / row.answers:
        return f"{row.model}: measured {row.measured!r}, the file has {row.correct / row.answers!r}"
    if row.full and row.off is not None and abs(row.off) > 0.5 and row.model not in KNOWN:
        return f"{row.model}: {100 * row.measured:.2f} %, published {row.published} %"
    return None


def main() -> int:
    """Prints the times, the models that were not compared, and what is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ISOCOST_EXTERNAL_DATA", default)) / "zeroeval"
    printed: dict[str, str] = {}
    for _ in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as scratch:
            steps = commands(folder, Path(scratch) / "gsm")
            took = {}
            for name, command in steps.items():
                began, busy = time.perf_counter(), cpu_seconds()
                printed[name] = run(command)
                took[name] = time.perf_counter() - began, cpu_seconds() - busy
        wall, cpu = (sum(column) for column in zip(*took.values(), strict=True))
        each = ", ".join(f"{name} {wall:.2f} s" for name, (wall, _) in took.items())
        print(f"{each}; together {wall:.2f} s of wall time, {cpu:.2f} s of CPU")
    found = list(rows(folder, printed["metrics"]))
    close = [row for row in found if row.full and row.off is not None and abs(row.off) <= 0.5]
    print(f"{len(found)} models, {len(close)} full runs within half a point of the published table; the others:")
    for row in found:
        if row not in close:
            print(f"  {row.model}: {100 * row.measured:.2f} % of {row.answers}, published {row.published}")
    print("frontier:", ", ".join(json.loads(printed["frontier"])["frontier"]))
    faults = [fault for fault in map(wrong, found) if fault]
    print("\n".join(faults) or "every accuracy equals the file's")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
