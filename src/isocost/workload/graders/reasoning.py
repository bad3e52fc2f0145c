"""reasoning-gym's own verifiers."""

import asyncio
import inspect
import json
import re
import sys
import threading
from typing import Any

from isocost.records import Answer, Grade, Grader, InputError, Item
from isocost.workload.errors import GraderError
from isocost.workload.sandbox.run import Limits, SandboxError, Server
from isocost.workload.sources.reasoning import create

_EVALUATES = re.compile(r"\b(eval|exec|parse_expr|sympify)\(")

_IMPORTING = 120.0  # seconds that a busy machine may take to import reasoning-gym

# Each line asks [dataset, settings, entry, answer]; JSON makes lists of tuples, which no verifier that evaluates answers minds.
_SERVER = """
import json, os, sys
out = os.fdopen(os.dup(1), "w")
for noisy in (1, 2):
    os.dup2(os.open("/dev/null", os.O_WRONLY), noisy)
from reasoning_gym.factory import DATASETS
print("ready", file=out, flush=True)
for line in sys.stdin:
    name, settings, entry, answer = json.loads(line)
    kind, config = DATASETS[name]
    try:
        said = {"score": float(kind(config=config(**settings)).score_answer(answer, entry))}
    except BaseException as error:  # the answer is evaluated, and may raise anything
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), file=out, flush=True)
"""


def reasoning_gym(*, strict: bool = False, seconds: float = 20.0) -> Grader:
    """The score of the verifier of the item's dataset; strict: only its full score counts, as 1.

    About a dozen verifiers evaluate the answer as Python: those run in the sandbox, without network or files, and end after
    `seconds` (GraderError).
    """
    if not seconds > 0:
        raise InputError(f"seconds must be above 0, got {seconds}.")
    datasets: dict[str, Any] = {}
    jailed = _Jailed(seconds)

    async def grade(item: Item, answer: Answer) -> Grade:
        name, settings, entry = (item.metadata.get(part) for part in ("dataset", "settings", "entry"))
        if not isinstance(name, str) or not isinstance(entry, dict):
            raise GraderError("it is no reasoning-gym item (no dataset and entry in its metadata).", item=item.id)
        key = f"{name} {settings}"
        if key not in datasets:
            datasets[key] = create(name, settings or {})
        if evaluates(datasets[key]):
            score = await jailed.score(item, answer.value)
        else:
            try:
                score = float(datasets[key].score_answer(answer.value, entry))
            except Exception as error:  # a verifier may stumble over any answer
                raise GraderError(f"the verifier of {name} raised {type(error).__name__}: {error}", item=item.id) from error
        score = min(1.0, max(0.0, score))
        if strict:
            score = float(score == 1)
        return Grade(score) if score == 1 else Grade(score, f"expected {str(entry.get('answer'))[:80]!r}")

    return grade


def evaluates(dataset: Any) -> bool:
    """Whether the file of a dataset evaluates expressions, of which the answer may be one."""
    module = inspect.getmodule(type(dataset))
    return module is None or _EVALUATES.search(inspect.getsource(module)) is not None


class _Jailed:
    """One verifying process, started at need and again after a fault; one answer at a time."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.lock = seconds, threading.Lock()
        self.server: Server | None = None

    async def score(self, item: Item, answer: str) -> float:
        """The verifier's score. Raises GraderError where it raised, hung or could not be run."""
        name, settings, entry = item.metadata["dataset"], item.metadata.get("settings") or {}, item.metadata["entry"]
        line = json.dumps((name, settings, entry, answer))
        try:
            said = json.loads(await asyncio.to_thread(self._ask, line))
        except TimeoutError as error:
            raise GraderError(f"the verifier of {name} took longer than {self.seconds:g} s.", item=item.id) from error
        except SandboxError as error:
            raise GraderError(f"the verifier of {name} evaluates answers, and {error}", item=item.id) from error
        if "score" not in said:
            raise GraderError(f"the verifier of {name} raised {said.get('error')}", item=item.id)
        return float(said["score"])

    def _ask(self, line: str) -> str:
        with self.lock:
            kept = self.server is not None
            try:
                return self._asked(line)
            except SandboxError:
                if not kept:
                    raise
                return self._asked(line)  # it ended after an earlier answer

    def _asked(self, line: str) -> str:
        fresh = self.server is None
        if self.server is None:
            self.server = Server(_SERVER, Limits(memory=4096, processes=16), paths=_packages())
        try:
            if fresh:
                self.server.read(_IMPORTING)
            return self.server.ask(line, self.seconds)
        except (TimeoutError, SandboxError):
            self.server.close()
            self.server = None
            raise


def _packages() -> list[str]:
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
