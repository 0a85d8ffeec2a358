"""A curve over its samples: from samples and values to half pixels, in the units of the data."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.shapes import Area, Box, Line, Numbers, Shape, Words

LEFT, RIGHT, TOP, BOTTOM = 100, 1172, 128, 478
COLUMNS = 500  # of a longer curve; each is drawn from its least to its greatest value
DROP = 9  # from the middle of a number to its baseline

Values = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Quantity:
    """What an axis tells: ``factor * number + offset`` of what the model sees.

    Attributes
    ----------
    label : str
        Its unit, or what is counted.
    factor, offset : float
    """

    label: str
    factor: float = 1.0
    offset: float = 0.0

    @staticmethod
    def of(data: SequenceDataset | None, channel: int) -> tuple[Quantity, Quantity]:
        """Return those of the time axis and of the values of a channel."""
        if data is None:
            return Quantity("sample"), Quantity("")
        rate, unit = data.sample_rate, data.unit
        time = Quantity("sample") if rate is None else Quantity("time in s", 1 / rate)
        label = "" if unit is None else unit if isinstance(unit, str) else unit[channel]
        if data.scale is None:
            return time, Quantity(label)
        means, stds = data.scale
        return time, Quantity(label, stds[channel], means[channel])


class Graph:
    """From samples and values to half pixels.

    Parameters
    ----------
    length : int
        Samples.
    curves : sequence of array of shape (time,)
        What has to find room.
    time, values : Quantity
        What the axes tell.
    columns : int
        In which a longer curve is drawn.
    """

    def __init__(
        self, length: int, curves: Sequence[Values], time: Quantity, values: Quantity, columns: int = COLUMNS
    ) -> None:
        together = np.concatenate(curves)
        finite = together[np.isfinite(together)].astype(np.float64)
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        room = 0.08 * (high - low) or max(1.0, abs(high))
        self._length, self._low, self._high = length, low - room, high + room
        self._time, self._values, self._columns = time, values, columns

    def _x(self, samples: Numbers | float) -> Numbers:
        return LEFT + (RIGHT - LEFT) * np.asarray(samples) / max(1, self._length - 1)

    def _y(self, values: Numbers | float) -> Numbers:
        return BOTTOM - (BOTTOM - TOP) * (np.asarray(values, dtype=np.float64) - self._low) / (self._high - self._low)

    def line(self, style: str, values: Values) -> Line:
        """Return a curve; a gap where it is not finite."""
        samples, values = _in_columns(values, self._columns)
        finite = np.isfinite(values)
        pieces = np.split(np.arange(len(values)), np.flatnonzero(np.diff(finite)) + 1)
        return Line(style, [self._corners(samples[piece], values[piece]) for piece in pieces if finite[piece[0]]])

    def band(self, low: Values, high: Values) -> Area:
        """Return what lies between two curves."""
        samples = np.unique(np.linspace(0, self._length - 1, self._columns).round().astype(np.int64))
        there_and_back = np.concatenate([samples, samples[::-1]])
        values = np.concatenate([high[samples], low[samples[::-1]]])
        return Area("band", self._corners(there_and_back, np.nan_to_num(values)))

    def _corners(self, samples: Numbers, values: Values) -> Numbers:
        return np.stack([self._x(samples), self._y(values)], axis=1)

    def frozen(self, first: int, stop: int) -> Box:
        """Return a band, half a sample wider to each side."""
        left, right = (float(edge.clip(LEFT, RIGHT)) for edge in (self._x(first - 0.5), self._x(stop - 0.5)))
        return Box("frozen", left, TOP, right - left, BOTTOM - TOP)

    def axes(self) -> list[Shape]:
        """Return the grid and its numbers."""
        parts: list[Shape] = []
        for value in _ticks(*self._told(self._values, self._low, self._high), 5):
            y = float(self._y((value - self._values.offset) / self._values.factor))
            parts.append(Line.between("grid", (LEFT, y), (RIGHT, y)))
            parts.append(Words("", LEFT - 16, y + DROP, number(value), "end"))
        end = max(1, self._length - 1)
        whole = self._time.factor == 1
        for moment in _ticks(*self._told(self._time, 0, end), 8, whole=whole):
            x = float(self._x((moment - self._time.offset) / self._time.factor))
            parts.append(Line.between("grid", (x, TOP), (x, BOTTOM)))
            parts.append(Words("", x, BOTTOM + 38, f"{moment:.0f}" if whole else number(moment), "middle"))
        return parts

    @staticmethod
    def _told(quantity: Quantity, low: float, high: float) -> tuple[float, float]:
        return quantity.factor * low + quantity.offset, quantity.factor * high + quantity.offset


def number(value: float) -> str:
    """Write a number short, with a minus sign."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _in_columns(values: Values, columns: int) -> tuple[Numbers, Values]:
    """Keep of a long curve the least and the greatest value of each column, so that no spike is lost."""
    if len(values) <= 2 * columns:
        return np.arange(len(values)), values
    edges = np.linspace(0, len(values), columns + 1).astype(np.int64)
    kept = {
        int(first + extreme)
        for first, stop in itertools.pairwise(edges)
        for extreme in (np.argmin(values[first:stop]), np.argmax(values[first:stop]))
    }
    samples = np.array(sorted(kept))
    return samples, values[samples]


def _ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """Return round numbers within a range, at most `count` + 1 of them."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= raw * (1 - 1e-9))
    step = max(1.0, step) if whole else step
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
