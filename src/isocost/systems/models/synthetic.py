"""`Synthetic`: an item-response model with known truth, to try a policy on before paying for it.

Every question has a difficulty b and every model an ability a; the answer is right with probability
    P = guess + (1 - guess) / (1 + exp(-discrimination * (a + gain - b)))
(the three-parameter logistic model: Birnbaum, in Lord & Novick, *Statistical Theories of Mental Test Scores*, 1968, ch. 17;
with guess 0 and discrimination 1 it is Rasch's, 1960). `gain` is ours: what the prompt's style adds to the ability.
"""

import asyncio
import hashlib
import math
import re
import struct
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from isocost.records import Answer, Call, CallFailed, Example, InputError, Item, Price, Request, text_of
from isocost.systems.models.base import Draft, Model, price_of

Finish = Literal["complete", "length", "budget"]
NORMAL = NormalDist()
ENCODER = msgspec.json.Encoder(order="deterministic")
MARK = re.compile(r"Synthetic question (\S+) \[difficulty (-?\d+\.\d+)\]")
FIVE = struct.Struct(">5Q")
ANSWERS = 100_000


class Style(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a prompt is answered: what it adds to the ability, and how long the answer gets.

    tokens: the median of the answer's length; spread: the standard deviation of its logarithm (0: always the median).
    steps: whether words come before the answer, which is then lost when `max_tokens` cuts them short.
    """

    gain: float = 0.0
    tokens: float = 2.0
    spread: float = 0.5
    steps: bool = False


DIRECT = Style()
STEPS = Style(gain=1.0, tokens=60.0, spread=0.4, steps=True)


class Answering(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the answers of a `Synthetic` come about.

    styles: by a word to look for in the prompt (any case), the first one found counts; "" is every other prompt.
    distractors: weights of a question's wrong answers, which is what a vote has to outvote. guess: P of the worst model.
    first_token_seconds, token_seconds: latency, reported but not slept, unless `sleep`.
    failures: the share of calls that fail.
    """

    discrimination: float = 1.0
    guess: float = 0.0
    styles: dict[str, Style] = msgspec.field(default_factory=lambda: {"step": STEPS, "": DIRECT})
    distractors: tuple[float, ...] = (0.5, 0.25, 0.15, 0.1)
    first_token_seconds: float = 0.2
    token_seconds: float = 0.02
    sleep: bool = False
    failures: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.guess <= 1 and 0 <= self.failures <= 1):
            raise InputError(f"guess and failures are probabilities, got {self.guess} and {self.failures}.")
        if not self.distractors or min(self.distractors) < 0 or not sum(self.distractors) > 0:
            raise InputError(f"distractors are weights of at least one wrong answer, got {self.distractors}.")

    def cut(self, tokens: int, request: Request) -> tuple[int, float, Finish]:
        """How much of an answer is said within the request's limits, how long that takes, and what ends it."""
        finish: Finish = "complete"
        if request.max_tokens is not None and tokens > request.max_tokens:
            tokens, finish = request.max_tokens, "length"
        seconds = self.first_token_seconds + tokens * self.token_seconds
        limit = None if request.budget is None else request.budget.seconds
        if limit is None or seconds <= limit:
            return tokens, seconds, finish
        in_time = math.floor((limit - self.first_token_seconds) / self.token_seconds) if self.token_seconds else 0
        return max(0, in_time), limit, "budget"

    def style(self, text: str) -> Style:
        """The style that a prompt asks for."""
        low = text.lower()
        return next((style for word, style in self.styles.items() if word and word in low), self.styles.get("", DIRECT))


class Question(NamedTuple):
    """What a synthetic question is: its name, its difficulty and its right answer."""

    name: str
    difficulty: float

    @property
    def target(self) -> str:
        """The right answer; a number that is drawn from the name."""
        return self.number("right")

    def number(self, part: object) -> str:
        """The right answer or one of the wrong ones."""
        return str(_draw(b"answer", self.name, part)[0] % ANSWERS)

    @property
    def text(self) -> str:
        """The question as it is asked; it says all that a `Synthetic` needs to know, inside of any prompt."""
        return f"Synthetic question {self.name} [difficulty {self.difficulty:.4f}]: which number is it?"


class Synthetic(Model):
    """A model whose every probability is known (`probability`); the same seed gives the same answers to the byte.

    A request without a seed gets a new sample each time it is asked, as from a real model.

    abilities: one number; or a number by name, which is a task when this model is asked (a task that is not named gets the
    mean) and a model in `models()`. answering: an `Answering` or its table. Other settings are those of `Model`.
    """

    source = "simulated"

    def __init__(
        self,
        name: str = "synthetic",
        *,
        abilities: float | Mapping[str, Any] | Sequence[float] = 0.0,
        seed: int = 0,
        answering: Answering | Mapping[str, Any] | None = None,
        concurrency: int = 1_000,
        **settings: Any,
    ) -> None:
        super().__init__(name, concurrency=concurrency, **settings)
        if not isinstance(abilities, int | float | Mapping):
            abilities = {f"{name}-{index}": ability for index, ability in enumerate(abilities)}
        self.abilities = abilities
        self._by_task: Mapping[str, Any] = abilities if isinstance(abilities, Mapping) else {}
        self._mean = _mean(abilities)
        self.seed = seed
        self._unseeded: Counter[bytes] = Counter()  # how often each request without a seed was asked
        self.answering = answering if isinstance(answering, Answering) else _answering(answering or {})
        self._settings = settings | {"concurrency": concurrency}

    def models(self, prices: Mapping[str, Price | Mapping[str, Any]] | None = None) -> dict[str, "Synthetic"]:
        """One model for each name of `abilities` (an ability may itself be a number by task), each with its own draws."""
        if not self._by_task:
            raise InputError(
                f"models() needs abilities by name, got {self.abilities}. Hint: abilities={{'small': -1, 'large': 1}}."
            )
        made = {}
        for name, ability in self._by_task.items():
            price = price_of((prices or {}).get(name, self.price))
            settings = self._settings | {"price": price}
            made[name] = Synthetic(name, abilities=ability, seed=self.seed, answering=self.answering, **settings)
        return made

    def ability(self, task: str = "") -> float:
        """How able the model is at a task."""
        return float(self._by_task.get(task, self._mean)) if self._by_task else self._mean

    def probability(self, asked: Request | Item | str) -> float:
        """The probability that the answer is right, in closed form: of a request as it is asked, an item or a bare question.

        When a style's words come first, this includes the probability that they end within `max_tokens`.
        """
        if isinstance(asked, str):
            asked = Item(id="", question=asked)
        request = asked if isinstance(asked, Request) else asked.request()
        text = prompt_text(request)
        style = self.answering.style(text)
        limit = self.max_tokens if request.max_tokens is None else request.max_tokens
        return self._right(question_of(text), style, request.task) * _ends_within(style, limit)

    def _right(self, question: Question, style: Style, task: str) -> float:
        how = self.answering
        logit = how.discrimination * (self.ability(task) + style.gain - question.difficulty)
        return how.guess + (1 - how.guess) * (1 / (1 + math.exp(-logit)) if logit > -700 else 0.0)

    async def count_tokens(self, request: Request) -> int:
        """Exactly what a call reports: a token a word, and four a message."""
        return _prompt_tokens(request, prompt_text(request))

    async def ask(self, request: Request, draft: Draft) -> Answer:
        """The answer that this request always gets; without a seed, the next one of its samples."""
        how, text = self.answering, prompt_text(request)
        question, style = question_of(text), how.style(text)
        # Greedy decoding says the same under every seed. A limit cuts an answer short, it does not make another one.
        seed = None if request.temperature == 0 else request.seed
        sampling = (request.temperature, request.top_p, request.task, request.extra)
        draws = self._sample(ENCODER.encode((self.seed, self.name, text, seed, sampling)), request)
        right, wrong, length, failed = (number / 2**64 for number in draws[:4])
        call = Call(model=self.name, prompt_tokens=_prompt_tokens(request, text), completion_tokens=0)
        if failed < how.failures:
            raise CallFailed(
                f"model '{self.name}': simulated failure.", kind="server", calls=[replace(call, error="simulated failure")]
            )
        is_right = right < self._right(question, style, request.task)
        final = question.target if is_right else self._wrong(question, wrong)
        whole = _length(style, length)
        said, seconds, finish = how.cut(whole, request)
        if how.sleep:
            draft.quantities = {"prompt_tokens": call.prompt_tokens, "completion_tokens": 0}
            await asyncio.sleep(seconds)
        return Answer(
            text=_words(style, final, said, whole),
            calls=(
                Call(
                    model=self.name,
                    prompt_tokens=call.prompt_tokens,
                    completion_tokens=said,
                    seconds=seconds,
                    first_token_seconds=how.first_token_seconds if said else None,
                ),
            ),
            finish=finish,
            logprobs=_logprobs(draws[4], said, sure=is_right) if request.logprobs else None,
        )

    def _sample(self, asked: bytes, request: Request) -> tuple[int, ...]:
        """The request's draws; new ones each time it is asked without a seed, unless decoding is greedy."""
        if request.seed is not None or request.temperature == 0:
            return _draw(asked)
        before = self._unseeded[asked]
        self._unseeded[asked] += 1
        return _draw(asked, before) if before else _draw(asked)

    def _wrong(self, question: Question, draw: float) -> str:
        """One of the question's wrong answers, by their weights."""
        weights = self.answering.distractors
        index = min(bisect(list(accumulate(weights)), draw * sum(weights)), len(weights) - 1)
        wrong = question.number(index)
        return wrong if wrong != question.target else f"-{wrong}"


def items(n: int, *, seed: int = 0, task: str = "", mean: float = 0.0, spread: float = 1.0) -> tuple[Item, ...]:
    """n questions whose difficulties are spread normally; the same arguments give the same questions."""
    made = []
    for index in range(n):
        name = f"{task.replace(' ', '-') or 'q'}-{seed}-{index}"
        draw = (_draw(b"difficulty", name)[0] + 0.5) / 2**64
        question = Question(name, round(mean + spread * NORMAL.inv_cdf(draw), 4))
        made.append(
            Item(
                id=name,
                question=question.text,
                target=question.target,
                task=task,
                metadata={"difficulty": question.difficulty},
            )
        )
    return tuple(made)


def examples(n: int, *, seed: int = 0, task: str = "") -> tuple[Example, ...]:
    """n worked examples for few-shot prompts, of questions that `items` never makes."""
    shown = items(n, seed=seed, task=f"{task} example".strip())
    return tuple(Example(question=str(item.question), answer=str(item.target), steps="step " * 8 + "done.") for item in shown)


def question_of(text: str) -> Question:
    """The last synthetic question in a prompt; any other text is a question too, its difficulty drawn from it."""
    marks = MARK.findall(text)
    if marks:
        name, difficulty = marks[-1]
        return Question(name, float(difficulty))
    name = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return Question(name, NORMAL.inv_cdf((_draw(b"difficulty", name)[0] + 0.5) / (2**64 + 1)))


def prompt_text(request: Request) -> str:
    """All of the prompt's text."""
    return request.prompt if isinstance(request.prompt, str) else "\n".join(map(text_of, request.prompt))


def _prompt_tokens(request: Request, text: str) -> int:
    return len(text.split()) + 4 * (1 if isinstance(request.prompt, str) else len(request.prompt))


def _answering(table: Mapping[str, Any]) -> Answering:
    try:
        return msgspec.convert(dict(table), Answering)
    except msgspec.ValidationError as error:
        names = ", ".join(Answering.__struct_fields__)
        raise InputError(f"answering is a table of {names}: {error}.") from error


def _mean(abilities: Any) -> float:
    """The ability of a task that is not named."""
    if not isinstance(abilities, Mapping):
        return float(abilities)
    if not abilities:
        raise InputError("abilities by name need at least one name, got none.")
    return sum(map(_mean, abilities.values())) / len(abilities)


def _draw(*parts: object) -> tuple[int, ...]:
    """Five numbers of 64 bits that depend on the parts alone."""
    text = b"\x1f".join([part if isinstance(part, bytes) else str(part).encode() for part in parts])
    return FIVE.unpack(hashlib.blake2b(text, digest_size=FIVE.size).digest())


def _length(style: Style, draw: float) -> int:
    """A length in tokens: log-normal, rounded up, at least one."""
    if style.spread == 0:
        return max(1, math.ceil(style.tokens))
    return max(1, math.ceil(style.tokens * math.exp(style.spread * NORMAL.inv_cdf(min(max(draw, 1e-15), 1 - 1e-15)))))


def _ends_within(style: Style, limit: int | None) -> float:
    """The probability that an answer has at most so many tokens."""
    if limit is None:
        return 1.0
    if limit < 1:
        return 0.0
    if style.spread == 0:
        return float(_length(style, 0.5) <= limit)
    return NORMAL.cdf(math.log(limit / style.tokens) / style.spread)


def _words(style: Style, final: str, said: int, whole: int) -> str:
    """The answer's text, a word a token where steps come first."""
    if not style.steps:
        return final if said == whole else ""
    ending = ["The", "answer", "is", f"{final}."][-whole:]
    return " ".join((["step"] * (whole - len(ending)) + ending)[:said])


def _logprobs(draw: int, n: int, *, sure: bool) -> tuple[float, ...]:
    """Log-probabilities that tell right from wrong a little, as a model's do."""
    scale = 0.2 if sure else 0.6
    return tuple(-scale * (((draw >> (index % 48)) & 0xFFFF) + 1) / 65536 for index in range(n))
