"""Which channel of the sequences a view shows."""

from __future__ import annotations

from collections.abc import Callable

from seqdream_widget.lab.controls import when_changed
from seqdream_widget.lab.untyped import Part, ipywidgets
from seqdream_widget.session import Session


def channel_menu(session: Session, changed: Callable[[], None]) -> Part:
    """Return a menu of channels, whose value is an index; not to be seen where there is only one.

    Parameters
    ----------
    session : Session
    changed : callable
        Called when another one was chosen.
    """
    count, data = session.scene.shape[0], session.data
    names = data.channel_names if data is not None and data.channel_names else None
    named = [(names[index] if names else f"channel {index}", index) for index in range(count)]
    menu = ipywidgets.Dropdown(options=named, value=0, description="channel")
    menu.layout.display = "none" if count == 1 else "flex"
    when_changed(menu, changed)
    return menu
