"""Labels as data files write them, and the classes that they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from seqdream_widget.errors import ShapeError

Label = int | float | str
"""A class as a data file writes it."""

_SHOWN = 10
"""Labels an error message lists before it abbreviates."""


def labels_of(y: ArrayLike | Tensor | None, count: int) -> list[Label]:
    """List the labels of so many sequences as plain ints, floats or strings; integral floats become ints.

    Raises
    ------
    ShapeError
        If it is not one label a sequence.
    ValueError
        If a label is missing or of another kind.
    """
    array = np.asarray(y.detach().cpu().numpy() if isinstance(y, Tensor) else cast("Any", y))
    if array.ndim != 1:
        one_hot = "; of one-hot rows, y.argmax(1)" if array.ndim == 2 and array.shape[1] > 1 else ""  # noqa: PLR2004 - rows
        said = "y is None" if y is None else f"y has shape {array.shape}"
        raise ShapeError(f"{said}; give (n,), one label per sequence{one_hot}")
    if len(array) != count:
        raise ShapeError(f"x holds {count} sequences but y holds {len(array)} labels; give one label per sequence")
    values = cast("list[Any]", array.tolist())
    if array.dtype.kind in "iub":
        return [int(value) for value in values]
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise ValueError("y holds labels that are not finite; drop those sequences before")
        return [int(value) if value.is_integer() else value for value in values]
    if all(isinstance(value, str) for value in values):
        return values
    place, value = next((place, value) for place, value in enumerate(values) if not isinstance(value, str))
    raise ValueError(
        f"y holds {array.dtype} values, the first that is no text at {place} ({value!r}); give integers, floats or "
        "strings, and drop sequences without a label"
    )


def classes_of(labels: Sequence[Label], names: tuple[str, ...] | None) -> tuple[list[int], tuple[str, ...]]:
    """Turn labels into indices by the rule that `SequenceDataset` documents; return them and the names.

    Raises
    ------
    ValueError
        If the labels do not fit the names.
    """
    distinct = sorted(set(cast("Sequence[Any]", labels)))
    if names is None:
        names = tuple(str(label) for label in distinct)
    elif all(isinstance(label, int) and 0 <= label < len(names) for label in distinct):
        return [int(label) for label in labels], names
    elif all(label in names for label in distinct):
        distinct = list(names)
    elif len(distinct) != len(names):
        raise ValueError(
            f"the labels {abbreviated(distinct)} do not fit the {len(names)} class names "
            f"{abbreviated(names)}; give indices 0 to {len(names) - 1}, the names themselves, "
            f"or exactly {len(names)} distinct labels, which are matched in sorted order"
        )
    place: dict[Label, int] = {label: index for index, label in enumerate(distinct)}
    return [place[label] for label in labels], names


def names_of(argument: str, values: Sequence[object]) -> tuple[str, ...]:
    """Return names, each once.

    Raises
    ------
    ValueError
        If they are no strings, or one is there twice.
    """
    names = [value for value in values if isinstance(value, str)]
    if isinstance(values, str) or not names or len(names) != len(values):
        raise ValueError(f"{argument} {values!r} is not allowed; give a sequence of strings")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{argument} repeats {abbreviated(repeated)}; give each name once")
    return tuple(names)


def abbreviated(values: Sequence[object]) -> str:
    """List a few, and say how many there are."""
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    return shown + (f", … ({len(values)} in all)" if len(values) > _SHOWN else "")
