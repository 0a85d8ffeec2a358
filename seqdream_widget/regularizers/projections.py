"""Projections: changes made to the sequence after an update."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from seqdream_widget.parameters import described, number
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers.base import Projection


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
    Brown 1956; used on dreams by Schlegel, Keim, Sutter 2024 (arXiv 2408.10628).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import ExponentialSmoothing
    >>> ExponentialSmoothing(alpha=0.5).apply(torch.tensor([[[0.0, 1.0, 1.0]]]), None)
    tensor([[[0.0000, 0.5000, 0.7500]]])
    """

    label: ClassVar[str] = "Exponential smoothing"
    slider: ClassVar[str | None] = "alpha"

    alpha: float = number(0.3, low=0.01, high=1.0)
    every: int = number(10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True)

    def apply(
        self, x: Float[Tensor, "batch channel time"], reference: Reference | None
    ) -> Float[Tensor, "batch channel time"]:
        """Smooth each channel in time."""
        del reference
        decay = 1.0 - self.alpha
        y = torch.cat([x[..., :1], self.alpha * x[..., 1:]], dim=-1)
        # Σ_j decay^j z^−j = Π_k (1 + decay^(2^k) z^−(2^k)): the recursion in log2(time) vector operations.
        shift = 1
        while shift < y.shape[-1] and decay > 0.0:
            y = y + decay * functional.pad(y[..., :-shift], (shift, 0))
            decay, shift = decay * decay, 2 * shift
        return y


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
    On dreams: Yosinski et al. 2015 (arXiv 1506.06579). The ends are continued by their last value.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import GaussianBlur
    >>> blurred = GaussianBlur(sigma=1.0).apply(torch.ones(1, 1, 8), None)
    >>> torch.allclose(blurred, torch.ones(1, 1, 8))
    True
    """

    label: ClassVar[str] = "Gaussian blur"
    slider: ClassVar[str | None] = "sigma"

    sigma: float = number(1.0, low=0.1, high=100.0, slider=(0.1, 20.0), scale="log", unit="samples")
    every: int = number(10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True)

    def apply(
        self, x: Float[Tensor, "batch channel time"], reference: Reference | None
    ) -> Float[Tensor, "batch channel time"]:
        """Blur each channel in time."""
        del reference
        radius = math.ceil(4 * self.sigma)
        offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
        kernel = torch.exp(-0.5 * (offsets / self.sigma) ** 2)
        kernel = kernel / kernel.sum()
        rows = functional.pad(x.flatten(0, 1)[:, None], (radius, radius), mode="replicate")
        return functional.conv1d(rows, kernel[None, None]).reshape(x.shape)


@described
class Standardize(Projection):
    """Shift and scale to a given mean and standard deviation: those of the data.

    Parameters
    ----------
    mean, std : float, optional
        What each channel gets, in the data's units; of the data unless given, 0 and 1 without data.
    every : int
        Act every so many steps.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Standardize
    >>> Standardize(mean=0, std=1).apply(torch.tensor([[[1.0, 3.0]]]), None)
    tensor([[[-1.,  1.]]])
    """

    label: ClassVar[str] = "Standardize"

    mean: float | None = number(None, low=-1e9, high=1e9, optional=True)
    std: float | None = number(None, low=1e-9, high=1e9, optional=True)

    def apply(
        self, x: Float[Tensor, "batch channel time"], reference: Reference | None
    ) -> Float[Tensor, "batch channel time"]:
        """Standardize each channel of each dream; a flat one is only shifted."""
        mean: Tensor | float | None = self.mean
        deviation: Tensor | float | None = self.std
        if mean is None:
            mean = 0.0 if reference is None else reference.mean.to(x)
        if deviation is None:
            deviation = 1.0 if reference is None else reference.deviation.to(x)
        centered = x - x.mean(dim=2, keepdim=True)
        own = centered.std(dim=2, keepdim=True, correction=0)
        return torch.where(own > 0, centered / own * deviation, centered) + mean


@described
class Clamp(Projection):
    """Cut off what lies outside the range of real values.

    Parameters
    ----------
    low, high : float, optional
        The range; of the data unless given. Without data both must be given.
    per_time_step : bool
        Use the data's range at each time step instead of one for all; then `low` and `high` are not given.
    every : int
        Act every so many steps.

    Raises
    ------
    ValueError
        If `low` is above `high`, or given together with `per_time_step`.

    Notes
    -----
    The range per time step is the "clamp to borders" that Schlegel's group uses on generated sequences.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Clamp
    >>> Clamp(low=-1, high=1).apply(torch.tensor([[[-3.0, 0.5]]]), None)
    tensor([[[-1.0000,  0.5000]]])
    """

    label: ClassVar[str] = "Clamp to data"

    low: float | None = number(None, low=-1e9, high=1e9, optional=True)
    high: float | None = number(None, low=-1e9, high=1e9, optional=True)
    per_time_step: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Check that the bounds belong together."""
        super().__post_init__()
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"Clamp: low = {self.low:g} is above high = {self.high:g}; swap them")
        if self.per_time_step and (self.low is not None or self.high is not None):
            raise ValueError(
                "Clamp: low and high are not allowed with per_time_step=True, which takes the range from the data"
            )

    def needs_data(self) -> bool:
        """Tell whether a bound has to come from the data."""
        return self.per_time_step or self.low is None or self.high is None

    def apply(
        self, x: Float[Tensor, "batch channel time"], reference: Reference | None
    ) -> Float[Tensor, "batch channel time"]:
        """Clamp each sample."""
        if reference is None or not self.needs_data():
            return x.clamp(self.low, self.high)
        low, high = (bound.to(x) for bound in reference.time_step_range)
        if not self.per_time_step:
            low = low.amin(dim=1, keepdim=True) if self.low is None else torch.full_like(low, self.low)
            high = high.amax(dim=1, keepdim=True) if self.high is None else torch.full_like(high, self.high)
        # A given bound beyond the data's other one wins.
        low, high = (low, torch.maximum(high, low)) if self.low is not None else (torch.minimum(low, high), high)
        return torch.minimum(torch.maximum(x, low), high)
