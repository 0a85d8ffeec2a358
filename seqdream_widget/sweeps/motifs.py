"""Motifs: what dreams have in common, wherever in time it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float32, Int
from numpy.typing import NDArray

ALIKE = 0.8
"""Similarity from which on two dreams show one motif."""
SHARE = 8
"""A motif is an eighth of a sequence long, unless said otherwise."""
FLAT = 1e-6
FAINT = 0.5
"""Of the amplitude of a dream's salient part, from which on another window counts in full."""
OVER = 4
"""Windows reach over the ends of a dream by a quarter of their width."""


def salient(x: Float32[NDArray[np.float32], "dream channel time"], width: int) -> Int[NDArray[np.int64], " dream"]:
    """Return the first sample of each dream's salient part: the window with most energy about the dream's mean.

    Examples
    --------
    >>> x = np.zeros((1, 1, 20), dtype=np.float32)
    >>> x[0, 0, 12:15] = 1, -1, 1
    >>> int(salient(x, 3)[0])
    12
    """
    energy = np.square(x - x.mean(axis=2, keepdims=True), dtype=np.float64).sum(axis=1)
    upto = np.concatenate([np.zeros((len(x), 1)), energy.cumsum(axis=1)], axis=1)
    return (upto[:, width:] - upto[:, :-width]).argmax(axis=1)


def similarity(
    x: Float32[NDArray[np.float32], "dream channel time"], width: int
) -> Float[NDArray[np.float32], "dream dream"]:
    """Return how alike dreams are, −1 … 1, whatever the shift between them.

    The largest normalized cross-correlation of the salient part of one with any window of the other, the mean of both
    ways. All channels count together; each window has mean 0 in each channel. A dream that is flat is like none.

    A window of less than half the amplitude of its dream's salient part is divided by that half: what is faint looks
    like anything. Windows reach over the ends by a quarter, where the last value goes on: what is salient may be cut
    there a few samples earlier or later than elsewhere.

    Notes
    -----
    The measure with which templates are found in sequences: Lewis 1995, "Fast normalized cross-correlation". It costs
    ``dreams² · time · width`` multiplications.

    Examples
    --------
    >>> x = np.zeros((2, 1, 20), dtype=np.float32)
    >>> x[0, 0, :3] = x[1, 0, 12:15] = 1, -1, 1
    >>> similarity(x, 3).round(3).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    templates, sizes = _templates(x, width)
    best = np.empty((len(x), len(x)), dtype=np.float32)
    for number, windows in enumerate(_windows(x, width)):
        best[:, number] = _correlations(templates, windows, sizes[number]).max(axis=1)
    return np.float32(0.5) * (best + best.T)


def aligned(
    x: Float32[NDArray[np.float32], "dream channel time"], width: int, middle: int
) -> Float32[NDArray[np.float32], "dream channel width"]:
    """Return of each dream the window that is most like the salient part of the one in the middle.

    Examples
    --------
    >>> x = np.zeros((2, 1, 20), dtype=np.float32)
    >>> x[0, 0, :3] = x[1, 0, 12:15] = 1, -1, 1
    >>> aligned(x, 3, 0).astype(int).tolist()
    [[[1, -1, 1]], [[1, -1, 1]]]
    """
    templates, sizes = _templates(x, width)
    template = templates[middle : middle + 1]
    best = [
        windows[_correlations(template, windows, size)[0].argmax()]
        for windows, size in zip(_windows(x, width), sizes, strict=True)
    ]
    return np.stack(best)


def _templates(x: NDArray[np.float32], width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what is salient in each dream, flattened and of norm 1, and the norm that it had."""
    firsts = salient(x, width)
    parts, sizes = _centered(np.stack([one[:, first : first + width] for one, first in zip(x, firsts, strict=True)]))
    return _divided(parts, sizes), sizes


def _windows(x: NDArray[np.float32], width: int) -> Iterator[NDArray[np.float32]]:
    """Yield the windows of each dream, of shape (window, channel, width)."""
    over = width // OVER
    for one in np.pad(x, ((0, 0), (0, 0), (over, over)), mode="edge"):
        yield np.lib.stride_tricks.sliding_window_view(one, width, axis=1).swapaxes(0, 1)


def _correlations(
    templates: NDArray[np.float32], windows: NDArray[np.float32], size: np.float32
) -> NDArray[np.float32]:
    """Correlate templates with the windows of a dream, whose salient part has that norm."""
    flat, norms = _centered(windows)
    return templates @ _divided(flat, np.maximum(norms, FAINT * size)).T


def _centered(windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return windows about their means, flattened, and the norm of each."""
    centered = (windows - windows.mean(axis=2, keepdims=True)).reshape(len(windows), -1)
    return centered, np.sqrt(np.square(centered).sum(axis=1))


def _divided(windows: NDArray[np.float32], sizes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.divide(windows, sizes[:, None], out=np.zeros_like(windows), where=sizes[:, None] > FLAT)


def clustered(
    alike: Float[NDArray[np.float32], "dream dream"], least: float = ALIKE
) -> tuple[Int[NDArray[np.int64], " dream"], list[int]]:
    """Put dreams together that show one motif: each is at least that much like the middle of its cluster.

    Returns
    -------
    labels : array of shape (dream,)
        The number of each dream's cluster; 0 is the largest.
    middles : list of int
        The dream in the middle of each.

    Notes
    -----
    The dream with the most like it, and those, are a cluster; and so on with the rest: Butina 1999, J. Chem. Inf.
    Comput. Sci. 39, 747-750. There is nothing random in it, and no number of clusters to choose.

    Examples
    --------
    >>> labels, middles = clustered(np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.2], [0.1, 0.2, 1.0]], dtype=np.float32))
    >>> labels.tolist(), middles
    ([0, 0, 1], [0, 2])
    """
    near = alike >= least
    np.fill_diagonal(near, val=True)
    labels = np.full(len(near), -1)
    middles: list[int] = []
    while (free := labels < 0).any():
        counts = np.where(free, (near & free).sum(axis=1), 0)
        middle = int(counts.argmax())
        labels[near[middle] & free] = len(middles)
        middles.append(middle)
    return labels, middles
