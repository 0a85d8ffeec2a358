"""All that happened to a dreamer, in order, and the way back to any moment of it.

Time only grows: an undo is one more event, after which things are as they were at an earlier moment. A moment is
counted in ticks, one a step, a command or a return. Checkpoints are kept here and there; what lies between them is
computed again, to the same bits.
"""

from __future__ import annotations

import bisect
import copy
import dataclasses
import threading
from collections.abc import Iterator
from typing import Any, Literal, cast

from torch import Tensor

from seqdream_widget.commands import Command, Reset
from seqdream_widget.dreamer import Checkpoint, Dreamer
from seqdream_widget.history import History, Trajectory
from seqdream_widget.iterate import Standing
from seqdream_widget.threads import intra_op_threads

BUDGET = 64 * 2**20
"""Bytes of checkpoints; beyond it every other one is dropped."""
EVERY = 64
"""Steps from one checkpoint to the next, at first."""


@dataclasses.dataclass(frozen=True)
class Steps:
    """Consecutive steps, taken with so many threads."""

    count: int
    threads: int


@dataclasses.dataclass(frozen=True)
class Done:
    """A command as it was carried out, and what it came to: itself, unless it went by data or by names."""

    command: Command
    outcome: Command
    threads: int


@dataclasses.dataclass(frozen=True)
class Return:
    """Things are again as they were at a tick, by which way, and for `restore` to which step."""

    to: int
    how: Literal["undo", "redo", "restore"]
    step: int


@dataclasses.dataclass(frozen=True)
class Remark:
    """What changes nothing and takes no time: a note, a refusal, a branching off."""

    kind: Literal["note", "refusal", "branch"]
    text: str


Event = Steps | Done | Return | Remark


@dataclasses.dataclass(frozen=True)
class Place:
    """A moment of a session that one can come back to."""

    tick: int
    step: int
    history: History
    trajectory: Trajectory


@dataclasses.dataclass(frozen=True)
class Deed:
    """What an undo takes back: the moment before it, and the pointer gesture that it is part of."""

    before: Place
    gesture: int | None = None


class Timeline:
    """The events of a run, with checkpoints.

    Parameters
    ----------
    dreamer : Dreamer
        At its start.
    budget : int
        Bytes of checkpoints.

    Attributes
    ----------
    tick : int
        Now.
    undoable, redoable : list
        The deeds to take back, the latest last; and, with the deed that each brings back, the places to return to.
    """

    def __init__(self, dreamer: Dreamer, budget: int = BUDGET) -> None:
        self.tick = 0
        self.undoable: list[Deed] = []
        self.redoable: list[tuple[Place, Deed]] = []
        self._budget = budget
        self._every = EVERY
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._ticks: list[int] = []
        self._size = 0
        self._kept: dict[int, Checkpoint] = {}
        self._keep(dreamer.checkpoint())

    @property
    def first(self) -> Checkpoint:
        """The beginning of it all."""
        return self._kept[0]

    def events(self) -> Iterator[Event]:
        """Go through all that happened."""
        return iter(list(self._events))

    # ---- what happens -------------------------------------------------------------------------------------------

    def stepped(self, dreamer: Dreamer, threads: int) -> None:
        """Note that a step was taken."""
        self.redoable = []
        with self._lock:
            last = self._events[-1] if self._events else None
            if isinstance(last, Steps) and last.threads == threads:
                self._events[-1] = Steps(last.count + 1, threads)
            else:
                self._events.append(Steps(1, threads))
                self._ticks.append(self.tick)
            self.tick += 1
        if self.tick - next(reversed(self._kept)) >= self._every:
            self._keep(dreamer.checkpoint())

    def did(self, event: Done, before: Place, was: Checkpoint) -> None:
        """Note that a command was carried out, and how things were before it."""
        self.redoable = []
        gesture: int | None = getattr(event.command, "gesture", None)
        if gesture is None or not self.undoable or self.undoable[-1].gesture != gesture:
            self.undoable.append(Deed(before, gesture))
            if self.tick not in self._kept:
                self._keep(was)
        self._add(event)

    def returned(self, event: Return) -> None:
        """Note that things are as they were."""
        self._add(event)

    def remark(self, remark: Remark) -> None:
        """Note what changes nothing. Anyone may do so, on any thread."""
        with self._lock:
            self._events.append(remark)
            self._ticks.append(self.tick)

    def _add(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)
            self._ticks.append(self.tick)
            self.tick += 1

    # ---- the way back -------------------------------------------------------------------------------------------

    def recall(self, dreamer: Dreamer, tick: int) -> None:
        """Make the dreamer what it was at a tick.

        Raises
        ------
        StepError
            If a step that has to be taken again goes wrong, such as that of a model which is borrowed and has changed.
            The dreamer is as it was then.
        """
        again: list[tuple[Steps | Done, int]] = []
        while tick not in self._kept:
            event, since = self._event_before(tick)
            if isinstance(event, Return):
                tick = event.to
                continue
            nearest = max(since, next(kept for kept in reversed(self._kept) if kept < tick))
            again.append((event, tick - nearest))
            tick = nearest
        now = dreamer.checkpoint()
        try:
            dreamer.become(self._kept[tick])
            for event, count in reversed(again):
                with intra_op_threads(event.threads):
                    _repeat(dreamer, event, count)
        except BaseException:
            dreamer.become(now)
            raise

    def tick_after(self, step: int, now: int) -> int:
        """Return the tick right after a step of the present run, before the commands given at it.

        Parameters
        ----------
        step : int
            0 … `now`.
        now : int
            The present step.
        """
        tick, at = self.tick, now
        while tick:
            event, since = self._event_before(tick)
            if isinstance(event, Steps):
                if step and at - step < tick - since:
                    return tick - (at - step)
                at -= tick - since
                tick = since
            elif isinstance(event, Return):
                tick = event.to
            elif isinstance(event.command, Reset):
                break
            else:
                tick = since
        return tick

    def event_at(self, tick: int) -> Steps | Done | Return:
        """Return what happened at a tick."""
        return self._event_before(tick + 1)[0]

    def _event_before(self, tick: int) -> tuple[Steps | Done | Return, int]:
        """Return the event that led to a tick, and the tick at which it began."""
        index = bisect.bisect_left(self._ticks, tick) - 1
        while isinstance(self._events[index], Remark):
            index -= 1
        return cast("Steps | Done | Return", self._events[index]), self._ticks[index]

    def branch(self) -> Timeline:
        """Return one of its own with the same past."""
        other = copy.copy(self)
        other.undoable, other.redoable = list(self.undoable), list(self.redoable)
        other._events, other._ticks, other._kept = list(self._events), list(self._ticks), dict(self._kept)
        return other

    # ---- checkpoints --------------------------------------------------------------------------------------------

    def _keep(self, checkpoint: Checkpoint) -> None:
        self._kept[self.tick] = checkpoint
        self._size += _size(checkpoint)
        while self._size > self._budget and len(self._kept) > 2:  # noqa: PLR2004 - the first, and the latest
            self._every *= 2
            self._kept = {tick: self._kept[tick] for index, tick in enumerate(self._kept) if index % 2 == 0}
            self._size = sum(map(_size, self._kept.values()))


def _repeat(dreamer: Dreamer, event: Steps | Done, count: int) -> None:
    if isinstance(event, Done):
        event.outcome.apply(dreamer)
        return
    for _ in range(count):
        dreamer.step()


def _size(value: object) -> int:
    """Return the bytes of all tensors within."""
    if isinstance(value, Tensor):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_size, cast("dict[Any, Any]", value).values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, cast("list[Any]", value)))
    if isinstance(value, Checkpoint | Standing):
        return sum(map(_size, vars(value).values()))
    return 0
