"""Brushes: a stretch of samples set as a whole, by what the sequence or the real data is when it happens.

Each is resolved to an `Edit` where it is carried out, between two steps; that is what it came to, and what is logged.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.commands.base import Command
from seqdream_widget.commands.samples import LARGEST, Edit, SegmentCommand
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import is_a, shown
from seqdream_widget.parameters import described, number


@described
class Brush(SegmentCommand, abstract=True):
    """Set samples ``start … stop − 1`` of one channel anew. Where one of them is frozen it is refused, as an `Edit` is.

    Parameters
    ----------
    start, stop : int
        The stretch; `stop` is not in it.
    """

    done: ClassVar[str]
    """What has become of the samples, in words."""

    @abstractmethod
    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return what comes of the stretch.

        Raises
        ------
        ValueError
            If the data that it goes by is not there.
        """

    def check(self, dreamer: Dreamer) -> None:
        """Refuse samples outside the sequence, frozen ones, and what the data cannot tell."""
        super().check(dreamer)
        self.refuse_frozen(dreamer, self.start, self.stop)
        self._edit(self.painted(self._now(dreamer), dreamer))

    def apply(self, dreamer: Dreamer) -> None:
        """Set the samples."""
        self._edit(self.painted(self._now(dreamer), dreamer)).apply(dreamer)

    def outcome(self, dreamer: Dreamer) -> Command:
        """Return the edit that it came to."""
        return self._edit(self._now(dreamer))

    def _now(self, dreamer: Dreamer) -> Float[Tensor, " sample"]:
        return dreamer.sequence()[self.dream, self.one_channel(dreamer), self.start : self.stop]

    def _edit(self, values: Float[Tensor, " sample"]) -> Edit:
        return Edit(self.start, values.float().cpu().numpy().tolist(), channel=self.channel, dream=self.dream)


@described
class Erase(Brush):
    """Set a stretch to zero, as the model sees it: of z-scores, that is the mean.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.Erase(100, 160)
    Erase(channel=None, dream=0, start=100, stop=160)
    """

    done: ClassVar[str] = "erased"

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return zeros."""
        del dreamer
        return torch.zeros_like(now)


@described
class ReplaceByMean(Brush):
    """Put the mean of a class in place of a stretch, time step by time step.

    Parameters
    ----------
    target : int or str, optional
        The class; the first that the objective leads to unless given.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.ReplaceByMean(100, 160, "normal")
    """

    done: ClassVar[str] = "replaced by the class mean"

    target: int | str | None = None

    def __post_init__(self) -> None:
        """Check the kind of `target`; whether there is such a class, a run knows."""
        super().__post_init__()
        if isinstance(self.target, bool) or not is_a(self.target, int | str | None):
            raise ValueError(f"ReplaceByMean: target = {shown(self.target)} is not allowed; give a class index or name")

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return the mean of the class's members."""
        scene = dreamer.scene
        target = next(iter(dreamer.objective.targets), None) if self.target is None else self.target
        if target is None:
            raise ValueError("ReplaceByMean: the objective leads to no class; name one with target=")
        if scene.reference is None:
            raise ValueError("ReplaceByMean goes by real data and this run has none; give data=")
        mean = scene.reference.members(scene.classes.index(target)).mean_sequence
        return mean[self.one_channel(dreamer), self.start : self.stop].to(now)


@described
class ReplaceByNearest(Brush):
    """Put the same stretch of the nearest real sequence in its place: the one that the network takes for most alike.

    Nearest is as in `sd.plausibility`: in the penultimate layer, among all the data.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.ReplaceByNearest(100, 160)
    """

    done: ClassVar[str] = "replaced by the nearest real sequence"

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return the nearest real sequence's samples."""
        population = dreamer.scene.population("ReplaceByNearest")
        with torch.no_grad():
            features = dreamer.scene.probe(dreamer.sequence()[self.dream : self.dream + 1]).features
        nearest, _ = population.nearest(features.float().cpu())
        return population.x[nearest, self.one_channel(dreamer), self.start : self.stop].to(now)


@described
class Reverse(Brush):
    """Turn a stretch round in time.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.Reverse(100, 160)
    """

    done: ClassVar[str] = "turned round in time"

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return the last sample first."""
        del dreamer
        return now.flip(0)


@described
class Invert(Brush):
    """Turn a stretch upside down about its own mean, which stays.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.Invert(100, 160)
    """

    done: ClassVar[str] = "turned upside down"

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return what lies as far on the other side of the mean."""
        del dreamer
        return 2 * now.mean() - now


@described
class Scale(Brush):
    """Make a stretch larger or smaller about its own mean, which stays.

    Parameters
    ----------
    factor : float
        −1000 … 1000: 0 leaves the mean alone, −1 is `Invert`.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.Scale(100, 160, factor=1.5)
    """

    done: ClassVar[str] = "scaled"

    factor: float = number(low=-1000, high=1000)

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return what lies `factor` times as far from the mean."""
        del dreamer
        mean = now.mean()
        return mean + self.factor * (now - mean)


@described
class Shift(Brush):
    """Move a stretch up or down.

    Parameters
    ----------
    by : float
        In the model's units.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> command = sd.commands.Shift(100, 160, by=-0.5)
    """

    done: ClassVar[str] = "shifted"

    by: float = number(low=-LARGEST, high=LARGEST)

    def painted(self, now: Float[Tensor, " sample"], dreamer: Dreamer) -> Float[Tensor, " sample"]:
        """Return every sample plus `by`."""
        del dreamer
        return now + self.by
