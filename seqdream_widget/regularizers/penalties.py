"""Penalties: terms of the loss, sums over samples."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.parameters import described, number
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers.base import Penalty
from seqdream_widget.spectrum import power


@described
class L1(Penalty):
    """Sum of |x|: many samples exactly flat, a few that matter.

    Parameters
    ----------
    weight : float
        0 … 1e6.

    Notes
    -----
    The lasso's penalty, Tibshirani 1996.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import L1
    >>> L1().value(torch.tensor([[[3.0, -4.0]]]), None)
    tensor([7.])
    """

    label: ClassVar[str] = "L1"

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return ``Σ |x|`` of each dream."""
        del reference
        return x.abs().sum(dim=(1, 2))


@described
class L2(Penalty):
    """Sum of x²: keeps the sequence small.

    Parameters
    ----------
    weight : float
        The paper's ``λ`` in ``S_c(x) − λ‖x‖²``, 0 … 1e6.

    Notes
    -----
    Simonyan, Vedaldi, Zisserman 2014 (arXiv 1312.6034); Schlegel, Keim, Sutter 2024 (arXiv 2408.10628).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import L2
    >>> L2().value(torch.tensor([[[3.0, 4.0]]]), None)
    tensor([25.])
    """

    label: ClassVar[str] = "L2"

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return ``Σ x²`` of each dream."""
        del reference
        return x.square().sum(dim=(1, 2))


@described
class TotalVariation(Penalty):
    """Sum of |xₜ − xₜ₋₁|: fewer and smaller jumps.

    Parameters
    ----------
    weight : float
        0 … 1e6.

    Notes
    -----
    Rudin, Osher, Fatemi 1992, in one dimension; for dreams, Mahendran and Vedaldi 2015 (arXiv 1412.0035), of time
    series Schlegel, Keim, Sutter 2024 (arXiv 2408.10628).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import TotalVariation
    >>> TotalVariation().value(torch.tensor([[[0.0, 1.0, -1.0]]]), None)
    tensor([3.])
    """

    label: ClassVar[str] = "Total variation"

    weight: float = number(1e-2, low=0.0, high=1e6, slider=(1e-4, 10.0), scale="log")

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return ``Σ |x_t − x_{t−1}|`` of each dream."""
        del reference
        return x.diff(dim=2).abs().sum(dim=(1, 2))


@described
class Curvature(Penalty):
    """Sum of (xₜ₋₁ − 2xₜ + xₜ₊₁)²: bends little, slopes freely.

    Parameters
    ----------
    weight : float
        0 … 1e6.

    Notes
    -----
    Squared second differences: Leser 1961, Hodrick and Prescott 1997; after Whittaker 1923, who took the third.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Curvature
    >>> Curvature().value(torch.tensor([[[0.0, 1.0, 0.0], [0.0, 1.0, 2.0]]]), None)
    tensor([4.])
    """

    label: ClassVar[str] = "Curvature"

    weight: float = number(1e-2, low=0.0, high=1e6, slider=(1e-4, 10.0), scale="log")

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return the squared second differences of each dream; 0 below three samples."""
        del reference
        return x.diff(n=2, dim=2).square().sum(dim=(1, 2)) if x.shape[2] > 2 else x.sum(dim=(1, 2)) * 0  # noqa: PLR2004 - three samples bend


@described
class HighFrequency(Penalty):
    """Energy above a cutoff frequency: quiets what oscillates faster.

    Parameters
    ----------
    weight : float
        0 … 1e6.
    cutoff : float
        In cycles per sample, 0 … 0.5; the fastest oscillation there is has 0.5.

    Notes
    -----
    Penalized high frequencies: Olah, Mordvintsev, Schubert 2017 (distill.pub/2017/feature-visualization), who count
    total variation and blur among them; a sharp cutoff is the package's own. Scaled by Parseval's theorem so that with
    cutoff 0 it is the sum of squares about the mean.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import HighFrequency
    >>> HighFrequency(cutoff=0.3).value(torch.tensor([[[1.0, -1.0, 1.0, -1.0]]]), None)
    tensor([4.])
    """

    label: ClassVar[str] = "High frequency"

    weight: float = number(1e-2, low=0.0, high=1e6, slider=(1e-4, 10.0), scale="log")
    cutoff: float = number(0.1, low=0.0, high=0.5, slider=(0.01, 0.5), scale="log", unit="cycles per sample")

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return the energy at frequencies above the cutoff, of each dream."""
        del reference
        length = x.shape[2]
        energy = power(x)
        order = torch.arange(energy.shape[2], device=x.device)
        # Every frequency but 0 and, in an even length, the fastest stands for itself and its mirror image.
        twice = torch.where((order > 0) & (2 * order < length), 2, 1)
        return (energy * twice * (order / length > self.cutoff)).sum(dim=(1, 2))
