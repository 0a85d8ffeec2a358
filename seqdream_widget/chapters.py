"""What was in force at each step of a run, and what a person did to it: told from the timeline, no step is taken."""

from __future__ import annotations

import dataclasses

from seqdream_widget.classes import Classes
from seqdream_widget.commands import Command, Edit, MovePoint, Release, Reset
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.events import Remark, Steps
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.segments import segments
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.timeline import Timeline

OF_THE_SEQUENCE = (Edit, MovePoint, Release)
"""Commands that set samples and leave all settings as they are."""


@dataclasses.dataclass(frozen=True, eq=False)
class InForce:
    """What a step goes by.

    Attributes
    ----------
    classes : Classes
    objective : Objective
        Resolved.
    regularizers : tuple of Regularizer
        Enabled or not.
    learning_rate : float
    optimizer : str or callable
    parameterization : Parameterization
    frozen : list
        Entries ``[start, stop, channel or None, dream]``.
    """

    classes: Classes
    objective: Objective
    regularizers: tuple[Regularizer, ...]
    learning_rate: float
    optimizer: str | OptimizerFactory
    parameterization: Parameterization
    frozen: list[list[int | None]]

    @staticmethod
    def of(dreamer: Dreamer) -> InForce:
        """Read it off a dreamer."""
        return InForce(
            dreamer.scene.classes,
            dreamer.objective,
            dreamer.regularizers,
            dreamer.learning_rate,
            dreamer.optimizer,
            dreamer.parameterization,
            segments(dreamer.frozen.cpu().numpy()),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Chapter:
    """A command of the present run, or all moves of one gesture; or a note.

    Attributes
    ----------
    step, last_step : int
        The step before which it took effect; of a gesture, those of its first and of its last move.
    deed : Command or Remark
        The command, of a gesture its last move; or the note.
    then : InForce
        What was in force after it.
    count : int
        How many commands it stands for.
    """

    step: int
    last_step: int
    deed: Command | Remark
    then: InForce
    count: int = 1


def chapters(dreamer: Dreamer, timeline: Timeline) -> tuple[InForce, list[Chapter]]:
    """Tell what was in force at the beginning of the present run, and what was done since.

    What was taken back is left out. A run begins with a session or with its latest `Reset`.

    Parameters
    ----------
    dreamer : Dreamer
        A twin of the run's, which this uses up.
    timeline : Timeline
    """
    dreamer.become(timeline.first)
    first = now = InForce.of(dreamer)
    notes = _Notes(timeline)
    found = [Chapter(1, 1, note, now) for _, note in notes.taken(0, 0)]
    step = 0
    for event, since, upto in list(timeline.back_from(timeline.tick))[::-1]:
        here = notes.taken(since, upto)
        if isinstance(event, Steps):
            found += [Chapter(step + after + 1, step + after + 1, note, now) for after, note in here]
            step += upto - since
            continue
        if not isinstance(event.outcome, OF_THE_SEQUENCE):
            with intra_op_threads(event.threads):
                event.outcome.apply(dreamer)
            now = InForce.of(dreamer)
        found += [Chapter(step + 1, step + 1, note, now) for after, note in here if not after]
        if isinstance(event.command, Reset):
            first, step, found = now, 0, []
        elif not isinstance(event.command, Release):
            _add(found, Chapter(step + 1, step + 1, event.command, now))
        found += [Chapter(step + 1, step + 1, note, now) for after, note in here if after]
    found += [Chapter(step + 1, step + 1, note, now) for _, note in notes.taken(timeline.tick, timeline.tick)]
    return first, found


class _Notes:
    """The notes of a timeline, each to be taken once: right after a return one stands at no end of a stretch."""

    def __init__(self, timeline: Timeline) -> None:
        self._left = [(tick, remark) for tick, remark in timeline.remarks() if remark.kind == "note"]

    def taken(self, since: int, upto: int) -> list[tuple[int, Remark]]:
        """Take those between two ticks, with how many ticks after the first they are."""
        found = [(tick - since, note) for tick, note in self._left if since <= tick <= upto]
        self._left = [(tick, note) for tick, note in self._left if not since <= tick <= upto]
        return found


def _add(found: list[Chapter], new: Chapter) -> None:
    """Add a chapter; another move of the latest gesture goes into that one."""
    latest = found[-1] if found else None
    gesture = getattr(new.deed, "gesture", None)
    if latest is None or gesture is None or gesture != getattr(latest.deed, "gesture", None):
        found.append(new)
    else:
        found[-1] = dataclasses.replace(latest, last_step=new.step, deed=new.deed, count=latest.count + 1)
