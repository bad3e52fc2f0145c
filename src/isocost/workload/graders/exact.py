"""The answer is the target, after normalisation."""

import unicodedata
from collections.abc import Callable

from isocost.records import Answer, Grade, Grader, Item
from isocost.workload.errors import GraderError

Normaliser = Callable[[str], str]


def exact(*, ignore_case: bool = True, ignore_whitespace: bool = True, ignore_punctuation: bool = False) -> Grader:
    """1 where the answer equals the target, or one of them where the target is a list; else 0."""
    normal = normaliser(ignore_case=ignore_case, ignore_whitespace=ignore_whitespace, ignore_punctuation=ignore_punctuation)

    async def grade(item: Item, answer: Answer) -> Grade:
        said = normal(answer.value)
        for target in targets(item):
            if said == normal(target):
                return Grade(1.0)
        return Grade(0.0, f"expected {shown(item.target)}")

    return grade


def normaliser(*, ignore_case: bool = True, ignore_whitespace: bool = True, ignore_punctuation: bool = False) -> Normaliser:
    """A function that leaves of a text what matters; applied twice it changes nothing more.

    Unicode is composed (NFC). Whitespace: runs become one space, none at the ends. Punctuation: Unicode's categories P* and
    ASCII's symbols are taken out.
    """

    def normal(text: str) -> str:
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        if ignore_case:
            text = text.casefold()
            if not text.isascii():
                text = unicodedata.normalize("NFC", text)
        if ignore_punctuation and not text.isalnum():
            text = "".join(char for char in text if char not in "$+<=>^`|~" and not unicodedata.category(char).startswith("P"))
        return " ".join(text.split()) if ignore_whitespace else text

    return normal


def targets(item: Item) -> list[str]:
    """The item's accepted answers as text. Raises GraderError where it has none."""
    if isinstance(item.target, str):
        return [item.target]
    found = item.target if isinstance(item.target, list | tuple) else [item.target]
    if not found or None in found:
        raise GraderError("it has no target to compare with. Hint: say which column holds it.", item=item.id)
    return [str(target) for target in found]


def shown(value: object) -> str:
    """The value for a reason: quoted, and no longer than a line."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
