"""What all widgets of this package with a front end of their own have in common."""

from __future__ import annotations

from typing import Any

import anywidget


class FrontEnd(anywidget.AnyWidget):
    """A widget whose state is whole wherever it is written down.

    ipywidgets leaves out of an embedded page what is as its class has it. To it, script and style sheet are such, and
    without them a page without a kernel shows nothing.
    """

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the state, or some of it, defaults and all."""
        del drop_defaults
        return super().get_state(key)
