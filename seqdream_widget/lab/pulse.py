"""When views are brought up to date: one place for all views of a widget."""

from __future__ import annotations

import time
from typing import Protocol
from weakref import WeakKeyDictionary

from seqdream_widget.widget import SeqDream

RATE = 4.0
"""How often a second views follow a run, at most."""
SHARE = 0.1
"""Of the time, about, that they may take from it: they follow it more slowly where they cost more."""


class Followed(Protocol):
    """What is brought up to date."""

    @property
    def is_seen(self) -> bool:
        """Whether a front end shows it, as far as that is known."""
        ...

    def refresh(self) -> None:
        """Show what is now."""
        ...


class Pulse:
    """Brings the views of a widget up to date, all in one go, on the thread that may publish.

    That is whichever has the session's turn: traits are not thread-safe, and nothing here has a thread or a clock of
    its own. A view that nobody sees costs nothing.

    Parameters
    ----------
    widget : SeqDream
    """

    def __init__(self, widget: SeqDream) -> None:
        self._views: tuple[Followed, ...] = ()
        self._due = 0.0
        widget.follow(self.beat)

    def add(self, view: Followed) -> None:
        """Bring a view up to date from now on."""
        self._views = (*self._views, view)

    def remove(self, view: Followed) -> None:
        """Leave a view alone from now on."""
        self._views = tuple(one for one in self._views if one is not view)

    def beat(self, plays: bool) -> None:
        """Bring up to date what is seen: while it plays as often as that may be, and else at once."""
        begin = time.monotonic()
        if plays and begin < self._due:
            return
        for view in self._views:
            if view.is_seen:
                view.refresh()
        end = time.monotonic()
        self._due = end + max(1 / RATE, (end - begin) / SHARE)


def pulse_of(widget: SeqDream) -> Pulse:
    """Return the pulse of a widget, the same for all its views."""
    if widget not in _pulses:
        _pulses[widget] = Pulse(widget)
    return _pulses[widget]


_pulses: WeakKeyDictionary[SeqDream, Pulse] = WeakKeyDictionary()
