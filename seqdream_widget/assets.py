"""The built front end, as text."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def asset(name: str) -> str:
    """Return a file of the front end.

    Widgets are given its text, not its path: anywidget watches a file that it is given, and holds every widget that was
    ever made of it, to tell it of changes.

    Raises
    ------
    ImportError
        If there is none.
    """
    try:
        return (STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ImportError(
            "the front end of seqdream_widget has not been built; run `make build` in its source folder, "
            "or install a released wheel, which carries it"
        ) from None
