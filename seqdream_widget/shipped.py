"""The notebooks that come with the package: where they are, and the workshop's into a folder of one's own."""

from __future__ import annotations

import shutil
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


def copy_to(folder: str | Path, *, solutions: bool = False) -> list[Path]:
    """Copy the workshop's notebooks; what is there already stays as it is, for it may hold somebody's work.

    Parameters
    ----------
    folder : str or Path
        Made where there is none.
    solutions : bool
        With what is for teachers: the solutions and the notebook for marking.

    Returns
    -------
    list of Path
        The files that were written, in order.

    Raises
    ------
    FileNotFoundError
        If this package came without the notebooks.
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = copy_to(folder)
    >>> written[0].name
    '01_first_dream.ipynb'
    """
    source = notebooks_folder() / "workshop"
    notebooks = sorted(source.glob("0*.ipynb"))
    if solutions:
        notebooks += [source / "marking.ipynb", *sorted((source / "solutions").glob("0*.ipynb"))]
    written: list[Path] = []
    for notebook in notebooks:
        target = Path(folder) / notebook.relative_to(source)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, target)
        written.append(target)
    return written
