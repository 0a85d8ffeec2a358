"""A sequence as a small drawing: in a tooltip, on a thumbnail."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

POINTS = 120


def thinned(values: NDArray[np.float32], most: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return at most so many points of curves, and where they lie: of each stretch the lowest and the highest.

    So no peak is lost. A short curve stays as it is.

    Parameters
    ----------
    values : array of shape (row, time)
    most : int
        An even number.

    Examples
    --------
    >>> at, peaks = thinned(np.eye(1, 1000, 321, dtype=np.float32), 10)
    >>> peaks.shape, peaks.max()
    ((1, 10), np.float32(1.0))
    """
    length = values.shape[1]
    if length <= most:
        return np.arange(length, dtype=np.float64), values
    ends = np.arange(most // 2 + 1) * length // (most // 2)
    pairs = [np.minimum.reduceat(values, ends[:-1], axis=1), np.maximum.reduceat(values, ends[:-1], axis=1)]
    return np.arange(most) * ((length - 1) / (most - 1)), np.stack(pairs, axis=2).reshape(len(values), most)


def sketch(x: Float[Tensor, "channel time"], width: int = 180, height: int = 56) -> str:
    """Return an SVG of a sequence, a line a channel (at most four), on one scale.

    Examples
    --------
    >>> import torch
    >>> sketch(torch.tensor([[0.0, 1.0]]), 10, 10).count("<path")
    1
    """
    values = thinned(x[:4].numpy(), 2 * POINTS)[1]
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    at = np.linspace(1, width - 1, values.shape[1])
    rows = [height - 2 - (row - low) / span * (height - 4) for row in values]
    paths = "".join(
        '<path d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(at, row, strict=True)) + '"/>' for row in rows
    )
    return f'<svg class="seqdream-lab-sketch" width="{width}" height="{height}" aria-hidden="true">{paths}</svg>'
