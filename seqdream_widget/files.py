"""Files: written so that they are there whole or not at all, and tensors read with the text beside them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load
from torch import Tensor

opened: Any = safetensors.safe_open  # untyped


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut.

    Raises
    ------
    OSError
        If it cannot be written, as on a full disk. What was there before is there still.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f'"{path}" cannot be written: there is no folder "{path.parent}"; make it first')
    if path.is_dir():
        raise IsADirectoryError(f'"{path}" cannot be written: it is a folder; give the path of a file')
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    if os.name == "posix":  # elsewhere a directory cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def tensors_and_text(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors of a safetensors file, and its text.

    Raises
    ------
    OSError, SafetensorError
        If it cannot be read, or is no such file.
    """
    with opened(path, framework="pt") as file:
        return load(path.read_bytes()), file.metadata() or {}
