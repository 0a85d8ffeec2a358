"""Files with labelled sequences, as the UCR and UEA archives have them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from seqdream_widget.labels import abbreviated

SUFFIXES = (".npz", ".tsv", ".ts")
"""Of the files that are read."""

Labelled = tuple[ArrayLike, ArrayLike]
"""Sequences, and a label each."""


def file_of(root: Path, name: str, part: str) -> Path:
    """Return where ``{name}_{part}`` is: in `root` or its subdirectory `name`, in the order of `SUFFIXES`.

    Raises
    ------
    FileNotFoundError
        If it is nowhere; the message names what was looked for.
    """
    wanted = [folder / f"{name}_{part}{suffix}" for folder in (root, root / name) for suffix in SUFFIXES]
    for path in wanted:
        if path.is_file():
            return path
    raise FileNotFoundError("no such data; looked for " + ", ".join(f'"{path}"' for path in wanted))


def read(path: Path) -> Labelled:
    """Read a file; labels that are numbers written as text come as numbers. No pickle is loaded.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If aeon is needed and not installed.
    ValueError
        If it is of another kind, or does not hold such data.
    """
    if not path.is_file():
        raise FileNotFoundError(f'there is no file "{path}"')
    if path.suffix not in SUFFIXES:
        raise ValueError(f'"{path.name}" is not read; give {", ".join(SUFFIXES[:-1])} or {SUFFIXES[-1]}')
    x, y = _read(path)
    return x, _as_numbers(y)


def downloaded(name: str, split: str) -> Labelled:
    """Have aeon load a data set of the archives, and download it where it is not there yet.

    Raises
    ------
    ImportError
        If aeon is not installed.
    """
    x, y = _aeon("load_classification")(name, split=split)
    return x, _as_numbers(y)


def _read(path: Path) -> Labelled:
    if path.suffix == ".ts":
        return _aeon("load_from_ts_file")(str(path))
    if path.suffix == ".tsv":
        table = np.loadtxt(path, delimiter="\t", ndmin=2)
        return table[:, 1:], table[:, 0]
    with np.load(path, allow_pickle=False) as arrays:
        missing = {"x", "y"} - set(arrays.files)
        if missing:
            raise ValueError(f'"{path}" holds the arrays {abbreviated(arrays.files)}; it needs "x" and "y"')
        return arrays["x"], arrays["y"]


def _as_numbers(y: ArrayLike) -> ArrayLike:
    """Read labels written as text as numbers where all are: so that "10" sorts after "9"."""
    try:
        return np.asarray(y).astype(float)
    except ValueError:
        return y


def _aeon(function: str) -> Any:
    try:
        return getattr(importlib.import_module("aeon.datasets"), function)
    except ImportError as error:
        raise ImportError(
            "reading this needs aeon, which is not installed; run: pip install 'seqdream_widget[data]'"
        ) from error
