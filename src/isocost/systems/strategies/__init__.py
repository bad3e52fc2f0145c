"""Strategies: systems that wrap systems. One file each, named for its mechanism."""

from isocost.systems.strategies.best_of import best_of
from isocost.systems.strategies.cascade import cascade
from isocost.systems.strategies.difficulty_adaptive import difficulty_adaptive
from isocost.systems.strategies.finals import final_answer, normalised
from isocost.systems.strategies.particle_filter import particle_filter
from isocost.systems.strategies.plan_and_budget import plan_and_budget
from isocost.systems.strategies.plan_search import Verdict, plan_search
from isocost.systems.strategies.selective_allocation import selective_allocation
from isocost.systems.strategies.stopping import StopRule, stop_rule
from isocost.systems.strategies.styles import few_shot, zero_shot
from isocost.systems.strategies.tab import Tab
from isocost.systems.strategies.tree_search import tree_search
from isocost.systems.strategies.vote import vote

__all__ = [
    "StopRule",
    "Tab",
    "Verdict",
    "best_of",
    "cascade",
    "difficulty_adaptive",
    "few_shot",
    "final_answer",
    "normalised",
    "particle_filter",
    "plan_and_budget",
    "plan_search",
    "selective_allocation",
    "stop_rule",
    "tree_search",
    "vote",
    "zero_shot",
]
