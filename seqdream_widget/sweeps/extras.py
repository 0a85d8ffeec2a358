"""Packages that only sweeps need."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

PURPOSES = {
    "pandas": "the table of a sweep",
    "pyarrow": "saving and loading an atlas",
    "distributed": "dreaming on a cluster",
    "matplotlib": "the plots of an atlas",
}


def needed(package: str) -> Any:
    """Return an optional package.

    Raises
    ------
    ImportError
        If it is not there; the message says how to get it.
    """
    whole = package.split(".", maxsplit=1)[0]
    if importlib.util.find_spec(whole) is None:
        extra = "demo" if package == "matplotlib" else "sweep"
        raise ImportError(f'{PURPOSES[whole]} needs {whole}: pip install "seqdream_widget[{extra}]"')
    return importlib.import_module(package)
