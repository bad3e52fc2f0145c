"""Run by test_ray.py in a process of its own: what Ray leaves open and warns about must not reach the other tests.

`ray_story.py run FOLDER` tells several stories on one cluster of two workers and leaves what came out in
FOLDER/result.json;
`ray_story.py interrupt FOLDER` starts a cluster of its own and waits to be interrupted.
"""

import asyncio
import os
import sys
from pathlib import Path

import msgspec
from tests.run.world import Model, Pages, build, exact, job, timeless

from isocost.records import Answer, Cap, Grade, InputError, Item, Record, Request
from isocost.run import Job, Outcome, Tally, Team, ask

FOLDER = Path(sys.argv[2])


class Story(msgspec.Struct):
    """What a run left."""

    records: list[Record]
    outcome: Outcome | None = None
    error: str = ""
    spent: int = 0


def told(of: Job, team: object, **options: object) -> Story:
    pages, cap = Pages(), options.pop("cap", None) or Cap()
    try:
        outcome = asyncio.run(ask(of, team, pages, cap=cap, **options))  # type: ignore[arg-type]
    except InputError as error:
        return Story([], error=str(error))
    return Story(timeless(pages.safe), outcome, spent=cap.spent_tokens)


def deadly(cap: Cap) -> Team:
    """Its worker dies of q1 the first time, and of q3 always."""
    model = Model(cap)

    async def one(request: Request) -> Answer:
        mark = FOLDER / "died"
        if "3 + 3" in request.question or ("1 + 1" in request.question and not mark.exists()):
            mark.touch()
            os._exit(1)
        return await model(request)

    return Team({"one": one}, exact)


def broken(cap: Cap) -> Team:
    raise InputError("the team cannot be built")


def odd(cap: Cap) -> Team:
    """Answers with something that cannot travel."""

    async def one(request: Request) -> Answer:
        return Answer(text="0", details={"frame": sys._getframe()})

    async def graded(item: Item, answer: Answer) -> Grade:
        return Grade(1.0)

    return Team({"one": one}, graded)


def stories() -> dict[str, Story]:
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    whole = told(job(6, attempts=2), build)
    return {
        "here": whole,
        "ray": told(job(6, attempts=2, engine="ray"), build),
        "resumed": told(job(6, attempts=2, engine="ray"), build, stored=whole.records[:17]),
        "forty": told(job(40), build),
        "capped": told(job(40, engine="ray", concurrency=4), build, cap=Cap(tokens=700)),
        "deadly": told(job(6, names=("one",), engine="ray", concurrency=2), deadly),
        "broken": told(job(1, engine="ray"), broken),
        "lacking": told(job(1, engine="ray", names=("nobody",)), build),
        "odd": told(job(1, engine="ray", names=("one",)), odd),
    }


def waiting(cap: Cap) -> Team:
    """Answers q0 at once, and the others when FOLDER/go exists."""

    async def one(request: Request) -> Answer:
        while "0 + 0" not in request.question and not (FOLDER / "go").exists():
            await asyncio.sleep(0.01)
        return Answer(text="0")

    return Team({"one": one, "vote3": one}, exact)


def interrupt() -> dict[str, Story]:
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # as `ask` does before it imports Ray
    import ray

    def observe(tally: Tally) -> None:
        if tally.asked == 2:
            print("begun on", ray.util.get_node_ip_address(), flush=True, file=sys.__stdout__)

    return {"interrupt": told(job(9, names=("one", "vote3"), engine="ray", concurrency=2, grace=60), waiting, observe=observe)}


if __name__ == "__main__":
    result = stories() if sys.argv[1] == "run" else interrupt()
    (FOLDER / "result.json").write_bytes(msgspec.json.encode(result))
