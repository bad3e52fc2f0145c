"""The answer names the right choice: by its letter or by its text."""

import re

from isocost.records import Answer, Grade, Grader, Item
from isocost.workload.errors import GraderError
from isocost.workload.graders.exact import normaliser, shown

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALONE = re.compile(r"[\s(\[*$]*(?:\\boxed\{|\\text\{)?([A-Za-z])[)\].:,*}$\s]*")
_LEADING = re.compile(r"^\s*[(\[*]*([A-Z])[)\].:*]+\s", re.MULTILINE)
_SAID = re.compile(  # a small letter that words follow is the article: "the answer is a city"
    r"(?i:answer|choice|option)\s*(?i:is)?\s*[:=]?\s*[(\[*\"'$]*(?:\\\w+\{)?\(?([A-Z](?![\w'])|[a-z](?![\w']| +\w))"
)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\(?([A-Za-z])\)?\}")
_BRACKETED = re.compile(r"[(\[]([A-Z])[)\]]")
_normal = normaliser(ignore_punctuation=True)


def choice() -> Grader:
    """1 where the answer names the target choice. A target is a letter, a choice's text, or its index from 0 (an integer).

    Read in this order: the whole answer is a letter or a choice's text; "answer is (B)", the last such; a boxed letter; the
    first "B)" that leads a line; the last bracketed letter; the one choice whose text occurs. Otherwise nothing was chosen,
    and that is wrong.
    """

    async def grade(item: Item, answer: Answer) -> Grade:
        right, said = _target(item), chosen(answer.value, item.choices)
        if said == right:
            return Grade(1.0)
        return Grade(0.0, f"chose {'nothing' if said is None else said}, expected {right}")

    return grade


def chosen(text: str, choices: tuple[str, ...]) -> str | None:
    """The letter of the choice that a text names, or None."""
    letters = LETTERS[: len(choices)] if choices else LETTERS
    plain = [_normal(option) for option in choices]
    said = _normal(text)
    if (alone := _ALONE.fullmatch(text[:40])) and len(text) <= 40:
        return _known(alone[1], letters)
    if said in plain:
        return letters[plain.index(said)]
    named = [*_SAID.finditer(text)][-1:] or [*_BOXED.finditer(text)][-1:] or [*_LEADING.finditer(text)][:1]
    named = named or [*_BRACKETED.finditer(text)][-1:]
    if named and (letter := _known(named[0][1], letters)):
        return letter
    padded = f" {said} "
    occurring = [letter for letter, option in zip(letters, plain, strict=False) if option and f" {option} " in padded]
    return occurring[0] if len(occurring) == 1 else None


def _known(letter: str, letters: str) -> str | None:
    return letter.upper() if letter.upper() in letters else None


def _target(item: Item) -> str:
    letters, target = LETTERS[: len(item.choices)] if item.choices else LETTERS, item.target
    if isinstance(target, int) and not isinstance(target, bool) and 0 <= target < len(letters):
        return letters[target]
    if isinstance(target, str):
        if target in item.choices:
            return letters[item.choices.index(target)]
        if len(target.strip()) == 1 and target.strip().upper() in letters:
            return target.strip().upper()
    raise GraderError(
        f"its target {shown(target)} is no letter of {letters[0]} to {letters[-1]}, no choice's text and no index.",
        item=item.id,
    )
