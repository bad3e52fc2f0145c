"""isocost finds the cheapest way for an AI system to be good enough, and then runs it."""

__version__ = "0.1.0"
