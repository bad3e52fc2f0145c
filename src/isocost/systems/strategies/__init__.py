"""Strategies: systems that wrap systems. One file each, named for its mechanism."""

from isocost.systems.strategies.anytime import anytime
from isocost.systems.strategies.best_of import best_of
from isocost.systems.strategies.budget_forcing import budget_forcing
from isocost.systems.strategies.cascade import cascade
from isocost.systems.strategies.concise_hint import concise_hint
from isocost.systems.strategies.debate import debate
from isocost.systems.strategies.difficulty_adaptive import difficulty_adaptive
from isocost.systems.strategies.effort_levels import effort_levels
from isocost.systems.strategies.elastic import elastic
from isocost.systems.strategies.finals import final_answer, normalised
from isocost.systems.strategies.parallel_distill_refine import parallel_distill_refine
from isocost.systems.strategies.particle_filter import particle_filter
from isocost.systems.strategies.plan_and_budget import plan_and_budget
from isocost.systems.strategies.plan_search import Verdict, plan_search
from isocost.systems.strategies.refine import refine
from isocost.systems.strategies.selective_allocation import selective_allocation
from isocost.systems.strategies.solve_detect_verify import solve_detect_verify
from isocost.systems.strategies.stopping import StopRule, stop_rule
from isocost.systems.strategies.styles import few_shot, style, zero_shot
from isocost.systems.strategies.tab import Tab
from isocost.systems.strategies.tree_search import tree_search
from isocost.systems.strategies.turns import turns
from isocost.systems.strategies.vote import vote

__all__ = [
    "StopRule",
    "Tab",
    "Verdict",
    "anytime",
    "best_of",
    "budget_forcing",
    "cascade",
    "concise_hint",
    "debate",
    "difficulty_adaptive",
    "effort_levels",
    "elastic",
    "few_shot",
    "final_answer",
    "normalised",
    "parallel_distill_refine",
    "particle_filter",
    "plan_and_budget",
    "plan_search",
    "refine",
    "selective_allocation",
    "solve_detect_verify",
    "stop_rule",
    "style",
    "tree_search",
    "turns",
    "vote",
    "zero_shot",
]
