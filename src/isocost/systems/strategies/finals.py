"""Where the final answer stands in a text, and when two final answers are the same one."""

import re
from decimal import Decimal

from isocost.records import Answer

_MARKER = re.compile(
    r"####"  # GSM8K
    r"|\\boxed\s*(?=\{)"  # MATH
    r"|\b(?:final\s+)?answer\b[*_]*\s*(?:[:=]|\bis\b)[*_:\s]*",
    re.IGNORECASE,
)
# A sentence ends at a full stop and a space, but "Dr. Who" goes on.
_SENTENCE_END = re.compile(r"(?<!\b[A-Z][a-z])\.(?:\s|$)")
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_WRAPPING = " \t\r\n*_`$\"'.:;,!?()[]{}"


def final_answer(text: str) -> str | None:
    r"""What follows the last "Answer:", "the answer is", "####" or stands in the last \boxed{...}; None without any."""
    marks = list(_MARKER.finditer(text))
    if not marks:
        return None
    last = marks[-1]
    if last.group().startswith("\\boxed"):
        return _braced(text[last.end() :])
    line = text[last.end() :].strip().split("\n", 1)[0]
    boxed = line.find("\\boxed{")
    if boxed >= 0:
        return _braced(line[boxed + len("\\boxed") :])
    return _SENTENCE_END.split(line, maxsplit=1)[0].strip().strip("*_`").strip() or None


def stated(given: Answer) -> str:
    """What an answer comes to: its `final`, or else what its text says it is, or else all of it."""
    return given.final if given.final is not None else final_answer(given.text) or given.text.strip()


def conclusion(given: Answer) -> str:
    """What an answer comes to, equal for answers that come to the same."""
    return normalised(stated(given))


def _braced(text: str) -> str | None:
    """The inside of the braces that `text` begins with, nested ones included; None when they are never closed."""
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return text[1:position].strip() or None
    return None


def normalised(value: str) -> str:
    """Equal for answers that say the same: case, spaces, wrapping, and how a number is written do not matter."""
    text = " ".join(value.replace("\N{MINUS SIGN}", "-").split()).casefold()
    text = text.strip(_WRAPPING) or text
    if not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text.replace(",", ""))
    return "0" if number == 0 else f"{number:f}".rstrip("0").rstrip(".") if "." in text else f"{number:f}"
