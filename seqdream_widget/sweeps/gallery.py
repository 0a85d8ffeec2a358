"""The gallery of an atlas: every dream at a glance, and one opened below to go on with by hand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

import ipywidgets
import numpy as np
import traitlets
from jaxtyping import UInt8
from numpy.typing import NDArray

from seqdream_widget.assets import asset
from seqdream_widget.errors import shown
from seqdream_widget.front import FrontEnd
from seqdream_widget.sweeps.plots import verdicts_of
from seqdream_widget.widget import SeqDream

if TYPE_CHECKING:
    from seqdream_widget.sweeps.atlas import Atlas

POINTS, CHANNELS, MOST = 120, 4, 20_000
"""Of a thumbnail, at most; and dreams of a gallery."""
NOTHING = 255
"""Byte of a thumbnail where there is no number."""


class Gallery(FrontEnd):
    """Cards of dreams. It computes nothing; `Explorer` answers when one is opened.

    Attributes
    ----------
    cards : list of dict
    thumbnails : bytes
        As `thumbnails_of` makes them.
    opened : int
        The dream that is open, −1 where none is.
    status : str
        In words.
    """

    _esm = asset("gallery.js")
    _css = asset("gallery.css")

    cards = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    thumbnails = traitlets.Bytes(read_only=True).tag(sync=True)
    thumbnail_shape = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)
    opened = traitlets.Int(-1, read_only=True).tag(sync=True)
    status = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, atlas: Atlas) -> None:
        made = thumbnails_of(atlas.sequences)
        self.set_trait("cards", cards_of(atlas))
        self.set_trait("thumbnails", made.tobytes())
        self.set_trait("thumbnail_shape", [*made.shape[1:]])
        self.set_trait("status", "Choose a dream to open it below and go on by hand.")
        super().__init__()

    def tell(self, opened: int, status: str) -> None:
        """Say which dream is open, and what there is to say."""
        self.set_trait("opened", opened)
        self.set_trait("status", status)


class Explorer(ipywidgets.VBox):
    """The gallery of an atlas, and below it the dream that is open.

    Attributes
    ----------
    gallery : Gallery
    widget : SeqDream or None
        The one below.
    """

    def __init__(self, atlas: Atlas) -> None:
        if len(atlas) > MOST:
            raise ValueError(f"a gallery shows at most {MOST:,} dreams and the atlas has {len(atlas):,}")
        self._atlas = atlas
        self.widget: SeqDream | None = None
        self.gallery = Gallery(atlas)
        self.gallery.on_msg(self._on_message)
        super().__init__([self.gallery])

    def show(self, dream: int) -> SeqDream:
        """Open a dream below, in place of the one before, which is closed.

        Raises
        ------
        ValueError
            As `Atlas.session` does.
        """
        widget = self._atlas.open(dream)
        before, self.widget = self.widget, widget
        self.children = (self.gallery, widget)
        if before is not None:
            before.close()
        self.gallery.tell(dream, f"Dream {dream} is open below, where it ended; play, or go on by hand.")
        return widget

    def close(self) -> None:
        """Free it and what is open in it."""
        if self.widget is not None:
            self.widget.close()
        self.gallery.close()
        super().close()

    def _on_message(self, _: object, message: object, __: object) -> None:
        fields = cast("dict[str, Any]", message) if isinstance(message, dict) else {}
        if fields.get("kind") != "open":
            return
        dream = fields.get("dream")
        try:
            if not isinstance(dream, int):
                raise TypeError(f"{shown(dream)} is no number of a dream")  # noqa: TRY301 - said as all else
            self.show(dream)
        except (ValueError, TypeError) as error:
            self.gallery.tell(self.gallery.opened, f"{error}")


def cards_of(atlas: Atlas) -> list[dict[str, Any]]:
    """Return what a card tells of each dream; numbers that are not finite are left out."""
    columns = {"score": "score", "probability": "probability", "distance": "embedding_distance"}
    table, verdicts = atlas.table, verdicts_of(atlas)
    return [
        {
            "target": row["target"] or "no class",
            "verdict": verdict,
            "start": row["start"],
            "seed": row["seed"],
            "failure": row["failure"],
            **{name: row[column] for name, column in columns.items() if np.isfinite(row[column])},
        }
        for row, verdict in zip(table.to_dict("records"), verdicts, strict=True)
    ]


def thumbnails_of(sequences: NDArray[np.float32]) -> UInt8[NDArray[np.uint8], "dream channel point"]:
    """Draw sequences small: a byte a point, from 0 (the lowest of the dream) to 254 (its highest).

    Of each stretch of a long sequence the value farthest from the dream's mean is kept, so that no peak is lost.

    Examples
    --------
    >>> thumbnails_of(np.array([[[0.0, 1.0, 0.5]], [[np.nan, 0.0, 0.0]]], dtype=np.float32)).tolist()
    [[[0, 254, 127]], [[255, 127, 127]]]
    """
    x = sequences[:, :CHANNELS]
    length = x.shape[2]
    if length > POINTS:
        away = np.abs(x - x.mean(axis=2, keepdims=True))
        stretches = itertools.pairwise(length * point // POINTS for point in range(POINTS + 1))
        farthest = [cast("NDArray[np.int64]", away[:, :, a:b].argmax(axis=2) + a) for a, b in stretches]
        places = np.stack(farthest, axis=2)
        x = np.take_along_axis(x, places, axis=2)
    finite = np.isfinite(x)
    low = np.where(finite, x, np.inf).min(axis=(1, 2), keepdims=True)
    high = np.where(finite, x, -np.inf).max(axis=(1, 2), keepdims=True)
    flat = ~(high > low)
    with np.errstate(invalid="ignore"):
        share = np.where(flat, 0.5, (x - low) / np.where(flat, 1, high - low))
    return np.where(finite, np.round(np.where(finite, share, 0) * (NOTHING - 1)), NOTHING).astype(np.uint8)
