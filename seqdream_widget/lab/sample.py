"""Which real sequences are drawn: all of a small data set, an even choice of a large one."""

from __future__ import annotations

import dataclasses
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Int64
from torch import Tensor

from seqdream_widget.datasets import SequenceDataset

MOST = 1500
"""Sequences that are drawn, and of which features are computed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """Real sequences to draw.

    Attributes
    ----------
    data : SequenceDataset
        They themselves.
    index : Tensor of shape (sequence,)
        Their indices into the whole data set.
    whole : int
        How many that holds.
    """

    data: SequenceDataset
    index: Int64[Tensor, " sequence"]
    whole: int

    @property
    def words(self) -> str:
        """Say that it is not all, where it is not."""
        return (
            "" if len(self.index) == self.whole else f"{len(self.index):,} of {self.whole:,} real sequences are drawn"
        )


def sample_of(data: SequenceDataset) -> Sample:
    """Return the sequences to draw, the same at each call: of a large data set an even choice of every class.

    Examples
    --------
    >>> sample_of(SequenceDataset([[0.0, 1.0]] * 6, [0, 1] * 3)).words
    ''
    """
    if len(data) <= MOST:
        return Sample(data, torch.arange(len(data)), len(data))
    if data not in _samples:
        by_class = data.y.argsort(stable=True)
        index = by_class[torch.linspace(0, len(data) - 1, MOST).round().long()].sort().values
        part = SequenceDataset(data.x[index], data.y[index], data.class_names, data.channel_names)
        _samples[data] = Sample(part, index, len(data))
    return _samples[data]


_samples: WeakKeyDictionary[SequenceDataset, Sample] = WeakKeyDictionary()
