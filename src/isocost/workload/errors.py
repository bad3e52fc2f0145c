"""What a grader raises when it cannot grade: the fault is the grader's, so the answer is not counted as wrong."""

from collections.abc import Sequence

from isocost.records import Call, IsocostError


class GraderError(IsocostError):
    """A grader could not grade: it raised, hung, or had nothing to compare with.

    `kind` is always "grader", what a record's `error_kind` says. `item` names the question; `calls` holds what a judge had
    already spent.
    """

    kind = "grader"

    def __init__(self, message: str, *, item: str = "", calls: Sequence[Call] = ()) -> None:
        super().__init__(f"item '{item}': {message}" if item else message)
        self.item, self.calls = item, tuple(calls)
