"""Spectra of sequences, by the real Fourier transform in time."""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor


def power(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel frequency"]:
    """Return the squared magnitudes of the ``time // 2 + 1`` frequencies, 0 to 0.5 cycles per sample.

    Examples
    --------
    >>> power(torch.tensor([[[1.0, -1.0, 1.0, -1.0]]]))
    tensor([[[ 0.,  0., 16.]]])
    """
    spectrum = cast("Tensor", torch.fft.rfft(x, dim=2))  # pyright: ignore[reportUnknownMemberType] - untyped in torch
    return torch.view_as_real(spectrum).square().sum(dim=-1)


def log_magnitude(
    x: Float[Tensor, "batch channel time"], floor: Float[Tensor, "channel 1"]
) -> Float[Tensor, "batch channel frequency"]:
    """Return the natural logarithm of the magnitudes, which ends at `floor` instead of minus infinity.

    ``½ log(|X|² + floor²)``: smooth, so that the gradient is finite also where a frequency is absent.
    """
    return 0.5 * (power(x) + floor.square()).log()
