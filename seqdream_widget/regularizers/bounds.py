"""A range of which a person gives none, one or both ends, and the data the rest."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def check_order(owner: str, low: float | None, high: float | None) -> None:
    """Refuse a range that is empty.

    Raises
    ------
    ValueError
        If `low` is above `high`.
    """
    if low is not None and high is not None and low > high:
        raise ValueError(f"{owner}: low = {low:g} is above high = {high:g}; swap them")


def completed(
    low: float | None, high: float | None, real: tuple[Float[Tensor, "channel 1"], Float[Tensor, "channel 1"]]
) -> tuple[Float[Tensor, "channel 1"], Float[Tensor, "channel 1"]]:
    """Take the ends that are not given from the real range; a given one beyond the real other one wins.

    Examples
    --------
    >>> completed(5.0, None, (torch.tensor([[-1.0]]), torch.tensor([[1.0]])))
    (tensor([[5.]]), tensor([[5.]]))
    """
    real_low, real_high = real
    least = real_low if low is None else torch.full_like(real_low, low)
    most = real_high if high is None else torch.full_like(real_high, high)
    return (least, torch.maximum(most, least)) if low is not None else (torch.minimum(least, most), most)
