"""Shapes as an SVG document, with NumPy and the standard library alone."""

from __future__ import annotations

import html
from collections.abc import Iterable

import numpy as np

from seqdream_widget.shapes import Area, Line, Numbers, Shape, Words

LIGHT = """
.card{fill:#fff;stroke:#d9dcdf}
text{font:25px system-ui,sans-serif;fill:#5c636b}
.words{fill:#1a1d21}
.grid{fill:none;stroke:#e6e8ea;stroke-width:2}
.dream{fill:none;stroke:#0b63b5;stroke-width:4.5;stroke-linejoin:round}
.start{fill:none;stroke:#8a929b;stroke-width:2.5;stroke-linejoin:round}
.band{fill:#0b63b5;fill-opacity:.14}
.frozen{fill:#1a1d21;fill-opacity:.08}
.hatch{stroke:#1a1d21;stroke-opacity:.34;stroke-width:2}
""".replace("\n", "")
ON_SCREEN = """
@media (max-width:420px){text{font-size:32px}}
@media (prefers-color-scheme:dark){
.card{fill:#15181b;stroke:#3a3f45}
text{fill:#a3abb3}
.words{fill:#e9ebee}
.grid{stroke:#2a2e33}
.dream{stroke:#6fb4fb}
.start{stroke:#7d8690}
.band{fill:#6fb4fb}
.frozen{fill:#e9ebee}
.hatch{stroke:#e9ebee}
}
""".replace("\n", "")


def svg(shapes: Iterable[Shape], size: tuple[int, int], title: str, description: str, *, for_print: bool) -> str:
    """Write an SVG document.

    Parameters
    ----------
    shapes : iterable of Shape
    size : (int, int)
        Width and height in half pixels.
    title, description : str
        For who cannot see it.
    for_print : bool
        On white, to a fiftieth of a pixel; else for light and dark screens, to half a pixel, and short.
    """
    width, height = size
    draw = _Writer(2 if for_print else 0)
    style = LIGHT if for_print else LIGHT + ON_SCREEN
    edge = ' style="stroke:none"' if for_print else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width // 2}" height="{height // 2}"><title>{escaped(title)}</title>'
        f"<desc>{escaped(description)}</desc><style>{style}</style>"
        '<defs><pattern id="hatch" width="16" height="16" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="hatch" d="M0 0V16"/></pattern></defs>'
        f'<rect class="card"{edge} x="1" y="1" width="{width - 2}" height="{height - 2}" rx="16"/>'
        f"{''.join(map(draw.shape, shapes))}</svg>"
    )


def clean(text: str) -> str:
    """Leave out what XML and UTF-8 have no place for: control characters, and halves of surrogate pairs."""
    return "".join(letter for letter in text if letter.isprintable())


def escaped(text: str) -> str:
    """Return it as text of a document, whatever it is."""
    return html.escape(clean(text))


class _Writer:
    """Writes shapes, rounded to so many digits."""

    def __init__(self, digits: int) -> None:
        self._digits = digits

    def _number(self, value: float) -> str:
        return f"{value:.{self._digits}f}".rstrip("0").rstrip(".") if self._digits else f"{value:.0f}"

    def shape(self, shape: Shape) -> str:
        if isinstance(shape, Line):
            return f'<path class="{shape.style}" d="{"".join(map(self.path, shape.pieces))}"/>'
        if isinstance(shape, Area):
            return f'<path class="{shape.style}" d="{self.path(shape.outline)}z"/>'
        x, y = self._number(shape.x), self._number(shape.y)
        if isinstance(shape, Words):
            style = f' class="{shape.style}"' if shape.style else ""
            anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
            return f'<text{style} x="{x}" y="{y}"{anchor}>{escaped(shape.text)}</text>'
        box = f'x="{x}" y="{y}" width="{self._number(shape.width)}" height="{self._number(shape.height)}"'
        hatch = f'<rect fill="url(#hatch)" {box}/>' if shape.style == "frozen" else ""
        return f'<rect class="{shape.style}" {box}/>{hatch}'

    def path(self, corners: Numbers) -> str:
        """Write a path by its steps: they are shorter than its corners."""
        unit = 10**self._digits
        points = (np.asarray(corners) * unit).round().astype(np.int64)
        (x, y), steps = points[0] / unit, np.diff(points, axis=0).ravel() / unit
        if not len(steps):
            return f"M{self._number(x)} {self._number(y)}h1"
        return f"M{self._number(x)} {self._number(y)}l{' '.join(map(self._number, steps))}".replace(" -", "-")
