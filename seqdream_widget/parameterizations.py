"""What the optimizer owns: θ, from which the sequence is decoded.

``x = decode(θ) + r``: the residual ``r`` is set by a start, an edit or a change of parameterization, so that every
parameterization holds any sequence exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import unknown
from seqdream_widget.parameters import Described, described, snake_case

__all__ = ["Parameterization", "Samples"]


class Parameterization(Described, ABC):
    """A way to write a sequence as parameters."""

    types: ClassVar[dict[str, type[Parameterization]]] = {}

    def __init_subclass__(cls) -> None:
        """Register the class under its snake_case name."""
        Parameterization.types[snake_case(cls.__name__)] = cls

    @abstractmethod
    def encode(self, x: Float[Tensor, "batch channel time"]) -> Tensor:
        """Return the θ whose decoding is nearest to `x`, as a new tensor."""

    @abstractmethod
    def decode(self, theta: Tensor) -> Float[Tensor, "batch channel time"]:
        """Return the sequence of θ, differentiable."""


@described
class Samples(Parameterization):
    """θ is the sequence itself, sample by sample; the residual is zero.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.parameterizations import Samples
    >>> x = torch.randn(1, 1, 5)
    >>> torch.equal(Samples().decode(Samples().encode(x)), x)
    True
    """

    def encode(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Return a copy of the sequence."""
        return x.clone()

    def decode(self, theta: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Return θ as it is."""
        return theta


def parameterization_of(given: str | Parameterization) -> Parameterization:
    """Look a parameterization up by name, or take it as it is.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if isinstance(given, Parameterization):
        return given
    if given not in Parameterization.types:
        raise ValueError(unknown("parameterization", given, Parameterization.types))
    return Parameterization.types[given]()
