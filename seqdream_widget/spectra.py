"""Spectra of sequences: the one-dimensional Fourier transform in the orthonormal convention."""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def spectrum(x: Float[Tensor, "batch channel time"]) -> Complex[Tensor, "batch channel frequency"]:
    """Return the Fourier coefficients of frequencies 0 … time // 2, the sum of squares preserved.

    Examples
    --------
    >>> import torch
    >>> spectrum(torch.ones(1, 1, 4)).abs()
    tensor([[[2., 0., 0.]]])
    """
    return cast("Tensor", torch.fft.rfft(x, dim=2, norm="ortho"))  # pyright: ignore[reportUnknownMemberType] - untyped in torch


def magnitudes(x: Float[Tensor, "n channel time"]) -> Float[Tensor, "channel frequency"]:
    """Return the mean magnitude of each frequency over sequences."""
    return spectrum(x).abs().mean(dim=0)
