"""Tables by budget: what to do, for each number of tokens that a request may use."""

from collections.abc import Mapping
from typing import TypeVar

from isocost.records import InputError, Request

T = TypeVar("T")


def rows_of(table: Mapping[str, T], place: str) -> list[tuple[int, T]]:
    """(tokens, what to do) by rising tokens, of a table such as {"500" = 1, "4000" = 3}."""
    rows = sorted(((int(tokens), row) for tokens, row in table.items() if tokens.isdecimal()), key=lambda row: row[0])
    if len(rows) != len(table) or not rows:
        raise InputError(f"{place}: its keys must be numbers of tokens, got {list(table)}.")
    return rows


def row_for(rows: list[tuple[int, T]], request: Request) -> T:
    """The row of the largest budget that the request has: the last where it has none, the first where it has less than any."""
    limit = None if request.budget is None else request.budget.tokens
    affordable = [row for tokens, row in rows if limit is None or tokens <= limit]
    return affordable[-1] if affordable else rows[0][1]
