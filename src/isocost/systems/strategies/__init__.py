"""Strategies: systems that wrap systems. One file each, named for its mechanism."""

from isocost.systems.strategies.best_of import best_of
from isocost.systems.strategies.cascade import cascade
from isocost.systems.strategies.finals import final_answer, normalised
from isocost.systems.strategies.particle_filter import particle_filter
from isocost.systems.strategies.stopping import StopRule, stop_rule
from isocost.systems.strategies.styles import few_shot, zero_shot
from isocost.systems.strategies.tab import Tab
from isocost.systems.strategies.tree_search import tree_search
from isocost.systems.strategies.vote import vote

__all__ = [
    "StopRule",
    "Tab",
    "best_of",
    "cascade",
    "few_shot",
    "final_answer",
    "normalised",
    "particle_filter",
    "stop_rule",
    "tree_search",
    "vote",
    "zero_shot",
]
