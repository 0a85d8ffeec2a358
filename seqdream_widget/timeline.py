"""All that happened to a dreamer, in order, and the way back to any moment of it.

Time only grows: an undo is one more event, after which things are as they were at an earlier moment. A moment is
counted in ticks, one a step, a command or a return. Checkpoints are kept here and there; what lies between them is
computed again, to the same bits.
"""

from __future__ import annotations

import bisect
import contextlib
import copy
import dataclasses
import itertools
import threading
import weakref
from collections.abc import Container, Generator, Iterator
from typing import NamedTuple, cast

from seqdream_widget.checkpoints import BUDGET, Checkpoints
from seqdream_widget.commands import Reset
from seqdream_widget.dreamer import Checkpoint, Dreamer, Measurement
from seqdream_widget.events import Done, Event, Remark, Return, Steps, Way
from seqdream_widget.history import History, Trajectory
from seqdream_widget.threads import intra_op_threads


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """What the steps of a run measured, and the sequences it went through."""

    history: History
    trajectory: Trajectory

    def upto(self, step: int) -> Run:
        """Return one of its own, as it was right after a step."""
        return Run(self.history.upto(step), self.trajectory.upto(step))


@dataclasses.dataclass(frozen=True)
class Place:
    """A moment of a session that one can come back to, with the history that led there as long as someone keeps it."""

    tick: int
    step: int
    history: weakref.ref[History] | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Moment:
    """All that is so at a tick, and how far the events go until then."""

    tick: int
    cursor: Cursor
    checkpoint: Checkpoint
    run: Run


@dataclasses.dataclass(frozen=True)
class Deed:
    """What an undo takes back: the moment before it, and the pointer gesture that it is part of."""

    before: Place
    gesture: int | None = None


Stretch = tuple[Steps | Done, int, int]
"""An event, or some of its steps, with the ticks at which that began and ended."""


class Cursor(NamedTuple):
    """How far someone has read: so many events, and so many steps of the next."""

    events: int = 0
    steps: int = 0


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
    checkpoints : Checkpoints
        Of the dreamer, here and there.
    undoable, redoable : list
        The deeds to take back, the latest last; and, with the deed that each brings back, the places to return to.
    """

    def __init__(self, dreamer: Dreamer, budget: int = BUDGET) -> None:
        self.tick = 0
        self.undoable: list[Deed] = []
        self.redoable: list[tuple[Place, Deed]] = []
        self.checkpoints = Checkpoints(dreamer.checkpoint(), budget)
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._ticks: list[int] = []

    @property
    def first(self) -> Checkpoint:
        """The beginning of it all."""
        return self.checkpoints[0]

    def events(self) -> Iterator[Event]:
        """Go through all that happened."""
        return iter(list(self._events))

    @property
    def cursor(self) -> Cursor:
        """How far the events go."""
        with self._lock:
            last = self._events[-1] if self._events else None
            count = len(self._events)
            return Cursor(count - 1, last.count) if isinstance(last, Steps) else Cursor(count)

    def between(self, first: Cursor, last: Cursor) -> list[Event]:
        """Return what happened between two cursors."""
        with self._lock:
            found = self._events[first.events : last.events + bool(last.steps)]
        if last.steps:
            found[-1] = Steps(last.steps, cast("Steps", found[-1]).threads)
        if first.steps and found:
            found[0] = Steps(cast("Steps", found[0]).count - first.steps, cast("Steps", found[0]).threads)
        return [event for event in found if not isinstance(event, Steps) or event.count]

    def remarks(self) -> list[tuple[int, Remark]]:
        """Return what was noted, with the tick at which it was."""
        with self._lock:
            events = list(zip(self._ticks, self._events, strict=True))
        return [(tick, event) for tick, event in events if isinstance(event, Remark)]

    # ---- what happens -------------------------------------------------------------------------------------------

    def stepped(self, dreamer: Dreamer, threads: int) -> None:
        """Note that a step was taken."""
        self.count(1, threads)
        if self.tick - self.checkpoints.latest >= self.checkpoints.every:
            self.keep(dreamer.checkpoint())

    def count(self, steps: int, threads: int) -> None:
        """Note that steps were taken, by whoever did."""
        self.redoable = []
        with self._lock:
            last = self._events[-1] if self._events else None
            if isinstance(last, Steps) and last.threads == threads:
                self._events[-1] = Steps(last.count + steps, threads)
            else:
                self._events.append(Steps(steps, threads))
                self._ticks.append(self.tick)
            self.tick += steps

    def did(self, event: Done, before: Place, was: Checkpoint | None) -> None:
        """Note that a command was carried out, and how things were before it, where that is known."""
        self.redoable = []
        gesture: int | None = getattr(event.command, "gesture", None)
        if gesture is None or not self.undoable or self.undoable[-1].gesture != gesture:
            self.undoable.append(Deed(before, gesture))
            if was is not None and self.tick not in self.checkpoints:
                self.keep(was)
        self._add(event)

    def returned(self, how: Way, place: Place, left: Place) -> None:
        """Note that things are as they were at a place, and which one was left."""
        if how == "undo":
            self.redoable.append((left, self.undoable.pop()))
        elif how == "redo":
            self.undoable.append(self.redoable.pop()[1])
        else:
            self.redoable = []
            self.undoable.append(Deed(left))
        self._add(Return(place.tick, how, place.step))

    def remark(self, remark: Remark) -> None:
        """Note what changes nothing. Anyone may do so, on any thread."""
        with self._lock:
            self._events.append(remark)
            self._ticks.append(self.tick)

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep what the dreamer is now."""
        self.checkpoints.keep(checkpoint, self.tick, self.tick)

    def _add(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)
            self._ticks.append(self.tick)
            self.tick += 1

    # ---- the way back -------------------------------------------------------------------------------------------

    def place_of(self, how: Way, now: Place, step: int = 0) -> Place:
        """Return where a way leads from now; `step` is where `restore` goes.

        Raises
        ------
        ValueError
            If there is nothing to undo or to redo.
        """
        if how == "restore":
            return dataclasses.replace(now, tick=self.tick_after(step, now.step), step=step)
        if how == "undo":
            if not self.undoable:
                raise ValueError("there is nothing to undo: no command was given")
            return self.undoable[-1].before
        if not self.redoable:
            raise ValueError("there is nothing to redo: nothing was undone, or a step or a command came since")
        return self.redoable[-1][0]

    def recall(self, dreamer: Dreamer, tick: int) -> None:
        """Make the dreamer what it was at a tick.

        Raises
        ------
        StepError
            If a step that has to be taken again goes wrong, such as that of a model which is borrowed and has changed.
            The dreamer is as it was then.
        """
        with as_it_was_on_error(dreamer):
            nearest, way = self._way_to(tick, self.checkpoints)
            dreamer.become(self.checkpoints[nearest])
            for now, _ in _retaken(dreamer, way):
                if now - nearest >= self.checkpoints.every:  # a long way: the next one back will begin nearer
                    nearest = now
                    self.checkpoints.keep(dreamer.checkpoint(), now, self.tick)

    def retrace(self, dreamer: Dreamer, tick: int) -> Iterator[Measurement]:
        """Make the dreamer what it was at a tick, and measure again every step of the run that led there.

        Raises
        ------
        StepError
            As `recall`.
        """
        begin = self.beginning_of(tick)
        with as_it_was_on_error(dreamer):
            self.recall(dreamer, begin)
            for _, measurement in _retaken(dreamer, self._way_to(tick, (begin,))[1]):
                yield measurement

    def last_step(self, dreamer: Dreamer, tick: int) -> Measurement:
        """Take the last step before a tick of a run again, and return what it measured.

        Raises
        ------
        StepError
            As `recall`.
        """
        threads, after = next(
            (event.threads, upto) for event, _, upto in self.back_from(tick) if isinstance(event, Steps)
        )
        self.recall(dreamer, after - 1)
        with intra_op_threads(threads):
            return dreamer.step()

    def tick_after(self, step: int, now: int) -> int:
        """Return the tick right after a step of the present run, before the commands given at it.

        Parameters
        ----------
        step : int
            0 … `now`.
        now : int
            The present step.
        """
        at = now
        for event, since, tick in self.back_from(self.tick):
            if isinstance(event, Steps):
                if step and at - step < tick - since:
                    return tick - (at - step)
                at -= tick - since
            elif isinstance(event.command, Reset):
                return tick
        return 0

    def beginning_of(self, tick: int) -> int:
        """Return the tick at which the run that led to a tick began: 0, or right after a `Reset`."""
        back = self.back_from(tick)
        return next((upto for event, _, upto in back if _is_reset(event)), 0)

    def place_at(self, tick: int) -> Place:
        """Return a moment by its tick.

        Raises
        ------
        ValueError
            If there was no such tick.
        """
        if not 0 <= tick <= self.tick:
            raise ValueError(f"there is no moment {tick}; there were {self.tick}")
        began = self.beginning_of(tick)
        back = itertools.takewhile(lambda stretch: stretch[2] > began, self.back_from(tick))
        return Place(tick, sum(upto - since for event, since, upto in back if isinstance(event, Steps)))

    def origin(self, tick: int) -> int:
        """Return the first tick at which all was as it is at this one."""
        while tick and isinstance(event := self._event_before(tick)[0], Return):
            tick = event.to
        return tick

    def is_on_the_way(self, tick: int, to: int) -> bool:
        """Tell whether the run that led to one tick went through another."""
        begin = self.beginning_of(to)
        back = itertools.takewhile(lambda stretch: stretch[2] > begin, self.back_from(to))
        return tick in (begin, to) or any(since <= tick <= upto for _, since, upto in back)

    def back_from(self, tick: int) -> Iterator[Stretch]:
        """Go back through what led to a tick, a stretch at a time."""
        while tick:
            event, since = self._event_before(tick)
            if isinstance(event, Return):
                tick = event.to
                continue
            yield event, since, tick
            tick = since

    def _way_to(self, tick: int, stations: Container[int]) -> tuple[int, list[Stretch]]:
        """Return the nearest of some ticks that led to this one, and the way from there.

        A station may lie amid steps.
        """
        way: list[Stretch] = []
        if tick in stations:
            return tick, way
        for event, since, upto in self.back_from(tick):
            nearest = next((station for station in range(upto, since, -1) if station in stations), since)
            if nearest < upto:
                way.append((event, nearest, upto))
            if nearest in stations:
                return nearest, way[::-1]
        return 0, way[::-1]

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
        other._events, other._ticks = list(self._events), list(self._ticks)
        other.checkpoints = self.checkpoints.copy()
        return other


def _retaken(dreamer: Dreamer, way: list[Stretch]) -> Iterator[tuple[int, Measurement]]:
    """Go a way again; yield after each step, with the tick."""
    for event, since, upto in way:
        with intra_op_threads(event.threads):
            if isinstance(event, Done):
                event.outcome.apply(dreamer)
                continue
            for tick in range(since + 1, upto + 1):
                yield tick, dreamer.step()


def _is_reset(event: Steps | Done) -> bool:
    return isinstance(event, Done) and isinstance(event.command, Reset)


@contextlib.contextmanager
def as_it_was_on_error(dreamer: Dreamer) -> Generator[None]:
    """Leave the dreamer as it is now if what is done to it does not come to its end."""
    now = dreamer.checkpoint()
    try:
        yield
    except BaseException:
        dreamer.become(now)
        raise
