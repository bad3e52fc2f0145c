"""The runner's own overhead: questions a second on one core with an instant synthetic model, records written.

    python bench/runner.py [--questions 50_000] [--engine here] [--profile]

Pinned to one core. A question is one system's answer to one item, graded and written. Beside the whole run stand its
parts alone: what the model takes, and what encoding, checking and writing the same records takes (with fsync), which is
the most that any runner could reach.
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from isocost.records import Answer, Cap, Grade, Item, Record, RecordWriter, open_records
from isocost.run import Job, Label, Team, ask
from isocost.systems.models.synthetic import Synthetic, items


async def exact(item: Item, answer: Answer) -> Grade:
    """The cheapest grader there is."""
    return Grade(float(answer.value == item.target))


def build(cap: Cap) -> Team:
    """One synthetic model; its memory is off, since no two questions are alike."""
    model = Synthetic("instant", abilities=0.0, memo=False)
    model.cap = cap
    return Team({"instant": model}, exact)


def run(job: Job, folder: Path) -> None:
    """The whole: asked, graded, written."""
    with RecordWriter(folder) as writer:
        asyncio.run(ask(job, build, writer))


def models_alone(job: Job) -> None:
    """The same requests, answered one after the other and forgotten."""
    model = build(Cap()).systems["instant"]

    async def story() -> None:
        for item in job.items:
            await model(item.request(seed=job.seed_of(item.id, 0)))

    asyncio.run(story())


def writing_alone(records: list[Record], folder: Path) -> None:
    """The same records, only written."""
    with RecordWriter(folder) as writer:
        for record in records:
            writer.append(record)


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=50_000)
    parser.add_argument("--engine", default="here")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    job = Job(items=items(options.questions), systems={"instant": Label(source="simulated")}, engine=options.engine)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(run, job, folder / "whole")
            pstats.Stats(profile).sort_stats("tottime").print_stats(20)
            return
        rows = [("the whole run", timed(lambda: run(job, folder / "whole")))]
        records = list(open_records(folder / "whole").read())
        rows.append(("the model alone", timed(lambda: models_alone(job))))
        rows.append(("writing alone", timed(lambda: writing_alone(records, folder / "again"))))
    print(f"{len(records):,} questions, one core")
    print(f"{'':18}{'wall s':>8}{'CPU s':>8}{'questions/s':>14}{'per CPU s':>12}")
    for what, (wall, cpu) in rows:
        print(f"{what:18}{wall:8.2f}{cpu:8.2f}{len(records) / wall:14,.0f}{len(records) / cpu:12,.0f}")


if __name__ == "__main__":
    main()
