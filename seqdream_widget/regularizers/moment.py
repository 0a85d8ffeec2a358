"""What a projection or a transform may look at beside the sequence."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.reference import Reference


@dataclasses.dataclass(frozen=True, eq=False)
class Moment:
    """The circumstances of one step.

    Attributes
    ----------
    reference : Reference, optional
        Statistics of the real data, where there is any.
    generators : tuple of torch.Generator
        The randomness of each dream. What a dream draws never depends on its neighbours.
    gradient : Tensor of shape (batch, channel, time), optional
        Of the loss with respect to the sequence before this step's update, neither masked nor shaped; for projections.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> moment = sd.regularizers.Moment(generators=(torch.Generator().manual_seed(0),))
    >>> moment.uniform(2).shape
    torch.Size([1, 2])
    """

    reference: Reference | None = None
    generators: tuple[torch.Generator, ...] = ()
    gradient: Float[Tensor, "batch channel time"] | None = None

    def mean(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "channel 1"]:
        """Return the mean of each channel of the data, 0 without data; of the type of `x`."""
        return x.new_zeros(x.shape[1], 1) if self.reference is None else self.reference.mean.to(x)

    def deviation(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "channel 1"]:
        """Return the standard deviation of each channel of the data, 1 without data; of the type of `x`."""
        return x.new_ones(x.shape[1], 1) if self.reference is None else self.reference.deviation.to(x)

    def normal(self, *shape: int) -> Float[Tensor, "batch ..."]:
        """Draw standard normal numbers of this shape for each dream."""
        return torch.stack([torch.randn(shape, generator=generator) for generator in self.generators])

    def uniform(self, *shape: int) -> Float[Tensor, "batch ..."]:
        """Draw numbers from 0 to 1 (excluded) of this shape for each dream."""
        return torch.stack([torch.rand(shape, generator=generator) for generator in self.generators])
