"""A budget spent where it buys most: which system for which question, how many samples, what to measure next."""

from isocost.plan.check import Check, Test, check
from isocost.plan.evidence import Evidence, gather
from isocost.plan.goal import amount, parse_at_least, parse_budget, parse_latency
from isocost.plan.kinds import KINDS, kind
from isocost.plan.make import How, make
from isocost.plan.plan import Plan, open_plan
from isocost.plan.rule import Goal, Kind, Latency, Outcome, Rule

__all__ = [
    "KINDS",
    "Check",
    "Evidence",
    "Goal",
    "How",
    "Kind",
    "Latency",
    "Outcome",
    "Plan",
    "Rule",
    "Test",
    "amount",
    "check",
    "gather",
    "kind",
    "make",
    "open_plan",
    "parse_at_least",
    "parse_budget",
    "parse_latency",
]
