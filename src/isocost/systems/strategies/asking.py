"""How a strategy asks about a question again: the question as it was put, with more after it."""

from msgspec.structs import replace

from isocost.records import InputError, Message, Request, derive_seed


def follow_up(request: Request, text: str, *part: object) -> Request:
    """The request with `text` after its question, and the seed of this part of it (none named: its own).

    The rest of the chat stays as it is, so that any prompt style may stand between the strategy and the model. A raw prompt,
    which ends where the answer begins, is given a new place for it.
    """
    seed = derive_seed(request.seed, *part) if part else request.seed
    if isinstance(request.prompt, str):
        return replace(request, prompt=f"{request.prompt}\n\n{text}\n\nAnswer:", seed=seed)
    messages = list(request.prompt)
    place = next((place for place in reversed(range(len(messages))) if messages[place].role == "user"), None)
    if place is None:
        return replace(request, prompt=(*messages, Message("user", text)), seed=seed)
    asked = messages[place].content
    content = f"{asked}\n\n{text}" if isinstance(asked, str) else (*asked, {"type": "text", "text": text})
    messages[place] = Message("user", content)
    return replace(request, prompt=tuple(messages), seed=seed)


def at_least(name: str, value: int, least: int, what: str) -> None:
    """Raises InputError for an option below its least value."""
    if value < least:
        raise InputError(f"{name}: must be at least {least} {what}, got {value}.")
