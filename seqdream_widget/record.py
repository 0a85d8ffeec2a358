"""Rows by step: added at the end, thinned evenly where they grow too many, shared by all that have the same past."""

from __future__ import annotations

import bisect
import copy
import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROWS, STRETCH_BYTES = 256, 64 * 1024
"""Of one stretch, at most."""
PACE = 4
"""Stretches to thin for each that is begun: not all at once, so that no more memory is taken meanwhile."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """Consecutive rows. Those that are written never change.

    Attributes
    ----------
    names : tuple of str
        What the last lines of a row are called, where they have names.
    steps : int64 array of shape (row,)
        Ascending.
    values : float32 array of shape (row, …)
    """

    names: tuple[str, ...]
    steps: NDArray[np.int64]
    values: NDArray[np.float32]

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Stretch:
        """Pick rows: a slice shares the memory, a mask copies."""
        return Stretch(self.names, self.steps[rows], self.values[rows])

    def __len__(self) -> int:
        return len(self.steps)


# The stretches, how many rows of the last one are there, and how many of the first have been thinned by now.
# Replaced in one go, so that a reader on another thread keeps a whole one.
Parts = tuple[tuple[Stretch, ...], int, int]


class Record:
    """One row per step, within bounds: of n steps every s-th is kept, and of the latest all.

    s is the smallest power of two with ``n ≤ most · s``: of a short run all rows are kept. They lie in stretches; a
    full one never changes, and all that have the same past share it. Only the last one is written to, and only by the
    record that made it.

    Parameters
    ----------
    most : int
        Rows, at least 1. The latest, about an eighth of that, come on top.
    row_bytes : int
        About what a row takes.
    """

    def __init__(self, most: int, row_bytes: int) -> None:
        self._most = most
        self._length = max(1, min(ROWS, STRETCH_BYTES // row_bytes))
        self._n_recent = max(1, most // 8 // self._length)
        self._now: Parts = ((), 0, 0)
        self._next = self._now
        self._is_own = False  # whether the last stretch is this record's to write to

    def next_row(self, step: int, shape: tuple[int, ...], names: tuple[str, ...] = ()) -> NDArray[np.float32]:
        """Return the row to write for a step above all before, NaN so far. It counts when it is `kept`."""
        stretches, filled, n_thinned = self._now
        if not stretches or filled == len(stretches[-1].steps) or stretches[-1].names != names:
            stretches, n_thinned = self._thinned_at(step)
            stretches, filled = (*stretches, _blank(self._length, shape, names)), 0
        elif not self._is_own:
            tail = _blank(self._length, shape, names)
            tail.steps[:filled], tail.values[:filled] = stretches[-1].steps[:filled], stretches[-1].values[:filled]
            stretches = (*stretches[:-1], tail)
        self._next = stretches, filled + 1, n_thinned
        tail = stretches[-1]
        tail.steps[filled] = step
        return tail.values[filled]

    def keep(self) -> None:
        """Count the row that was written."""
        self._now = self._next
        self._is_own = True

    def upto(self, step: int) -> Record:
        """Return a record of its own with the rows up to `step`; they share memory."""
        stretches, filled, n_thinned = self._now
        count = bisect.bisect_right(stretches, step, key=_begin)
        if count:
            there = filled if count == len(stretches) else None
            filled = int(stretches[count - 1].steps[:there].searchsorted(step, "right"))
        shorter = copy.copy(self)
        shorter._now = stretches[:count], filled if count else 0, min(n_thinned, max(0, count - 1))
        shorter._is_own = False
        return shorter

    def between(self, first: int, last: int) -> list[Stretch]:
        """Return the rows of steps `first` … `last`, as far as they are kept."""
        stretches, filled, _ = self._now
        begin = max(0, bisect.bisect_right(stretches, first, key=_begin) - 1)
        end = bisect.bisect_right(stretches, last, key=_begin)
        found = list(stretches[begin:end])
        if found and end == len(stretches):
            found[-1] = found[-1][:filled]
        if found:
            found[-1] = found[-1][: found[-1].steps.searchsorted(last, "right")]
            found[0] = found[0][found[0].steps.searchsorted(first) :]
        return [one for one in found if len(one)]

    @property
    def latest(self) -> Stretch | None:
        """The latest row, if there is any."""
        stretches, filled, _ = self._now
        return stretches[-1][filled - 1 : filled] if stretches else None

    def stride(self, step: int) -> int:
        """Return which steps are kept of so many: the multiples of this number."""
        return 1 << (-(-step // self._most) - 1).bit_length() if step > 0 else 1

    def _thinned_at(self, step: int) -> tuple[tuple[Stretch, ...], int]:
        """Return the stretches with some more of them thinned to what is kept at `step`, and how many are by now."""
        stretches, filled, count = self._now
        stride = self.stride(step)
        if stretches and filled < len(stretches[-1]):
            stretches = (*stretches[:-1], stretches[-1][np.arange(len(stretches[-1])) < filled])
        if stretches and stride > self.stride(_begin(stretches[-1])):
            count = 0
        stop = min(count + PACE, len(stretches) - self._n_recent + 1)
        if stride == 1 or stop <= count:
            return stretches, count
        begin = max(0, count - 1)
        thinned = _thinned(stretches[begin:stop], stride, self._length)
        return (*stretches[:begin], *thinned, *stretches[stop:]), begin + len(thinned)


def _begin(stretch: Stretch) -> int:
    return int(stretch.steps[0])


def _blank(length: int, shape: tuple[int, ...], names: tuple[str, ...]) -> Stretch:
    values = np.empty((length, *shape), dtype=np.float32)
    if names:
        values.fill(np.nan)
    return Stretch(names, np.empty(length, dtype=np.int64), values)


def _thinned(stretches: Sequence[Stretch], stride: int, length: int) -> list[Stretch]:
    """Keep the steps that are multiples of `stride`, and put together what fits in one stretch."""
    kept: list[Stretch] = []
    for one in stretches:
        turn = one.steps % stride == 0
        rest = one if turn.all() else one[turn]
        if not len(rest):
            continue
        if kept and kept[-1].names == rest.names and len(kept[-1]) + len(rest) <= length:
            rest = joined([kept.pop(), rest])
        kept.append(rest)
    return kept


def joined(stretches: Sequence[Stretch]) -> Stretch:
    """Put together stretches that follow each other and have the same names; one alone is returned as it is."""
    if len(stretches) == 1:
        return stretches[0]
    steps, values = [one.steps for one in stretches], [one.values for one in stretches]
    return Stretch(stretches[0].names, np.concatenate(steps), np.concatenate(values))
