"""What real sequences look like: the statistics that regularizers and views compare a dream with."""

from __future__ import annotations

import functools

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.datasets import SequenceDataset


class Reference:
    """Statistics of a data set, each computed when first asked for.

    Parameters
    ----------
    data : SequenceDataset
        Real sequences.
    """

    def __init__(self, data: SequenceDataset) -> None:
        self.data = data
        self._envelopes: dict[int, Tensor] = {}

    @functools.cached_property
    def mean(self) -> Float[Tensor, "channel 1"]:
        """Mean value of each channel."""
        return self.data.x.mean(dim=(0, 2))[:, None]

    @functools.cached_property
    def deviation(self) -> Float[Tensor, "channel 1"]:
        """Standard deviation of each channel."""
        return self.data.x.std(dim=(0, 2))[:, None]

    @functools.cached_property
    def mean_sequence(self) -> Float[Tensor, "channel time"]:
        """Mean of all sequences at each time step."""
        return self.data.x.mean(dim=0)

    @functools.cached_property
    def time_step_range(self) -> tuple[Float[Tensor, "channel time"], Float[Tensor, "channel time"]]:
        """Smallest and largest real value at each time step."""
        return self.data.x.amin(dim=0), self.data.x.amax(dim=0)

    def envelope(self, index: int) -> Float[Tensor, "2 channel time"] | None:
        """Range in which 90 % of a class lie at each time step: its 5 and 95 % quantiles.

        ``None`` where the data has no member of the class.
        """
        members = self.data.members(index)
        if not len(members):
            return None
        if index not in self._envelopes:
            quantiles = np.quantile(members.numpy(), [0.05, 0.95], axis=0).astype(np.float32)
            self._envelopes[index] = torch.tensor(quantiles)
        return self._envelopes[index]
