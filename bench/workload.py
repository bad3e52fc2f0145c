"""How fast questions load and answers are graded, in CPU seconds: `python bench/workload.py`."""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from isocost.records import Answer, Item
from isocost.workload import load, make_grader

ROWS, GRADES = 100_000, 100_000


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of the best of three runs."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def graded(kind: str, target: str, text: str) -> Callable[[], None]:
    """Grades the same answer many times."""
    grader, item, answer = make_grader(kind), Item(id="q", question="?", target=target), Answer(text=text)

    async def many() -> None:
        for _ in range(GRADES):
            await grader(item, answer)

    return lambda: asyncio.run(many())


def main() -> None:
    """Prints one line a measurement."""
    with tempfile.TemporaryDirectory() as folder:
        rows = ({"id": i, "question": f"What is {i} + 1?", "answer": str(i + 1), "level": i % 5} for i in range(ROWS))
        (Path(folder) / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        table = {"kind": "jsonl", "path": "rows.jsonl"}
        print(f"load {ROWS:,} rows of JSON lines: {cpu(lambda: load(table, folder=folder)):.2f} CPU s")
    for kind, target, text in (
        ("exact", "Paris", " paris"),
        ("numeric", "1234", "1234"),
        ("numeric", "1234", "The answer is $1,234.00"),
    ):
        print(f"{kind}, {text!r}: {GRADES / cpu(graded(kind, target, text)):,.0f} grades a CPU second")


if __name__ == "__main__":
    main()
