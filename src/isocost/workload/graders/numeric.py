"""The answer's number is the target's, within a tolerance. Numbers are exact decimals: 12345678901234567890 is not ...891."""

import re
import string
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal

from isocost.records import Answer, Grade, Grader, InputError, Item
from isocost.workload.errors import GraderError
from isocost.workload.graders.exact import shown, targets

# A ratio is rounded to 60 digits: equal ratios stay equal, and no exponent or length makes it slow. Nothing traps.
_DECIMAL = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999, traps=[])

_TIMES, _MINUS = "\u00d7", "\u2212"  # not the letter x, not the hyphen
_NUMBER = re.compile(
    r"""
    (?=[-+.\d]) (?<![\w^])(?<!\d\.)                       # not inside a word or after 1.5.
    (?<!\^[-+(])(?<!\^\([-+])                             # nor the exponent of a unit: cm^2
    (?:(?P<sign>[-+])[$€£]?)?
    (?:(?P<units>\d+)[ ](?=\d+\s?/))?                     # of a mixed number: 1 1/2
    (?P<top>NUMBER (?:[eE][-+]?\d+)?)
    (?: \s?(?:TIMES|x|\*)\s?10\s?(?:\^|\*\*)\s?\(?(?P<power>[-+]?\d+)\)?
      | \s?/\s?(?P<bottom>NUMBER)
      | \^\(?(?P<exponent>[-+]?\d+)\)?
    )?
    """.replace("TIMES", _TIMES).replace(
        "NUMBER", r"(?: \d{1,3}(?:,\d{3}){1,20}(?!,?\d)(?:\.\d+)? | \d+(?:\.\d+)? | (?<!\.)\.\d+ )"
    ),
    re.VERBOSE,
)
_LETTER = re.compile(r".*[a-df-wyzA-DF-WYZ]", re.DOTALL)  # e and x may stand inside a number
_NO_DIGITS = string.ascii_letters + string.punctuation + string.whitespace
_FRACTION = re.compile(r"\\[dt]?frac\s?(?:\{([^{}]{1,40})\}|(\d))\s?(?:\{([^{}]{1,40})\}|(\d))")
_MIXED = re.compile(r"(?<=\d)\s*(?=\\[dt]?frac)")
_LATEX = (
    ("{,}", ","),
    ("\\,", ""),
    ("\\!", ""),
    ("\\$", "$"),
    ("\\times", _TIMES),
    ("\\cdot", _TIMES),
    ("^{", "^("),
    ("\\boxed{", " "),
    (_MINUS, "-"),
)


def numeric(
    *, absolute: float = 0.0, relative: float = 0.0, take: Literal["last", "first", "only", "whole"] = "last"
) -> Grader:
    """1 where the answer's number lies within max(absolute, relative x |target|) of the target, or of one of them.

    take: the answer's "last" or "first" number, the "only" one (a text with several is wrong), or the "whole" text must be
    one. Thousands' commas, $ € £, fractions a/b, mixed numbers (1 1/2), powers and LaTeX's \\frac are read; a % sign is dropped
    (50% reads 50), and so is a unit's exponent (25 cm^2 reads 25).
    """
    if not (absolute >= 0 and relative >= 0):
        raise InputError(f"a tolerance must be at least 0, got absolute={absolute}, relative={relative}.")
    within, share = Decimal(str(absolute)), Decimal(str(relative))

    async def grade(item: Item, answer: Answer) -> Grade:
        said = _taken(answer.value, take)
        if said is None:
            return Grade(0.0, _missing(answer.value, take))
        for text in targets(item):
            target = number_in(text)
            if target is None:
                raise GraderError(f"its target {shown(text)} holds no number.", item=item.id)
            if said == target or _close(said, target, within, share):
                return Grade(1.0)
        return Grade(0.0, f"{shorter(said)}, expected {shown(item.target)}")

    return grade


def numbers_in(text: str, *, backwards: bool = False) -> Iterator[Decimal]:
    """The numbers that a text holds, in their order, or the last one first; what is not finite (1/0) is none."""
    matches = list(_NUMBER.finditer(_clean(text)))
    for match in reversed(matches) if backwards else matches:
        value = _value(match)
        if value is not None:
            yield value


def number_in(text: str) -> Decimal | None:
    """The last number that a text holds."""
    if text.isdecimal():
        return Decimal(text)
    last = next(numbers_in(_tail(text), backwards=True), None)
    return next(numbers_in(text, backwards=True), None) if last is None else last


def whole_number(text: str) -> Decimal | None:
    """The number that the whole text is; $, %, spaces at the ends and a full stop aside."""
    text = _clean(text).strip().lstrip("$€£ ").rstrip(" .%)}$")
    match = _NUMBER.match(text)
    return _value(match) if match and match.end() == len(text) else None


def shorter(value: Decimal) -> str:
    """The number for a reason: no longer than a line."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} characters)"


def _taken(text: str, take: str) -> Decimal | None:
    if take == "whole":
        return whole_number(text)
    if take == "last":
        return number_in(text)
    found = numbers_in(text)
    first = next(found, None)
    return None if take == "only" and next(found, None) is not None else first


def _missing(text: str, take: str) -> str:
    if take == "whole":
        return "the answer is not one number alone"
    return "no number in the answer" if number_in(text) is None else "several numbers in the answer"


def _tail(text: str) -> str:
    """The end of a text, from the last letter that no number holds before the last digit: a short cut for long answers."""
    letter = _LETTER.match(text.rstrip(_NO_DIGITS)) if "\\" not in text and "{" not in text else None
    return text[letter.end() - 1 :] if letter else text


def _clean(text: str) -> str:
    if "\\" in text or "{" in text or not text.isascii():
        for latex, plain in _LATEX:
            text = text.replace(latex, plain)
        text = _FRACTION.sub(r"\1\2/\3\4", _MIXED.sub(" ", text))
    return text


def _value(match: re.Match[str]) -> Decimal | None:
    try:
        value = Decimal(match["top"].replace(",", ""))
        if match["bottom"]:
            value = _DECIMAL.divide(value, Decimal(match["bottom"].replace(",", "")))
            if match["units"] and value < 1:  # 1 1/2; but 2020 7/2 are two numbers
                value = _DECIMAL.add(value, Decimal(match["units"]))
        elif match["power"]:
            value = _DECIMAL.scaleb(value, Decimal(match["power"]))
        elif match["exponent"]:
            value = _DECIMAL.power(value, Decimal(match["exponent"]))
    except ArithmeticError:  # an exponent beyond any number
        return None
    if not value.is_finite():
        return None
    return value.copy_negate() if (match["sign"] or "").startswith("-") else value


def _close(said: Decimal, target: Decimal, absolute: Decimal, relative: Decimal) -> bool:
    if not absolute and not relative:
        return False
    distance = _DECIMAL.subtract(said, target).copy_abs()
    return distance <= max(absolute, _DECIMAL.multiply(relative, target).copy_abs())
