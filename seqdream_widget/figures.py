"""What describes a sequence beside real ones: spectrum, roughness, amplitude. All differentiable."""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

FLOOR = 0.01  # of the mean magnitude


def magnitudes(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel frequency"]:
    """Return the magnitude of each frequency."""
    return cast("Tensor", torch.fft.rfft(x, dim=2)).abs()  # pyright: ignore[reportUnknownMemberType] - untyped in torch


def spectrum_floor(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "channel 1"]:
    """Return a hundredth of the mean magnitude of real sequences; below it a logarithm tells of rounding only."""
    return FLOOR * magnitudes(x).mean(dim=(0, 2))[:, None].clamp(min=1e-12)


def log_spectrum(
    x: Float[Tensor, "batch channel time"], floor: Float[Tensor, "channel 1"]
) -> Float[Tensor, "batch channel frequency"]:
    """Return the logarithm of each frequency's magnitude, with a gradient also where that is zero."""
    spectrum = torch.view_as_real(cast("Tensor", torch.fft.rfft(x, dim=2)))  # pyright: ignore[reportUnknownMemberType] - untyped in torch
    return 0.5 * (spectrum.square().sum(dim=-1) + floor.square()).log()


def roughness(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, " batch"]:
    """Return the mean of |xₜ − xₜ₋₁|."""
    return x.diff(dim=2).abs().mean(dim=(1, 2))


def amplitude(x: Float[Tensor, "batch channel time"]) -> Float[Tensor, " batch"]:
    """Return the standard deviation in time, its mean over the channels."""
    return x.std(dim=2, correction=0).mean(dim=1)
