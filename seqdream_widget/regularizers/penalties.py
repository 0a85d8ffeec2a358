"""Penalties: terms of the loss, sums over samples."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.parameters import described, number
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers.base import Penalty


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
    Rudin, Osher, Fatemi 1992, in one dimension; for dreams, Mahendran and Vedaldi 2015 (arXiv 1412.0035).

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
