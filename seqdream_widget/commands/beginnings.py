"""Commands that begin the run again: where it began, or elsewhere."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from seqdream_widget.commands.base import Command
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import ShapeError
from seqdream_widget.parameters import described, number
from seqdream_widget.starts import KINDS, is_named_or_real, sequences_of, start_of


@described
class Reset(Command):
    """Go back to the start: step 0, a fresh optimizer, the random stream rewound.

    Objective, regularizers and frozen segments stay; a frozen segment holds the start's values then.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data)
    >>> session.run(3)
    >>> session.submit(sd.commands.Reset())
    1
    >>> session.step_count
    0
    """

    def check(self, dreamer: Dreamer) -> None:
        """Allow it always."""

    def apply(self, dreamer: Dreamer) -> None:
        """Begin again."""
        dreamer.restart()


@described
class SetStart(Reset):
    """Begin again elsewhere: what `Reset` does, with another start; later ones go back to that.

    Parameters
    ----------
    start : str, int, array or Tensor
        As for `Session`; one sequence for all dreams, or one for each.
    seed : int
        Of the noise, where that is the start: dream i draws it from a generator of its own, seeded with ``seed + i``.

    Raises
    ------
    ShapeError
        If an array has another shape than the dreams, or there are neither one sequence nor as many as they.
    ValueError
        If the name is unknown, there is no such real sequence, or a number is not finite.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> session.submit(sd.commands.SetStart(3))
    1
    >>> bool((session.sequence[0] == demo.data.x[3]).all())
    True
    """

    start: str | int | ArrayLike | Tensor = dataclasses.field(compare=False)
    seed: int = number(default=0, low=0, high=2**53, integer=True)

    def __post_init__(self) -> None:
        """Check the seed, and keep an array as a tensor of its own."""
        super().__post_init__()
        if not is_named_or_real(self.start):
            x = sequences_of("SetStart: start", self.start, KINDS)
            object.__setattr__(self, "start", x.clone())

    def check(self, dreamer: Dreamer) -> None:
        """Refuse a start that is unknown, or of another shape than the dreams."""
        self._sequence(dreamer)

    def apply(self, dreamer: Dreamer) -> None:
        """Begin again there."""
        dreamer.begin_at(self._sequence(dreamer))

    def outcome(self, dreamer: Dreamer) -> Command:
        """Return the start in numbers."""
        return SetStart(dreamer.start)

    def _sequence(self, dreamer: Dreamer) -> Float[Tensor, "batch channel time"]:
        shape = dreamer.scene.shape
        if isinstance(self.start, Tensor) and tuple(self.start.shape[1:]) != shape:
            raise ShapeError(
                f"SetStart: start has shape {tuple(self.start.shape[1:])} and the dream {shape} (channel, time); "
                f"give one of the dream's shape"
            )
        generators = [torch.Generator().manual_seed(self.seed + dream) for dream in range(len(dreamer.start))]
        return start_of(self.start, shape, dreamer.scene.reference, generators)

    def __repr__(self) -> str:
        """Write it as a person would; never print arrays."""
        size = " × ".join(map(str, self.start.shape)) if isinstance(self.start, Tensor) else ""
        return f"SetStart(<{size} numbers>)" if size else f"SetStart({self.start!r}, seed={self.seed})"
