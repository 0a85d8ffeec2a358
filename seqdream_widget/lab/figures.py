"""Charts in the Lab's manner: small, quiet, with colours that follow the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.lab.untyped import Part, bqplot, ipywidgets

DREAM, INK, REAL, LINE = (f"var(--sdl-{name})" for name in ("dream", "ink", "real", "line"))
CLASSES = tuple(f"var(--sdl-class-{number})" for number in range(4))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def class_color(index: int) -> str:
    """Return the colour of a class; they repeat, and the shapes tell the classes apart then."""
    return CLASSES[index % len(CLASSES)]


def class_shape(index: int) -> str:
    """Return the shape of a class's points."""
    return SHAPES[index % len(SHAPES)]


def linear(low: float | None = None, high: float | None = None) -> Part:
    """Return a linear scale; its ends follow the data unless given."""
    # No room is added for the size of marks where the ends are known.
    return bqplot.LinearScale(min=low, max=high, allow_padding=low is None or high is None)


def axis(scale: Part, label: str = "", *, vertical: bool = False, grid: bool = True, numbers: bool = True) -> Part:
    """Return an axis with its label and unit; `numbers` tells that its ticks are such."""
    return bqplot.Axis(
        scale=scale,
        label=label,
        orientation="vertical" if vertical else "horizontal",
        grid_lines="solid" if grid else "none",
        label_offset="3.6em" if vertical else "2.6em",
        # Without a format bqplot guesses one, and fails where all values are the same.
        **({"tick_format": "~g"} if numbers else {}),
    )


def figure(marks: Sequence[Part], axes: Sequence[Part], height: int = 210, left: int = 56, **more: Any) -> Part:
    """Return a chart as wide as its place, `height` pixels high."""
    return bqplot.Figure(
        marks=list(marks),
        axes=list(axes),
        fig_margin={"top": 12, "bottom": 42, "left": left, "right": 14, **more.pop("margin", {})},
        **{"padding_x": 0.0, "padding_y": 0.05, **more},
        display_toolbar=False,
        layout=ipywidgets.Layout(width="100%", height=f"{height}px", min_width="0"),
        legend_style={"stroke-width": "0", "fill": "transparent"},
    )


def fit(upright: Part, low: float, high: float) -> None:
    """Have an axis show what lies between two values: it ends at round numbers, and has a few of them as ticks.

    bqplot's own ticks are many, or not round. Nothing is sent where nothing changes, and round ends change seldom.
    """
    low, high = (low, high) if math.isfinite(low) and math.isfinite(high) else (0.0, 1.0)
    ticks = round_numbers(low, high)
    if np.array_equal(ticks, upright.tick_values):
        return
    update(upright.scale, min=float(ticks[0]), max=float(ticks[-1]))
    upright.tick_values = ticks


def round_numbers(low: float, high: float, most: int = 5) -> NDArray[np.float64]:
    """Return at most so many equidistant round numbers that enclose two values.

    Examples
    --------
    >>> round_numbers(-3.2, 17.0).tolist()
    [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0]
    """
    span = high - low or abs(high) or 1.0
    base = 10.0 ** math.floor(math.log10(span / most))
    for step in (base, 2 * base, 5 * base, 10 * base, 20 * base):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= most:
            break
    first, last = (first, last) if last > first else (first - 1, last + 1)
    return np.array([round(number * step, 12) for number in range(first, last + 1)])


def update(mark: Part, **values: object) -> None:
    """Set some traits of a mark, in one message."""
    with mark.hold_sync():
        for name, value in values.items():
            setattr(mark, name, value)


def short(text: str, most: int = 18) -> str:
    """Cut a long name, with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def number(value: float) -> str:
    """Write a number for people."""
    return "–" if math.isnan(value) else f"{value:.3g}"
