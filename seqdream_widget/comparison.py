"""What a person has changed: a dream beside the one that the gradient alone would have come to."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.dreamer import Dreamer
from seqdream_widget.objectives import Objective


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """A steered dream and the same without commands.

    Attributes
    ----------
    steps : int
        How many each has taken since the start.
    steered, unsteered : Tensor of shape (batch, channel, time)
        The sequences: float32, on the CPU.
    steered_score, unsteered_score : Tensor of shape (batch,)
        How each scores in the objective that the steered one climbs now, without transforms and penalties.
    steered_probabilities, unsteered_probabilities : Tensor of shape (batch, class)
    """

    steps: int
    steered: Float[Tensor, "batch channel time"]
    unsteered: Float[Tensor, "batch channel time"]
    steered_score: Float[Tensor, " batch"]
    unsteered_score: Float[Tensor, " batch"]
    steered_probabilities: Float[Tensor, "batch class"]
    unsteered_probabilities: Float[Tensor, "batch class"]

    @property
    def difference(self) -> Float[Tensor, "batch channel time"]:
        """What the person has changed: steered minus unsteered."""
        return self.steered - self.unsteered

    def __repr__(self) -> str:
        """Tell scores and the size of the difference; never print arrays."""
        size = self.difference.square().mean().sqrt()
        return (
            f"Comparison(steps={self.steps}, score {self.steered_score.mean():.3g} steered, "
            f"{self.unsteered_score.mean():.3g} not, root mean square difference {size:.3g})"
        )


def compared(steered: Dreamer, unsteered: Dreamer) -> Comparison:
    """Compare two dreamers of one scene."""
    score, probabilities = _scored(steered, steered.objective)
    other_score, other_probabilities = _scored(unsteered, steered.objective)
    x, other = steered.sequence().float().cpu(), unsteered.sequence().float().cpu()
    return Comparison(steered.step_count, x, other, score, other_score, probabilities, other_probabilities)


@torch.no_grad()
def _scored(dreamer: Dreamer, objective: Objective) -> tuple[Tensor, Tensor]:
    activity = dreamer.scene.probe(dreamer.sequence(), objective.layers)
    return objective.score(activity).float().cpu(), activity.probabilities().float().cpu()
