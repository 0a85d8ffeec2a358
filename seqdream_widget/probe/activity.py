"""What a model does with sequences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor


@dataclasses.dataclass(slots=True)
class Activity:
    """What the model does with a batch of sequences.

    Attributes
    ----------
    logits : Tensor of shape (batch, class)
        Differentiable with respect to the sequences.
    x : Tensor of shape (batch, channel, time)
        The sequences.
    features : Tensor of shape (batch, feature)
        The penultimate features: the input of the last ``Linear``, unless the probe was told otherwise.
    layers : mapping of str to Tensor
        The outputs of the layers that were asked for, by dotted name: (batch, channel), (batch, channel, time) or more
        axes, as `sd.layers` shows them.
    """

    logits: Float[Tensor, "batch class"]
    x: Float[Tensor, "batch channel time"]
    features: Float[Tensor, "batch feature"]
    layers: Mapping[str, Tensor] = dataclasses.field(default_factory=dict[str, Tensor])

    def probabilities(self) -> Float[Tensor, "batch class"]:
        """Return the softmax of the logits, detached."""
        return self.logits.detach().softmax(dim=1)
