"""Commands about the sequence: edit, move, release, freeze, unfreeze."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from seqdream_widget.commands.base import Command
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import ShapeError, shown
from seqdream_widget.parameters import described, number, whole

MOST_VALUES = 1_000_000
LARGEST = 1e9
MOST_GESTURES = 100
"""That hold samples at once."""


@described
class SampleCommand(Command, abstract=True):
    """A command about samples of one dream.

    Parameters
    ----------
    channel : int, optional
        On which channel; all of them unless given (an edit or a move must name one where there are several).
    dream : int
        On which dream of the batch.
    """

    channel: int | None = number(None, low=0, high=1e6, integer=True, optional=True, kw_only=True)
    dream: int = number(0, low=0, high=1e6, integer=True, kw_only=True)

    def segment(self, dreamer: Dreamer, start: int, stop: int) -> Bool[Tensor, "batch channel time"]:
        """Return the mask of samples ``start … stop − 1``.

        Raises
        ------
        ValueError
            If the segment is empty or reaches outside the sequence, or there is no such channel or dream.
        """
        n_dreams, n_channels, length = dreamer.start.shape
        name = type(self).__name__
        if start >= stop:
            raise ValueError(f"{name}: start = {start} is not below stop = {stop}; the segment has no samples")
        if stop > length:
            raise ValueError(
                f"{name}: samples {start} … {stop - 1} are not allowed; the sequence has samples 0 to {length - 1}"
            )
        if self.channel is not None:
            whole("channel", self.channel, 0, n_channels - 1, of=name)
        whole("dream", self.dream, 0, n_dreams - 1, of=name)
        mask = torch.zeros_like(dreamer.frozen)
        channels = slice(None) if self.channel is None else self.channel
        mask[self.dream, channels, start:stop] = True
        return mask

    def one_channel(self, dreamer: Dreamer) -> int:
        """Return the channel of an edit.

        Raises
        ------
        ValueError
            If there are several channels and none is named.
        """
        if self.channel is None and dreamer.start.shape[1] > 1:
            raise ValueError(
                f"{type(self).__name__}: the sequence has {dreamer.start.shape[1]} channels; name one with channel="
            )
        return self.channel or 0

    def refuse_frozen(self, dreamer: Dreamer, start: int, stop: int) -> None:
        """Refuse to change frozen samples.

        Raises
        ------
        ValueError
            If one of ``start … stop − 1`` is frozen; the message names the first.
        """
        frozen = dreamer.frozen[self.dream, self.one_channel(dreamer), start:stop].nonzero()
        if len(frozen):
            raise ValueError(f"{type(self).__name__}: sample {start + int(frozen[0])} is frozen; unfreeze it first")


@described
class Edit(SampleCommand):
    """Set the samples from `start` on.

    Parameters
    ----------
    start : int
        The first sample.
    values : sequence of float
        The new values, at most as many as there are samples from `start` on.
    gesture : int, optional
        Number of the pointer gesture this edit is part of, such as a curve that is drawn. Until that is released, all
        that it has set is held against the gradient.

    Raises
    ------
    ValueError
        If a number is out of bounds; when it is submitted, if samples are outside the sequence or frozen, or there are
        several channels and none is named.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.Edit(start=300, values=[0.1, 0.2, 0.3])
    Edit(channel=None, dream=0, start=300, values=(0.1, 0.2, 0.3), gesture=None)
    """

    start: int = number(low=0, high=1e9, integer=True)
    values: Sequence[float] = ()
    gesture: int | None = number(default=None, low=0, high=2**53, integer=True, optional=True)

    def __post_init__(self) -> None:
        """Keep the values as plain finite numbers."""
        super().__post_init__()
        try:
            count = len(self.values)
            if count <= MOST_VALUES and any(isinstance(value, str | bool) for value in self.values):
                raise TypeError("text")  # noqa: TRY301 - NumPy would read it as numbers
            values = np.asarray(self.values if count <= MOST_VALUES else (), dtype=np.float64)
        except (TypeError, ValueError, OverflowError, RuntimeError):
            raise ValueError(
                f"Edit: values = {shown(self.values)} are not allowed; give a flat list of numbers"
            ) from None
        if count > MOST_VALUES:
            raise ValueError(f"Edit: {count} values are not allowed; give at most {MOST_VALUES}")
        if values.ndim != 1 or not len(values):
            raise ShapeError(f"Edit: values of shape {values.shape} are not allowed; give a flat list of numbers")
        good = np.abs(values) <= LARGEST
        if not good.all():
            where = int(np.flatnonzero(~good)[0])
            raise ValueError(
                f"Edit: values[{where}] = {values[where]} is not allowed; "
                f"give finite numbers from {-LARGEST:g} to {LARGEST:g}"
            )
        object.__setattr__(self, "values", tuple(values.tolist()))

    @property
    def stop(self) -> int:
        """The sample after the last one."""
        return self.start + len(self.values)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse samples outside the sequence, or frozen ones, and one hand too many."""
        self.segment(dreamer, self.start, self.stop)
        self.refuse_frozen(dreamer, self.start, self.stop)
        _refuse_many_hands(self, dreamer)

    def apply(self, dreamer: Dreamer) -> None:
        """Set the samples, and hold them while the gesture lasts."""
        x, where = dreamer.sequence(), self.segment(dreamer, self.start, self.stop)
        x[self.dream, self.one_channel(dreamer), self.start : self.stop] = torch.tensor(self.values).to(x)
        dreamer.edit(x, where)
        if self.gesture is not None:
            dreamer.pin(self.gesture, where)


@described
class MovePoint(SampleCommand):
    """Move one sample to a value, and its neighbourhood with it.

    The displacement is taken when the command is applied: `value` minus the value there. A neighbour at distance d
    moves by ``displacement · (1 + cos(π d / radius)) / 2``, zero at ± radius; frozen neighbours stay.

    Parameters
    ----------
    index : int
        The sample.
    value : float
        Where it goes.
    radius : int
        Reach of the neighbourhood in samples, at least 1; 1 moves the sample alone.
    gesture : int, optional
        Number of the pointer gesture this move is part of. Until that is released, the neighbourhood is held
        against the gradient.

    Raises
    ------
    ValueError
        If a number is out of bounds; when it is submitted, if samples are outside the sequence or frozen, or there are
        several channels and none is named.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> move = sd.commands.MovePoint(index=250, value=1.5, radius=12)
    """

    index: int = number(low=0, high=1e9, integer=True)
    value: float = number(low=-LARGEST, high=LARGEST)
    radius: int = number(1, low=1, high=1e9, unit="samples", integer=True)
    gesture: int | None = number(None, low=0, high=2**53, integer=True, optional=True)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse a sample outside the sequence, or a frozen one, and one hand too many."""
        self.segment(dreamer, self.index, self.index + 1)
        self.refuse_frozen(dreamer, self.index, self.index + 1)
        _refuse_many_hands(self, dreamer)

    def apply(self, dreamer: Dreamer) -> None:
        """Displace the neighbourhood, and hold it while the gesture lasts."""
        channel = self.one_channel(dreamer)
        first = max(0, self.index - self.radius + 1)
        stop = min(dreamer.start.shape[2], self.index + self.radius)
        free = torch.zeros_like(dreamer.frozen)
        free[self.dream, channel, first:stop] = ~dreamer.frozen[self.dream, channel, first:stop]
        x = dreamer.sequence()
        displacement = self.value - x[self.dream, channel, self.index]
        distance = torch.arange(first, stop, dtype=x.dtype, device=x.device) - self.index
        kernel = (1 + torch.cos(math.pi * distance / self.radius)) / 2
        moved = x.clone()
        moved[self.dream, channel, first:stop] += displacement * kernel
        moved[self.dream, channel, self.index] = self.value  # exactly: x + (value − x) may be off by a bit
        dreamer.edit(torch.where(free, moved, x), free)
        if self.gesture is not None:
            dreamer.pin(self.gesture, free)


def _refuse_many_hands(command: Edit | MovePoint, dreamer: Dreamer) -> None:
    held = dreamer.gestures
    if command.gesture is not None and command.gesture not in held and len(held) >= MOST_GESTURES:
        name = type(command).__name__
        raise ValueError(f"{name}: {len(held)} gestures hold samples already; release one of them first")


@described
class Release(Command):
    """Let go of a pointer gesture: after the next step its neighbourhood is free again.

    Parameters
    ----------
    gesture : int
        The number its moves carried.

    Raises
    ------
    ValueError
        When it is submitted, if that gesture holds nothing.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data)
    >>> session.submit(sd.commands.MovePoint(250, 1.5, radius=9, gesture=1))
    1
    >>> session.submit(sd.commands.Release(1))
    1
    """

    gesture: int = number(low=0, high=2**53, integer=True)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse a gesture that holds nothing."""
        if self.gesture not in dreamer.gestures:
            raise ValueError(f"Release: gesture {self.gesture} holds nothing")

    def apply(self, dreamer: Dreamer) -> None:
        """Let go."""
        dreamer.release(self.gesture)


@described
class SegmentCommand(SampleCommand, abstract=True):
    """A command about samples ``start … stop − 1``.

    Parameters
    ----------
    start, stop : int
        The segment; `stop` is not in it.
    """

    start: int = number(low=0, high=1e9, integer=True)
    stop: int = number(low=1, high=1e9, integer=True)

    def check(self, dreamer: Dreamer) -> None:
        """Refuse a segment outside the sequence."""
        self.segment(dreamer, self.start, self.stop)


@described
class Freeze(SegmentCommand):
    """Hold samples ``start … stop − 1`` at their values until they are unfrozen.

    Parameters
    ----------
    start, stop : int
        The segment, from 0; `stop` is not in it.
    channel : int, optional
        On which channel; on all unless given.
    dream : int
        On which dream of the batch, from 0.

    Raises
    ------
    ValueError
        When it is submitted, if the segment is empty or reaches outside the sequence, or there is no such channel or
        dream.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.Freeze(100, 160)
    Freeze(channel=None, dream=0, start=100, stop=160)
    """

    def apply(self, dreamer: Dreamer) -> None:
        """Freeze the segment."""
        dreamer.freeze(self.segment(dreamer, self.start, self.stop))


@described
class Unfreeze(SegmentCommand):
    """Let samples ``start … stop − 1`` go; those that were not frozen stay as they are.

    Parameters
    ----------
    start, stop : int
        The segment, from 0; `stop` is not in it.
    channel : int, optional
        On which channel; on all unless given.
    dream : int
        On which dream of the batch, from 0.

    Raises
    ------
    ValueError
        When it is submitted, if the segment is empty or reaches outside the sequence, or there is no such channel or
        dream.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.Unfreeze(120, 140, channel=0)
    Unfreeze(channel=0, dream=0, start=120, stop=140)
    """

    def apply(self, dreamer: Dreamer) -> None:
        """Unfreeze the segment."""
        dreamer.unfreeze(self.segment(dreamer, self.start, self.stop))
