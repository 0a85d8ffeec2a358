"""Likeness: penalties that compare a dream with real data, all of it or one class."""

from __future__ import annotations

import dataclasses
import functools
import operator
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import ShapeError, is_a, shown
from seqdream_widget.parameters import described, number
from seqdream_widget.reference import Members, Reference
from seqdream_widget.regularizers.base import Penalty
from seqdream_widget.regularizers.bounds import check_order, completed
from seqdream_widget.spectrum import log_magnitude


@described
class Likeness(Penalty, abstract=True):
    """A penalty that compares with real sequences.

    Parameters
    ----------
    weight : float
        0 … 1e6.
    target : int or str, optional
        The class whose members to compare with, by index or name; all the data unless given.
    data : SequenceDataset, optional
        Where the real sequences come from; the run's data unless given. No command changes it.

    Raises
    ------
    TypeError
        If `data` is no data set.
    ValueError
        If `target` is neither a whole number nor a string.
    """

    target: int | str | None = None
    data: SequenceDataset | None = dataclasses.field(default=None, kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check what kind of thing target and data are."""
        super().__post_init__()
        if self.data is not None and not is_a(self.data, SequenceDataset):
            raise TypeError(f"{self.name}: data is a {type(self.data).__name__}; give sd.SequenceDataset(x, y)")
        if self.target is not None and not isinstance(self.target, str):
            try:
                index = -1 if isinstance(self.target, bool) else operator.index(self.target)
            except TypeError:
                index = -1
            if index < 0:
                raise ValueError(
                    f"{self.name}: target = {shown(self.target)} is not allowed; give the index or the name of a class"
                )
            object.__setattr__(self, "target", index)

    def needs_data(self) -> bool:
        """Tell whether the run's data is what it compares with."""
        return self.data is None

    def check(self, reference: Reference | None, shape: tuple[int, int]) -> None:
        """Refuse a run without data to compare with, an unknown class, one without members, data of another shape."""
        if self.data is None and reference is None:
            if self.enabled and self.needs_data():
                raise ValueError(f"{self.name} compares with real data and this run has none; give data=")
            return
        real = self.members(reference).x
        if tuple(real.shape[1:]) != shape:
            raise ShapeError(
                f"{self.name}: its data has sequences of shape {tuple(real.shape[1:])} and the run of {shape} "
                f"(channels, samples); give data like the run's"
            )

    def members(self, reference: Reference | None) -> Members:
        """Return the statistics of the sequences to compare with.

        Raises
        ------
        ValueError
            If there are none: neither its own data nor the run's.
        """
        source = self._own or reference
        if source is None:
            raise ValueError("there is no data to compare with; give data=")
        return source.members(self.target)

    @functools.cached_property
    def _own(self) -> Reference | None:
        return None if self.data is None else Reference.of(self.data)


@described
class SpectralPrior(Likeness):
    """Squared distance to the mean log-magnitude spectrum of real data: oscillates as real data does.

    Summed over frequencies and channels; phases are free.

    Parameters
    ----------
    weight : float
        0 … 1e6.
    target : int or str, optional
        The class whose members to compare with; all the data unless given.
    slack : float
        How far off it may be for free, 0 … 10, in units of the members' own distance (the median). 0 pulls to the mean,
        1 is content with what half of the members have.
    data : SequenceDataset, optional
        Where they come from; the run's data unless given.

    Notes
    -----
    ``N · max(0, d − slack · d̃)²``: N counts frequencies and channels, d is the root mean square of
    ``log |X_f| − mean over members of log |M_f|`` and d̃ its median over the members. With slack 0 it is
    ``Σ_f (log |X_f| − mean)²``. The logarithm is the natural one; magnitudes far below a thousandth
    of the members' root mean square magnitude count as that. Natural image statistics as a prior for visualizations:
    Mordvintsev, Pezzotti, Schubert, Olah 2018 (distill.pub/2018/differentiable-parameterizations), there by scaling
    frequencies; the log-spectral distance is Gray and Markel 1976, without the average.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> data = sd.load_demo("forda").data
    >>> prior = sd.regularizers.SpectralPrior(target="normal", data=data)
    >>> real = data.members(0)
    >>> bool(prior.value(real, None).median() < 0.2 * prior.value(0.1 * real, None).median())
    True
    """

    label: ClassVar[str] = "Spectral prior"

    weight: float = number(1e-2, low=0.0, high=1e6, slider=(1e-4, 10.0), scale="log")
    slack: float = number(0.0, low=0.0, high=10.0, slider=(0.0, 3.0), kw_only=True)

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return the squared distance of each dream's log-magnitudes, beyond the slack."""
        members = self.members(reference)
        difference = log_magnitude(x, members.floor.to(x)) - members.log_spectrum.to(x)
        squares = difference.square().sum(dim=(1, 2))
        if not self.slack:
            return squares
        count = difference[0].numel()
        # The root has no gradient at 0, where the slack holds anyway.
        distance = (squares / count).clamp(min=1e-12).sqrt()
        return count * (distance - self.slack * members.spectrum_spread).relu().square()


@described
class Range(Likeness):
    """Squared excess outside the range of real values: stays within what can be.

    Parameters
    ----------
    weight : float
        0 … 1e6.
    low, high : float, optional
        The range, in the data's units; of each channel of the data unless given. Without data both must be given.
    target : int or str, optional
        The class whose range it is; of all the data unless given.
    data : SequenceDataset, optional
        Where the range comes from; the run's data unless given.

    Raises
    ------
    ValueError
        If `low` is above `high`.

    Notes
    -----
    The quadratic penalty method for a bound, Courant 1943; `Clamp` is its projection.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Range
    >>> Range(low=-1, high=1).value(torch.tensor([[[-3.0, 0.5, 2.0]]]), None)
    tensor([5.])
    """

    label: ClassVar[str] = "Range"

    weight: float = number(1.0, low=0.0, high=1e6, slider=(1e-3, 100.0), scale="log")
    low: float | None = number(default=None, low=-1e9, high=1e9, optional=True)
    high: float | None = number(default=None, low=-1e9, high=1e9, optional=True)
    target: int | str | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Check that the bounds belong together."""
        super().__post_init__()
        check_order("Range", self.low, self.high)

    def needs_data(self) -> bool:
        """Tell whether a bound has to come from the run's data."""
        return self.data is None and (self.low is None or self.high is None)

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return the squared excess of each dream."""
        if self.low is not None and self.high is not None:
            return (x - x.clamp(self.low, self.high)).square().sum(dim=(1, 2))
        return _excess(x, *completed(self.low, self.high, self.members(reference).value_range))


@described
class DataEnvelope(Likeness):
    """Squared excess outside the range of real data at each time step: is where real data is, when it is there.

    Parameters
    ----------
    weight : float
        0 … 1e6.
    target : int or str, optional
        The class whose members to compare with; all the data unless given.
    coverage : float
        The share of the members that is inside at each time step, 0 … 1.
    data : SequenceDataset, optional
        Where they come from; the run's data unless given.

    Notes
    -----
    The range is between two quantiles of the members: with coverage 0.99 the 0.5 and the 99.5 % quantile, those that
    the envelope violation of a dream is counted with. A penalty after the clamp to the data's range at each time step
    of Schlegel, Rauscher, Keim 2024 (arXiv 2408.10633).

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> data = sd.load_demo("forda").data
    >>> envelope = sd.regularizers.DataEnvelope(target="normal", data=data)
    >>> bool(envelope.value(data.x[:1] + 100, None) > 500 * 90**2)
    True
    """

    label: ClassVar[str] = "Data envelope"

    weight: float = number(1.0, low=0.0, high=1e6, slider=(1e-3, 100.0), scale="log")
    coverage: float = number(0.99, low=0.0, high=1.0, slider=(0.5, 1.0), kw_only=True)

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return the squared excess of each dream."""
        outside = (1 - self.coverage) / 2
        low, high = self.members(reference).quantiles(outside, 1 - outside)
        return _excess(x, low, high)


def _excess(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return (x - x.clamp(low.to(x), high.to(x))).square().sum(dim=(1, 2))


@described
class Roughness(Likeness):
    """Squared relative error of the mean |xₜ − xₜ₋₁| to that of real data: neither smoother nor rougher.

    Summed over channels.

    Parameters
    ----------
    weight : float
        0 … 1e6.
    target : int or str, optional
        The class whose members to compare with; all the data unless given.
    data : SequenceDataset, optional
        Where they come from; the run's data unless given.

    Notes
    -----
    ``((r(x) − r) / r)²`` with ``r`` the members' mean roughness; where that is 0, ``r(x)²``. The figure is
    the package's own: the first-order variation of a sampled path, per sample.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> data = sd.SequenceDataset([[0.0, 1.0, 0.0]], [0])
    >>> sd.regularizers.Roughness(data=data).value(3 * data.x, None)
    tensor([4.])
    """

    label: ClassVar[str] = "Roughness"

    weight: float = number(1.0, low=0.0, high=1e6, slider=(1e-3, 100.0), scale="log")

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Return the squared relative error of each dream."""
        real = self.members(reference).roughness.to(x)
        own = x.diff(dim=2).abs().mean(dim=2, keepdim=True)
        return ((own - real) / torch.where(real > 0, real, 1.0)).square().sum(dim=(1, 2))
