"""What the dream sounds like: its spectrum, in the band of real members."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.lab.channels import channel_menu
from seqdream_widget.lab.figures import DREAM, REAL, axis, figure, fit, linear
from seqdream_widget.lab.sample import sample_of
from seqdream_widget.lab.untyped import Part, bqplot
from seqdream_widget.lab.view import View
from seqdream_widget.spectrum import log_magnitude, power

BINS = 128
"""Frequencies that are drawn; of more, neighbours are averaged."""
BAND = (0.05, 0.95)
FLOOR = 1e-3
"""Of the dream's own root mean square magnitude, where there is no data to say what counts as absent."""
DECIBEL = 20 / math.log(10)


class Spectrum(View):
    """The magnitude of each frequency of the dream, in decibel, and the band in which 90 % of real members lie.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to; the band needs data, and an objective about a class (of two classes, both together).

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.Spectrum(w)
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Spectrum"

    def build(self) -> Sequence[Part]:
        """Make the chart."""
        session = self.session
        length = session.scene.shape[1]
        rate = None if session.data is None else session.data.sample_rate
        self._frequencies = _binned(torch.arange(length // 2 + 1)[None] * ((rate or 1.0) / length))[0]
        self._menu = channel_menu(session, self.redraw)
        self._bands: dict[tuple[tuple[int, ...], int], NDArray[np.float64] | None] = {}
        self._shown: tuple[tuple[int, ...], int] | None = None
        scales = {"x": linear(0.0, float(self._frequencies[-1])), "y": linear()}
        self._band = bqplot.Lines(
            x=self._frequencies,
            y=np.zeros((2, len(self._frequencies))),
            scales=scales,
            fill="between",
            colors=[REAL, REAL],
            fill_colors=[REAL],
            fill_opacities=[0.28],
            opacities=[0.0, 0.0],
            stroke_width=0.5,
            visible=False,
        )
        self._line = bqplot.Lines(
            x=self._frequencies, y=np.zeros(len(self._frequencies)), scales=scales, colors=[DREAM], stroke_width=1.5
        )
        axes = [
            axis(scales["x"], "frequency (Hz)" if rate else "frequency (cycles per sample)"),
            upright := axis(scales["y"], "magnitude (dB)", vertical=True),
        ]
        self._upright = upright
        return (self._menu, figure([self._band, self._line], axes, 230))

    def draw(self) -> None:
        """Draw the dream's spectrum, and the band where another one is due."""
        session, channel = self.session, int(self._menu.value)
        key = (session.objective.targets, channel)
        if key not in self._bands:
            self._bands[key] = self._band_of(*key)
        band = self._bands[key]
        if key != self._shown:
            self._shown = key
            if band is not None:
                self._band.y = band
            self._band.visible = band is not None
        x = session.sequence[:1, channel : channel + 1]
        now = _decibel(x, self._floor(x, channel))[0]
        shown = now if band is None else np.concatenate([now, band.ravel()])
        fit(self._upright, float(shown.min()), float(shown.max()))
        self._line.y = now
        self.tell(self._words(now, band))

    def _floor(self, x: Float[Tensor, "1 1 time"], channel: int) -> Float[Tensor, "1 1"]:
        reference = self.session.reference
        if reference is None:
            return FLOOR * power(x).mean().sqrt().clamp_min(1e-12)[None, None]
        return reference.members().floor[channel : channel + 1]

    def _band_of(self, targets: tuple[int, ...], channel: int) -> NDArray[np.float64] | None:
        """Return the 5 and 95 % quantiles of the real members of some classes."""
        data = self.session.data
        if data is None or not targets:
            return None
        real = sample_of(data).data
        x = real.x[torch.isin(real.y, torch.tensor(targets)), channel : channel + 1]
        return np.quantile(_decibel(x, self._floor(x, channel)), BAND, axis=0) if len(x) else None

    def _words(self, now: NDArray[np.float64], band: NDArray[np.float64] | None) -> str:
        session = self.session
        if session.data is None:
            return "There are no real sequences to compare with: give data=."
        names = " and ".join(session.classes.said(target) for target in session.objective.targets)
        if band is None:
            return f"No band: there is no real {names}." if names else "No band: the objective is not about a class."
        outside = float(((now < band[0]) | (now > band[1])).mean())
        drawn = sample_of(session.data).words
        return f"{outside:.0%} of the frequencies lie outside the grey band of real {names} (5 to 95 %)." + (
            f" {drawn}." if drawn else ""
        )


def _decibel(x: Float[Tensor, "n 1 time"], floor: Float[Tensor, "1 1"]) -> NDArray[np.float64]:
    return _binned(log_magnitude(x, floor)[:, 0]) * DECIBEL


def _binned(values: Float[Tensor, "n frequency"]) -> NDArray[np.float64]:
    """Average neighbours where there are more frequencies than are drawn."""
    if values.shape[1] <= BINS:
        return values.double().numpy()
    return torch.nn.functional.adaptive_avg_pool1d(values[None].double(), BINS)[0].numpy()
