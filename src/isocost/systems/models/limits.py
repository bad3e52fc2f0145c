"""How a request is fitted into its budget before it is asked: what the prompt can cost at most decides what may be said."""

import math
from fractions import Fraction
from typing import NamedTuple

import msgspec

from isocost.records import Answer, Budget, InputError, Price, Request, text_of

# A stop is never instant: this part of a time limit is kept back for stopping.
KEPT_BACK = 0.05


class Room(NamedTuple):
    """What one call may use: completion tokens, and seconds of the machine; None is no limit."""

    tokens: int | None
    seconds: float | None


def room(budget: Budget, *, model: str, prompt_tokens: int) -> Room | None:
    """What is left for one answer when the prompt takes its upper bound; None when nothing can be asked.

    The prompt is bounded at its dearer price (cached or not), so the bill never passes the budget.
    """
    if budget.spent:
        return None
    tokens = None if budget.tokens is None else budget.tokens - prompt_tokens
    seconds = None
    if budget.microdollars is not None:
        price = budget.prices.get(model)
        if price is None:
            raise InputError(
                f"a money budget needs a price for model '{model}', the budget has prices for "
                f"{sorted(budget.prices) or 'none'}. Hint: add it to the budget's prices, or limit tokens instead."
            )
        paid, seconds = _affordable(price, budget.microdollars, prompt_tokens)
        tokens = paid if tokens is None else tokens if paid is None else min(tokens, paid)
    if tokens is not None and tokens < 1:
        return None
    return Room(tokens, seconds)


def _affordable(price: Price, microdollars: int, prompt_tokens: int) -> Room:
    """What the money buys. Where both tokens and hours are priced, each may take half of it."""
    by_token = price.input is not None and price.output is not None
    money = Fraction(microdollars, 2 if by_token and price.per_hour else 1)
    tokens, seconds = None, None
    if price.input is not None and price.output is not None:
        dearest = max(price.input, price.cached or 0.0)
        left = money - _exactly(dearest) * prompt_tokens
        tokens = -1 if left < 0 else None if price.output == 0 else math.floor(left / _exactly(price.output))
    if price.per_hour:
        seconds = float(money * 3600 / (_exactly(price.per_hour) * 1_000_000)) * (1 - KEPT_BACK)
    return Room(tokens, seconds)


def _exactly(dollars: float) -> Fraction:
    return Fraction(str(dollars))


def fits(answer: Answer, budget: Budget) -> bool:
    """Whether an answer that was made before would have been within this budget."""
    calls = answer.calls
    used = sum(call.tokens for call in calls)
    seconds = max((call.seconds or 0.0 for call in calls), default=0.0)
    return (
        (budget.tokens is None or used <= budget.tokens)
        and (budget.calls is None or len(calls) <= budget.calls)
        and (budget.seconds is None or seconds <= budget.seconds)
        and (budget.microdollars is None or sum(map(budget.cost, calls)) <= budget.microdollars)
    )


def byte_bound(request: Request) -> int:
    """An upper bound of a prompt's tokens without a tokenizer: one a byte, and 16 a message for the chat template.

    It holds for byte-level vocabularies, whose tokens are at least a byte long. What a provider adds unseen is not in it.
    """
    extra = len(msgspec.json.encode(request.extra)) if request.extra else 0
    if isinstance(request.prompt, str):
        return len(request.prompt.encode()) + extra + 16
    total = 16 + extra
    for message in request.prompt:
        if not isinstance(message.content, str) and any(part.get("type") != "text" for part in message.content):
            raise InputError(
                "a token or money budget needs a prompt whose tokens can be bounded, this one has parts that are not text. "
                "Hint: limit calls or seconds instead."
            )
        total += len(text_of(message).encode()) + len(message.role) + 16
    return total
