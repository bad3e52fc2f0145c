"""The target occurs in the answer."""

import re

from isocost.records import Answer, Grade, Grader, Item
from isocost.workload.graders.exact import normaliser, shown, targets


def contains(*, ignore_case: bool = True, ignore_punctuation: bool = False, whole_words: bool = True) -> Grader:
    """1 where the target, or one of them, occurs in the answer; by default as whole words, so 1 is not found in 12."""
    normal = normaliser(ignore_case=ignore_case, ignore_punctuation=ignore_punctuation)

    async def grade(item: Item, answer: Answer) -> Grade:
        said = normal(answer.value)
        if any(_occurs(normal(target), said, whole_words) for target in targets(item)):
            return Grade(1.0)
        return Grade(0.0, f"{shown(item.target)} does not occur")

    return grade


def _occurs(target: str, said: str, whole_words: bool) -> bool:
    if not whole_words or target not in said:
        return target in said
    return re.search(rf"(?<!\w){re.escape(target)}(?!\w)", said) is not None
