"""Arrays in, arrays out: budgets spent where they buy most, each with its price and with how far it can be from the best."""

from isocost.allocate.atleast import cheapest
from isocost.allocate.choose import Choice, choose
from isocost.allocate.frontier import Curve, frontier
from isocost.allocate.groups import GroupsChoice, choose_in_groups
from isocost.allocate.keep import Kept, keep
from isocost.allocate.online import Online
from isocost.allocate.pack import Bins, Items, Packing, pack
from isocost.allocate.several import SeveralChoice, choose_several
from isocost.allocate.split import Logarithmic, Points, Power, Saturating, Split, split

__all__ = [
    "Bins",
    "Choice",
    "Curve",
    "GroupsChoice",
    "Items",
    "Kept",
    "Logarithmic",
    "Online",
    "Packing",
    "Points",
    "Power",
    "Saturating",
    "SeveralChoice",
    "Split",
    "cheapest",
    "choose",
    "choose_in_groups",
    "choose_several",
    "frontier",
    "keep",
    "pack",
    "split",
]
