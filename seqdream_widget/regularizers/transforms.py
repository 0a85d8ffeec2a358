"""Robustness transforms: random changes of the copy that the model sees, so that dreams withstand them."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.parameters import described, number
from seqdream_widget.regularizers.base import Transform
from seqdream_widget.regularizers.moment import Moment


@described
class Jitter(Transform):
    """Shifts in time by a few samples: what is dreamt must not hang on its exact place.

    Parameters
    ----------
    samples : int
        The largest shift, 1 … 100,000; drawn evenly from −samples … samples for each dream, one for all channels.

    Notes
    -----
    Mordvintsev, Olah, Tyka 2015 ("Inceptionism"); Olah, Mordvintsev, Schubert 2017
    (distill.pub/2017/feature-visualization). What comes in at an end is the sequence reflected there,
    the end itself not repeated.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Jitter, Moment
    >>> moment = Moment(generators=(torch.Generator().manual_seed(1),))
    >>> Jitter(2).apply(torch.tensor([[[0.0, 1.0, 2.0, 3.0]]]), moment)
    tensor([[[1., 2., 3., 2.]]])
    """

    label: ClassVar[str] = "Jitter"
    slider: ClassVar[str | None] = "samples"

    samples: int = number(8, low=1, high=100_000, slider=(1, 100), scale="log", unit="samples", integer=True)

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Shift each dream."""
        last = x.shape[2] - 1
        shift = (moment.uniform(1, 1) * (2 * self.samples + 1)).floor().long() - self.samples
        # There and back again is one period of a sequence reflected at its ends.
        place = (torch.arange(x.shape[2]) + shift) % (2 * last)
        return _read(x, torch.minimum(place, 2 * last - place))


@described
class Scale(Transform):
    """Makes the sequence a little larger or smaller: what is dreamt must not hang on its exact size.

    Parameters
    ----------
    amount : float
        The largest relative change, 0 … 1; the factor is drawn evenly from 1 − amount … 1 + amount for each dream, one
        for all channels.

    Notes
    -----
    Scaling as an augmentation of time series: Um et al. 2017 (arXiv 1706.00527), there about 0; here about the data's
    mean in each channel (0 without data), so that the data's offset does not matter.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Moment, Scale
    >>> moment = Moment(generators=(torch.Generator().manual_seed(0),))
    >>> Scale(0.5).apply(torch.tensor([[[1.0, 2.0]]]), moment)
    tensor([[[0.9963, 1.9925]]])
    """

    label: ClassVar[str] = "Scale"
    slider: ClassVar[str | None] = "amount"

    amount: float = number(0.1, low=0.0, high=1.0)

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Scale each dream."""
        factor = 1.0 + self.amount * (2.0 * moment.uniform(1, 1) - 1.0)
        mean = moment.mean(x)
        return mean + (x - mean) * factor.to(x)


@described
class Warp(Transform):
    """Runs a little faster here and slower there: what is dreamt must not hang on its exact timing.

    Parameters
    ----------
    amount : float
        The largest change of the local speed, 0 … 0.9: with 0.1 it is 0.9 to 1.1 everywhere. Time never runs backwards.

    Notes
    -----
    Time warping as an augmentation: Um et al. 2017 (arXiv 1706.00527), there by cubic splines. Here the displacement
    of sample ``t`` of ``0 … n`` is ``Σ_k a_k sin(πkt/n)`` with ``k = 1 … 4``, so both ends stay; ``a_k`` is drawn
    evenly from ± amount · n / (4πk) for each dream. Values in between are interpolated linearly; all channels are
    warped alike.

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Moment, Warp
    >>> moment = Moment(generators=(torch.Generator().manual_seed(0),))
    >>> Warp(0.9).apply(torch.tensor([[[0.0, 1.0, 2.0, 3.0]]]), moment)
    tensor([[[0.0000, 1.0828, 1.9145, 3.0000]]])
    """

    label: ClassVar[str] = "Warp"
    slider: ClassVar[str | None] = "amount"

    amount: float = number(0.1, low=0.0, high=0.9)

    WAVES: ClassVar[int] = 4

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Warp each dream."""
        last = x.shape[2] - 1
        # In float64: a place in a long sequence has more digits than float32.
        time = torch.arange(last + 1, dtype=torch.float64)
        order = torch.arange(1, self.WAVES + 1, dtype=torch.float64)[:, None] * math.pi
        waves = (order * time / last).sin() * last / (order * self.WAVES)
        drawn = self.amount * (2.0 * moment.uniform(self.WAVES, 1).double() - 1.0)
        place = (time + (drawn * waves).sum(dim=1, keepdim=True)).clamp(0, last)
        before = place.floor().clamp(max=last - 1)
        share = (place - before).to(x)
        left = before.long()
        return torch.lerp(_read(x, left), _read(x, left + 1), share)


def _read(x: Tensor, place: Tensor) -> Tensor:
    """Read every channel of each dream at whole places of shape (batch, 1, time)."""
    return x.gather(2, place.to(x.device).expand(x.shape))


@described
class Noise(Transform):
    """Adds noise: what is dreamt must not hang on any single value.

    Parameters
    ----------
    amount : float
        Standard deviation of the noise in standard deviations of each channel of the data (without data, of the dream
        itself), 0 … 10.

    Notes
    -----
    Jittering as an augmentation of time series: Um et al. 2017 (arXiv 1706.00527); averaged over noisy copies the
    gradient is that of SmoothGrad, Smilkov et al. 2017 (arXiv 1706.03825).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Moment, Noise
    >>> moment = Moment(generators=(torch.Generator().manual_seed(0),))
    >>> Noise(0.1).apply(torch.tensor([[[1.0, 3.0]]]), moment)
    tensor([[[1.1541, 2.9707]]])
    """

    label: ClassVar[str] = "Noise"
    slider: ClassVar[str | None] = "amount"

    amount: float = number(0.1, low=0.0, high=10.0, slider=(1e-3, 1.0), scale="log")

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Add noise to each dream."""
        own = moment.reference is None
        deviation = x.detach().std(dim=2, keepdim=True, correction=0) if own else moment.deviation(x)
        return x + self.amount * deviation * moment.normal(*x.shape[1:]).to(x)


@described
class Dropout(Transform):
    """Hides samples behind the mean: what is dreamt must not hang on any few of them.

    Parameters
    ----------
    share : float
        How likely a sample is hidden, 0 … 0.99; drawn for each sample of each channel.

    Notes
    -----
    Srivastava et al. 2014, on the input, without their rescaling: a hidden sample has the data's mean in its channel (0
    without data).

    Examples
    --------
    >>> import torch
    >>> from seqdream_widget.regularizers import Dropout, Moment
    >>> moment = Moment(generators=(torch.Generator().manual_seed(0),))
    >>> Dropout(0.5).apply(torch.ones(1, 1, 6), moment)
    tensor([[[0., 1., 0., 0., 0., 1.]]])
    """

    label: ClassVar[str] = "Dropout"
    slider: ClassVar[str | None] = "share"

    share: float = number(0.1, low=0.0, high=0.99)

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Hide samples of each dream."""
        hidden = moment.uniform(*x.shape[1:]) < self.share
        return torch.where(hidden.to(x.device), moment.mean(x), x)
