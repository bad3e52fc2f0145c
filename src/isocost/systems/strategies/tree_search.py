"""`tree_search`: grows partial answers step by step, and spends its samples on those that score best."""

import heapq
from collections.abc import Sequence
from itertools import count
from typing import Literal, NamedTuple

from isocost.records import Answer, InputError, Request, System
from isocost.systems.strategies.pruning import POLICIES, Policy, Search
from isocost.systems.strategies.steps import Path, Scoring, StepScore, Walk, chosen, weighed

SEARCH = Search()


def tree_search(
    system: System,
    policy: Literal["balanced", "beam", "best_first", "diverse"] = "balanced",
    *,
    width: int = 4,
    judge: System | None = None,
    score: str | StepScore = "mean_logprob",
    search: Search = SEARCH,
) -> System:
    """The answer found by a search over steps of reasoning, guided by how good each partial answer seems.

    policy "beam": `width` next steps a level from the best `search.keep` paths (as in Snell et al. 2024, arXiv 2408.03314).
    "balanced": each path's share of the `width` next steps is the softmax of its score (REBASE: Wu et al. 2024, arXiv
    2408.00724). "diverse": the same after pruning that keeps unlike paths and shared beginnings (ETS: Hooper et al. 2025, arXiv
    2502.13575). A path that answers gives its place up; the answer is the one with the largest sum of scores among all paths
    that came to an end (weighted majority); confidence: its share.
    "best_first": `width` next steps of the open path with the largest f = score - step_cost x steps, until that path is one
    that answers (A*: Hart et al. 1968; A*-Decoding: arXiv 2505.13672, whose heuristic is 1 - reward). With step_cost 1 and
    score = -(a distance that is never too large) the first answer has the fewest steps possible.
    judge: a system that is asked for a number from 0 to 10, its calls count; else `score`: a function of the question and the
    steps so far, or "mean_logprob", the geometric mean of their tokens' probabilities. search: see `Search`. It departs from
    the papers in asking a chat for each step, a line at a time, and in scoring a path by the last of its scores.
    """
    if policy not in (*POLICIES, "best_first"):
        raise InputError(f"policy: expected one of {', '.join(sorted([*POLICIES, 'best_first']))}, got {policy!r}.")
    if width < 1:
        raise InputError(f"width: must be at least 1 step at a time, got {width}.")
    scoring = Scoring(judge=judge, score=score)

    async def answer(request: Request) -> Answer:
        walk = Walk(request, system, scoring, search)
        if policy == "best_first":
            found = await _best_first(walk, width, search)
        else:
            found = await _by_levels(walk, width, POLICIES[policy], search)
        ended = [path for path in found.paths if path.done] or found.paths
        votes = weighed(ended)
        best = chosen(ended, votes)
        sure = None
        if best is not None and scoring.is_share:
            sure = best.score if policy == "best_first" else max(votes.values()) / sum(votes.values())
        return walk.tab.answer(
            best.answer if best else None,
            what=f"tree search ({policy})",
            short=found.short,
            confidence=None if sure is None else max(sure, 0.0),
            details={"votes": votes, "steps": len(best.steps) if best else 0, "asked": walk.asked},
        )

    return answer


class _Found(NamedTuple):
    """Paths to answer from, and whether the search would have gone on, had the budget allowed it."""

    paths: Sequence[Path]
    short: bool


async def _by_levels(walk: Walk, width: int, policy: Policy, how: Search) -> _Found:
    """All paths that ended, and those still open where the budget or the depth did."""
    ended: list[Path] = []
    going = [Path()]
    for _ in range(how.depth):
        room = width - len(ended)
        if not going or room <= 0:
            break
        if not walk.tab.open:
            return _Found([*ended, *going], True)
        grown = [path for path in await walk.grow(going, policy(going, room, how)) if path is not None]
        ended += [path for path in grown if path.done]
        if grown:  # else all calls failed, and the same is asked again
            going = [path for path in grown if not path.done]
    return _Found([*ended, *going], walk.cut)


async def _best_first(walk: Walk, width: int, how: Search) -> _Found:
    """The first path that is both the best and at its end; else the best so far."""
    number = count()
    frontier = [(0.0, 0, next(number), Path())]  # the largest f first, of equals the longest, then the oldest
    for _ in range(how.expansions):
        if not frontier or frontier[0][-1].done:
            break
        if not walk.tab.open:
            return _Found(_best_so_far(frontier), True)
        taken = heapq.heappop(frontier)
        failures = len(walk.tab.failures)
        grown = [path for path in await walk.grow([taken[-1]], [width]) if path is not None]
        for path in grown:
            length = len(path.steps)
            heapq.heappush(frontier, (how.step_cost * length - path.score, -length, next(number), path))
        if not grown and len(walk.tab.failures) > failures:
            heapq.heappush(frontier, taken)  # asked again
    return _Found(_best_so_far(frontier), walk.cut)


def _best_so_far(frontier: Sequence[tuple[float, int, int, Path]]) -> list[Path]:
    """The path with the largest f, of those that ended if there are any."""
    ordered = [path for *_, path in sorted(frontier)]  # the numbers differ, so paths are never compared
    return ([path for path in ordered if path.done] or ordered)[:1]
