"""What is kept of a dreamer along its way, within a budget of bytes."""

from __future__ import annotations

import copy
from typing import Any, cast

from torch import Tensor

from seqdream_widget.dreamer import Checkpoint
from seqdream_widget.iterate import Standing

BUDGET = 64 * 2**20
"""Bytes of checkpoints; beyond it about every other one is dropped."""
OVERHEAD = 512
"""Bytes of a tensor beside its numbers, about: those of a short sequence are fewer."""
EVERY = 64
"""Ticks from one checkpoint to the next, at first."""
FEWEST = 2
"""The first, and the latest."""


class Checkpoints:
    """Checkpoints by the tick at which they were made.

    Parameters
    ----------
    first : Checkpoint
        At tick 0; it stays.
    budget : int
        Bytes of all of them.

    Attributes
    ----------
    every : int
        Ticks from one to the next.
    """

    def __init__(self, first: Checkpoint, budget: int = BUDGET) -> None:
        self.every = EVERY
        self._budget = budget
        self._kept = {0: first}
        self._size = size_of(first)

    def __contains__(self, tick: object) -> bool:
        return tick in self._kept

    def __getitem__(self, tick: int) -> Checkpoint:
        return self._kept[tick]

    @property
    def ticks(self) -> list[int]:
        """Those at which one was made, in their order."""
        return list(self._kept)

    @property
    def latest(self) -> int:
        """The last of them."""
        return next(reversed(self._kept))

    def keep(self, checkpoint: Checkpoint, tick: int, now: int) -> None:
        """Keep what the dreamer was at a tick of the past, or is now, within the budget."""
        self._kept[tick] = checkpoint
        if tick != now:
            self._kept = dict(sorted(self._kept.items()))
        self._size += size_of(checkpoint)
        while self._size > self._budget and len(self._kept) > FEWEST:
            # Spread over all that happened, at twice the distance. Every other one would leave ever fewer of the first.
            self.every = max(EVERY, 2 * now // len(self._kept))
            kept: dict[int, Checkpoint] = {}
            for at, one in self._kept.items():
                if not kept or at - next(reversed(kept)) >= self.every:
                    kept[at] = one
            self._kept = kept
            self._size = sum(map(size_of, self._kept.values()))

    def copy(self) -> Checkpoints:
        """Return the same ones, to go on by themselves."""
        other = copy.copy(self)
        other._kept = dict(self._kept)
        return other


def size_of(value: object) -> int:
    """Return the bytes that all tensors within take."""
    if isinstance(value, Tensor):
        return value.nbytes + OVERHEAD
    if isinstance(value, dict):
        return sum(map(size_of, cast("dict[Any, Any]", value).values()))
    if isinstance(value, list | tuple):
        return sum(map(size_of, cast("list[Any]", value)))
    if isinstance(value, Checkpoint | Standing):
        return sum(map(size_of, vars(value).values()))
    return 0
