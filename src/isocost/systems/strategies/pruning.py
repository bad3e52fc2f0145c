"""Which partial answers a search goes on from, and with how many next steps each: the policies of `tree_search`.

A policy is given open paths and how many next steps may be asked for in all; it says how many each path gets.
"""

import math
import re
from collections.abc import Callable, Sequence

from isocost.records import InputError
from isocost.systems.strategies.steps import Path, Steps


class Search(Steps, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a tree is searched; the first fields are those of `Steps`.

    keep: "beam" goes on from so many paths; 0: the square root of the width, rounded up. sharpness: the temperature of the
    softmax over scores, "balanced" and "diverse" (ETS's code: 0.2). sharing, coverage: what "diverse" sets against the scores,
    ETS's lambda_b and lambda_d (its code: 1 and 1.5). expansions: "best_first" goes on from so many paths at most.
    step_cost: what each step of a path counts against its score, "best_first".
    """

    keep: int = 0
    sharpness: float = 0.2
    sharing: float = 1.0
    coverage: float = 1.5
    expansions: int = 16
    step_cost: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("keep", 0), ("sharing", 0), ("coverage", 0), ("step_cost", 0), ("expansions", 1)):
            if not least <= getattr(self, name) < math.inf:
                raise InputError(f"{name}: must be at least {least}, got {getattr(self, name)}.")
        if not 0 < self.sharpness < math.inf:
            raise InputError(f"sharpness: must be above 0, got {self.sharpness}. Hint: the smaller, the more the best gets.")


Policy = Callable[[Sequence[Path], int, Search], list[int]]


def beam(paths: Sequence[Path], room: int, how: Search) -> list[int]:
    """The best `keep` paths share the room evenly, the better ones what is left over."""
    kept = _falling(paths)[: how.keep or math.ceil(math.sqrt(room))][:room]
    counts = [0] * len(paths)
    for place, index in enumerate(kept):
        counts[index] = room // len(kept) + (place < room % len(kept))
    return counts


def balanced(paths: Sequence[Path], room: int, how: Search) -> list[int]:
    """Each path gets its share of the room by the softmax of the scores, rounded up, the better ones first.

    REBASE (Wu et al. 2024, arXiv 2408.00724): ceil(room left x e^(score / T) / sum of those not yet served), so that the
    counts add up to the room exactly.
    """
    best = max(path.score for path in paths)
    if best == -math.inf:
        return beam(paths, room, how)  # nothing is known of any
    weights = [math.exp((path.score - best) / how.sharpness) for path in paths]
    counts, order = [0] * len(paths), _falling(paths)
    for place, index in enumerate(order):
        rest = math.fsum(weights[other] for other in order[place:])
        counts[index] = math.ceil(room * weights[index] / rest * (1 - 1e-12)) if rest > 0 else 0
        room -= counts[index]
    return counts


def diverse(paths: Sequence[Path], room: int, how: Search) -> list[int]:
    """The balanced counts over the paths that an integer program keeps: good, unlike each other, sharing their beginnings.

    ETS (Hooper et al. 2025, arXiv 2502.13575): keep the leaves S that maximise
        sum of W_i over S / sum of W - lambda_b |nodes of S| / |nodes| + lambda_d |clusters of S| / |clusters|
    with W the balanced counts. A node is a distinct beginning, as a prefix cache sees it. Steps are clustered by average
    linkage on the cosine distance of their word counts, cut at ETS's 0.05, where ETS takes a sentence encoder. A level of 16
    paths takes about 10 ms of our own time.
    """
    from isocost.allocate import keep  # compiled code, loaded only where it is used

    shares = balanced(paths, room, how)
    nodes = list(dict.fromkeys(path.steps[:k] for path in paths for k in range(len(path.steps) + 1)))
    clusters = alike([path.steps[-1] if path.steps else "" for path in paths])
    kept = keep(
        [count / room for count in shares],
        [[path.steps[: len(node)] == node for node in nodes] for path in paths],
        [how.sharing / len(nodes)] * len(nodes),
        clusters,
        bonus=how.coverage / len(set(clusters)) if len(set(clusters)) > 1 else 0.0,
    ).keep
    stay = [path for path, stays in zip(paths, kept, strict=True) if stays]
    counts = iter(balanced(stay, room, how))
    return [next(counts) if stays else 0 for stays in kept]


def alike(texts: Sequence[str], distance: float = 0.05) -> list[int]:
    """The cluster of each text, by its words."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    words = [re.findall(r"\w+|[^\w\s.,;:!?]", text.casefold()) or [text] for text in texts]
    if len(texts) == 1:
        return [0]
    known = sorted({word for each in words for word in each})
    counts = [[each.count(word) for word in known] for each in words]
    tree = linkage(pdist(counts, "cosine").clip(min=0.0), "average")
    return [int(label) for label in fcluster(tree, distance, criterion="distance")]


def _falling(paths: Sequence[Path]) -> list[int]:
    """The places of the paths, best first; of equals the first."""
    return sorted(range(len(paths)), key=lambda index: -paths[index].score)


POLICIES: dict[str, Policy] = {"balanced": balanced, "beam": beam, "diverse": diverse}
