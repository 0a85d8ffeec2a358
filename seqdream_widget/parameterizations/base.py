"""What every parameterization has: a binding to the run, a form that encodes and decodes, and a place on the wire."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import is_a, shown, unknown
from seqdream_widget.parameters import Described, read_described, snake_case
from seqdream_widget.scene import Scene


class Form(ABC):
    """A parameterization bound to sequences of one shape: encodes them as θ and decodes θ.

    θ is a floating-point tensor whose first axis is the batch; no dream's numbers bear on another's.

    Attributes
    ----------
    by_sample : bool
        Whether θ has the shape of the sequence and each number of it decodes to one sample. Only then can the
        optimizer forget a single sample; otherwise it forgets the dream.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, start=5)
    >>> form = sd.parameterizations.Spline(every=16).bind(session.sequence, session.scene)
    >>> form.encode(session.sequence).shape  # knots
    torch.Size([1, 1, 33])
    """

    by_sample: ClassVar[bool] = False

    @abstractmethod
    def encode(self, x: Float[Tensor, "batch channel time"]) -> Tensor:
        """Return the θ whose decoding is nearest to `x`, as a new tensor."""

    @abstractmethod
    def decode(self, theta: Tensor) -> Float[Tensor, "batch channel time"]:
        """Return the sequence of θ, differentiable."""


class Parameterization(Described, ABC):
    """A way to write a sequence as parameters.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sorted(sd.parameterizations.Parameterization.types)
    ['fourier', 'magnitude_fourier', 'samples', 'spline']
    """

    types: ClassVar[dict[str, type[Parameterization]]] = {}

    def __init_subclass__(cls, abstract: bool = False) -> None:
        """Register the class under its snake_case name."""
        if not abstract:
            Parameterization.types[snake_case(cls.__name__)] = cls

    @abstractmethod
    def bind(self, like: Float[Tensor, "batch channel time"], scene: Scene) -> Form:
        """Make ready for sequences of the shape, type and device of `like`, and for the data of a run.

        Raises
        ------
        ValueError
            If data is needed and there is none, or a class is unknown or has no members.
        """

    def to_json(self) -> dict[str, Any]:
        """Describe it in JSON's terms, for the wire and the log."""
        return {"type": snake_case(type(self).__name__), **dataclasses.asdict(self)}

    @staticmethod
    def from_json(message: object) -> Parameterization:
        """Read what `to_json` wrote, or a bare name.

        Raises
        ------
        ValueError
            If the type or a field is unknown, or a value is out of bounds.
        """
        if isinstance(message, str):
            return parameterization_of(message)
        return read_described("parameterization", Parameterization.types, message)


def parameterization_of(given: str | Parameterization) -> Parameterization:
    """Look a parameterization up by name, or take it as it is.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither.

    Parameters
    ----------
    given : str or Parameterization
        ``"samples"``, ``"fourier"``, ``"magnitude_fourier"``, ``"spline"``, or an object.

    Examples
    --------
    >>> parameterization_of("spline")
    Spline(every=8)
    """
    if isinstance(given, Parameterization):
        return given
    if not is_a(given, str):
        raise TypeError(f"{shown(given)} is no parameterization; give a name or e.g. sd.parameterizations.Spline(8)")
    if given not in Parameterization.types:
        raise ValueError(unknown("parameterization", given, Parameterization.types))
    return Parameterization.types[given]()
