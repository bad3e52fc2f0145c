"""Prompt styles: `zero_shot` (chat), `few_shot` (worked examples, as plain text or as chat) and `style` (ways of thinking).

The form of the prompt is a strategy of its own: a small model may solve as plain text what it cannot solve as chat.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from isocost.records import Answer, Example, InputError, Message, Request, System, text_of
from isocost.records.errors import did_you_mean
from isocost.systems.strategies.asking import at_least, follow_up
from isocost.systems.strategies.by_budget import row_for, rows_of
from isocost.systems.strategies.finals import final_answer

SHORT, LONG = 64, 512
"""The most tokens of an answer alone, and of one with its reasoning, for requests that do not say."""

Examples = Mapping[str, Sequence[Example]] | Sequence[Example]
"""Examples by task, or one list for all tasks."""

Count = Callable[[Request, int], int]
"""(the request with its budget, how many examples its task has) -> how many it is shown."""

Thinking = Literal["direct", "chain_of_thought", "chain_of_draft", "sketch", "tree", "algorithm_of_thought"]

THINKING: dict[Thinking, str] = {
    "direct": "Give the answer alone, without any thinking before it.",
    "chain_of_thought": "Think step by step.",
    "chain_of_draft": "Think step by step, but write only a minimum draft of each step, of 5 words at most.",
    "sketch": "Sketch your thinking without full sentences: symbols and equations for amounts, arrows between key words for "
    "ideas, the usual abbreviations for a field's terms.",
    "tree": "Write down {breadth} different ways to begin, a line each. Judge each in a few words, keep only the best and go "
    "on from it in the same manner, until there is an answer.",
    "algorithm_of_thought": "Search as an algorithm would: list the options and try the most promising one first. Where it "
    "fails, say so in a word, go back to the last choice and try the next, until one holds.",
}
"""What each way of thinking is asked for with."""

ENDING = 'End with a line of "Answer: " and the answer alone.'


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


def style(
    system: System,
    style: Thinking = "chain_of_draft",
    *,
    words: int | None = None,
    tokens: int | None = None,
    breadth: int = 3,
    max_tokens: int = LONG,
) -> System:
    """The answer that comes of asking for one way of thinking, in one call.

    style: of StyleBench (Guo et al. 2025, arXiv 2509.20868), which finds that none is best everywhere: the short ones are
    cheap on well-defined tasks, the searching ones need large models, and small models often do not do as they are told.
    "direct": no thinking. "chain_of_thought": Wei et al. 2022, arXiv 2201.11903. "chain_of_draft": at most 5 words a step (Xu
    et al. 2025, arXiv 2502.18600). "sketch": symbols, arrows and abbreviations (Aytes et al. 2025, arXiv 2503.05179, where a
    trained router picks one of the three; here the model does). "tree": the best of `breadth` beginnings, again and again (Yao
    et al. 2023, arXiv 2305.10601, there with a call a thought; `tree_search` has that). "algorithm_of_thought": depth first,
    with going back (Sel et al. 2023, arXiv 2308.10379, there by worked examples, here by instruction).

    words, tokens: a limit that the prompt names, on thinking and answer together (words: Nayab et al. 2024, arXiv 2407.19825;
    tokens: Han et al. 2024, arXiv 2412.18547, who find that a limit much too small is overrun by more than a fair one).
    max_tokens: the limit that holds, for requests that have none. final: what follows "Answer:"; empty where the answer was
    cut off before. The instruction stands after the question, so that any form of prompt may stand below it.
    """
    if style not in THINKING:
        raise InputError(f"style: expected a way of thinking, got {style!r}.{did_you_mean(str(style), THINKING)}")
    at_least("breadth", breadth, 1, "way to begin")
    _check_limit(max_tokens)
    limits = []
    for what, most in (("words", words), ("tokens", tokens)):
        if most is not None:
            at_least(what, most, 1, what.removesuffix("s"))
            limits.append(f"Use at most {most} {what}.")
    text = " ".join([THINKING[style].format(breadth=breadth), *limits, ENDING])

    async def answer(request: Request) -> Answer:
        asked = follow_up(request, text)
        given = await system(_asking(asked, asked.prompt, max_tokens))
        if given.final is not None:
            return given
        return replace(given, final=final_answer(given.text) if style == "direct" else _final(given, steps=True))

    return answer


def few_shot(
    system: System,
    examples: Examples,
    *,
    steps: bool = False,
    format: Literal["plain", "chat"] = "plain",
    count: int | Mapping[str, int] | Count | None = None,
    max_tokens: int | None = None,
) -> System:
    """Shows the examples of the question's task first (Brown et al. 2020, arXiv 2005.14165).

    steps: the examples show their reasoning (chain of thought: Wei et al. 2022, arXiv 2201.11903) and end with "The answer
    is ...", which becomes `final`; it is empty in an answer that was cut off before. format: "plain" is a raw completion
    prompt of "Question: ..." and "Answer: ..." lines, "chat" shows the examples as turns. max_tokens: for requests that have
    none; 64, or 512 with steps.

    count: only so many of the examples, the first ones. Every example is read for every question, so showing fewer where they
    do not help saves their tokens (DynaICL: Zhou et al. 2023, arXiv 2305.11170): a function of the request, its budget
    included, and of how many there are; or a number for each token budget, {"0" = 0, "500" = 2, "2000" = 8}, of
    which the largest that the request has counts, the last where it has none, else the first. The paper trains a model to
    predict the count and scales it to the mean that is paid for; here the predictor is yours.
    """
    shown_of = _count(count)
    _check_limit(max_tokens)
    limit = max_tokens if max_tokens is not None else LONG if steps else SHORT

    async def answer(request: Request) -> Answer:
        shown = [(example.question, _told(example, steps)) for example in _of_task(examples, request, shown_of)]
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


def _count(count: int | Mapping[str, int] | Count | None) -> Count:
    """How many examples a request is shown; InputError for a number that is none."""
    if callable(count):
        return count
    if isinstance(count, Mapping):
        rows = rows_of(count, "count")
        for tokens, number in rows:
            at_least(f"count.{tokens}", number, 0, "examples")
        return lambda request, there: row_for(rows, request)
    at_least("count", count or 0, 0, "examples")
    return lambda request, there: max(1, there) if count is None else count


def _of_task(examples: Examples, request: Request, shown_of: Count) -> Sequence[Example]:
    there = examples.get(request.task, ()) if isinstance(examples, Mapping) else examples
    wanted = shown_of(request, len(there))
    at_least("count", wanted, 0, "examples")
    if len(there) < wanted:
        many = f"{wanted}" if wanted > 1 else "some"
        raise InputError(
            f"few_shot needs {many} examples of the task '{request.task}', it has {len(there)}. "
            "Hint: add [[workload.examples]] to the task's workload, or lower `count`."
        )
    return there[:wanted]


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
