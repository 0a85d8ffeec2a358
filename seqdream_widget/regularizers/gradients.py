"""Gradient shaping: changes made to the gradient of the sequence before the update."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.parameters import described, number
from seqdream_widget.regularizers.base import GradientShaping
from seqdream_widget.regularizers.smoothers import gaussian


@described
class NormalizeGradient(GradientShaping):
    """Gives the gradient a root mean square of 1: steps of one size, however steep the score.

    The mean is over the samples whose gradient is not zero: frozen ones do not count.

    Notes
    -----
    DeepDream divides by the mean absolute gradient, Mordvintsev, Olah, Tyka 2015 (the code of "Inceptionism");
    normalized gradient descent by the norm, Nesterov 1984. With Adam, which is blind to the gradient's scale, it
    matters only where the scale changes from step to step.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import NormalizeGradient
    >>> NormalizeGradient().shape(torch.tensor([[[3e-8, -3e-8, 0.0]]]))
    tensor([[[ 1., -1.,  0.]]])
    """

    label: ClassVar[str] = "Normalize gradient"

    def shape(self, gradient: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Divide each dream's gradient by its root mean square; a gradient of zero stays zero."""
        # By the largest first: the squares of a saturated score's gradient are below what float32 can hold.
        largest = gradient.abs().amax(dim=(1, 2), keepdim=True)
        unit = gradient / torch.where(largest > 0, largest, 1.0)
        count = (unit != 0).sum(dim=(1, 2), keepdim=True).clamp(min=1)
        size = (unit.square().sum(dim=(1, 2), keepdim=True) / count).sqrt()
        return unit / torch.where(largest > 0, size, 1.0)


@described
class ClipGradient(GradientShaping):
    """Shortens a gradient that is longer than a given norm: no step out of proportion.

    Parameters
    ----------
    norm : float
        The largest Euclidean norm of a dream's gradient, 1e-9 … 1e9.

    Notes
    -----
    Pascanu, Mikolov, Bengio 2013 (arXiv 1211.5063).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import ClipGradient
    >>> ClipGradient(norm=1.0).shape(torch.tensor([[[3.0, 4.0]], [[0.3, 0.4]]]))
    tensor([[[0.6000, 0.8000]],
    <BLANKLINE>
            [[0.3000, 0.4000]]])
    """

    label: ClassVar[str] = "Clip gradient"
    slider: ClassVar[str | None] = "norm"

    norm: float = number(1.0, low=1e-9, high=1e9, slider=(1e-3, 100.0), scale="log")

    def shape(self, gradient: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Scale each dream's gradient down to the norm, if it is longer."""
        length = gradient.square().sum(dim=(1, 2), keepdim=True).sqrt()
        return torch.where(length > self.norm, gradient / length * self.norm, gradient)


@described
class BlurGradient(GradientShaping):
    """Each sample's gradient becomes a Gaussian mean of its neighbours': neighbours move together.

    Parameters
    ----------
    sigma : float
        Standard deviation of the kernel in samples, 0.1 … 100.

    Notes
    -----
    Against high frequencies: Olah, Mordvintsev, Schubert 2017 (distill.pub/2017/feature-visualization), who credit
    Øygard 2015, "Visualizing GoogLeNet Classes" (whose published code blurs the image). A smoothed gradient as that in
    another metric: Sobolev gradients, Baust et al. 2018 (arXiv 1805.00071). The ends are continued by their last value.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import BlurGradient
    >>> spike = torch.tensor([[[0.0, 0.0, 1.0, 0.0, 0.0]]])
    >>> BlurGradient(sigma=0.5).shape(spike).round(decimals=2)
    tensor([[[0.0000, 0.1100, 0.7900, 0.1100, 0.0000]]])
    """

    label: ClassVar[str] = "Blur gradient"
    slider: ClassVar[str | None] = "sigma"

    sigma: float = number(1.0, low=0.1, high=100.0, slider=(0.1, 20.0), scale="log", unit="samples")

    def shape(self, gradient: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Blur each channel in time."""
        return gaussian(gradient, self.sigma)
