"""What a column of someone else's table means to us: `item=id,system=model,score=correct`.

field=column        the column's values
field="a, column"   the same, for a name with commas or equals signs
field='constant'    the same value for every row
field={system}_text in a wide table: one column for each of its systems
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from isocost.records.errors import InputError, did_you_mean, shorten

TEXTS = ("item", "system", "task", "group", "text", "final", "target", "question", "error", "model")
COUNTS = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
AMOUNTS = ("seconds", "first_token_seconds", "cost")
FIELDS = (*TEXTS, "attempt", "score", *COUNTS, *AMOUNTS, "started")

_PAIR = re.compile(
    r"""\s*(?P<field>[^=,\s]+)\s*=\s*(?:'(?P<constant>[^']*)'|"(?P<quoted>[^"]*)"|(?P<column>[^,"']*?))\s*(?:,|$)"""
)


class Column(NamedTuple):
    """The values of a column."""

    name: str


class Constant(NamedTuple):
    """The same value for every row."""

    value: str


Fields = Mapping[str, Column | Constant]


def parse(mapping: str | Sequence[str], known: Sequence[str] = FIELDS) -> Fields:
    """The fields that the mapping names, each with where its values come from."""
    text = mapping if isinstance(mapping, str) else ",".join(mapping)
    fields: dict[str, Column | Constant] = {}
    position = 0
    while position < len(text.rstrip(", ")):
        pair = _PAIR.match(text, position)
        if pair is None or pair["column"] == "":
            raise InputError(
                f"a mapping reads field=column,field=column,..., got '{shorten(text[position:])}'. "
                "Hint: put a constant in single quotes, a column's name with commas in double quotes."
            )
        if pair["field"] not in known:
            raise InputError(f"a mapping has no field '{pair['field']}'.{did_you_mean(pair['field'], known)}")
        if pair["field"] in fields:
            raise InputError(f"a mapping names each field once, '{pair['field']}' came twice. Hint: leave one out.")
        constant = pair["constant"]
        fields[pair["field"]] = Column(pair["quoted"] or pair["column"]) if constant is None else Constant(constant)
        position = pair.end()
    return fields
