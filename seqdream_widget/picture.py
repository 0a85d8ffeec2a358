"""A still picture of a dream, for whoever opens the notebook without a kernel and without the widget's state.

An SVG made with NumPy and the standard library alone. It stands in the notebook as an output of its own, under the
widget; the widget's style sheet hides it where the widget itself is there.
"""

from __future__ import annotations

import base64
import html
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqdream_widget import protocol
from seqdream_widget.session import Session
from seqdream_widget.words import objective_words

# In half pixels: whole numbers are then fine enough, and short.
WIDTH, HEIGHT = 1200, 640
LEFT, RIGHT, TOP, BOTTOM = 100, 1172, 128, 478
TITLE, LEGEND, STATUS, FIGURES = 52, 98, 568, 608  # baselines
COLUMNS = 500  # of a longer curve; each is drawn from its least to its greatest value

Values = NDArray[np.float32]
Numbers = NDArray[Any]

STYLE = """
.card{fill:#fff;stroke:#d9dcdf}
text{font:25px system-ui,sans-serif;fill:#5c636b}
.words{fill:#1a1d21}
.grid{stroke:#e6e8ea;stroke-width:2}
.dream{fill:none;stroke:#0b63b5;stroke-width:4.5;stroke-linejoin:round}
.start{fill:none;stroke:#8a929b;stroke-width:2.5;stroke-linejoin:round}
.band{fill:#0b63b5;fill-opacity:.14}
.frozen{fill:#1a1d21;fill-opacity:.08}
.hatch{stroke:#1a1d21;stroke-opacity:.34;stroke-width:2}
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


def picture(session: Session, status: str) -> str:
    """Draw the first dream of a session: its sequence, the start, the class's real range, what is frozen, and words.

    Parameters
    ----------
    session : Session
    status : str
        How things stand, e.g. ``"paused at step 120"``.

    Returns
    -------
    str
        An SVG document, readable on light and dark pages.
    """
    now, start = session.sequence[0, 0].numpy(), session.start[0, 0].numpy()
    envelope = protocol.envelope(session).get("envelope")
    low, high = (None, None) if envelope is None else (envelope[0, 0], envelope[1, 0])
    chart = _Chart(len(now), [now, start, *([] if low is None or high is None else [low, high])])
    frozen = [
        (first, stop)
        for first, stop, channel, dream in session.frozen
        if first is not None and stop is not None and not channel and dream == 0
    ]
    parts = [
        *chart.axes(),
        "" if low is None or high is None else f'<path class="band" d="{chart.band(low, high)}"/>',
        *(chart.frozen(*segment) for segment in frozen),
        f'<path class="start" d="{chart.line(start)}"/>',
        f'<path class="dream" d="{chart.line(now)}"/>',
        *_legend(has_band=low is not None, has_frozen=bool(frozen), channels=session.start.shape[1]),
        *(
            f'<text class="words" x="{LEFT}" y="{y}">{_text(line)}</text>'
            for y, line in ((TITLE, _title(session)), (STATUS, _short(status, 60)), (FIGURES, _figures(session)))
        ),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH // 2}" height="{HEIGHT // 2}"><title>{_text(_title(session))}</title>'
        f"<desc>{_text(_description(session, status))}</desc><style>{STYLE}</style>"
        '<defs><pattern id="hatch" width="16" height="16" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="hatch" d="M0 0V16"/></pattern></defs>'
        f'<rect class="card" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="16"/>{"".join(parts)}</svg>'
    )


def output(session: Session, status: str) -> dict[str, str]:
    """Return the picture as an output of a cell, with its words for who cannot see it."""
    # As an image and not inline: a notebook that is not trusted shows images, and no other SVG.
    source = base64.b64encode(picture(session, status).encode()).decode()
    words = _text(f"{_title(session)}: {_description(session, status)}")
    image = f'<img src="data:image/svg+xml;base64,{source}" alt="{words}" style="max-width:100%">'
    return {"text/html": f'<div class="seqdream-picture">{image}</div>'}


# ---- in words ---------------------------------------------------------------------------------------------------


def _title(session: Session) -> str:
    return f"Sequence dream, {_short(objective_words(session, session.objective), 60)}"


def _description(session: Session, status: str) -> str:
    return "; ".join(filter(None, [status, _figures(session)]))


def _figures(session: Session) -> str:
    """Say the score and the probabilities of the two likeliest classes, where there has been a step."""
    score, probabilities = session.history.latest_score(), session.history.latest_probabilities()
    if score is None or probabilities is None:
        return ""
    likeliest = sorted(enumerate(probabilities), key=lambda pair: -pair[1])[:2]
    shares = [f"p({_short(session.classes.names[index], 14)}) {_share(value)}" for index, value in likeliest]
    return " · ".join([f"score {_number(score)}", *shares])


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _share(value: float) -> str:
    """Write a probability, and never a 1.00 or a 0.00 that is none."""
    return ">0.99" if 0.995 < value < 1 else "<0.01" if 0 < value < 0.005 else f"{value:.2f}"  # noqa: PLR2004


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _clean(text: str) -> str:
    # XML has no place for control characters, and UTF-8 none for half a surrogate pair.
    return "".join(letter for letter in text if letter.isprintable())


def _text(text: str) -> str:
    return html.escape(_clean(text))


def _legend(*, has_band: bool, has_frozen: bool, channels: int) -> list[str]:
    names = ["dream", "start", *(["class 5–95 %"] if has_band else []), *(["frozen"] if has_frozen else [])]
    parts: list[str] = []
    x = LEFT
    for name in names:
        kind = name.split()[0]
        box = f'x="{x}" y="{LEGEND - 20}" width="32" height="24"'
        line = f'<path class="{kind}" d="M{x} {LEGEND - 8}h32"/>'
        parts.append({"class": f'<rect class="band" {box}/>', "frozen": _hatched(box)}.get(kind, line))
        parts.append(f'<text x="{x + 44}" y="{LEGEND}">{name}</text>')
        x += 92 + sum(9 if letter in "rstl " else 18 for letter in name)
    if channels > 1:
        parts.append(f'<text x="{RIGHT}" y="{LEGEND}" text-anchor="end">first of {channels} channels</text>')
    return parts


def _hatched(box: str) -> str:
    return f'<rect class="frozen" {box}/><rect fill="url(#hatch)" {box}/>'


# ---- in lines ---------------------------------------------------------------------------------------------------


class _Chart:
    """From samples and values to half pixels."""

    def __init__(self, time: int, curves: Sequence[Values]) -> None:
        values = np.concatenate(curves)
        finite = values[np.isfinite(values)].astype(np.float64)
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        room = 0.08 * (high - low) or max(1.0, abs(high))
        self._time, self._low, self._high = time, low - room, high + room

    def _x(self, samples: Numbers | float) -> Numbers:
        return LEFT + (RIGHT - LEFT) * np.asarray(samples) / max(1, self._time - 1)

    def _y(self, values: Numbers | float) -> Numbers:
        return BOTTOM - (BOTTOM - TOP) * (np.asarray(values, dtype=np.float64) - self._low) / (self._high - self._low)

    def line(self, values: Values) -> str:
        """Return the path of a curve; a gap where it is not finite."""
        samples, values = _columns(values)
        finite = np.isfinite(values)
        pieces = np.split(np.arange(len(values)), np.flatnonzero(np.diff(finite)) + 1)
        return "".join(self._path(samples[piece], values[piece]) for piece in pieces if finite[piece[0]])

    def band(self, low: Values, high: Values) -> str:
        """Return the path around what lies between two curves."""
        samples = np.unique(np.linspace(0, self._time - 1, COLUMNS).round().astype(np.int64))
        there_and_back = np.concatenate([samples, samples[::-1]])
        values = np.concatenate([high[samples], low[samples[::-1]]])
        return self._path(there_and_back, np.nan_to_num(values)) + "z"

    def _path(self, samples: Numbers, values: Values) -> str:
        points = np.stack([self._x(samples), self._y(values)], axis=1).round().astype(np.int64)
        (x, y), steps = points[0], np.diff(points, axis=0).ravel()
        return f"M{x} {y}l{' '.join(map(str, steps))}".replace(" -", "-") if len(steps) else f"M{x} {y}h1"

    def frozen(self, first: int, stop: int) -> str:
        """Return a hatched band, half a sample wider to each side."""
        left, right = (float(edge.clip(LEFT, RIGHT)) for edge in (self._x(first - 0.5), self._x(stop - 0.5)))
        box = f'x="{left:.0f}" y="{TOP}" width="{right - left:.0f}" height="{BOTTOM - TOP}"'
        return _hatched(box)

    def axes(self) -> list[str]:
        """Return the grid and its numbers."""
        parts: list[str] = []
        for value in _ticks(self._low, self._high, 5):
            y = f"{self._y(value):.0f}"
            parts.append(f'<path class="grid" d="M{LEFT} {y}H{RIGHT}"/>')
            parts.append(f'<text x="{LEFT - 16}" y="{y}" dy=".35em" text-anchor="end">{_number(value)}</text>')
        for sample in _ticks(0, max(1, self._time - 1), 8, whole=True):
            x = f"{self._x(sample):.0f}"
            parts.append(f'<path class="grid" d="M{x} {TOP}V{BOTTOM}"/>')
            parts.append(f'<text x="{x}" y="{BOTTOM + 38}" text-anchor="middle">{sample:.0f}</text>')
        return parts


def _columns(values: Values) -> tuple[Numbers, Values]:
    """Keep of a long curve the least and the greatest value of each column, so that no spike is lost."""
    if len(values) <= 2 * COLUMNS:
        return np.arange(len(values)), values
    edges = np.linspace(0, len(values), COLUMNS + 1).astype(np.int64)
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
