"""Charts in the Lab's manner: small, quiet, with colours that follow the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seqdream_widget.lab.untyped import Part, bqplot, ipywidgets

DREAM, INK, REAL, LINE = (f"var(--sdl-{name})" for name in ("dream", "ink", "real", "line"))
CLASSES = tuple(f"var(--sdl-class-{number})" for number in range(4))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def class_color(index: int) -> str:
    """Return the colour of a class; they repeat, and the shapes tell the classes apart then."""
    return CLASSES[index % len(CLASSES)]


def class_shape(index: int) -> str:
    """Return the shape of a class's points."""
    return SHAPES[(index + index // len(CLASSES)) % len(SHAPES)]


def linear(low: float | None = None, high: float | None = None) -> Part:
    """Return a linear scale; its ends follow the data unless given."""
    return bqplot.LinearScale(min=low, max=high)


def axis(
    scale: Part, label: str = "", *, vertical: bool = False, ticks: int | None = 5, grid: bool = True, offset: str = ""
) -> Part:
    """Return an axis with its label and unit."""
    return bqplot.Axis(
        scale=scale,
        label=label,
        orientation="vertical" if vertical else "horizontal",
        num_ticks=ticks,
        grid_lines="solid" if grid else "none",
        label_offset=offset or ("3.4em" if vertical else "2.6em"),
    )


def figure(marks: Sequence[Part], axes: Sequence[Part], height: int = 210, left: int = 56, **more: object) -> Part:
    """Return a chart as wide as its place, `height` pixels high."""
    return bqplot.Figure(
        marks=list(marks),
        axes=list(axes),
        fig_margin={"top": 12, "bottom": 42, "left": left, "right": 14, **dict(more.pop("margin", {}))},  # pyright: ignore
        padding_x=0.0,
        padding_y=0.05,
        display_toolbar=False,
        layout=ipywidgets.Layout(width="100%", height=f"{height}px", min_width="0"),
        legend_style={"stroke-width": "0", "fill": "transparent"},
        **more,
    )


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
