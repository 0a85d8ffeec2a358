"""When a notebook is given what it keeps of a widget: its state, and a picture that stands under it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from IPython.display import publish_display_data  # pyright: ignore[reportUnknownVariableType] - half typed

Bundle = dict[str, Any]


class Keeping:
    """Keeps state and picture up to date, once for all that a cell does.

    The picture is an output of its own that can be drawn anew on whatever thread and whichever cell runs then: it goes
    by its name.

    Parameters
    ----------
    name : str
        By which front ends know the picture again.
    save : callable
        Writes the state and returns true, unless it is not the time to keep anything.
    draw : callable
        Returns the picture as it is now.
    """

    def __init__(self, name: str, save: Callable[[], bool], draw: Callable[[], Bundle]) -> None:
        self._transient = {"display_id": name}
        self._save = save
        self._draw = draw
        self._shown: Bundle | None = None
        self._is_due = False

    def display(self, widget: tuple[Bundle, Bundle]) -> None:
        """Show the widget, given as data and metadata, and the picture under it; in as many cells as one likes."""
        data, metadata = widget
        self._save()  # while the cell is at work: who runs a notebook without a front end listens no longer than that
        publish_display_data(data, metadata)
        self._shown = self._draw()
        publish_display_data(self._shown, transient=self._transient)

    def changed(self) -> None:
        """Keep what is now: at once, or where a cell is at work, when that is done."""
        try:
            soon = asyncio.get_running_loop().call_soon
        except RuntimeError:  # the run's own thread, or no kernel
            self._keep()
            return
        if not self._is_due:
            self._is_due = True
            soon(self._keep)

    def _keep(self) -> None:
        self._is_due = False
        if not self._save() or self._shown is None or self._shown == (drawn := self._draw()):
            return
        self._shown = drawn
        publish_display_data(drawn, transient=self._transient, update=True)
