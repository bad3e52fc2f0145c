"""`difficulty_adaptive`: sees how hard the question is, and asks the strategy that fits."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.by_budget import row_for, rows_of
from isocost.systems.strategies.scores import mean_probability
from isocost.systems.strategies.tab import Tab, says_something
from isocost.systems.strategies.vote import TEMPERATURE, sample, vote

Predict = Callable[[Request], float]
"""How hard a question is, before it is asked; on the scale of the edges."""


def difficulty_adaptive(
    system: System,
    strategies: Sequence[System] | None = None,
    *,
    edges: Sequence[float] = (0.2, 0.5),
    probe: int = 3,
    predict: Predict | None = None,
    table: Mapping[str, Sequence[int]] | None = None,
) -> System:
    """The answer of the strategy that fits the question's difficulty: easy, normal or hard, or as many bins as there are.

    The difficulty is 1 - the agreement of `probe` samples of `system` (as in a vote, whose samples they share); for one sample,
    1 - the geometric mean of its token probabilities; or what `predict` says, for no call. It falls into a bin between the
    `edges`, the easiest first; of 3 samples, all agree on an easy question, two on a normal one. strategies: one a bin; or one
    fewer, where the probe's own answer does for the easiest bin; without any, votes of 5 and then of 9 of `system` follow it.
    DiffAdapt (Liu et al. 2025, arXiv 2510.19669) picks easy, normal or hard settings by a probe on the hidden state, which is
    not seen here: agreement and token probabilities stand in for it. It found token entropy high on easy and hard questions
    and low between: bins by one sample need not rise in effort, so list the strategies as the records say.
    table: for each token budget the strategy of each bin, counted from 1, 0 for the probe's answer, as learned from records
    (compute-optimal: Snell et al. 2024, arXiv 2408.03314): {"500" = [0, 1, 1], "4000" = [0, 1, 2]}. The row is the largest
    budget that the request has, the last where it has none, else the first. details: the difficulty, and the strategy by its
    number.
    """
    bins = len(edges) + 1
    if list(edges) != sorted(set(edges)):
        raise InputError(f"edges: must rise, got {list(edges)}.")
    if probe < 1:
        raise InputError(f"probe: must be at least 1 sample, got {probe}.")
    asked_for = [vote(system, 5), vote(system, 9)] if strategies is None else strategies
    rows = _rows(table, bins, len(asked_for), predicts=predict is not None)
    probing = vote(system, probe) if probe > 1 else _sure(system)

    async def answer(request: Request) -> Answer:
        tab = Tab(request)
        first: Answer | None = None
        if predict is not None:
            difficulty = predict(request)
        else:
            first = await tab.ask(probing, request, "probe") if tab.open else None
            difficulty = 1.0 if first is None or first.confidence is None else 1.0 - first.confidence
        place = bisect_right(edges, difficulty)
        number = row_for(rows, request)[place]
        if number == 0 and not says_something(first):
            number = 1  # the probe has nothing to say
        short = number > 0 and not tab.open
        given = await tab.ask(asked_for[number - 1], request, f"strategy {number}") if number and not short else first
        best = given if says_something(given) else first
        return tab.answer(
            best,
            what="difficulty-adaptive",
            short=short,
            confidence=best.confidence if best else None,
            details={"difficulty": difficulty, "bin": place + 1, "strategy": number},
        )

    return answer


def _rows(
    table: Mapping[str, Sequence[int]] | None, bins: int, strategies: int, *, predicts: bool
) -> list[tuple[int, Sequence[int]]]:
    """(tokens, the strategy of each bin) by rising tokens."""
    if table is None:
        if strategies not in (bins, bins - 1) or (predicts and strategies != bins) or not strategies:
            cure = "one a bin" if predicts else "one a bin, or one fewer where the probe's answer does for the easiest"
            raise InputError(f"strategies: {bins} bins need {cure}, got {strategies}.")
        return [(0, range(1 - (bins - strategies), strategies + 1))]
    rows = rows_of(table, "table")
    least = 1 if predicts else 0
    for tokens, row in rows:
        if len(row) != bins or not all(least <= number <= strategies for number in row):
            raise InputError(f"table.{tokens}: must have {bins} numbers from {least} to {strategies}, got {list(row)}.")
    return rows


def _sure(system: System) -> System:
    """One sample, as confident as its tokens are."""

    async def answer(request: Request) -> Answer:
        given = await system(sample(replace(request, logprobs=True), 0, TEMPERATURE))
        return replace(given, confidence=mean_probability(request.question, given)) if says_something(given) else given

    return answer
