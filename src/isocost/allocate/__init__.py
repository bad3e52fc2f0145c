"""Arrays in, arrays out: budgets spent where they buy most, each with its price and with how far it can be from the best."""

from isocost.allocate.choose import Choice, choose
from isocost.allocate.keep import Kept, keep

__all__ = ["Choice", "Kept", "choose", "keep"]
