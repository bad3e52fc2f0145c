"""What a drawn frontier holds: plain structs that go to JSON as they are."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from isocost.metrics.estimate import Estimate


class Place(Struct, frozen=True, kw_only=True):
    """Where one system stands: its estimates in the order of the axes, and its chance to be on the frontier.

    member: on the frontier of the means as measured. on_frontier: in which share of the bootstrap replicates.
    """

    system: str
    estimates: tuple[Estimate, ...]
    on_frontier: float
    member: bool

    @property
    def x(self) -> Estimate:
        """What is paid."""
        return self.estimates[0]

    @property
    def y(self) -> Estimate:
        """What is gained."""
        return self.estimates[-1]

    def as_dict(self, axes: Sequence[str]) -> dict[str, Any]:
        """Its values, its chance, and its estimates by axis."""
        return {
            "system": self.system,
            "x": self.x.value,
            "y": self.y.value,
            "on_frontier": self.on_frontier,
            "member": self.member,
            "estimates": {axis: msgspec.to_builtins(one) for axis, one in zip(axes, self.estimates, strict=True)},
        }


class Rise(Struct, frozen=True, kw_only=True):
    """From one system to the next on the frontier: `extra` x for a `gain` in y; price: x for one more unit of y."""

    start: str
    end: str
    extra: float
    gain: float
    price: float


class Frontier(Struct, frozen=True, kw_only=True):
    """Which systems are not dominated, how surely, and what the next one costs.

    axes: what was compared, x first and y last. systems: in order of x. frontier: the members' names in order of x.
    hypervolume: measured from `reference` (docs/frontier.md says how to read it); bias: by how much its bootstrap replicates
    exceed it. optimism and flattery: in-sample minus out-of-sample, of the hypervolume and of the members' mean on each axis.
    rises: between neighbours; hull: along the upper hull; knee: where returns diminish (all of two axes only).
    left_out: systems without a value on some axis, and why; notes: what to know before comparing.
    """

    axes: tuple[str, ...]
    frontier: tuple[str, ...]
    systems: tuple[Place, ...]
    hypervolume: Estimate
    bias: float
    reference: tuple[float, ...]
    optimism: Estimate
    flattery: tuple[Estimate, ...]
    rises: tuple[Rise, ...]
    hull: tuple[Rise, ...]
    knee: str | None
    left_out: dict[str, str]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """What `isocost frontier --json` prints."""
        return {
            "x": self.axes[0],
            "y": self.axes[-1],
            "frontier": list(self.frontier),
            "systems": [place.as_dict(self.axes) for place in self.systems],
            "hypervolume": {
                **msgspec.to_builtins(self.hypervolume),
                "bias": self.bias,
                "reference": dict(zip(self.axes, self.reference, strict=True)),
            },
            "optimism": {
                **msgspec.to_builtins(self.optimism),
                "axes": {axis: msgspec.to_builtins(estimate) for axis, estimate in zip(self.axes, self.flattery, strict=True)},
            },
            "knee": self.knee,
            "rises": msgspec.to_builtins(self.rises),
            "hull": msgspec.to_builtins(self.hull),
            "left_out": self.left_out,
            "notes": list(self.notes),
        }
