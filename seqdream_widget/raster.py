"""Shapes as a PNG for print. Pillow draws them: it needs nothing else, and brings a font along."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seqdream_widget.shapes import Area, Box, Line, Numbers, Shape, Words
from seqdream_widget.svg import clean

SCALE = 2
"""Pixels for each half pixel of a picture: 2,400 in its width, 300 an inch on 20 cm."""
SMOOTH = 2
"""Drawn so much larger, and made smaller again: smooth edges."""
FONT_SIZE = 25

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
# As they come out on white.
LINES: dict[str, tuple[Colour, float]] = {
    "grid": ((230, 232, 234), 2),
    "start": ((138, 146, 155), 2.5),
    "dream": ((11, 99, 181), 4.5),
}
FILLS: dict[str, Colour] = {"band": (221, 233, 245), "frozen": (237, 237, 237)}
HATCH, HATCH_DISTANCE = (177, 178, 179), 16
INKS: dict[str, Colour] = {"": (92, 99, 107), "words": (26, 29, 33)}
# The font has Latin letters, and not these.
WRITTEN = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{HORIZONTAL ELLIPSIS}": "..."})
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def png(shapes: Iterable[Shape], size: tuple[int, int]) -> bytes:
    """Draw a PNG on white.

    Parameters
    ----------
    shapes : iterable of Shape
    size : (int, int)
        Width and height in half pixels.
    """
    unit = SCALE * SMOOTH
    image = Image.new("RGB", (size[0] * unit, size[1] * unit), WHITE)
    canvas = _Canvas(image, unit)
    for shape in shapes:
        canvas.draw(shape)
    target = io.BytesIO()
    resolution = size[0] * SCALE / (20 / 2.54)
    small = image.resize((size[0] * SCALE, size[1] * SCALE), Image.Resampling.LANCZOS)
    small.save(target, "PNG", dpi=(resolution, resolution))
    return target.getvalue()


class _Canvas:
    def __init__(self, image: Image.Image, unit: int) -> None:
        self._image, self._unit = image, unit
        self._pen = ImageDraw.Draw(image)
        self._font = ImageFont.load_default(FONT_SIZE * unit)

    def draw(self, shape: Shape) -> None:
        if isinstance(shape, Line):
            colour, width = LINES[shape.style]
            for piece in shape.pieces:
                self._line(piece, colour, width)
        elif isinstance(shape, Area):
            self._pen.polygon(self._flat(shape.outline), FILLS[shape.style])
        elif isinstance(shape, Box):
            self._box(shape)
        else:
            self._words(shape)

    def _flat(self, corners: Numbers) -> list[float]:
        return (np.asarray(corners, dtype=np.float64) * self._unit).ravel().tolist()

    def _line(self, corners: Numbers, colour: Colour, width: float) -> None:
        if len(corners) == 1:  # a sample between gaps
            corners = np.stack([corners[0], corners[0] + (1, 0)])
        self._pen.line(self._flat(corners), colour, round(width * self._unit), joint="curve")

    def _box(self, box: Box) -> None:
        left, top = (round(edge * self._unit) for edge in (box.x, box.y))
        width, height = (max(1, round(side * self._unit)) for side in (box.width, box.height))
        piece = Image.new("RGB", (width, height), FILLS[box.style])
        if box.style == "frozen":
            pen, apart = ImageDraw.Draw(piece), round(HATCH_DISTANCE * self._unit * 2**0.5)
            # Lines keep their place in the picture, whichever band shows them.
            first = -((left + top) % apart) - height
            for x in range(first, width + apart, apart):
                pen.line([(x, height), (x + height, 0)], HATCH, 2 * self._unit)
        self._image.paste(piece, (left, top))

    def _words(self, words: Words) -> None:
        place = (words.x * self._unit, words.y * self._unit)
        self._pen.text(
            place, clean(words.text).translate(WRITTEN), INKS[words.style], self._font, ANCHORS[words.anchor]
        )
