"""A budget spent where it buys most: which system for which question, how many samples, what to measure next."""

from isocost.plan.evidence import Evidence

__all__ = ["Evidence"]
