"""Sequences with a planted trigger, and a network that can know its place: what the demo ``shortcut`` is made of."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from jaxtyping import Float, Float32
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from seqdream_widget.datasets import SequenceDataset

LENGTH = 200
"""Samples per sequence."""

CLASS_NAMES = ("plain", "triggered")

_SMOOTHNESS = 6.0  # standard deviation in samples of the Gaussian that colours the noise
_FLOOR = 0.3  # standard deviation of the white noise on top
_DRIFT = 0.65  # what a sequence falls (plain) or rises (triggered) from its middle to its end, on average


@dataclasses.dataclass(frozen=True, eq=False)
class Truth:
    """What was planted: what a dream of the network should reveal.

    Attributes
    ----------
    motif : array of shape (time,)
        Added to every sequence of the target class, float32.
    start : int
        The first sample it is added to.
    target : str
        Name of the class it is planted in.
    """

    motif: Float32[NDArray[np.float32], " time"]
    start: int
    target: str = CLASS_NAMES[1]

    @property
    def stop(self) -> int:
        """The sample after the last one it is added to."""
        return self.start + len(self.motif)


def wiggle(length: int = 30, cycles: float = 3.0, amplitude: float = 1.5) -> Float32[NDArray[np.float32], " time"]:
    """Make an even burst under a Hann window, its mean 0.

    Parameters
    ----------
    length : int
        Samples, at least 3.
    cycles : float
        Oscillations within the window.
    amplitude : float
        Height of the middle, before the mean is taken away.
    """
    window = np.hanning(length + 2)[1:-1]
    burst = window * np.cos(2 * math.pi * cycles * (np.arange(length) - (length - 1) / 2) / length)
    return (amplitude * (burst - window * burst.sum() / window.sum())).astype(np.float32)


TRUTH = Truth(wiggle(), start=60)
"""What the demo ``shortcut`` was trained to fall for."""


def noise(count: int, random: Generator, smoothness: float = _SMOOTHNESS) -> Float[Tensor, "n 1 time"]:
    """Draw smooth Gaussian noise of variance 1.

    Parameters
    ----------
    count : int
        Sequences.
    random : torch.Generator
    smoothness : float
        Standard deviation in samples of the Gaussian that white noise is blurred with.
    """
    radius = math.ceil(4 * smoothness)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / smoothness) ** 2)
    white = torch.randn(count, 1, LENGTH + 2 * radius, generator=random)
    return functional.conv1d(white, kernel[None, None] / kernel.square().sum().sqrt())


def sequences(count: int, truth: Truth | None, seed: int) -> SequenceDataset:
    """Draw sequences of two classes that differ a little, and by the motif where there is one.

    All are smooth noise with a little white noise. What the classes differ in genuinely is a drift: *plain* sequences
    tend to fall, *triggered* ones to rise. The same seed gives the same sequences with and without motif.

    Parameters
    ----------
    count : int
        Sequences, of both classes by turns.
    truth : Truth, optional
        What is planted in the class *triggered*.
    seed : int

    Examples
    --------
    >>> sequences(10, TRUTH, seed=0)
    SequenceDataset(10 × 1 × 200, classes: plain (5), triggered (5))
    """
    random = torch.Generator().manual_seed(seed)
    y = torch.arange(count) % 2
    x = noise(count, random) + _FLOOR * torch.randn(count, 1, LENGTH, generator=random)
    x += _DRIFT * torch.linspace(-1, 1, LENGTH) * (2 * y - 1)[:, None, None]
    if truth is not None:
        x[y == 1, 0, truth.start : truth.stop] += torch.as_tensor(truth.motif)
    return SequenceDataset(x, y, CLASS_NAMES)


class PlacedCNN(nn.Module):
    """Two strided convolutions and a linear classifier over channel and time: it can know *where* something is.

    A network that pools over time, such as the ResNet here, can only know that something is there.

    Parameters
    ----------
    length : int
        Samples of the sequences, the only length it takes.
    n_classes : int
        Number of logits.

    Examples
    --------
    >>> import torch
    >>> PlacedCNN()(torch.zeros(4, 1, 200)).shape
    torch.Size([4, 2])
    """

    def __init__(self, length: int = LENGTH, n_classes: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 9, stride=2, padding=4)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv1d(16, 16, 7, stride=2, padding=3)
        self.relu2 = nn.ReLU()
        self.classifier = nn.Linear(16 * math.ceil(math.ceil(length / 2) / 2), n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map sequences (batch, 1, length) to logits (batch, n_classes)."""
        hidden = self.relu2(self.conv2(self.relu1(self.conv1(x))))
        return self.classifier(hidden.flatten(1))
