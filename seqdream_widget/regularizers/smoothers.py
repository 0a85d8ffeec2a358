"""Smoothers: projections that take out fast wiggles."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from seqdream_widget.parameters import described, number
from seqdream_widget.regularizers.base import Projection
from seqdream_widget.regularizers.moment import Moment


@described
class ExponentialSmoothing(Projection):
    """Each sample becomes a running mean of the past: takes out fast wiggles.

    ``y₀ = x₀``, ``y_t = alpha · x_t + (1 − alpha) · y_{t−1}``.

    Parameters
    ----------
    alpha : float
        Share of the new sample, 0.01 … 1; smaller is smoother, 1 changes nothing.
    every : int
        Act every so many steps.

    Notes
    -----
    Brown 1956; on dreams of time series, Schlegel, Keim, Sutter 2024 (arXiv 2408.10628). It looks back only, so that it
    delays: each time it acts, by up to (1 − alpha) / alpha samples.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import ExponentialSmoothing, Moment
    >>> ExponentialSmoothing(alpha=0.5).apply(torch.tensor([[[0.0, 1.0, 1.0]]]), Moment())
    tensor([[[0.0000, 0.5000, 0.7500]]])
    """

    label: ClassVar[str] = "Exponential smoothing"
    slider: ClassVar[str | None] = "alpha"

    alpha: float = number(0.3, low=0.01, high=1.0)
    every: int = number(
        10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Smooth each channel in time."""
        del moment
        decay = 1.0 - self.alpha
        y = torch.cat([x[..., :1], self.alpha * x[..., 1:]], dim=-1)
        # Σ_j decay^j z^−j = Π_k (1 + decay^(2^k) z^−(2^k)): the recursion in log2(time) vector operations.
        shift = 1
        while shift < y.shape[-1] and decay > 0.0:
            y = y + decay * functional.pad(y[..., :-shift], (shift, 0))
            decay, shift = decay * decay, 2 * shift
        return y


@described
class MovingAverage(Projection):
    """Each sample becomes the mean of a window around it: takes out whatever repeats within the window.

    Parameters
    ----------
    window : int
        Samples, 1 … 10,000; 1 changes nothing. An even window reaches one sample further into the past.
    every : int
        Act every so many steps.

    Notes
    -----
    The simple moving average: Macaulay 1931, "The Smoothing of Time Series". The ends are continued by their last
    value.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import MovingAverage, Moment
    >>> MovingAverage(window=3).apply(torch.tensor([[[0.0, 3.0, 0.0, 0.0]]]), Moment())
    tensor([[[1., 1., 1., 0.]]])
    """

    label: ClassVar[str] = "Moving average"
    slider: ClassVar[str | None] = "window"

    window: int = number(5, low=1, high=10_000, slider=(1, 100), scale="log", unit="samples", integer=True)
    every: int = number(
        10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Average each channel in time."""
        del moment
        past = self.window // 2
        padded = functional.pad(x, (past, self.window - 1 - past), mode="replicate")
        return functional.avg_pool1d(padded, self.window, stride=1)


@described
class GaussianBlur(Projection):
    """Each sample becomes a Gaussian mean of its neighbours: takes out fast wiggles, without delay.

    Parameters
    ----------
    sigma : float
        Standard deviation of the kernel in samples, 0.1 … 100.
    every : int
        Act every so many steps.

    Notes
    -----
    On dreams: Yosinski et al. 2015 (arXiv 1506.06579); of time series, Schlegel, Keim, Sutter 2024 (arXiv 2408.10628).
    The ends are continued by their last value.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import GaussianBlur, Moment
    >>> blurred = GaussianBlur(sigma=1.0).apply(torch.ones(1, 1, 8), Moment())
    >>> torch.allclose(blurred, torch.ones(1, 1, 8))
    True
    """

    label: ClassVar[str] = "Gaussian blur"
    slider: ClassVar[str | None] = "sigma"

    sigma: float = number(1.0, low=0.1, high=100.0, slider=(0.1, 20.0), scale="log", unit="samples")
    every: int = number(
        10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Blur each channel in time."""
        del moment
        return gaussian(x, self.sigma)


def gaussian(x: Float[Tensor, "batch channel time"], sigma: float) -> Float[Tensor, "batch channel time"]:
    """Blur each channel in time with a Gaussian of `sigma` samples; the ends are continued by their last value."""
    radius = math.ceil(4 * sigma)
    offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    rows = functional.pad(x.flatten(0, 1)[:, None], (radius, radius), mode="replicate")
    return functional.conv1d(rows, kernel[None, None]).reshape(x.shape)
