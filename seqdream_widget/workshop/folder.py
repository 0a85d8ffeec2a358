"""The notebooks of the workshop, into a folder of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

_INSTALLED = Path(__file__).parents[1] / "notebooks" / "workshop"
_IN_THE_REPOSITORY = Path(__file__).parents[2] / "notebooks" / "workshop"


def copy_to(folder: str | Path) -> list[Path]:
    """Copy the workshop's notebooks; what is there already stays as it is, for it may hold somebody's work.

    Parameters
    ----------
    folder : str or Path
        Made where there is none.

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
    source = _INSTALLED if _INSTALLED.is_dir() else _IN_THE_REPOSITORY
    if not source.is_dir():
        raise FileNotFoundError("this installation came without the workshop's notebooks; install a released wheel")
    written: list[Path] = []
    for notebook in sorted(source.rglob("*.ipynb"), key=lambda path: (len(path.parts), path)):
        if ".ipynb_checkpoints" in notebook.parts:
            continue
        target = Path(folder) / notebook.relative_to(source)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, target)
        written.append(target)
    return written
