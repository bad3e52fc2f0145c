"""The models: what finally answers a request, each asked through the one story of `base.Model`."""

from isocost.systems.models.base import Draft, Model
from isocost.systems.models.embedded import Embedded
from isocost.systems.models.endpoint import Endpoint
from isocost.systems.models.replay import Replay
from isocost.systems.models.synthetic import Synthetic

__all__ = ["Draft", "Embedded", "Endpoint", "Model", "Replay", "Synthetic"]
