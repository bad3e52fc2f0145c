"""Steps: a search's way of asking for the next step of a partial answer, and of scoring what it has so far.

A raw prompt is continued, so that `few_shot(tree_search(model), ...)` searches in the form of its examples; a chat shows the
steps so far and asks for the next one.
"""

import math
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from isocost.records import Answer, InputError, Message, Request, System
from isocost.systems.strategies.best_of import judging, rating
from isocost.systems.strategies.finals import final_answer, normalised
from isocost.systems.strategies.tab import Tab, says_something
from isocost.systems.strategies.vote import check_sampling, sample

StepScore = Callable[[str, str], float]
"""(the question, the steps so far) -> how good they are; shares and votes weigh by it, from 0."""

STEP_PROMPT = """Steps so far:
{steps}

Write only the next step, on one line. If the steps settle the question, write "Answer: " and the answer instead."""
LAST_PROMPT = """Steps so far:
{steps}

Now write "Answer: " and the answer, on one line."""
JUDGE_PROMPT = """Question:
{question}

Steps so far:
{steps}

How likely do these steps lead to the right answer? Reply with one number from 0 (certainly not) to 10 (certainly)."""


class Steps(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How steps are asked for.

    depth: the most steps of a path; the last one is asked for the answer. tokens: the most tokens of a step. stop: where a step
    ends. temperature: for requests that have none.
    """

    depth: int = 6
    tokens: int = 128
    stop: tuple[str, ...] = ("\n",)
    temperature: float = 0.7

    def __post_init__(self) -> None:
        for name, value in (("depth", self.depth), ("tokens", self.tokens)):
            if value < 1:
                raise InputError(f"{name}: must be at least 1, got {value}.")
        check_sampling(1, self.temperature)


class Path(Struct, frozen=True, kw_only=True):
    """A partial answer: its steps and how good they are. last: the system's answer that was its last step."""

    steps: tuple[str, ...] = ()
    score: float = 0.0
    done: bool = False
    last: Answer | None = None
    logprobs: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """The steps, a line each."""
        return "\n".join(self.steps)

    @property
    def answer(self) -> Answer | None:
        """The whole path as one answer; None of the empty path."""
        if self.last is None:
            return None
        return replace(
            self.last,
            text=self.text,
            final=final_answer(self.text),
            logprobs=self.logprobs or None,
            confidence=None,
            details={},
        )


class Scoring(Struct, frozen=True, kw_only=True):
    """Who says how good a partial answer is: a judge, else a function, else the probabilities of its tokens."""

    judge: System | None = None
    score: str | StepScore = "mean_logprob"

    def __post_init__(self) -> None:
        if isinstance(self.score, str) and self.score != "mean_logprob":
            raise InputError(f"score: must be 'mean_logprob' or a function of question and steps, got '{self.score}'.")

    @property
    def by_tokens(self) -> bool:
        return self.judge is None and isinstance(self.score, str)

    @property
    def is_share(self) -> bool:
        """Whether scores are probabilities, so that one may stand as a confidence."""
        return self.judge is not None or self.by_tokens


class Walk:
    """One question's search: grows paths by a step, on one tab."""

    def __init__(self, request: Request, system: System, scoring: Scoring, how: Steps) -> None:
        self.tab = Tab(request)
        self.how = how
        self.cut = False  # less was asked for than wanted: the budget ran out in between
        self._request, self._system, self._scoring = request, system, scoring
        self._asked: Counter[tuple[str, ...]] = Counter()  # samples so far of each prefix: equal paths get different next ones

    @property
    def asked(self) -> int:
        """How many steps were asked for."""
        return self._asked.total()

    async def grow(self, paths: Sequence[Path], counts: Sequence[int]) -> list[Path | None]:
        """`counts[i]` next steps of `paths[i]`, in order, all asked at once; None where a call failed or said nothing."""
        jobs: list[Callable[[], Coroutine[Any, Any, Path | None]]] = []
        for path, count in zip(paths, counts, strict=True):
            for _ in range(count):
                place = f"step {len(path.steps) + 1}.{len(jobs) + 1}"
                jobs.append(partial(self._step, path, self._asked[path.steps], place))
                self._asked[path.steps] += 1
        grown = await self.tab.each(jobs)
        self.cut = self.cut or len(grown) < len(jobs)
        return grown

    async def _step(self, path: Path, number: int, place: str) -> Path | None:
        is_last = len(path.steps) + 1 == self.how.depth
        asked = following(self._request, path.text, LAST_PROMPT if is_last else STEP_PROMPT)
        limit = self.how.tokens if asked.max_tokens is None else min(self.how.tokens, asked.max_tokens)
        asked = replace(asked, max_tokens=limit, stop=(*asked.stop, *self.how.stop))
        if self._scoring.by_tokens:
            asked = replace(asked, logprobs=True)
        given = await self.tab.ask(self._system, sample(asked, number, self.how.temperature), place)
        if given is None or not given.text.strip():
            return None
        said = given.text.strip()
        grown = Path(
            steps=(*path.steps, said),
            done=is_last or final_answer(said) is not None,
            last=given,
            logprobs=(*path.logprobs, *(given.logprobs or ())),
        )
        return replace(grown, score=await self._score(grown, place))

    async def _score(self, path: Path, place: str) -> float:
        """How good the path is; the least there is where its judge could not say."""
        question, scoring = self._request.question, self._scoring
        if scoring.judge is not None:
            if not self.tab.open:
                self.cut = True
                return -math.inf
            text = JUDGE_PROMPT.format(question=question, steps=path.text)
            verdict = await self.tab.ask(scoring.judge, judging(self._request, text), f"{place}/judge")
            mark = rating(verdict.text) if verdict else None
            return -math.inf if mark is None else mark
        if not isinstance(scoring.score, str):
            return float(scoring.score(question, path.text))
        if not path.logprobs:
            raise InputError(
                "score: mean_logprob needs the log probabilities of a step's tokens, and the system gave none. "
                "Hint: use a model that gives them, a judge, or a function."
            )
        return math.exp(math.fsum(path.logprobs) / len(path.logprobs))


def following(request: Request, steps: str, prompt: str) -> Request:
    """The request for what comes after the steps: a raw prompt goes on with them, a chat is asked by `prompt`."""
    if not isinstance(request.prompt, str):
        return told(request, prompt.format(steps=steps or "(none)"))
    return replace(request, prompt=f"{request.prompt} {steps}\n") if steps else request


def told(request: Request, text: str) -> Request:
    """The request with `text` after its question."""
    if isinstance(request.prompt, str):
        return replace(request, prompt=f"{request.prompt}\n\n{text}\n")
    *others, last = request.prompt or (Message("user", ""),)
    if last.role != "user":
        return replace(request, prompt=(*request.prompt, Message("user", text)))
    content = f"{last.content}\n\n{text}" if isinstance(last.content, str) else (*last.content, {"type": "text", "text": text})
    return replace(request, prompt=(*others, Message("user", content)))


def weighed(paths: Sequence[Path]) -> dict[str, float]:
    """What the paths answer, each with the summed scores of those that say so, the first seen first.

    Scores below 0 weigh nothing; where none is above 0, every path weighs 1.
    """
    answers = [(path.answer, path.score) for path in paths]
    speaking = [(normalised(given.value), max(score, 0.0)) for given, score in answers if given and says_something(given)]
    unscored = not any(weight for _, weight in speaking)
    votes: dict[str, float] = {}
    for value, weight in speaking:
        votes[value] = votes.get(value, 0.0) + (1.0 if unscored else weight)
    return votes


def chosen(paths: Sequence[Path], votes: Mapping[str, float]) -> Path | None:
    """The path with the best score among those that say what has the most votes; of equals the first."""
    if not votes:
        return None
    winner = max(votes, key=votes.__getitem__)
    saying = [path for path in paths if path.answer is not None and normalised(path.answer.value) == winner]
    return max(saying, key=lambda path: path.score)
