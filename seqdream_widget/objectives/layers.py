"""Objectives about what happens inside the network: a unit, a channel, a layer, a direction in a layer.

Layers are dotted names as `sd.layers` lists them, with outputs (batch, channel, time), or (batch, channel) where there
is no time. What recurrent, attention, encoder and linear layers return as (batch, time, feature) is turned: the
feature is the channel.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, ClassVar, Literal, cast

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from seqdream_widget.errors import is_a, shown, unknown
from seqdream_widget.objectives.base import Objective
from seqdream_widget.parameters import described, number
from seqdream_widget.probe import Activity
from seqdream_widget.scene import Scene

HIGHEST_INDEX = 2**31


@described
class LayerObjective(Objective, abstract=True):
    """An objective about one layer.

    Parameters
    ----------
    layer : str
        Dotted name of the layer.

    Raises
    ------
    ValueError
        If a run that takes it up has no such layer; the message lists the known ones.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.objectives.Layer("block1").layers
    ('block1',)
    """

    layer: str

    def __post_init__(self) -> None:
        """Check the name's type and every number."""
        super().__post_init__()
        if not is_a(self.layer, str):
            raise ValueError(f"{type(self).__name__}: layer = {shown(self.layer)} is not allowed; give a dotted name")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer."""
        return (self.layer,)

    def shape(self, scene: Scene) -> tuple[int, ...]:
        """Return the shape of the layer's output, without the batch.

        Raises
        ------
        ValueError
            If there is no such layer; the message lists the known ones.
        """
        if self.layer not in scene.probe.layers:
            raise ValueError(unknown("layer", self.layer, scene.probe.layers))
        return scene.probe.layers[self.layer]

    def resolve(self, scene: Scene) -> Objective:
        """Look the layer up."""
        self.shape(scene)
        return self

    def activations(self, activity: Activity) -> Float[Tensor, "batch channel ..."]:
        """Return the layer's output."""
        return activity.layers[self.layer]

    def check_index(self, noun: str, value: int, size: int) -> None:
        """Refuse an index that is out of range for this layer.

        Raises
        ------
        ValueError
            If it is; the message says what there is.
        """
        if not 0 <= value < size:
            raise ValueError(
                f"{type(self).__name__}: {noun} {value} is not allowed; "
                f'layer "{self.layer}" has {noun}s 0 to {size - 1}'
            )


@described
class Neuron(LayerObjective):
    """One unit of a layer.

    Parameters
    ----------
    layer : str
        Dotted name of the layer.
    channel : int
        0 … channels of the layer − 1.
    time : int, optional
        0 … length of the layer's output − 1; the middle unless given, nothing where the layer has no time axis.

    Raises
    ------
    ValueError
        If a run that takes it up has no such layer, channel or time; the message says what there is.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Neuron("block2.conv1", channel=3), data=demo.data)
    >>> session.objective
    Neuron(layer='block2.conv1', channel=3, time=250)

    Notes
    -----
    Activation maximization of a unit: Erhan, Bengio, Courville, Vincent 2009, "Visualizing higher-layer features of a
    deep network", technical report 1341, Université de Montréal.
    """

    channel: int = number(low=0, high=HIGHEST_INDEX, integer=True)
    time: int | None = number(None, low=0, high=HIGHEST_INDEX, integer=True, optional=True, unit="samples of the layer")

    def resolve(self, scene: Scene) -> Objective:
        """Check the indices and put the middle for a time that was not given."""
        channels, *rest = self.shape(scene)
        self.check_index("channel", self.channel, channels)
        if len(rest) > 1:
            raise ValueError(
                f'Neuron: layer "{self.layer}" has {1 + len(rest)} axes beside the batch; give one with a channel and '
                f"a time axis, or use Channel"
            )
        if not rest:
            if self.time is not None:
                raise ValueError(f'Neuron: layer "{self.layer}" has no time axis; leave time={self.time} out')
            return self
        if self.time is None:
            return dataclasses.replace(self, time=rest[0] // 2)
        self.check_index("time", self.time, rest[0])
        return self

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the unit's activation."""
        channel = self.activations(activity)[:, self.channel]
        return channel if self.time is None else channel[:, self.time]


@described
class Channel(LayerObjective):
    """One channel of a layer, anywhere in time: the mean of its activations.

    Parameters
    ----------
    layer : str
        Dotted name of the layer.
    channel : int
        0 … channels of the layer − 1.

    Raises
    ------
    ValueError
        If a run that takes it up has no such layer or channel; the message says what there is.

    Notes
    -----
    The channel objective of Olah, Mordvintsev, Schubert 2017, "Feature visualization", Distill,
    doi 10.23915/distill.00007.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> channel = sd.objectives.Channel("block2.conv1", channel=3)
    >>> result = sd.dream(demo.model, channel, data=demo.data, steps=5, progress=False)
    >>> result.history["score"].shape
    (5,)
    """

    channel: int = number(low=0, high=HIGHEST_INDEX, integer=True)

    def resolve(self, scene: Scene) -> Objective:
        """Check the index."""
        self.check_index("channel", self.channel, self.shape(scene)[0])
        return self

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the mean of the channel."""
        channel = self.activations(activity)[:, self.channel]
        return channel.reshape(len(channel), -1).mean(dim=1)


@described
class Layer(LayerObjective):
    """Everything a layer responds to, more of it: DeepDream. The mean square of the layer's activations.

    Parameters
    ----------
    layer : str
        Dotted name of the layer.

    Raises
    ------
    ValueError
        If a run that takes it up has no such layer; the message lists the known ones.

    Notes
    -----
    Mordvintsev, Olah, Tyka 2015, "Inceptionism: going deeper into neural networks", Google Research Blog. Their
    objective is half the squared norm; the mean does not grow with the size of the layer.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> layer = sd.objectives.Layer("block1")
    >>> exaggerated = sd.dream(demo.model, layer, data=demo.data, start=5, steps=5, progress=False)
    >>> bool(exaggerated.history["score"][-1] > exaggerated.history["score"][0])
    True
    """

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the mean square."""
        return self.activations(activity).flatten(1).square().mean(dim=1)


@described
class Direction(LayerObjective):
    """A direction in a layer, such as a concept: how far the activations point there.

    Parameters
    ----------
    layer : str
        Dotted name of the layer.
    vector : array-like of float
        As many finite numbers as the layer has channels (the activations are then averaged over time), or as its whole
        output has, flattened. Not all zero.
    kind : {"cosine", "dot"}
        The cosine of the angle to the vector, −1 … 1, or the dot product.

    Raises
    ------
    ValueError
        If the vector is all zero or not finite, or a run that takes it up has no such layer or one of another size.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> sd.objectives.Direction("block3", torch.ones(32))
    Direction(layer='block3', vector=<32 numbers>, kind='cosine')

    Notes
    -----
    Concept activation vectors: Kim et al. 2018 (arXiv 1711.11279). Dreams along a direction, by dot product or cosine:
    Olah, Mordvintsev, Schubert 2017, "Feature visualization", Distill, doi 10.23915/distill.00007.
    """

    vector: tuple[float, ...] | ArrayLike | Tensor
    kind: Literal["cosine", "dot"] = "cosine"

    KINDS: ClassVar[tuple[str, ...]] = ("cosine", "dot")
    SMALLEST_NORM: ClassVar[float] = 1e-6

    def __post_init__(self) -> None:
        """Check the vector and make it plain numbers."""
        super().__post_init__()
        if self.kind not in self.KINDS:
            raise ValueError(unknown("kind of direction", self.kind, self.KINDS))
        object.__setattr__(self, "vector", _numbers(self.vector))

    def resolve(self, scene: Scene) -> Objective:
        """Check the vector's size."""
        shape = self.shape(scene)
        size = len(self._direction)
        if size not in (shape[0], math.prod(shape)):
            raise ValueError(
                f'Direction: the vector has {size} numbers; layer "{self.layer}" has {shape[0]} channels '
                f"and {math.prod(shape)} activations in all: give as many"
            )
        return self

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the cosine or the dot product."""
        hidden = self.activations(activity)
        vector = self._direction.to(hidden)
        if len(vector) == hidden.shape[1]:
            hidden = mean_over_time(hidden)
        hidden = hidden.flatten(1)
        along = hidden @ vector
        if self.kind == "dot":
            return along
        # Clamped within the root: a silent layer has cosine 0, and a gradient that is finite.
        norm = hidden.square().sum(dim=1).clamp_min(self.SMALLEST_NORM**2).sqrt()
        return along / (norm * vector.square().sum().sqrt())

    def to_json(self) -> dict[str, Any]:
        """Describe it, the vector as a list."""
        return {**super().to_json(), "vector": list(cast("tuple[float, ...]", self.vector))}

    @functools.cached_property
    def _direction(self) -> Float[Tensor, " activation"]:
        return torch.tensor(self.vector, dtype=torch.float64)

    def __repr__(self) -> str:
        """Write it as a person would; never print arrays."""
        return f"Direction(layer={self.layer!r}, vector=<{len(self._direction)} numbers>, kind={self.kind!r})"


def _numbers(vector: Any) -> tuple[float, ...]:
    plain = vector.detach().cpu().numpy() if isinstance(vector, Tensor) else vector
    try:
        array = np.asarray(plain)
        numeric = array.dtype.kind in "iuf"
        flat = array.astype(np.float64).ravel() if numeric else np.empty(0)
    except (TypeError, ValueError):
        flat = np.empty(0)
    if not flat.size or not np.isfinite(flat).all() or not flat.any():
        raise ValueError(
            f"Direction: vector = {shown(vector)} is not allowed; give finite numbers that are not all zero"
        )
    return tuple(flat.tolist())


def mean_over_time(hidden: Float[Tensor, "batch channel ..."]) -> Float[Tensor, "batch channel"]:
    """Return the mean over the axes of time, where an output has such."""
    return hidden.flatten(2).mean(dim=2) if hidden.shape[2:] else hidden
