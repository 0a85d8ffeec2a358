"""What a run has measured, step by step, and the sequences it went through."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.dreamer import Measurement
from seqdream_widget.errors import unknown
from seqdream_widget.record import Record, Stretch, joined

FIRST_COLUMNS = ("score", "grad_norm")
EXACT = 100_000
"""Steps of which every row is kept."""
HISTORY_BYTES = 512 * 2**20
"""Of a history; with many dreams or classes fewer rows are kept for it."""
TRAJECTORY_BYTES = 64 * 2**20
_EVER = 2**62


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows of a history, for a frame.

    Attributes
    ----------
    steps : int32 array of shape (rows,)
    scalars : float32 array of shape (rows, columns)
        Of one dream; NaN where a term was off.
    """

    steps: NDArray[np.int32]
    scalars: NDArray[np.float32]


class History(Mapping[str, NDArray[np.float64]]):
    """The scalars of every step: ``step``, ``score``, ``grad_norm``, one column per regularizer, ``probabilities``.

    Row k belongs to the sequence before update k. A column is an array with one number per step, or a row per
    dream where there are several; ``probabilities`` has a further axis, the classes. A term is NaN where it was off.

    Up to 100,000 steps it is exact. Beyond, it tells every second one, every fourth, and so on, and the latest:
    ``step`` says which. Of many dreams or classes, more than 5 kB a step, as many rows are kept as 512 MB hold.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=3, progress=False)
    >>> result.history["score"].shape
    (3,)
    """

    def __init__(self, batch_size: int, n_classes: int) -> None:
        row_bytes = 4 * batch_size * (n_classes + 16)
        self._record = Record(max(1, min(EXACT, HISTORY_BYTES // row_bytes)), row_bytes)
        self._n_classes, self._batch_size = n_classes, batch_size
        self._step = 0
        self._name_lines(FIRST_COLUMNS)

    def _name_lines(self, names: tuple[str, ...]) -> None:
        """Let a row hold the probabilities of the classes and these columns, a line each."""
        self._lines = {name: self._n_classes + place for place, name in enumerate(names)}
        self._names = names

    @property
    def columns(self) -> tuple[str, ...]:
        """The scalar columns, in the order in which they first appeared."""
        return self._names

    def append(self, measurement: Measurement) -> None:
        """Add the next step's row."""
        if not measurement.values.keys() <= self._lines.keys():
            new = (name for name in measurement.values if name not in self._lines)
            self._name_lines((*self._names, *new))
        lines = self._lines
        row = self._record.next_row(self._step + 1, (self._n_classes + len(lines), self._batch_size), self._names)
        row[: self._n_classes] = measurement.probabilities.T
        for name, values in measurement.values.items():
            row[lines[name]] = values
        self._record.keep()
        self._step += 1

    def tells(self, step: int) -> bool:
        """Tell whether it has the row of a step, or there is none: before the first."""
        return step == 0 or bool(self._record.between(step, step))

    def upto(self, step: int) -> History:
        """Return a history of its own with the rows up to `step`, as it was right after that; this one stays."""
        shorter = copy.copy(self)
        shorter._record, shorter._step = self._record.upto(step), step
        latest = shorter._record.latest
        shorter._name_lines(latest.names if latest else FIRST_COLUMNS)
        return shorter

    def packed(self, step: int) -> list[Stretch]:
        """Return the rows up to `step`, of which `unpacked` makes a history again."""
        found = self._record.between(0, step)
        alike = itertools.groupby(found, key=lambda one: one.names)
        return [joined(list(group)) for _, group in alike]

    @staticmethod
    def unpacked(batch_size: int, n_classes: int, packed: Iterable[Stretch]) -> History:
        """Make the history that was `packed`."""
        history = History(batch_size, n_classes)
        for rows in packed:
            history._name_lines(rows.names)
            for step, values in zip(rows.steps.tolist(), rows.values, strict=True):
                history._record.next_row(step, values.shape, rows.names)[...] = values
                history._record.keep()
                history._step = step
        return history

    def rows(self, first: int, last: int, columns: tuple[str, ...], most: int, dream: int = 0) -> Rows:
        """Return the scalars of steps `first` … `last` of one dream: at most so many rows, spread evenly.

        Of the latest 12,000 steps there is a row for each.
        """
        found = self._record.between(first, last)
        steps = _joined([one.steps for one in found])
        lines = [self._columns(one, columns)[:, :, dream] for one in found]
        scalars = np.concatenate(lines) if lines else np.empty((0, len(columns)), dtype=np.float32)
        if len(steps) <= most:
            return Rows(steps.astype(np.int32), scalars)
        kept = np.zeros(len(steps), dtype=np.bool_)
        kept[steps.searchsorted(steps[0] + np.arange(most) * (steps[-1] - steps[0]) // (most - 1))] = True
        return Rows(steps[kept].astype(np.int32), scalars[kept])

    def latest_probabilities(self, dream: int = 0) -> NDArray[np.float32] | None:
        """Return the class probabilities measured last, or ``None`` before the first step."""
        latest = self._record.latest
        return latest.values[0, : self._n_classes, dream].copy() if latest else None

    def latest_score(self, dream: int = 0) -> float | None:
        """Return the score measured last, or ``None`` before the first step."""
        latest = self._record.latest
        return float(latest.values[0, self._n_classes, dream]) if latest else None

    def _column(self, rows: Stretch, name: str) -> NDArray[np.float32]:
        if name in rows.names:
            return rows.values[:, self._n_classes + rows.names.index(name)]
        return np.full((len(rows), self._batch_size), np.nan, dtype=np.float32)

    def _columns(self, rows: Stretch, names: tuple[str, ...]) -> NDArray[np.float32]:
        if names == rows.names:
            return rows.values[:, self._n_classes :]
        return np.stack([self._column(rows, name) for name in names], axis=1)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in tuple(self):
            raise KeyError(unknown("column", name, self))
        found = self._record.between(0, _EVER)
        steps = _joined([one.steps for one in found])
        told = steps % self._record.stride(int(steps[-1]) if found else 0) == 0
        told[-1:] = True
        if name == "step":
            return steps[told].astype(np.float64)
        if name == "probabilities":
            lines = [one.values[:, : self._n_classes].swapaxes(1, 2) for one in found]
            blank = np.empty((0, self._batch_size, self._n_classes))
        else:
            lines, blank = [self._column(one, name) for one in found], np.empty((0, self._batch_size))
        values = (np.concatenate(lines) if lines else blank)[told].astype(np.float64)
        return values[:, 0] if self._batch_size == 1 else values.swapaxes(0, 1)

    def __iter__(self) -> Iterator[str]:
        return iter(("step", *self._names, "probabilities"))

    def __len__(self) -> int:
        return len(self._names) + 2

    def __repr__(self) -> str:
        """Name the columns; never print them."""
        return f"History({self._step} steps: {', '.join(self)})"


class Trajectory:
    """The sequences of a run, one per step, within a memory budget.

    Beyond it only every second one is kept, every fourth, and so on, and the latest, for which a ninth is set aside.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    def __init__(self, budget: int = TRAJECTORY_BYTES) -> None:
        self._budget = budget
        self._record = Record(1, 1)  # until the first sequence tells how many there is room for
        self._is_sized = False

    def append(self, step: int, sequence: NDArray[np.float32]) -> None:
        """Keep the sequence right after `step`."""
        if not self._is_sized:
            self._is_sized = True
            row_bytes = sequence.nbytes + 16  # its step's number, and its share of what holds them
            self._record = Record(max(1, self._budget * 8 // 9 // row_bytes), row_bytes)
        self._record.next_row(step, sequence.shape)[...] = sequence
        self._record.keep()

    def upto(self, step: int) -> Trajectory:
        """Return a trajectory of its own with the sequences up to `step`; this one stays as it is."""
        shorter = copy.copy(self)
        shorter._record = self._record.upto(step)
        return shorter

    def between(self, first: int, last: int, most: int) -> Stretch:
        """Return sequences of steps from `first` to `last` that are kept: at most so many, spread evenly."""
        found = self._record.between(first, last)
        every = -(-sum(map(len, found)) // most) if most else 0
        if not found or not every:
            return Stretch((), np.empty(0, dtype=np.int64), np.empty((0, 1), dtype=np.float32))
        begins = itertools.accumulate(map(len, found), initial=0)
        return joined([one[-begin % every :: every] for begin, one in zip(begins, found, strict=False)])

    def at(self, step: int) -> NDArray[np.float32]:
        """Return the sequence right after `step`; step 0 is the start.

        Raises
        ------
        LookupError
            If there is no such step, or it was thinned out.
        """
        record, newest = self._record, self._record.latest
        latest = 0 if newest is None else int(newest.steps[0])
        try:
            wanted = operator.index(step)
        except TypeError:
            wanted = -1
        found = record.between(wanted, wanted) if 0 <= wanted <= latest else []
        if found:
            return found[0].values[0]
        stride = record.stride(latest)
        thinned = f", of the older ones every {stride}th" if stride > 1 else ""
        raise LookupError(f"no sequence for step {step!r}; there are steps 0 to {latest}{thinned}")


def _joined(steps: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(steps) if steps else np.empty(0, dtype=np.int64)
