"""A small world for the tests of `run`: items, systems with a memory, and a writer that keeps records in a list."""

import asyncio
from collections.abc import Callable, Iterable

from isocost.records import Answer, Call, Cap, Grade, Item, Price, Record, Request, derive_seed
from isocost.run import Job, Label, Team

PRICE = Price(input=1.0, output=2.0)


def items(count: int) -> tuple[Item, ...]:
    return tuple(Item(id=f"q{i}", question=f"What is {i} + {i}?", target=str(2 * i), task="sums") for i in range(count))


async def exact(item: Item, answer: Answer) -> Grade:
    return Grade(float(answer.value == item.target))


class Model:
    """Knows the answer; costs 10 + 5 tokens a call; remembers and caps as a real model does."""

    def __init__(self, cap: Cap | None = None, wait: Callable[[Request], object] | None = None) -> None:
        self.cap, self.wait = cap or Cap(), wait
        self.memo: dict[str, Call] = {}
        self.asked = self.now = self.most = 0

    async def __call__(self, request: Request) -> Answer:
        if request.key in self.memo:
            known = self.memo[request.key]
            return Answer(text=known.text or "", calls=(Call(**{**_fields(known), "shared": True}),))
        self.cap.check()
        self.asked += 1
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        number = request.question.split()[2]
        call = Call(
            model="m",
            prompt_tokens=10,
            completion_tokens=5,
            seconds=0.1,
            key=request.key,
            text=str(2 * int(number)),
            role="answer",
        )
        self.cap.add(call, PRICE)
        self.memo[request.key] = call
        return Answer(text=call.text or "", calls=(call,))

    def remember(self, calls: Iterable[Call]) -> None:
        self.memo |= {call.key: call for call in calls if call.text is not None}


def _fields(call: Call) -> dict[str, object]:
    return {name: getattr(call, name) for name in call.__struct_fields__}


def vote(model: Model, n: int) -> Callable[[Request], object]:
    async def system(request: Request) -> Answer:
        answers = [
            await model(Request(prompt=request.prompt, seed=derive_seed(request.seed, i), temperature=0.7)) for i in range(n)
        ]
        return Answer(text=answers[0].text, calls=tuple(call for answer in answers for call in answer.calls))

    return system


def build(cap: Cap) -> Team:
    model = Model(cap)
    return Team({"one": model, "vote3": vote(model, 3), "vote5": vote(model, 5)}, exact, model.remember)


def job(count: int = 4, **settings: object) -> Job:
    names = settings.pop("names", ("one", "vote3", "vote5"))
    return Job(items=items(count), systems={name: Label(fingerprint="f") for name in names}, **settings)


class Pages:
    """A writer into memory: `seen` was appended, `safe` was flushed."""

    def __init__(self) -> None:
        self.seen: list[Record] = []
        self.safe: list[Record] = []

    def append(self, record: Record) -> None:
        self.seen.append(record)

    def flush(self) -> None:
        self.safe = list(self.seen)


def timeless(records: Iterable[Record]) -> list[Record]:
    """The records sorted by identity, without what depends on the clock."""
    cleared = (Record(**{**_record(record), "seconds": None, "started": None}) for record in records)
    return sorted(cleared, key=lambda record: record.identity)


def _record(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
