"""Where a dream begins: its shape and its first sequence."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.arrays import array_of, finite
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import ShapeError, kind_of, unknown
from seqdream_widget.reference import Reference

NAMES = ("noise", "zeros", "mean")
KINDS = f"{', '.join(NAMES)}, an array, a tensor or an index into data"

FEWEST_SAMPLES, MOST_SAMPLES, MOST_CHANNELS = 2, 1_000_000, 10_000
"""Of a sequence."""


@dataclasses.dataclass(frozen=True, eq=False)
class Drawn:
    """A noise that was drawn before: out of a log. The generators move on as if they drew it now."""

    sequence: Float[Tensor, "batch channel time"]


def shape_of(start: object, data: SequenceDataset | None, length: int | None, channels: int | None) -> tuple[int, int]:
    """Find channels and length of a sequence from whatever tells them.

    Raises
    ------
    ShapeError
        If nothing tells the length, or two tell different shapes.
    """
    start = start.sequence if isinstance(start, Drawn) else start
    told: dict[str, tuple[int | None, int | None]] = {"channels= and length=": (channels, length)}
    if data is not None:
        told["data"] = (data.x.shape[1], data.x.shape[2])
    if not isinstance(start, str) and index_of(start) is None:
        told["start"] = cast("tuple[int, int]", sequences_of("start", start, KINDS).shape[1:])
    found: list[int | None] = [None, None]
    for axis, noun in enumerate(("channels", "samples")):
        sizes = {who: shape[axis] for who, shape in told.items() if shape[axis] is not None}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{who}: {size}" for who, size in sizes.items())
            lying = data is not None and told.get("start") == told["data"][::-1]
            remedy = "give one that fits the model" + (": start has time along its rows, start.T fits" if lying else "")
            raise ShapeError(f"the number of {noun} does not agree ({said}); {remedy}")
        found[axis] = next(iter(sizes.values()), None)
    n_channels, n_samples = found
    if n_samples is None:
        raise ShapeError("the length of the sequence is not known; give data=, a start array, or length=")
    n_channels = 1 if n_channels is None else n_channels
    if not FEWEST_SAMPLES <= n_samples <= MOST_SAMPLES or not 1 <= n_channels <= MOST_CHANNELS:
        raise ShapeError(
            f"{n_channels} channels of {n_samples} samples are not allowed; a sequence has {FEWEST_SAMPLES} to "
            f"{MOST_SAMPLES:,} samples and 1 to {MOST_CHANNELS:,} channels"
        )
    return n_channels, n_samples


def start_of(
    start: object,
    shape: tuple[int, int],
    reference: Reference | None,
    generators: Sequence[torch.Generator],
) -> Float[Tensor, "batch channel time"]:
    """Make the first sequence of each dream.

    Raises
    ------
    ValueError
        If the name is unknown, the data that it needs is missing, an index is out of range, or a value is not finite.
    ShapeError
        If an array has another number of dreams than the batch.
    """
    batch = len(generators)
    if isinstance(start, Drawn):
        _named("noise", shape, None, generators)
        start = start.sequence
    index = index_of(start)
    if isinstance(start, str):
        return _named(start, shape, reference, generators)
    if index is not None:
        if reference is None:
            raise ValueError(f"start={index} is an index into the data and there is none; give data=")
        if not 0 <= index < len(reference.data):
            raise ValueError(f"start={index} is not allowed; the data has samples 0 to {len(reference.data) - 1}")
        return reference.data.x[index].expand(batch, *shape).clone()
    x = sequences_of("start", start, KINDS)
    if len(x) not in (1, batch):
        raise ShapeError(f"start has {len(x)} sequences; give 1 or batch_size={batch}")
    return x.expand(batch, *shape).clone()


def _named(
    name: str,
    shape: tuple[int, int],
    reference: Reference | None,
    generators: Sequence[torch.Generator],
) -> Tensor:
    if name == "noise":
        noise = torch.stack([torch.randn(shape, generator=generator) for generator in generators])
        return noise if reference is None else noise * reference.deviation + reference.mean
    if name == "zeros":
        return torch.zeros(len(generators), *shape)
    if name == "mean":
        if reference is None:
            raise ValueError('start="mean" is the mean of the data and there is none; give data=')
        return reference.mean_sequence.expand(len(generators), *shape).clone()
    raise ValueError(unknown("start", name, NAMES) + "; or give an array, a tensor or an index into data")


def is_named_or_real(start: object) -> bool:
    """Tell whether a start is given by name, or as the index of a real sequence: not in numbers."""
    return isinstance(start, str) or index_of(start) is not None


def index_of(start: object) -> int | None:
    """Return `start` as an index, or ``None`` if it is none."""
    if isinstance(start, bool | Tensor | np.ndarray):
        return None
    try:
        return operator.index(cast("Any", start))
    except TypeError:
        return None


def sequences_of(noun: str, given: object, allowed: str) -> Float[Tensor, "batch channel time"]:
    """Return what was given as a float32 tensor of shape (batch, channel, time), on the CPU.

    Raises
    ------
    ValueError
        If it is no array of numbers, or not all of them are finite.
    ShapeError
        If it has no dimension, or more than three.
    """
    is_array = hasattr(given, "__len__") or np.isscalar(cast("Any", given))
    if not is_array or isinstance(given, str | dict | set):
        raise ValueError(f"{noun} is {kind_of(given)}; give {allowed}")
    array = array_of(noun, given)
    if not 1 <= array.ndim <= 3:  # noqa: PLR2004 - said in the message
        raise ShapeError(f"{noun} has shape {array.shape}; give (time,), (channel, time) or (batch, channel, time)")
    return torch.as_tensor(finite(noun, array.reshape(*(1,) * (3 - array.ndim), *array.shape)))
