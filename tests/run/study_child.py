"""Run by test_kill.py: a study in a process that will be killed; every acknowledged identity is printed once it is safe."""

import asyncio
import random
import sys

from tests.run.world import Model, exact, job, vote

from isocost.records import Answer, Cap, Record, RecordWriter, Request, open_records
from isocost.run import Team, ask

COUNT = 200


class Saying(RecordWriter):
    """Says what is safe after each flush."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.waiting: list[Record] = []

    def append(self, record: Record) -> None:
        self.waiting.append(record)
        super().append(record)

    def flush(self) -> None:
        super().flush()
        for record in self.waiting:
            print(*record.identity, sep="|")
        sys.stdout.flush()
        self.waiting.clear()


def build(cap: Cap) -> Team:
    model, rng = Model(cap), random.Random(0)

    async def one(request: Request) -> Answer:
        await asyncio.sleep(rng.random() * 0.15)  # so that a random moment falls anywhere in a question
        return await model(request)

    return Team({"one": one, "vote3": vote(model, 3), "vote5": vote(model, 5)}, exact, model.remember)


def main(folder: str) -> None:
    with Saying(folder) as writer:
        asyncio.run(ask(job(COUNT, concurrency=4), build, writer, stored=open_records(folder).read()))


if __name__ == "__main__":
    main(sys.argv[1])
