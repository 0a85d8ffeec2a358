"""Where the notebooks are that come with the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "notebooks"
"""In a wheel."""
_SOURCES = _PACKAGE.parent / "notebooks"
"""In a clone."""


def notebooks_folder() -> Path:
    """Return the folder with the notebooks.

    Raises
    ------
    FileNotFoundError
        If this package came without them.
    """
    for folder in (_SHIPPED, _SOURCES):
        if folder.is_dir():
            return folder
    raise FileNotFoundError("this installation came without notebooks; install a released wheel")
