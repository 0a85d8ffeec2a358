"""Spectra of sequences: the real Fourier transform in time, orthonormal, so that the sum of squares is preserved."""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from seqdream_widget.untyped import fft


def coefficients(x: Float[Tensor, "batch channel time"]) -> Complex[Tensor, "batch channel frequency"]:
    """Return the coefficients of the ``time // 2 + 1`` frequencies, 0 to 0.5 cycles per sample.

    Examples
    --------
    >>> coefficients(torch.ones(1, 1, 4)).abs()
    tensor([[[2., 0., 0.]]])
    """
    return cast("Tensor", fft.rfft(x, dim=2, norm="ortho"))


def sequence_of(
    coefficients: Complex[Tensor, "batch channel frequency"], length: int
) -> Float[Tensor, "batch channel time"]:
    """Return the sequence of these `coefficients`; of frequency 0, and of 0.5, their real part counts.

    Examples
    --------
    >>> sequence_of(torch.tensor([[[2.0 + 0j, 0j, 0j]]]), 4)
    tensor([[[1., 1., 1., 1.]]])
    """
    return cast("Tensor", fft.irfft(coefficients, n=length, dim=2, norm="ortho"))


def power(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel frequency"]:
    """Return the squared magnitude of each frequency, with a gradient also where it is absent.

    Examples
    --------
    >>> power(torch.tensor([[[1.0, -1.0, 1.0, -1.0]]]))
    tensor([[[0., 0., 4.]]])
    """
    return torch.view_as_real(coefficients(x)).square().sum(dim=-1)


def magnitudes(x: Float[Tensor, "n channel time"]) -> Float[Tensor, "channel frequency"]:
    """Return the mean magnitude of each frequency over sequences."""
    return coefficients(x).abs().mean(dim=0)


def log_magnitude(
    x: Float[Tensor, "batch channel time"], floor: Float[Tensor, "channel 1"]
) -> Float[Tensor, "batch channel frequency"]:
    """Return the natural logarithm of the magnitudes, which ends at `floor` instead of minus infinity.

    ``½ log(|X|² + floor²)``: smooth, so that the gradient is finite also where a frequency is absent.
    """
    return 0.5 * (power(x) + floor.square()).log()
