"""Is it like anything real? Each figure of the dream in the band of real members."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from seqdream_widget.judge import BOUNDS, Figure, Plausibility, judge_of
from seqdream_widget.lab.figures import DREAM, INK, REAL, axis, figure, linear, number, update
from seqdream_widget.lab.sample import sample_of
from seqdream_widget.lab.untyped import Part, bqplot
from seqdream_widget.lab.view import View

FARTHEST = 3.0
"""How far the axis goes: powers of ten of the width of the band."""
THICKNESS = 0.34
"""Half of that of a row's band, of the distance of two rows."""
TALLNESS = 0.42
"""And of the mark that stands for the dream."""


class PlausibilityPanel(View):
    """A bullet chart for each figure of `sd.plausibility`: where the dream lies, and the band of real members.

    The band is 5 to 95 % of them. All bands have the same width here; beyond them the distance is logarithmic, in
    widths of the band. The figures themselves stand beside.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to; it needs data.

    Attributes
    ----------
    plausibility : Plausibility, optional
        What was found last.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> sd.lab.PlausibilityPanel(w).plausibility.verdict
    'outside'
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Is it plausible?"

    def build(self) -> Sequence[Part]:
        """Make a row for each figure."""
        self.plausibility: Plausibility | None = None
        self._names = tuple(BOUNDS)
        return () if self.session.data is None else (self._chart(),)

    def _chart(self) -> Part:
        count = len(self._names)
        rows = np.arange(count, dtype=np.float64)
        self._scales = {"x": linear(-FARTHEST, 1 + FARTHEST), "y": linear(count - 0.4, -0.6)}
        ends = np.stack([rows - THICKNESS, rows - THICKNESS, rows + THICKNESS, rows + THICKNESS], axis=1)
        self._bands = bqplot.Lines(
            x=np.tile([0.0, 1.0, 1.0, 0.0], (count, 1)),
            y=ends,
            scales=self._scales,
            close_path=True,
            fill="inside",
            stroke_width=0,
            colors=[REAL] * count,
            fill_colors=[REAL] * count,
            fill_opacities=[0.3] * count,
            interactions={},
        )
        tops = np.stack([rows - TALLNESS, rows + TALLNESS], axis=1)
        self._marks = bqplot.Lines(
            x=np.zeros((count, 2)),
            y=tops,
            scales=self._scales,
            colors=[DREAM] * count,
            stroke_width=4.0,
            interactions={},
        )
        self._values = bqplot.Label(
            x=np.full(count, 1 + FARTHEST),
            y=rows,
            scales=self._scales,
            text=[""] * count,
            align="end",
            x_offset=-2,
            y_offset=4,
            default_size=11,
            colors=[INK],
            font_weight="normal",
            apply_clip=False,
        )
        across = axis(self._scales["x"], "band widths below the real band · within it · above it", numbers=False)
        across.tick_values = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
        across.tick_labels = {"-2": "100", "-1": "10", "0": "5 %", "1": "95 %", "2": "10", "3": "100"}
        down = axis(self._scales["y"], vertical=True, grid=False, numbers=False)
        down.tick_values = rows
        down.tick_labels = {str(row): name.replace("_", " ") for row, name in enumerate(self._names)}
        return figure([self._bands, self._marks, self._values], [across, down], 60 + 30 * count, left=128)

    def draw(self) -> None:
        """Judge the dream as it is now."""
        session = self.session
        if session.data is None:
            self.tell("There are no real sequences to judge it by: give data=.")
            return
        sample = sample_of(session.data)
        judge = judge_of(session.scene.probe, sample.data)
        self.plausibility = found = judge.judge(session.sequence[:1], session.objective.targets or None)[0]
        figures = [found.figures[name] for name in self._names]
        places = [_place(one) for one in figures]
        colors = ["var(--sdl-warn)" if name in found.failing else DREAM for name in self._names]
        opacities = [float(math.isfinite(place)) for place in places]
        places = np.nan_to_num(np.array(places))
        update(self._marks, x=np.stack([places, places], axis=1), colors=colors, opacities=opacities)
        known = [0.3 if math.isfinite(one.band[0]) else 0.0 for one in figures]
        if list(self._bands.fill_opacities) != known:
            self._bands.fill_opacities = known
        self._values.text = [f"{number(one.value)}  ({_band(one)})" for one in figures]
        nearest = found.nearest
        index = int(sample.index[nearest.index])
        said = f"{found.verdict or 'not judged'}: {found.reason}. Nearest real sequence: {index}, {nearest.label}."
        self.tell(said + (f" {sample.words}." if sample.words else ""))


def _place(one: Figure) -> float:
    """Return where a figure lies: 0 and 1 are the ends of its band, beyond them powers of ten of its width."""
    low, high = one.band
    if not (math.isfinite(low) and math.isfinite(one.value)):
        return math.nan
    # Real data that was standardized has a band of no width.
    width = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-12)
    if one.value > high:
        return 1 + min(FARTHEST, math.log10(1 + (one.value - high) / width))
    if one.value < low:
        return -min(FARTHEST, math.log10(1 + (low - one.value) / width))
    return (one.value - low) / width


def _band(one: Figure) -> str:
    low, high = one.band
    return "too few real" if math.isnan(low) else f"{number(low)} to {number(high)}"
