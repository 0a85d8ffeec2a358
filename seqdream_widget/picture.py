"""A still picture of a dream: under the widget for whoever opens the notebook without a kernel, and as a file.

An SVG made with NumPy and the standard library alone. In a notebook it is an output of its own; the widget's style
sheet hides it where the widget itself is there.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from seqdream_widget import protocol
from seqdream_widget.graph import COLUMNS, LEFT, RIGHT, Graph, Quantity, number
from seqdream_widget.settings import channel_names
from seqdream_widget.shapes import Box, Line, Shape, Words
from seqdream_widget.svg import escaped, svg
from seqdream_widget.words import objective_words

if TYPE_CHECKING:
    from seqdream_widget.session import Session

SIZE = (1200, 640)
TITLE, LEGEND, AXIS, STATUS, FIGURES = 52, 98, 546, 568, 608  # baselines
FINE = 3  # times as many columns in print


def picture(session: Session, status: str, channel: int = 0, *, for_print: bool = False) -> str:
    """Draw the first dream of a session: its sequence, the start, the class's real range, what is frozen, and words.

    Parameters
    ----------
    session : Session
    status : str
        How things stand, e.g. ``"paused at step 120"``.
    channel : int
        Which one is drawn.
    for_print : bool
        On white and fine; else for light and dark screens, and short.

    Returns
    -------
    str
        An SVG document.
    """
    shapes = drawing(session, status, channel, FINE * COLUMNS if for_print else COLUMNS)
    return svg(shapes, SIZE, _title(session), _description(session, status), for_print=for_print)


def drawing(session: Session, status: str, channel: int, columns: int) -> list[Shape]:
    """Return what the picture is made of; a longer curve is drawn in so many columns."""
    now, start = session.sequence[0, channel].numpy(), session.start[0, channel].numpy()
    envelope = protocol.envelope(session).get("envelope")
    band = [] if envelope is None else [side[channel] for side in envelope]
    time, values = Quantity.of(session.data, channel)
    graph = Graph(len(now), [now, start, *band], time, values, columns)
    frozen = [
        graph.frozen(first, stop)
        for first, stop, where, dream in session.frozen
        if first is not None and stop is not None and where in (None, channel) and dream == 0
    ]
    return [
        *graph.axes(),
        *([graph.band(*band)] if band else []),
        *frozen,
        graph.line("start", start),
        graph.line("dream", now),
        *_legend(has_band=bool(band), has_frozen=bool(frozen)),
        Words("", RIGHT, LEGEND, _channel_words(session, channel, values.label), "end"),
        Words("", RIGHT, AXIS, time.label, "end"),
        *(
            Words("words", LEFT, y, line)
            for y, line in ((TITLE, _title(session)), (STATUS, _short(status, 60)), (FIGURES, _figures(session)))
        ),
    ]


def output(session: Session, status: str) -> dict[str, str]:
    """Return the picture as an output of a cell."""
    return {"text/html": f'<div class="seqdream-picture">{image(session, status)}</div>'}


def image(session: Session, status: str) -> str:
    """Return the picture as an HTML image, with its words for who cannot see it."""
    # As an image and not inline: a notebook that is not trusted shows images, and no other SVG.
    source = base64.b64encode(picture(session, status).encode()).decode()
    words = escaped(f"{_title(session)}: {_description(session, status)}")
    return f'<img src="data:image/svg+xml;base64,{source}" alt="{words}" style="max-width:100%">'


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
    return " · ".join([f"score {number(score)}", *shares])


def _share(value: float) -> str:
    """Write a probability, and never a 1.00 or a 0.00 that is none."""
    written = f"{value:.2f}"
    if written == "1.00" and value < 1:
        return ">0.99"
    return "<0.01" if written == "0.00" and value > 0 else written


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _channel_words(session: Session, channel: int, unit: str) -> str:
    """Say what the values are of, where that is not plain."""
    channels = session.start.shape[1]
    named = session.data is not None and session.data.channel_names
    words = [channel_names(session)[channel]] if named else []
    if channels > 1:
        count = f"{channel + 1} of" if channel else "first of"
        words.append(f"{count} {channels} channels")
    return " \N{MIDDLE DOT} ".join([*words, *filter(None, [unit])])


def _legend(*, has_band: bool, has_frozen: bool) -> list[Shape]:
    names = ["dream", "start", *(["class 5–95 %"] if has_band else []), *(["frozen"] if has_frozen else [])]
    parts: list[Shape] = []
    x = LEFT
    for name in names:
        kind = {"class 5–95 %": "band"}.get(name, name)
        box = Box(kind, x, LEGEND - 20, 32, 24)
        parts.append(box if kind in ("band", "frozen") else Line.between(kind, (x, LEGEND - 8), (x + 32, LEGEND - 8)))
        parts.append(Words("", x + 44, LEGEND, name))
        x += 92 + sum(9 if letter in "rstl " else 18 for letter in name)
    return parts
