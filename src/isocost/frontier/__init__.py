"""Which systems are not dominated, how surely, and what the next point of quality costs."""

from isocost.frontier.axes import default_reference
from isocost.frontier.confidence import Confidence, frontier_confidence
from isocost.frontier.dominance import hypervolume, nondominated
from isocost.frontier.draw import draw
from isocost.frontier.drawn import Frontier, Place, Rise
from isocost.frontier.optimism import Optimism, frontier_optimism
from isocost.frontier.shape import Step, hull_costs, knee, marginal_costs, staircase

__all__ = [
    "Confidence",
    "Frontier",
    "Optimism",
    "Place",
    "Rise",
    "Step",
    "default_reference",
    "draw",
    "frontier_confidence",
    "frontier_optimism",
    "hull_costs",
    "hypervolume",
    "knee",
    "marginal_costs",
    "nondominated",
    "staircase",
]
