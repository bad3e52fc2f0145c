"""Items, what counts as right, and splits: what a study asks, and how answers are graded."""

from isocost.workload.errors import GraderError
from isocost.workload.spec import GRADERS, Workload, load, load_all, make_grader
from isocost.workload.splits import sample, split

__all__ = ["GRADERS", "GraderError", "Workload", "load", "load_all", "make_grader", "sample", "split"]
