"""Projections: changes made to the sequence after an update. Smoothers have a module of their own."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.parameters import described, number
from seqdream_widget.reference import Members, Reference
from seqdream_widget.regularizers.base import Projection
from seqdream_widget.regularizers.bounds import check_order, completed
from seqdream_widget.regularizers.moment import Moment


@described
class ClipSmallNorm(Projection):
    """Samples near the mean become the mean: leaves few that stand out.

    Parameters
    ----------
    quantile : float
        Share of the samples of each channel that is set, those nearest to the mean, 0 … 1.
    every : int
        Act every so many steps.

    Notes
    -----
    "Clipping pixels with small norm", Yosinski et al. 2015 (arXiv 1506.06579), who set pixels to zero; here each
    channel by itself, to its mean in the data (0 without data). Frozen samples count in the share.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import ClipSmallNorm, Moment
    >>> ClipSmallNorm(0.5).apply(torch.tensor([[[0.1, -2.0, 3.0, 0.2]]]), Moment())
    tensor([[[ 0., -2.,  3.,  0.]]])
    """

    label: ClassVar[str] = "Clip small norm"
    slider: ClassVar[str | None] = "quantile"

    quantile: float = number(0.2, low=0.0, high=1.0)
    every: int = number(
        10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Set the samples nearest to the mean to the mean."""
        mean = moment.mean(x)
        return torch.where(_smallest((x - mean).abs(), self.quantile), mean, x)


@described
class ClipSmallContribution(Projection):
    """Samples that matter little to the loss become the mean: leaves what the network looks at.

    Parameters
    ----------
    quantile : float
        Share of the samples of each channel that is set, those with the smallest contribution, 0 … 1.
    every : int
        Act every so many steps.

    Notes
    -----
    "Clipping pixels with small contribution", Yosinski et al. 2015 (arXiv 1506.06579): the contribution of a sample is
    how much the loss would change to first order if the sample were set, ``|(x − mean) · ∂loss/∂x|``, with the gradient
    of this step, before its update. Each channel by itself, to its mean in the data (0 without data). Frozen samples
    count in the share.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import ClipSmallContribution, Moment
    >>> gradient = torch.tensor([[[9.0, 0.0, 1.0, 0.1]]])
    >>> ClipSmallContribution(0.5).apply(torch.ones(1, 1, 4), Moment(gradient=gradient))
    tensor([[[1., 0., 1., 0.]]])
    """

    label: ClassVar[str] = "Clip small contribution"
    slider: ClassVar[str | None] = "quantile"

    quantile: float = number(0.2, low=0.0, high=1.0)
    every: int = number(
        10, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Set the samples with the smallest contribution to the mean.

        Raises
        ------
        ValueError
            If the moment has no gradient.
        """
        if moment.gradient is None:
            raise ValueError("contributions need the gradient; give Moment(gradient=...)")
        mean = moment.mean(x)
        return torch.where(_smallest(((x - mean) * moment.gradient).abs(), self.quantile), mean, x)


def _smallest(size: Float[Tensor, "batch channel time"], share: float) -> Tensor:
    """Tell which samples are the smallest of their channel: a share of them, rounded to whole samples."""
    count = round(share * size.shape[2])
    order = size.argsort(dim=2, stable=True)
    return torch.zeros_like(size, dtype=torch.bool).scatter_(2, order[..., :count], True)


@described
class RandomReinitialization(Projection):
    """A segment at a random place becomes noise: what the network wants there has to come back.

    Parameters
    ----------
    share : float
        Length of the segment as a share of the sequence, 0 … 1; all channels, at least one sample unless 0.
    every : int
        Act every so many steps.

    Notes
    -----
    Among the regularizers of Schlegel, Keim, Sutter 2024 (arXiv 2408.10628). The noise has the data's mean and standard
    deviation in each channel (0 and 1 without data) and is drawn, as the place, from the dream's own generator.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Moment, RandomReinitialization
    >>> moment = Moment(generators=(torch.Generator().manual_seed(0),))
    >>> int((RandomReinitialization(0.3).apply(torch.zeros(1, 1, 10), moment) != 0).sum())
    3
    """

    label: ClassVar[str] = "Random re-initialization"
    slider: ClassVar[str | None] = "share"

    share: float = number(0.1, low=0.0, high=1.0)
    every: int = number(
        50, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Draw a segment of each dream anew."""
        time = x.shape[2]
        length = min(time, math.ceil(self.share * time))
        first = (moment.uniform(1, 1) * (time - length + 1)).floor()
        place = torch.arange(time) - first
        noise = moment.normal(*x.shape[1:]).to(x) * moment.deviation(x) + moment.mean(x)
        return torch.where(((place >= 0) & (place < length)).to(x.device), noise, x)


@described
class Standardize(Projection):
    """Shift and scale to a given mean and standard deviation: those of the data.

    Parameters
    ----------
    mean, std : float, optional
        What each channel gets, in the data's units; of the data unless given, 0 and 1 without data.
    data : SequenceDataset, optional
        Where they come from; the run's data unless given. The standard deviation is then that of a typical sequence:
        the median.
    every : int
        Act every so many steps.

    Notes
    -----
    The z-normalization of time series, Goldin and Kanellakis 1995; the archive's sequences are normalized like this,
    one by one.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Moment, Standardize
    >>> Standardize(mean=0, std=1).apply(torch.tensor([[[1.0, 3.0]]]), Moment())
    tensor([[[-1.,  1.]]])
    """

    label: ClassVar[str] = "Standardize"

    mean: float | None = number(default=None, low=-1e9, high=1e9, optional=True)
    std: float | None = number(default=None, low=1e-9, high=1e9, optional=True)
    data: SequenceDataset | None = dataclasses.field(default=None, kw_only=True, compare=False, repr=False)

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Standardize each channel of each dream; a flat one is only shifted."""
        real = self._real
        mean = self.mean if self.mean is not None else moment.mean(x) if real is None else real.mean.to(x)
        deviation = self.std if self.std is not None else moment.deviation(x) if real is None else real.amplitude.to(x)
        centered = x - x.mean(dim=2, keepdim=True)
        own = centered.std(dim=2, keepdim=True, correction=0)
        return torch.where(own > 0, centered / own * deviation, centered) + mean

    @functools.cached_property
    def _real(self) -> Members | None:
        return None if self.data is None else Reference.of(self.data).members()


@described
class Clamp(Projection):
    """Cut off what lies outside the range of real values.

    Parameters
    ----------
    low, high : float, optional
        The range; of the data unless given. Without data both must be given.
    per_time_step : bool
        Use the data's range at each time step instead of one for all; then `low` and `high` are not given.
    every : int
        Act every so many steps.

    Raises
    ------
    ValueError
        If `low` is above `high`, or given together with `per_time_step`.

    Notes
    -----
    The projection of the projected gradient method, Goldstein 1964. The range per time step is the "clamp to borders"
    in the code of Schlegel, Rauscher, Keim 2024 (arXiv 2408.10633).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Clamp, Moment
    >>> Clamp(low=-1, high=1).apply(torch.tensor([[[-3.0, 0.5]]]), Moment())
    tensor([[[-1.0000,  0.5000]]])
    """

    label: ClassVar[str] = "Clamp to data"

    low: float | None = number(None, low=-1e9, high=1e9, optional=True)
    high: float | None = number(None, low=-1e9, high=1e9, optional=True)
    per_time_step: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Check that the bounds belong together."""
        super().__post_init__()
        check_order("Clamp", self.low, self.high)
        if self.per_time_step and (self.low is not None or self.high is not None):
            raise ValueError(
                "Clamp: low and high are not allowed with per_time_step=True, which takes the range from the data"
            )

    def needs_data(self) -> bool:
        """Tell whether a bound has to come from the data."""
        return self.per_time_step or self.low is None or self.high is None

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Clamp each sample."""
        if moment.reference is None or not self.needs_data():
            return x.clamp(self.low, self.high)
        real = moment.reference
        low, high = (
            real.time_step_range if self.per_time_step else completed(self.low, self.high, real.members().value_range)
        )
        return x.clamp(low.to(x), high.to(x))
