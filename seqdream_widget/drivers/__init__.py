"""What takes the steps while a widget plays: a thread of its own, or the event loop of the notebook."""

from __future__ import annotations

import sys

from seqdream_widget.drivers.loop import LoopRunner
from seqdream_widget.drivers.runner import Listener, Runner
from seqdream_widget.drivers.thread import ThreadRunner
from seqdream_widget.errors import shown

_RUNNERS: dict[str, type[Runner]] = {"thread": ThreadRunner, "asyncio": LoopRunner}


def runner_class(driver: object) -> type[Runner]:
    """Return the kind of runner that `driver` names: ``"thread"``, ``"asyncio"``, or ``"auto"`` for what fits here.

    Raises
    ------
    ValueError
        If it is none of them.

    Examples
    --------
    >>> runner_class("auto").__name__
    'ThreadRunner'
    """
    if driver == "auto":
        driver = "asyncio" if _threads_do_not_show() else "thread"
    if not isinstance(driver, str) or driver not in _RUNNERS:
        raise ValueError(f'driver = {shown(driver)} is not allowed; give "auto", "thread" or "asyncio"')
    return _RUNNERS[driver]


def _threads_do_not_show() -> bool:
    """Tell whether what a background thread sends is not shown at once, or there are no threads."""
    in_marimo = getattr(sys.modules.get("marimo"), "running_in_notebook", bool)
    return (
        sys.platform == "emscripten"  # Pyodide
        or "google.colab" in sys.modules
        or in_marimo()
    )


__all__ = ["Listener", "Runner", "runner_class"]
