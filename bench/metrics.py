"""10 million records: all core metrics with intervals, and the frontier with 1,000 bootstrap replicates.

    python bench/metrics.py [--records 10_000_000] [--attempts 1]

Makes the records as compacted Parquet in a temporary folder, in the order in which a study would have finished them (the
systems interleaved), then measures in a fresh process.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SYSTEMS, REPLICATES, ROW_GROUP = 50, 1000, 250_000


def make(path: Path, records: int, attempts: int) -> None:
    """Records of 50 systems with known abilities, every numeric column of the flat view filled."""
    import polars as pl

    from isocost.records.columns import FLAT

    rng, items = np.random.default_rng(1), records // SYSTEMS // attempts
    ability, difficulty = np.linspace(-1, 2, SYSTEMS), rng.normal(size=items)
    systems, questions = [f"system-{i:02d}" for i in range(SYSTEMS)], pl.Series([f"question-{i:06d}" for i in range(items)])
    folder = path / "parts"
    folder.mkdir(parents=True)
    each = max(1, ROW_GROUP // SYSTEMS)
    for number, start in enumerate(range(0, items * attempts, each)):
        asked = np.repeat(np.arange(start, min(start + each, items * attempts)), SYSTEMS)
        system, (item, attempt), n = (
            np.tile(np.arange(SYSTEMS), len(asked) // SYSTEMS),
            (asked // attempts, asked % attempts),
            len(asked),
        )
        score = rng.random(n) < 1 / (1 + np.exp(difficulty[item] - ability[system]))
        seconds = rng.lognormal(0, 0.5, n) * (1 + system / 10)
        failed = pl.Series(rng.random(n) < 0.001)
        frame = pl.DataFrame(
            {
                "system": pl.Series(systems).gather(system),
                "item": questions.gather(item),
                "attempt": attempt,
                "task": pl.repeat("task", n, eager=True),
                "score": pl.Series(score.astype(float)).set(failed, None),
                "error": pl.Series(["timeout", None]).gather(1 - failed.cast(int)),
                "source": pl.repeat("simulated", n, eager=True),
                "model": pl.Series([f"model-{i % 5}" for i in range(SYSTEMS)]).gather(system),
                "n_calls": 1 + system % 3,
                "n_shared": np.zeros(n, dtype=int),
                "prompt_tokens": rng.integers(50, 500, n),
                "completion_tokens": rng.geometric(1 / (20 + 10 * system)),
                "cached_tokens": rng.integers(0, 50, n),
                "seconds": seconds,
                "call_seconds": seconds,
                "first_token_seconds": seconds * rng.random(n),
                "machine_seconds": seconds,
                "cpu_seconds": seconds * 0.9,
                "joules": seconds * 30,
            }
        )
        rest = [pl.lit(None, kind).alias(name) for name, kind in FLAT.items() if name not in frame.columns]
        frame.with_columns(rest).select(pl.col(name).cast(kind) for name, kind in FLAT.items()).write_parquet(
            folder / f"{number:05d}.parquet"
        )
    pl.scan_parquet(folder / "*.parquet").sink_parquet(path / "records.parquet", row_group_size=ROW_GROUP)
    for part in folder.iterdir():
        part.unlink()


def measure(path: Path) -> None:
    """Prints the seconds of each step and the peak memory of this process."""
    began = time.perf_counter()
    steps: list[tuple[str, float, float]] = []

    def step(name: str, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        steps.append((name, time.perf_counter() - wall, time.process_time() - cpu))
        return result

    def load() -> Any:
        import polars as pl

        from isocost import metrics, stats
        from isocost.records import Price

        prices = {f"model-{i}": Price(input=0.1 * 2**i, output=0.4 * 2**i, cached=0.05 * 2**i) for i in range(5)}
        return pl, metrics, stats, prices

    pl, metrics, stats, prices = step("import", load)
    scan = pl.scan_parquet(path / "records.parquet")
    book = step("read", lambda: metrics.read(scan, prices))
    summary = step("metrics with intervals", lambda: metrics.summarise(book))
    table = step("question by question", lambda: metrics.item_table(book, ("cost", "accuracy")))
    step("frontier", lambda: frontier(table, stats))
    steps.append(("total", time.perf_counter() - began, time.process_time()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for name, wall, cpu in steps:
        print(f"{name:26} {wall:6.2f} s wall {cpu:6.2f} s CPU")
    print(
        f"{sum(s.n_records for s in summary):,} records, {len(summary[0].metrics)} metrics a system, peak memory {peak:.2f} GiB"
    )


def frontier(table: Any, stats: Any) -> Any:
    """The frontier's own function where the room is there; else the replicates it needs."""
    rng = np.random.default_rng(0)
    try:
        from isocost.frontier import draw
    except ImportError:
        return stats.bootstrap_means(np.concatenate((table.values["cost"], table.values["accuracy"])), REPLICATES, rng)
    return draw(table, x="cost", y="accuracy", rng=rng)


def main() -> None:
    """Makes the records and measures them in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--attempts", type=int, default=1)
    parser.add_argument("--measure", type=Path, help="only measure the records in this folder")
    parser.add_argument("--make", type=Path, help="only make the records in this folder")
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.make or Path(folder)
        make(path, options.records, options.attempts)
        if not options.make:
            subprocess.run([sys.executable, __file__, "--measure", folder], check=True)


if __name__ == "__main__":
    main()
