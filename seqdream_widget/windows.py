"""What a view sees of a long sequence: first, least and greatest value of each of its columns, never more.

A sequence of 100,000 samples is 400 kB, thirty times a second; a screen has about a thousand columns. So a view tells
which samples it shows and how wide it is, and is sent columns no wider than a pixel. A spike of one sample is the least
or the greatest value of some column: none is ever lost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WHOLE = 4096
"""Samples up to which a sequence is sent whole, each time."""
MOST_WIDTH = 8192
"""Columns that a view may have."""
MOST_VIEWS = 8
"""That are kept in mind; of more, the one that was heard of longest ago is forgotten, until it speaks again."""
OVERVIEW = 0
"""The id of the window on all of a sequence, for who has not told what it shows."""
OVERVIEW_WIDTH = 1024


@dataclasses.dataclass(frozen=True)
class View:
    """What a view shows.

    Attributes
    ----------
    view : int
        Its id, at least 1.
    start, stop : int
        Its samples, ``start`` … ``stop - 1``.
    width : int
        Its pixels; 0: it is gone.
    """

    view: int
    start: int
    stop: int
    width: int


@dataclasses.dataclass(frozen=True)
class Window:
    """Columns of a sequence: column k stands for ``stride`` samples from ``start + k * stride``.

    Strides are powers of two and columns begin at their multiples, so that the first samples of wide columns are among
    those of narrow ones: a sample that a person takes hold of stays where it is known.

    Examples
    --------
    >>> window = Window.of(View(1, start=0, stop=8, width=2), time=8)
    >>> window.stride, window.columns(np.arange(8.0)).tolist()
    (4, [[0.0, 4.0], [0.0, 4.0], [3.0, 7.0]])
    """

    view: int
    start: int
    stop: int
    stride: int

    @classmethod
    def of(cls, view: View, time: int) -> Window:
        """Return the window that a view needs, with columns at most a pixel wide: at most twice its width, and two."""
        begin = min(max(0, view.start), time - 1)
        end = min(max(begin + 1, view.stop), time)
        stride = 1 << max(0, ((end - begin) // max(1, view.width)).bit_length() - 1)
        return cls(view.view, begin // stride * stride, min(time, -(-end // stride) * stride), stride)

    @property
    def told(self) -> dict[str, int]:
        """It as JSON."""
        return dataclasses.asdict(self)

    def columns(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return first, least and greatest value of each column; where it is one sample wide, the samples.

        Parameters
        ----------
        values : array of shape (…, time)

        Returns
        -------
        columns : array of shape (…, 3, column), or (…, 1, column)
            NaN is overlooked; where a column has nothing else, it is NaN.
        """
        part = values[..., self.start : self.stop]
        if self.stride == 1:
            return part[..., None, :]
        count = -(-part.shape[-1] // self.stride)
        short = count * self.stride - part.shape[-1]
        if short:
            edge = np.full((*part.shape[:-1], short), np.nan, part.dtype)
            part = np.concatenate([part, edge], axis=-1)
        parted = part.reshape(*part.shape[:-1], count, self.stride)
        return np.stack([parted[..., 0], np.fmin.reduce(parted, -1), np.fmax.reduce(parted, -1)], -2)


class Views:
    """The views that have told what they show.

    Parameters
    ----------
    time : int
        Samples of a sequence.
    """

    def __init__(self, time: int) -> None:
        self._time = time
        self._known: dict[int, Window] = {}

    @property
    def are_windowed(self) -> bool:
        """Whether sequences are so long that each view is sent what it shows."""
        return self._time > WHOLE

    def hear(self, view: View) -> tuple[Window, ...]:
        """Take note of what a view shows, and return what it is to be sent for that."""
        self._known.pop(view.view, None)
        if view.width == 0 or not self.are_windowed:
            return ()
        self._known[view.view] = Window.of(view, self._time)
        if len(self._known) > MOST_VIEWS:
            del self._known[next(iter(self._known))]
        return (self._known[view.view],)

    def windows(self, *, overview: bool = False) -> tuple[Window, ...]:
        """Return what is to be sent of each sequence; nothing: all of it.

        Parameters
        ----------
        overview : bool
            Also for who has not told yet; if nobody has, it is there anyway.
        """
        if not self.are_windowed:
            return ()
        known = tuple(self._known.values())
        whole = Window.of(View(OVERVIEW, 0, self._time, OVERVIEW_WIDTH), self._time)
        return (whole, *known) if overview or not known else known


def told(windows: Sequence[Window], time: int) -> dict[str, object]:
    """Return the fields of a message that say which windows its arrays are."""
    listed = [window.told for window in windows]
    return {"time": time, "windows": listed} if listed else {}


def seen(name: str, values: NDArray[np.float32], windows: Sequence[Window]) -> dict[str, NDArray[np.float32]]:
    """Return a sequence as arrays of a message: one for each window, ``name@view``; where there are none, all of it."""
    return {f"{name}@{one.view}": one.columns(values) for one in windows} or {name: values}
