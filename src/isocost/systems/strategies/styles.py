"""Prompt styles: `zero_shot` (chat) and `few_shot` (worked examples, as plain text or as chat).

The form of the prompt is a strategy of its own: a small model may solve as plain text what it cannot solve as chat.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from isocost.records import Answer, Example, InputError, Message, Request, System, text_of
from isocost.systems.strategies.finals import final_answer

SHORT, LONG = 64, 512
"""The most tokens of an answer alone, and of one with its reasoning, for requests that do not say."""

Examples = Mapping[str, Sequence[Example]] | Sequence[Example]
"""Examples by task, or one list for all tasks."""


def zero_shot(system: System, *, instruction: str = "", max_tokens: int = LONG) -> System:
    """Asks the question as chat, after an optional system message.

    final: what follows "Answer:", "####" and the like, where the text has it. max_tokens: for requests that have none.
    """
    _check_limit(max_tokens)

    async def answer(request: Request) -> Answer:
        said = (Message("system", instruction),) if instruction else ()
        given = await system(_asking(request, (*said, *_messages(request)), max_tokens))
        return given if given.final is not None else replace(given, final=final_answer(given.text))

    return answer


def few_shot(
    system: System,
    examples: Examples,
    *,
    steps: bool = False,
    format: Literal["plain", "chat"] = "plain",
    count: int | None = None,
    max_tokens: int | None = None,
) -> System:
    """Shows the examples of the question's task first (Brown et al. 2020, arXiv 2005.14165).

    steps: the examples show their reasoning (chain of thought: Wei et al. 2022, arXiv 2201.11903) and end with "The answer
    is ...", which becomes `final`; it is empty in an answer that was cut off before. format: "plain" is a raw completion
    prompt of "Question: ..." and "Answer: ..." lines, "chat" shows the examples as turns. count: only so many of them.
    max_tokens: for requests that have none; 64, or 512 with steps.
    """
    if count is not None and count < 0:
        raise InputError(f"count: must be at least 0 examples, got {count}.")
    _check_limit(max_tokens)
    limit = max_tokens if max_tokens is not None else LONG if steps else SHORT

    async def answer(request: Request) -> Answer:
        shown = [(example.question, _told(example, steps)) for example in _of_task(examples, request.task, count)]
        if format == "plain":
            asked = replace(_asking(request, _plain(request, shown), limit), stop=(*request.stop, *_stops(shown)))
        else:
            turns = [Message(role, text) for pair in shown for role, text in zip(("user", "assistant"), pair, strict=True)]
            *before, last = _messages(request)
            asked = _asking(request, (*before, *turns, last), limit)
        given = await system(asked)
        return given if given.final is not None else replace(given, final=_final(given, steps))

    return answer


def _check_limit(max_tokens: int | None) -> None:
    if max_tokens is not None and max_tokens < 1:
        raise InputError(f"max_tokens: must be at least 1 token, got {max_tokens}.")


def _asking(request: Request, prompt: str | tuple[Message, ...], limit: int) -> Request:
    return replace(request, prompt=prompt, max_tokens=limit if request.max_tokens is None else request.max_tokens)


def _messages(request: Request) -> tuple[Message, ...]:
    return (Message("user", request.prompt),) if isinstance(request.prompt, str) else request.prompt


def _of_task(examples: Examples, task: str, count: int | None) -> Sequence[Example]:
    if count == 0:
        return ()
    shown = examples.get(task, ()) if isinstance(examples, Mapping) else examples
    if len(shown) < (count or 1):
        raise InputError(
            f"few_shot needs {count or 'some'} examples of the task '{task}', it has {len(shown)}. "
            "Hint: add [[workload.examples]] to the task's workload, or lower `count`."
        )
    return shown[:count]


def _told(example: Example, steps: bool) -> str:
    """What the model is to imitate."""
    if not steps:
        return example.answer
    if not example.steps:
        raise InputError(f"few_shot with steps needs `steps` in every example, '{example.question[:60]}' has none.")
    return f"{example.steps} The answer is {example.answer}"


def _plain(request: Request, shown: Sequence[tuple[str, str]]) -> str:
    messages = _messages(request)
    if len(messages) != 1 or (
        isinstance(messages[0].content, tuple) and any(p.get("type") != "text" for p in messages[0].content)
    ):
        raise InputError(
            f"few_shot in plain format takes a question of one text message, got {len(messages)} messages or parts that are "
            'not text. Hint: format = "chat".'
        )
    pairs = [f"Question: {question}\nAnswer: {told}" for question, told in shown]
    return "\n\n".join([*pairs, f"Question: {text_of(messages[0])}\nAnswer:"])


def _stops(shown: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Where the model would go on to a question of its own; at the line's end, where all examples are single lines."""
    if shown and not any("\n" in told for _, told in shown):
        return ("\n",)
    return ("\nQuestion:", "\n\n")


def _final(given: Answer, steps: bool) -> str | None:
    if not steps:
        return given.text.strip()
    found = final_answer(given.text)
    return "" if found is None and given.finish != "complete" else found
