"""`concise_hint`: reminds a system to be concise while it writes, less and less often the longer it gets."""

import re

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.asking import at_least
from isocost.systems.strategies.continuing import Writing
from isocost.systems.strategies.tab import Tab

HINT = " (Make the answer concise!)"
LONGEST, RAMP, LATEST = 1024, 1024, 0.8  # the authors' code


def concise_hint(system: System, *, hint: str = HINT, first: int = 128, growth: float = 0.2, max_tokens: int = 2048) -> System:
    """An answer that is written in pieces, with a hint to be concise put in after each.

    ConciseHint: Tang et al. 2025, arXiv 2506.18810 (without the trained hints): with l tokens written, the next piece is
        tau = min(1024, first + growth * l)
    tokens long, so the hint is frequent in a short answer (an easy question) and rare in a long one; piece k ends at
    l[k] = first ((1 + growth)^k - 1) / growth until tau is 1024. The hint stands in the piece just written, behind the first
    comma or full stop after the share min((tau - first) / 1024, .8) of it: early in a short piece; in one without any, there
    is no hint. Departure: l counts what was written, without the prompt, which the authors' code counts too.

    hint: its words; the authors' are a chat turn in the model's own tags. first, growth: alpha and beta of the paper.
    max_tokens: of the whole answer, for requests that have none. The hints are not in the answer, and count as prompt
    tokens. Continues its own text: see `continuing`.
    """
    at_least("first", first, 1, "token")
    at_least("max_tokens", max_tokens, 1, "token")
    if not growth >= 0:
        raise InputError(f"growth: must be at least 0, got {growth}.")

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        writing = Writing(tab, system, request)
        limit = max_tokens if request.max_tokens is None else request.max_tokens
        places: list[int] = []
        stuck = False
        while not (stuck or writing.ended) and writing.tokens < limit and tab.open:
            size, left = interval(writing.tokens, first, growth), limit - writing.tokens
            piece = await writing.more("piece", left if writing.repeats else min(size, left))
            stuck = not (piece or writing.repeats) and (piece is not None or len(tab.failures) > 1)
            place = place_of_hint(piece, (size - first) / RAMP) if piece and not writing.ended else None
            if piece and place is not None:
                places.append(len(writing.said) - len(piece) + place)
                writing.add(hint, before=len(piece) - place)
        whole = Answer(text=writing.said, finish="complete" if writing.ended else "length")
        short = not (stuck or writing.ended) and writing.tokens < limit
        return tab.answer(whole if writing.said else None, what="hinting", short=short, details={"hints": places})

    return answer


def interval(written: int, first: int, growth: float) -> int:
    """The length of the next piece after so many tokens."""
    return min(LONGEST, int(first + growth * written))


def place_of_hint(piece: str, share: float) -> int | None:
    """Behind the first comma or full stop that is followed by a space after this share of the piece, at the latest .8."""
    start = int(min(max(share, 0.0), LATEST) * (len(piece) - 1))
    found = re.compile(r"[.,](?= )").search(piece, start)
    return found.end() if found else None
