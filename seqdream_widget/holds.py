"""What is held against the gradient: samples that are frozen, and those that a hand holds."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import Bool
from torch import Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class Holds:
    """Which samples do not move, and why. It never changes: each method returns another.

    Attributes
    ----------
    frozen : Tensor of shape (batch, channel, time)
        Mask of the samples that are held until they are unfrozen.
    pins : dict of int to Tensor of shape (batch, channel, time)
        Mask of the samples that a pointer holds, by its gesture.
    released : frozenset of int
        The gestures that let go after the next step.
    """

    frozen: Bool[Tensor, "batch channel time"]
    pins: dict[int, Bool[Tensor, "batch channel time"]] = dataclasses.field(default_factory=dict[int, Tensor])
    released: frozenset[int] = frozenset()

    @property
    def where(self) -> Bool[Tensor, "batch channel time"]:
        """Mask of all that does not move."""
        held = self.frozen
        for pinned in self.pins.values():
            held = held | pinned
        return held

    @property
    def leaving(self) -> Bool[Tensor, "batch channel time"]:
        """Mask of what the released gestures hold."""
        leaving = torch.zeros_like(self.frozen)
        for gesture in self.released:
            leaving |= self.pins[gesture]
        return leaving

    @property
    def gestures(self) -> tuple[int, ...]:
        """The gestures that hold samples and have not been released."""
        return tuple(gesture for gesture in self.pins if gesture not in self.released)

    def freeze(self, where: Bool[Tensor, "batch channel time"]) -> Holds:
        """Hold samples until they are unfrozen."""
        return dataclasses.replace(self, frozen=self.frozen | where)

    def unfreeze(self, where: Bool[Tensor, "batch channel time"]) -> Holds:
        """Hold them no longer."""
        return dataclasses.replace(self, frozen=self.frozen & ~where)

    def pin(self, gesture: int, where: Bool[Tensor, "batch channel time"]) -> Holds:
        """Hold samples, beside those that the gesture has already, until it is let go."""
        held = self.pins.get(gesture)
        pins = {**self.pins, gesture: where if held is None else held | where}
        return dataclasses.replace(self, pins=pins, released=self.released - {gesture})

    def release(self, gesture: int) -> Holds:
        """Have a gesture let go after the next step; one that holds nothing is no matter."""
        return dataclasses.replace(self, released=self.released | ({gesture} & self.pins.keys()))

    def let_go(self) -> Holds:
        """Do without the gestures that have been released."""
        return Holds(self.frozen, {gesture: self.pins[gesture] for gesture in self.gestures})
