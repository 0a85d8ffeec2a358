"""What a view sees of a long sequence: first, least and greatest value of each of its columns, never more.

A sequence of 100,000 samples is 400 kB, thirty times a second; a screen has about a thousand columns. So a view tells
which samples it shows and how wide it is, and is sent columns no wider than a pixel. A spike of one sample is the least
or the greatest value of some column: none is ever lost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

NAMES = frozenset({"sequence", "start", "envelope", "before_edit", "push", "nearest"})
"""Arrays of messages whose last dimension is time."""
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
    def of(cls, view: View, time: int) -> Self:
        """Return the window that a view needs, with columns at most a pixel wide: at most twice its width, and two."""
        begin = min(max(0, view.start), time - 1)
        end = min(max(begin + 1, view.stop), time)
        stride = 1 << max(0, ((end - begin) // max(1, view.width)).bit_length() - 1)
        return cls(view.view, begin // stride * stride, min(time, -(-end // stride) * stride), stride)

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

    def hear(self, view: View) -> Window | None:
        """Take note of what a view shows, and return what it is to be sent for that, if anything.

        Raises
        ------
        ValueError
            If it shows nothing.
        """
        if view.view == OVERVIEW or view.stop <= view.start:
            raise ValueError(f"view: {view} shows nothing; give an id from 1 and a stop above the start")
        self._known.pop(view.view, None)
        if view.width == 0 or not self.are_windowed:
            return None
        window = self._known[view.view] = Window.of(view, self._time)
        if len(self._known) > MOST_VIEWS:
            del self._known[next(iter(self._known))]
        return window

    def windows(self, *, overview: bool) -> tuple[Window, ...]:
        """Return what is to be sent of long sequences.

        Parameters
        ----------
        overview : bool
            Also something for who has not told yet; if nobody has, it is there anyway.
        """
        known = tuple(self._known.values())
        whole = Window.of(View(OVERVIEW, 0, self._time, OVERVIEW_WIDTH), self._time)
        return (whole, *known) if overview or not known else known

    def windowed(
        self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], only: Window | None = None
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return a message with columns for each view in place of long sequences: ``name@view`` for ``name``.

        Parameters
        ----------
        header, arrays
            As they are where sequences are short.
        only : Window, optional
            Instead of those of all views.
        """
        given = dict(arrays)
        if "sequences" in given and self.are_windowed:
            given["sequence"] = given.pop("sequences")[-1]
        long = given.keys() & NAMES
        if not long or not self.are_windowed:
            return dict(header), dict(arrays)
        windows = (only,) if only else self.windows(overview=header["kind"] != "frame")
        columns = {f"{name}@{one.view}": one.columns(given[name]) for name in sorted(long) for one in windows}
        rest = {name: array for name, array in given.items() if name not in long}
        listed = [dataclasses.asdict(one) for one in windows]
        return {**header, "time": self._time, "windows": listed}, {**rest, **columns}
