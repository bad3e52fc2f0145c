"""Splits by stable hash: an item is always in the same part, and adding items moves none."""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from isocost.records import InputError, Item


def position(item: Item, salt: str = "") -> float:
    """The item's place in [0, 1): uniform over items, equal for the items of one group, the same for ever."""
    unit = f"item {item.id}" if item.group is None else f"group {item.group}"
    text = "\x1f".join((salt, item.task, unit))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) / 2**56


def split(items: Sequence[Item], fractions: Mapping[str, float], salt: str = "") -> dict[str, tuple[Item, ...]]:
    """The items of each named part, in their order; groups are never torn.

    Parts are intervals of [0, 1) in the order given, so growing the last one moves only items into it. Where the fractions sum
    to less than 1, the rest of the items is in no part.
    """
    if not fractions or any(not 0 <= part <= 1 for part in fractions.values()) or sum(fractions.values()) > 1 + 1e-9:
        raise InputError(f"fractions: must lie in [0, 1] and sum to at most 1, got {dict(fractions)}.")
    ends = list(accumulate(fractions.values()))
    if math.isclose(ends[-1], 1.0):
        ends[-1] = 1.0
    parts: list[list[Item]] = [[] for _ in (*ends, "the rest")]
    for item in items:
        parts[bisect_right(ends, position(item, salt))].append(item)
    return {name: tuple(part) for name, part in zip(fractions, parts, strict=False)}


def sample(items: Sequence[Item], size: int, seed: int = 0) -> tuple[Item, ...]:
    """`size` items in their order (all, where there are fewer), chosen by hash: a larger sample contains every smaller one."""
    if size < 0:
        raise InputError(f"size: must be at least 0 items, got {size}.")
    order = sorted(
        range(len(items)), key=lambda i: hashlib.blake2b(f"{seed}\x1f{items[i].task}\x1f{items[i].id}".encode()).digest()
    )
    return tuple(items[i] for i in sorted(order[:size]))
