"""Masks of samples as segments ``[start, stop)``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def segments(mask: NDArray[np.bool_]) -> list[list[int | None]]:
    """List the runs of a mask of shape (batch, channel, time) as ``[start, stop, channel or None, dream]``.

    Runs that all channels share come first, with ``None`` for the channel.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((1, 1, 8), bool)
    >>> mask[:, :, 2:5] = True
    >>> segments(mask)
    [[2, 5, None, 0]]
    """
    found: list[list[int | None]] = []
    for dream in range(mask.shape[0]):
        shared = mask[dream].all(axis=0)
        found.extend([start, stop, None, dream] for start, stop in _runs(shared))
        for channel in range(mask.shape[1]):
            own = mask[dream, channel] & ~shared
            found.extend([start, stop, channel, dream] for start, stop in _runs(own))
    return found


def _runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
