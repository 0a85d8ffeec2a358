"""What a run has measured, step by step, and the sequences it went through."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.dreamer import Measurement
from seqdream_widget.errors import unknown

FIRST_COLUMNS = ("score", "grad_norm")


@dataclasses.dataclass(frozen=True)
class Rows:
    """Consecutive rows of a history, for a frame.

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

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=3, progress=False)
    >>> result.history["score"].shape
    (3,)
    """

    def __init__(self, batch_size: int, n_classes: int) -> None:
        self._batch_size = batch_size
        self._count = 0
        self._columns: dict[str, NDArray[np.float32]] = {name: self._blank(64) for name in FIRST_COLUMNS}
        self._first: dict[str, int] = dict.fromkeys(FIRST_COLUMNS, -1)
        self._probabilities = np.full((64, batch_size, n_classes), np.nan, dtype=np.float32)

    def _blank(self, capacity: int) -> NDArray[np.float32]:
        return np.full((capacity, self._batch_size), np.nan, dtype=np.float32)

    @property
    def columns(self) -> tuple[str, ...]:
        """The scalar columns, in the order in which they first appeared."""
        return tuple(self._columns)

    def append(self, measurement: Measurement) -> None:
        """Add the next step's row."""
        capacity = len(self._probabilities)
        if self._count == capacity:
            # Doubled into new arrays, so that a reader on another thread keeps a whole one.
            self._columns = {
                name: np.concatenate([column, self._blank(capacity)]) for name, column in self._columns.items()
            }
            more = np.full_like(self._probabilities, np.nan)
            self._probabilities = np.concatenate([self._probabilities, more])
        for name, values in measurement.values.items():
            if name not in self._columns:
                self._columns = {**self._columns, name: self._blank(len(self._probabilities))}
                self._first[name] = self._count
            self._columns[name][self._count] = values
        self._probabilities[self._count] = measurement.probabilities
        self._count += 1

    def upto(self, step: int) -> History:
        """Return a history of its own with the rows up to `step`, as it was right after that; this one stays."""
        shorter = copy.copy(self)
        shorter._count = step
        shorter._columns = {name: self._columns[name].copy() for name in self._columns if self._first[name] < step}
        shorter._first = {name: self._first[name] for name in shorter._columns}
        shorter._probabilities = self._probabilities.copy()
        for array in (*shorter._columns.values(), shorter._probabilities):
            array[step:] = np.nan
        return shorter

    def packed(self, step: int) -> dict[str, NDArray[np.float32] | NDArray[np.int64]]:
        """Return all that was measured up to `step` as arrays by name, of which `unpacked` makes a history again."""
        columns = {f"column {name}": self._columns[name][:step] for name in self._columns if self._first[name] < step}
        first = np.array([self._first[name.removeprefix("column ")] for name in columns])
        return {**columns, "first": first, "probabilities": self._probabilities[:step]}

    @staticmethod
    def unpacked(arrays: Mapping[str, NDArray[Any]]) -> History:
        """Make the history that was `packed`."""
        probabilities = arrays["probabilities"]
        count, batch_size, n_classes = probabilities.shape
        history = History(batch_size, n_classes)
        capacity = max(64, count)
        names = [name.removeprefix("column ") for name in arrays if name.startswith("column ")]
        history._first.update(zip(names, map(int, arrays["first"]), strict=True))
        history._columns = {name: history._blank(capacity) for name in history._first}
        for name in names:
            history._columns[name][:count] = arrays[f"column {name}"]
        history._probabilities = np.full((capacity, batch_size, n_classes), np.nan, dtype=np.float32)
        history._probabilities[:count] = probabilities
        history._count = count
        return history

    def rows(self, first: int, last: int, columns: tuple[str, ...], dream: int = 0, most: int = 0) -> Rows:
        """Return the scalars of steps `first` … `last` of one dream, thinned evenly to `most` rows if given."""
        steps = np.arange(first, last + 1, dtype=np.int32)
        held = self._columns
        scalars = np.full((len(steps), len(columns)), np.nan, dtype=np.float32)
        for position, name in enumerate(columns):
            if name in held:
                scalars[:, position] = held[name][first - 1 : last, dream]
        if most and len(steps) > most:
            kept = np.linspace(0, len(steps) - 1, most).round().astype(np.int64)
            return Rows(steps[kept], scalars[kept])
        return Rows(steps, scalars)

    def latest_probabilities(self, dream: int = 0) -> NDArray[np.float32] | None:
        """Return the class probabilities measured last, or ``None`` before the first step."""
        return self._probabilities[self._count - 1, dream].copy() if self._count else None

    def latest_score(self, dream: int = 0) -> float | None:
        """Return the score measured last, or ``None`` before the first step."""
        return float(self._columns["score"][self._count - 1, dream]) if self._count else None

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        count = self._count
        if name == "step":
            return np.arange(1, count + 1, dtype=np.float64)
        if name == "probabilities":
            values = self._probabilities[:count].astype(np.float64)
            return values[:, 0] if self._batch_size == 1 else values.swapaxes(0, 1)
        if name not in self._columns:
            raise KeyError(unknown("column", name, self))
        values = self._columns[name][:count].astype(np.float64)
        return values[:, 0] if self._batch_size == 1 else values.T

    def __iter__(self) -> Iterator[str]:
        return iter(("step", *self._columns, "probabilities"))

    def __len__(self) -> int:
        return len(self._columns) + 2

    def __repr__(self) -> str:
        """Name the columns; never print them."""
        return f"History({self._count} steps: {', '.join(self)})"


class Trajectory:
    """The sequences of a run, one per step, within a memory budget.

    Beyond the budget every other one is dropped, and from then on only every second step is kept, and so on: what is
    kept is always spread evenly over the run.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    def __init__(self, budget: int = 256 * 2**20) -> None:
        self._budget = budget
        self._kept: dict[int, NDArray[np.float32]] = {}
        self._stride = 1

    def append(self, step: int, sequence: NDArray[np.float32]) -> None:
        """Keep the sequence right after `step`, if it is that step's turn."""
        if step % self._stride:
            return
        kept = self._kept
        kept[step] = sequence
        if len(kept) * sequence.nbytes > self._budget and len(kept) > 2:  # noqa: PLR2004 - nothing left to thin
            self._stride *= 2
            self._kept = {step: kept[step] for step in kept if step % self._stride == 0}

    def upto(self, step: int) -> Trajectory:
        """Return a trajectory of its own with the sequences up to `step`; this one stays as it is."""
        shorter = copy.copy(self)
        shorter._kept = {kept: sequence for kept, sequence in self._kept.items() if kept <= step}
        return shorter

    def between(self, first: int, last: int) -> list[int]:
        """List the steps from `first` to `last` whose sequence is kept."""
        return [step for step in range(first, last + 1) if step in self._kept]

    def at(self, step: int) -> NDArray[np.float32]:
        """Return the sequence right after `step`; step 0 is the start.

        Raises
        ------
        LookupError
            If there is no such step, or it was thinned out.
        """
        kept = self._kept
        if step in kept:
            return kept[step]
        latest = max(list(kept), default=0)
        thinned = f", of which every {self._stride}th is kept" if self._stride > 1 else ""
        raise LookupError(f"no sequence for step {step!r}; there are steps 0 to {latest}{thinned}")
