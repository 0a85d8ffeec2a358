"""What real sequences look like: the statistics that regularizers and views compare a dream with."""

from __future__ import annotations

import weakref
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.classes import Classes
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.spectrum import log_magnitude, power
from seqdream_widget.threads import statistic

FLOOR = 1e-3
"""Magnitudes below this share of a channel's root mean square magnitude count as absent."""


class Members:
    """Statistics of real sequences that belong together, each computed when first asked for.

    Parameters
    ----------
    x : Tensor of shape (member, channel, time)
        At least one sequence.

    Examples
    --------
    >>> Members(torch.tensor([[[0.0, 1.0, 0.0]], [[0.0, 3.0, 0.0]]])).roughness
    tensor([[2.]])
    """

    def __init__(self, x: Float[Tensor, "member channel time"]) -> None:
        self.x = x
        self._quantiles: dict[tuple[float, float], Tensor] = {}

    @statistic
    def value_range(self) -> tuple[Float[Tensor, "channel 1"], Float[Tensor, "channel 1"]]:
        """Smallest and largest value of each channel."""
        return self.x.amin(dim=(0, 2))[:, None], self.x.amax(dim=(0, 2))[:, None]

    def quantiles(self, low: float, high: float) -> Float[Tensor, "2 channel time"]:
        """Return the values below which the shares `low` and `high` of the members lie, at each time step."""
        if (low, high) not in self._quantiles:
            found = np.quantile(self.x.numpy(), [low, high], axis=0).astype(np.float32)
            self._quantiles[low, high] = torch.tensor(found)
        return self._quantiles[low, high]

    @statistic
    def floor(self) -> Float[Tensor, "channel 1"]:
        """Magnitude under which a frequency counts as absent: a thousandth of the root mean square magnitude."""
        size = power(self.x).mean(dim=(0, 2)).sqrt()[:, None]
        return FLOOR * torch.where(size > 0, size, 1.0)

    @statistic
    def log_spectrum(self) -> Float[Tensor, "channel frequency"]:
        """Mean of the members' log-magnitude spectra; `spectrum.log_magnitude` with `floor`."""
        return log_magnitude(self.x, self.floor).mean(dim=0)

    @statistic
    def spectrum_spread(self) -> float:
        """Median over the members of the root mean square difference of their log-magnitude spectrum to the mean."""
        difference = log_magnitude(self.x, self.floor) - self.log_spectrum
        return float(difference.square().mean(dim=(1, 2)).sqrt().median())

    @statistic
    def mean(self) -> Float[Tensor, "channel 1"]:
        """Mean value of each channel."""
        return self.x.mean(dim=(0, 2))[:, None]

    @statistic
    def mean_sequence(self) -> Float[Tensor, "channel time"]:
        """Mean of the members at each time step."""
        return self.x.mean(dim=0)

    @statistic
    def amplitude(self) -> Float[Tensor, "channel 1"]:
        """Standard deviation in time of each channel: the median over the members."""
        return self.x.std(dim=2, correction=0).median(dim=0).values[:, None]

    @statistic
    def roughness(self) -> Float[Tensor, "channel 1"]:
        """Mean of |x_t − x_{t−1}| in each channel."""
        return self.x.diff(dim=2).abs().mean(dim=(0, 2))[:, None]


class Reference:
    """Statistics of a data set, each computed when first asked for. `Reference.of` shares them.

    Parameters
    ----------
    data : SequenceDataset
        Real sequences.
    """

    # By id: a reference holds its data set, so the id is not given away while the entry lives.
    _known: ClassVar[weakref.WeakValueDictionary[int, Reference]] = weakref.WeakValueDictionary()

    def __init__(self, data: SequenceDataset) -> None:
        self.data = data
        self._members: dict[int | None, Members] = {}

    @staticmethod
    def of(data: SequenceDataset) -> Reference:
        """Return the statistics of `data`, the same object as long as somebody holds it.

        Examples
        --------
        >>> data = SequenceDataset([[0.0, 1.0], [1.0, 0.0]], [0, 1])
        >>> one = Reference.of(data)
        >>> Reference.of(data) is one
        True
        """
        found = Reference._known.get(id(data))
        if found is None:
            found = Reference._known[id(data)] = Reference(data)
        return found

    def members(self, target: int | str | None = None) -> Members:
        """Return the statistics of one class, or of all the data.

        Parameters
        ----------
        target : int or str, optional
            An index or a name; all sequences unless given.

        Raises
        ------
        ValueError
            If there is no such class, or it has no member.
        """
        index = None if target is None else Classes(self.data.class_names).index(target)
        if index not in self._members:
            x = self.data.x if index is None else self.data.members(index)
            if not len(x):
                raise ValueError(
                    f'class "{self.data.class_names[index or 0]}" has no members in the data to compare with; '
                    f"give data that holds some, or another class"
                )
            self._members[index] = Members(x)
        return self._members[index]

    @statistic
    def mean(self) -> Float[Tensor, "channel 1"]:
        """Mean value of each channel."""
        return self.data.x.mean(dim=(0, 2))[:, None]

    @statistic
    def deviation(self) -> Float[Tensor, "channel 1"]:
        """Standard deviation of each channel."""
        return self.data.x.std(dim=(0, 2))[:, None]

    @statistic
    def mean_sequence(self) -> Float[Tensor, "channel time"]:
        """Mean of all sequences at each time step."""
        return self.data.x.mean(dim=0)

    @statistic
    def time_step_range(self) -> tuple[Float[Tensor, "channel time"], Float[Tensor, "channel time"]]:
        """Smallest and largest real value at each time step."""
        return self.data.x.amin(dim=0), self.data.x.amax(dim=0)

    def envelope(self, index: int) -> Float[Tensor, "2 channel time"] | None:
        """Range in which 90 % of a class lie at each time step: its 5 and 95 % quantiles.

        ``None`` where the data has no member of the class.
        """
        return self.members(index).quantiles(0.05, 0.95) if (self.data.y == index).any() else None
