"""The plain parameterization: sample by sample."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.parameterizations.base import Form, Parameterization
from seqdream_widget.parameters import described
from seqdream_widget.scene import Scene


@described
class Samples(Parameterization):
    """θ is the sequence itself, sample by sample.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.parameterizations.Samples()
    Samples()
    """

    def bind(self, like: Float[Tensor, "batch channel time"], scene: Scene) -> Form:
        """Return the form; nothing has to be known for it."""
        del like, scene
        return SampleForm()


class SampleForm(Form):
    """θ of shape (batch, channel, time): the sequence."""

    by_sample: ClassVar[bool] = True

    def encode(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Return a copy of the sequence."""
        return x.clone()

    def decode(self, theta: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Return θ as it is."""
        return theta
