"""What a picture is made of, whoever draws it: lines, areas, boxes and words, in half pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Anchor = Literal["start", "middle", "end"]


@dataclasses.dataclass(frozen=True, eq=False)
class Line:
    """A line, in pieces where there are gaps.

    Attributes
    ----------
    style : str
        Which one of the styles it is drawn in.
    pieces : sequence of array of shape (corner, 2)
    """

    style: str
    pieces: Sequence[Numbers]

    @staticmethod
    def between(style: str, first: tuple[float, float], last: tuple[float, float]) -> Line:
        """Make a straight one."""
        return Line(style, [np.array([first, last])])


@dataclasses.dataclass(frozen=True, eq=False)
class Area:
    """A filled area.

    Attributes
    ----------
    style : str
    outline : array of shape (corner, 2)
    """

    style: str
    outline: Numbers


@dataclasses.dataclass(frozen=True)
class Box:
    """An upright rectangle. One of the style ``"frozen"`` is hatched."""

    style: str
    x: float
    y: float
    width: float
    height: float


@dataclasses.dataclass(frozen=True)
class Words:
    """A line of text, `y` at its baseline."""

    style: str
    x: float
    y: float
    text: str
    anchor: Anchor = "start"


Shape = Line | Area | Box | Words
