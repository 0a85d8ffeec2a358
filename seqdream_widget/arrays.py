"""What people have in their hands, as arrays: lists, NumPy, tensors, frames of pandas."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import ShapeError


def array_of(noun: str, given: object) -> NDArray[Any]:
    """Return real numbers of any kind as an array, as it is: not checked for shape or gaps, and maybe not copied.

    Parameters
    ----------
    noun : str
        What it is called in a message.
    given : array-like
        Lists, NumPy arrays, tensors on any device, frames and series of pandas (a missing value comes as NaN).

    Raises
    ------
    ValueError
        If it holds something else than real numbers; the message says what to do.
    ShapeError
        If nested lists have different lengths.

    Examples
    --------
    >>> array_of("x", [[1, 2], [3, 4]]).shape
    (2, 2)
    >>> array_of("x", ["high", "low"])
    Traceback (most recent call last):
    ValueError: x holds <U4 values; give real numbers, such as numpy.asarray(x, float) makes of what can be read so
    """
    if isinstance(given, Tensor):
        # numpy knows no bfloat16, and a complex tensor is turned down by its dtype
        array = (given if given.is_complex() else given.float()).detach().cpu().numpy()
    elif hasattr(given, "select_dtypes"):
        array = _of_frame(noun, given)
    else:
        try:
            array = np.asarray(cast("Any", given))
        except ValueError as error:
            raise ShapeError(f"{noun} has sequences of different lengths; cut or pad them to one length") from error
    if array.dtype.kind not in "fiub":
        readable = array.dtype.kind in "OUS"
        remedy = f", such as numpy.asarray({noun}, float) makes of what can be read so" if readable else ""
        raise ValueError(f"{noun} holds {array.dtype} values; give real numbers{remedy}")
    return array


def finite(noun: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """Copy sequences of shape (n, channel, time) to float32, contiguous.

    Raises
    ------
    ValueError
        If there are gaps, or values beyond float32; the message says how many, where the first is, and what to do.
    """
    with np.errstate(over="ignore"):  # what float32 cannot hold is reported below
        array = array.astype(np.float32, order="C")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        sequence, channel, sample = map(int, wrong[0])
        raise ValueError(
            f"{noun} holds {len(wrong)} value(s) that are not finite float32, the first "
            f"({array[sequence, channel, sample]}) in sequence {sequence}, channel {channel}, sample {sample}; "
            "fill or drop them before; pandas fills gaps along time, a row a sequence: "
            'DataFrame(x).interpolate(axis=1, limit_direction="both")'
        )
    return array


def _of_frame(noun: str, frame: Any) -> NDArray[Any]:
    others = [str(name) for name in frame.select_dtypes(exclude=["number", "bool"]).columns]
    if others:
        named = ", ".join(f'"{name}"' for name in others[:5]) + " …" * bool(others[5:])
        raise ValueError(
            f"{noun} has {len(others)} column(s) that hold no numbers: {named}; leave them out, "
            f"{noun}.drop(columns=…), or read them as numbers, {noun}.astype(float)"
        )
    return frame.to_numpy(dtype=float, na_value=np.nan)
