"""What every engine is given, and the engine that works in this process."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from isocost.records import Cap, InputError, Record
from isocost.run.job import Build, Job, Question, Team
from isocost.run.lanes import Stop, lanes
from isocost.run.question import answer

Keep = Callable[[Record], None]


class Shift(NamedTuple):
    """The work an engine has to do: the questions, where finished records go, what may be spent, when to stop."""

    job: Job
    questions: list[Question]
    keep: Keep
    cap: Cap
    stop: Stop

    @property
    def lanes(self) -> int:
        """How many questions are in progress at once."""
        return min(self.job.concurrency, len(self.questions))


Engine = Callable[[Shift, Build], Awaitable[None]]


def assemble(job: Job, build: Build, cap: Cap) -> Team:
    """Builds the team. Raises InputError when it lacks one of the job's systems."""
    team = build(cap)
    missing = [name for name in job.systems if name not in team.systems]
    if missing:
        raise InputError(f"the job names systems that the team does not have: {missing}. It has {sorted(team.systems)}.")
    return team


async def here(shift: Shift, build: Build) -> None:
    """Asks in this process, on this event loop."""
    team = assemble(shift.job, build, shift.cap)

    async def work(lane: int, question: Question) -> None:
        await visit(shift.job, team, question, shift.keep, shift.stop)

    try:
        await lanes(shift.questions, shift.lanes, work, shift.stop)
    finally:
        await team.close()


async def visit(job: Job, team: Team, question: Question, keep: Keep, stop: Stop) -> None:
    """Takes the question to each of its systems in turn and keeps every record as it comes."""
    team.remember(question.known)
    for system in question.systems:
        if stop:
            return
        keep(await answer(job, team, question, system))
