"""Where a picture of the widget stands in the notebook: under the widget, as an output of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.display import publish_display_data  # pyright: ignore[reportUnknownVariableType] - half typed

Bundle = dict[str, Any]


class Still:
    """An output that can be drawn anew, on whatever thread and whichever cell runs then: it goes by its name.

    Parameters
    ----------
    name : str
        By which front ends know it again.
    draw : callable
        Returns the output as it is now.
    """

    def __init__(self, name: str, draw: Callable[[], Bundle]) -> None:
        self._transient = {"display_id": name}
        self._draw = draw
        self._shown: Bundle | None = None

    def place(self, widget: tuple[Bundle, Bundle]) -> None:
        """Show the widget, given as data and metadata, and the picture under it; in as many cells as one likes."""
        data, metadata = widget
        publish_display_data(data, metadata)
        self._shown = self._draw()
        publish_display_data(self._shown, transient=self._transient)

    def refresh(self) -> None:
        """Draw it anew wherever it stands."""
        if self._shown is None or self._shown == (drawn := self._draw()):
            return
        self._shown = drawn
        publish_display_data(drawn, transient=self._transient, update=True)
