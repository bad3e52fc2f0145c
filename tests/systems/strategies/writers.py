"""A model that writes word by word, a token a word, and goes on where it is told to: for strategies that continue a text."""

import asyncio
from collections.abc import Callable

from isocost.records import Answer, Call, Item, Message, Request, System, text_of
from isocost.systems.models.base import Draft, Model


class Writer(Model):
    """Thinks `thinking(question)` words and then states its answer; asked for the final answer before, it gives `solving`.

    solving: (the question, how many words it has thought) -> its solution. It keeps to budgets as every model does, and
    takes a second for each word.
    """

    source = "simulated"

    def __init__(
        self,
        thinking: Callable[[str], int],
        solving: Callable[[str, int], str],
        *,
        closing: str = "Final answer:",
        states: bool = True,
    ) -> None:
        super().__init__("writer", concurrency=1000, memo=False)
        self.thinking, self.solving, self.closing, self.states = thinking, solving, closing, states
        self.prompts: list[str] = []

    async def count_tokens(self, request: Request) -> int:
        return len(shown(request).split())

    async def ask(self, request: Request, draft: Draft) -> Answer:
        text = shown(request)
        self.prompts.append(text)
        question, _, begun = text.partition("?")
        rest = self._rest(question, begun.split())
        said = rest if request.max_tokens is None else rest[: request.max_tokens]
        draft.quantities = {"prompt_tokens": len(text.split()), "completion_tokens": 0}
        for word in said:
            if request.budget is not None and request.budget.seconds is not None:
                await asyncio.sleep(1.0)
            chat_begins = not isinstance(request.prompt, str) and not begun and not draft.text
            draft.text.append(word if chat_begins else f" {word}")
            draft.quantities["completion_tokens"] += 1
        call = Call(model=self.name, **draft.quantities)
        return Answer(text="".join(draft.text), calls=(call,), finish="complete" if said == rest else "length")

    def _rest(self, question: str, begun: list[str]) -> list[str]:
        """What is still to be said."""
        thought = sum(word.startswith("t") for word in begun)
        closing = self.closing.split()
        place = next((i for i in range(len(begun)) if begun[i : i + len(closing)] == closing), None)
        if place is not None:
            return self.solving(question, thought).split()[len(begun) - place - len(closing) :]
        whole = self.thinking(question)
        stated = f"The answer is {self.solving(question, whole)}.".split() if self.states else []
        return [f"t{number}" for number in range(thought + 1, whole + 1)] + stated[max(0, len(begun) - whole) :]


def shown(request: Request) -> str:
    """All of the prompt's text."""
    return request.prompt if isinstance(request.prompt, str) else " ".join(map(text_of, request.prompt))


def asked(question: str = "How many?", **fields: object) -> Request:
    """A chat question with a seed."""
    return Request(prompt=(Message("user", question),), seed=1, **fields)  # type: ignore[arg-type]


def answered(system: System, request: Request) -> Answer:
    """The answer, in an event loop of its own."""

    async def whole() -> Answer:
        return await system(request)

    return asyncio.run(whole())


def right_of(answers: list[Answer], items: list[Item]) -> int:
    """How many are right."""
    return sum(answer.value == item.target for answer, item in zip(answers, items, strict=True))
