"""The way back: a session returns to any moment of its past, and tells what a person has changed."""

from __future__ import annotations

import contextlib
import copy
import weakref
from collections import deque
from typing import Self

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.chapters import Chapter, InForce, chapters
from seqdream_widget.comparison import Comparison, compared
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.driven import Driven
from seqdream_widget.edits import tick_before_edit
from seqdream_widget.events import Remark, Way
from seqdream_widget.history import History, Trajectory
from seqdream_widget.interrupts import books, deferred
from seqdream_widget.parameters import whole
from seqdream_widget.readings import Readings
from seqdream_widget.record import Stretch
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.timeline import Moment, Place, Run, Timeline

HISTORIES = 32
"""Of runs that were left, kept for whoever comes back; what an older one measured is measured again."""


class Past(Readings, Driven):
    """What has a past.

    Attributes
    ----------
    threads : int
        Intra-op threads of torch while it runs.
    run_id : int
        Another one whenever the steps are not those that were told before.
    """

    threads: int
    run_id: int
    _timeline: Timeline
    _left: deque[History]
    _edit_seen: tuple[int, Float[Tensor, "batch channel time"]] | None
    _ahead: tuple[int, Trajectory]  # when the latest undo but for those taken back began, and its sequences: for a redo

    def sequence_at(self, step: int) -> Float[Tensor, "batch channel time"]:
        """Return the sequence right after `step`, before commands given at it; step 0 is the start.

        What is no longer kept, to stay within memory, is computed again from the nearest checkpoint: the same bits.

        Raises
        ------
        ValueError
            If that step was not taken.
        """
        step = whole("step", step, 0, self.step_count)
        with contextlib.suppress(LookupError):
            return torch.tensor(self._run.trajectory.at(step))
        return self.turn.ask(lambda: self._sequence_again(step))

    def _sequence_again(self, step: int) -> Float[Tensor, "batch channel time"]:
        return self.at(self.place_after(step))

    def sequences(self, most: int) -> Stretch:
        """Return sequences of this run from the start on: at most so many, spread evenly over its steps.

        Where most of them are no longer kept, such as after a return to a run that was left, its steps are taken again.
        """
        return self.turn.ask(lambda: self._sequences(max(1, most)))

    def _sequences(self, most: int) -> Stretch:
        found = self.trajectory.between(0, self.step_count, most)
        every = -(-(self.step_count + 1) // most)
        if 2 * every * (len(found) + 1) > self.step_count:
            return found
        kept = {0: self.start}
        again = self._timeline.retrace(self._dreamer.twin(), self._timeline.tick)
        for step, measurement in enumerate(again, start=1):
            if step % every == 0:
                kept[step] = measurement.after.float().cpu()
        return Stretch((), np.array([*kept]), torch.stack([*kept.values()]).numpy())

    def chapters(self) -> tuple[InForce, list[Chapter]]:
        """Return what was in force at the beginning of this run, and what was done since; see `chapters`."""
        return self.turn.ask(lambda: chapters(self._dreamer.twin(), self._timeline))

    def undo(self) -> None:
        """Take the latest command back: all is as it was just before it, the steps since included.

        Moves that share a `gesture` are taken back as one, and a `Reset`, a `restore` as commands are. Sequence,
        optimizer, random streams, history and all settings are restored to the bit.

        Raises
        ------
        ValueError
            If there is nothing to undo.
        RuntimeError
            If the session is playing in a widget: pause it first.

        Examples
        --------
        >>> import seqdream_widget as sd
        >>> demo = sd.load_demo("forda")
        >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
        >>> session.run(3)
        >>> session.submit(sd.commands.Freeze(100, 160))
        4
        >>> session.run(2)
        >>> session.undo()
        >>> session.step_count, session.frozen
        (3, [])
        >>> session.redo()
        >>> session.step_count, session.frozen
        (5, [[100, 160, None, 0]])
        """
        self._go("undo")

    def redo(self) -> None:
        """Return to where the latest `undo` left; a step or a command since then has made that impossible.

        Raises
        ------
        ValueError
            If there is nothing to redo.
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        self._go("redo")

    def restore(self, step: int) -> None:
        """Go back to right after a step of this run, before the commands given at it; `undo` takes this back.

        Parameters
        ----------
        step : int
            0 … `step_count`; 0 is the start.

        Raises
        ------
        ValueError
            If there is no such step.
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        self._go("restore", step)

    def return_to(self, place: Place) -> None:
        """Go to a place of this session that was kept, in whichever of its runs; `undo` takes this back.

        Parameters
        ----------
        place : Place
            As `place` or `place_after` gave it, of this session or of one that it branched off after that.

        Raises
        ------
        ValueError
            If there is no such place.
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        self._go("return", place=place)

    @property
    def place(self) -> Place:
        """The present moment, to `return_to` it. For whoever has the session's turn."""
        return Place(self._timeline.tick, self._dreamer.step_count, weakref.ref(self._run.history))

    def place_after(self, step: int) -> Place:
        """Return the moment right after a step of this run. For whoever has the session's turn.

        Raises
        ------
        ValueError
            If there is no such step.
        """
        now = self.place
        return self._timeline.place_of("restore", now, whole("step", step, 0, now.step))

    @property
    def before_edit(self) -> Float[Tensor, "batch channel time"] | None:
        """The sequence just before the latest edit, or ``None``. For whoever has the session's turn."""
        tick = tick_before_edit(self._timeline)
        if tick is None:
            return None
        if self._edit_seen is None or self._edit_seen[0] != tick:
            self._edit_seen = tick, self.at(Place(tick, 0))
        return self._edit_seen[1]

    def then(self, place: Place) -> Dreamer:
        """Return a dreamer as it was at a place of this session. For whoever has the session's turn."""
        then = self._dreamer.twin()
        self._timeline.recall(then, place.tick)
        return then

    def at(self, place: Place) -> Float[Tensor, "batch channel time"]:
        """Return the sequence at a place of this session. For whoever has the session's turn."""
        return self.then(place).sequence().float().cpu()

    def branch(self) -> Self:
        """Return a session that continues independently from here, with all of this one's past.

        Raises
        ------
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        with deferred(), self._alone():
            self._timeline.remark(Remark("branch", ""))
            other = copy.copy(self)
            other._be_free()
            other._dreamer = self._dreamer.twin()
            other._timeline = self._timeline.branch()
            other._run = self._run.upto(self.step_count)
            other._left = deque([*self._left, self._run.history], self._left.maxlen)
            return other

    def compare_unsteered(self) -> Comparison:
        """Compare with what the gradient alone comes to: the start of this run, seed and first settings, as many steps.

        Nothing of the session changes.

        Returns
        -------
        Comparison
            Both sequences, how they score in the objective that is climbed now, and the difference.

        Raises
        ------
        StepError
            If a step without the commands goes wrong.
        RuntimeError
            If the session is playing in a widget: pause it first.

        Examples
        --------
        >>> import seqdream_widget as sd
        >>> demo = sd.load_demo("forda")
        >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=3)
        >>> session.run(3)
        >>> session.compare_unsteered().difference.abs().max()
        tensor(0.)
        """
        with deferred() as interrupt, self._alone(), intra_op_threads(self.threads):
            alone = self._dreamer.twin()
            alone.become(self._timeline.first)
            alone.begin_at(self._dreamer.start)
            for _ in range(self.step_count):
                alone.step()
                if interrupt.seen:
                    break
            return compared(self._dreamer, alone)

    def moment(self) -> Moment:
        """Return all that is so now."""
        return Moment(self._timeline.tick, self._timeline.cursor, self._dreamer.checkpoint(), self._run)

    def take_up(self, moment: Moment) -> None:
        """Go on from a moment of this session that was kept elsewhere; its timeline has come there already."""
        self._dreamer.become(moment.checkpoint)
        self._timeline.keep(moment.checkpoint)
        self._run = moment.run
        self._publish(anew=True)

    @property
    def timeline(self) -> Timeline:
        """All that happened; see `Timeline`."""
        return self._timeline

    def _go(self, how: Way, step: int = 0, place: Place | None = None) -> None:
        with deferred(), self._alone():
            left = self.place
            step = whole("step", step, 0, left.step)
            if place is None:
                place = self._timeline.place_of(how, left, step)
            elif self._timeline.place_at(place.tick).step != place.step:
                raise ValueError(f"the moment {place.tick} is not after step {place.step}: it is of another session")
            if not self._timeline.redoable:
                self._ahead = left.tick, self._run.trajectory
            run = self._run_of(place)
            with books:
                self._timeline.returned(how, place, left)
                self._begin_run(run)
                self._step_count = place.step
                self._publish()

    def _run_of(self, place: Place) -> Run:
        """Make the dreamer what it was at a place, and return the run that led there."""
        if self._timeline.is_on_the_way(place.tick, self._timeline.tick):
            self._timeline.recall(self._dreamer, place.tick)
            return Run(self._history_at(place, self._run.history), self._run.trajectory.upto(place.step))
        tick, ahead = self._ahead
        trajectory = ahead.upto(place.step) if self._timeline.is_on_the_way(place.tick, tick) else Trajectory()
        history = None if place.history is None else place.history()
        if history is not None:
            self._timeline.recall(self._dreamer, place.tick)
            return Run(self._history_at(place, history), trajectory)
        history = self._new_history()
        for measurement in self._timeline.retrace(self._dreamer, place.tick):
            history.append(measurement)
        return Run(history, trajectory)

    def _history_at(self, place: Place, history: History) -> History:
        """Return a history as it was at a place: where it is thinned, the latest row of then is measured again."""
        if history.tells(place.step):
            return history.upto(place.step)
        shorter = history.upto(place.step - 1)
        shorter.append(self._timeline.last_step(self._dreamer.twin(), place.tick))
        return shorter

    def _begin_run(self, run: Run) -> None:
        """Go on with another run; of those that were left, the latest histories are kept, and no sequences."""
        self.run_id += 1
        self._left.append(self._run.history)
        self._run, self._gradient = run, None

    def _new_history(self) -> History:
        return History(len(self._dreamer.start), len(self.scene.classes))

    def _publish(self, x: Float[Tensor, "batch channel time"] | None = None, *, anew: bool = False) -> None:
        """Take the snapshot that readers on other threads see: the step's number last, when all of it is there.

        `x` is a copy of the sequence now, where there is one already; `anew` begins a run.
        """
        self._now = (self._dreamer.sequence() if x is None else x).to("cpu", torch.float32)
        if anew or self._dreamer.step_count != self._step_count:
            self._run.trajectory.append(self._dreamer.step_count, self._now.numpy())
            self._step_count = self._dreamer.step_count
