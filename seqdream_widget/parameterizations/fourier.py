"""Parameterizations by frequency: Fourier coefficients, and phases alone."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import is_a, shown
from seqdream_widget.parameterizations.base import Form, Parameterization
from seqdream_widget.parameters import described
from seqdream_widget.scene import Scene
from seqdream_widget.spectrum import coefficients, magnitudes, sequence_of

QUIETEST = 1e-3
"""The least scale of a frequency, as a share of the greatest: the dream can reach what the data does not have."""


@described
class Fourier(Parameterization):
    """θ is the real discrete Fourier transform, each frequency in units of its magnitude in the data.

    What is strong in real sequences is quick to move and what is weak is slow: dreams come out smooth as the data is,
    without a penalty. The scale is the data's mean magnitude spectrum, not below a thousandth of its peak; without
    data it falls as 1/f, and a θ of magnitude one at every frequency decodes to a sequence of mean square one.

    Notes
    -----
    Fourier-scaled images as parameterization: Mordvintsev, Pezzotti, Schubert, Olah 2018, "Differentiable image
    parameterizations" (doi 10.23915/distill.00012); Olah, Mordvintsev, Schubert 2017 (doi 10.23915/distill.00007).

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> objective = sd.objectives.Logit("abnormal")
    >>> result = sd.dream(
    ...     demo.model, objective, data=demo.data, parameterization="fourier", steps=5, progress=False
    ... )
    >>> result.sequence.shape
    torch.Size([1, 1, 500])
    """

    def bind(self, like: Float[Tensor, "batch channel time"], scene: Scene) -> Form:
        """Take the scale of each frequency from the data, where there is any."""
        default = _one_over_f(like.shape[2]).expand(like.shape[1], -1)
        if scene.reference is None:
            return FourierForm(default, like)
        found = magnitudes(scene.reference.data.x)
        floor = QUIETEST * found.amax(dim=1, keepdim=True)
        return FourierForm(torch.where(floor > 0, torch.maximum(found, floor), default), like)


class FourierForm(Form):
    """θ of shape (batch, channel, frequency, 2): real and imaginary parts over the scale.

    Parameters
    ----------
    scale : Tensor of shape (channel, frequency)
    like : Tensor of shape (batch, channel, time)
    """

    def __init__(self, scale: Float[Tensor, "channel frequency"], like: Float[Tensor, "batch channel time"]) -> None:
        self._scale = scale[..., None].to(like)
        self._length = like.shape[2]

    def encode(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel frequency 2"]:
        """Return the coefficients, each over its scale."""
        return torch.view_as_real(coefficients(x.to(self._scale))) / self._scale

    def decode(self, theta: Float[Tensor, "batch channel frequency 2"]) -> Float[Tensor, "batch channel time"]:
        """Return the sequence of the coefficients."""
        return sequence_of(torch.view_as_complex(theta * self._scale), self._length)


@described
class MagnitudeFourier(Parameterization):
    """θ is the phase of each frequency; the magnitudes are those of the data, and stay so.

    A dream cannot grow and cannot add noise: all it can do is to move what real sequences are made of to where it
    counts. What a start or an edit has beside these magnitudes stays as it is. The mean, and in an even length the
    fastest oscillation, are real numbers: they have a sign in place of a phase, and keep it.

    Parameters
    ----------
    target : int or str, optional
        The class whose mean magnitude spectrum is taken; that of all the data unless given.

    Raises
    ------
    ValueError
        If `target` names no class, or a run that takes it up has no data or no members of it.

    Notes
    -----
    Fel et al. 2023, "Unlocking feature visualization for deeper networks with magnitude constrained optimization"
    (arXiv 2306.06805), in one dimension.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.parameterizations.MagnitudeFourier("abnormal")
    MagnitudeFourier(target='abnormal')
    """

    target: int | str | None = None

    def __post_init__(self) -> None:
        """Refuse what names no class."""
        if self.target is not None and (isinstance(self.target, bool) or not is_a(self.target, int | str)):
            raise ValueError(
                f"MagnitudeFourier: target = {shown(self.target)} is not allowed; give a class as index or name"
            )

    def bind(self, like: Float[Tensor, "batch channel time"], scene: Scene) -> Form:
        """Take the magnitudes from the data.

        Raises
        ------
        ValueError
            If there is no data, or the class is unknown or has no members in it.
        """
        if scene.reference is None:
            raise ValueError(
                'magnitude_fourier takes its magnitudes from data and this run has none; give data=, or use "fourier"'
            )
        data = scene.reference.data
        if self.target is None:
            return PhaseForm(magnitudes(data.x), like)
        index = scene.classes.index(self.target)
        members = data.members(index)
        if not len(members):
            raise ValueError(
                f'magnitude_fourier: the data has no member of class "{scene.classes.names[index]}"; '
                f"give another target, or none for all of the data"
            )
        return PhaseForm(magnitudes(members), like)


class PhaseForm(Form):
    """θ of shape (batch, channel, frequency): phases in radians.

    Parameters
    ----------
    magnitude : Tensor of shape (channel, frequency)
    like : Tensor of shape (batch, channel, time)
    """

    def __init__(
        self, magnitude: Float[Tensor, "channel frequency"], like: Float[Tensor, "batch channel time"]
    ) -> None:
        self._magnitude = magnitude.to(like)
        self._length = like.shape[2]
        order = torch.arange(magnitude.shape[1], device=like.device)
        self._is_real = (order == 0) | (2 * order == self._length)

    def encode(self, x: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel frequency"]:
        """Return the phases."""
        return coefficients(x.to(self._magnitude)).angle()

    def decode(self, theta: Float[Tensor, "batch channel frequency"]) -> Float[Tensor, "batch channel time"]:
        """Return the sequence that has these phases and the data's magnitudes."""
        cosine = theta.cos()
        # A sign has no gradient: nothing pulls a real coefficient off its magnitude.
        cosine = torch.where(self._is_real, torch.where(cosine < 0, -1.0, 1.0), cosine)
        unit = torch.complex(cosine, theta.sin())
        return sequence_of(self._magnitude * unit, self._length)


def _one_over_f(length: int) -> Float[Tensor, " frequency"]:
    """Return a 1/f magnitude spectrum whose sequence has a mean square of one."""
    order = torch.arange(length // 2 + 1, dtype=torch.float64)
    magnitude = 1 / order.clamp(min=1)
    twice = torch.where((order > 0) & (2 * order < length), 2, 1)
    return magnitude * (length / (twice * magnitude.square()).sum()).sqrt()
