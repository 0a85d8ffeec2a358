"""The way back: a session returns to any moment of its past, and tells what a person has changed."""

from __future__ import annotations

import copy
import dataclasses
from typing import Literal, Self

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.comparison import Comparison, compared
from seqdream_widget.driven import Driven
from seqdream_widget.interrupts import deferred
from seqdream_widget.parameters import whole
from seqdream_widget.readings import Readings
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.timeline import Deed, Place, Remark, Return, Timeline


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
        with self._alone():
            if not self._timeline.undoable:
                raise ValueError("there is nothing to undo: no command was given")
            now, deed = self._place(), self._timeline.undoable[-1]
            self._return_to(deed.before, "undo")
            self._timeline.undoable.pop()
            self._timeline.redoable.append((now, deed))

    def redo(self) -> None:
        """Return to where the latest `undo` left; a step or a command since then has made that impossible.

        Raises
        ------
        ValueError
            If there is nothing to redo.
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        with self._alone():
            if not self._timeline.redoable:
                raise ValueError("there is nothing to redo: nothing was undone, or a step or a command came since")
            place, deed = self._timeline.redoable[-1]
            self._return_to(place, "redo")
            self._timeline.redoable.pop()
            self._timeline.undoable.append(deed)

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
        with self._alone():
            step = whole("step", step, 0, self.step_count)
            now = self._place()
            tick = self._timeline.tick_after(step, now.step)
            self._return_to(dataclasses.replace(now, tick=tick, step=step), "restore")
            self._timeline.redoable.clear()
            self._timeline.undoable.append(Deed(now))

    def branch(self) -> Self:
        """Return a session that continues independently from here, with all of this one's past.

        Raises
        ------
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        with self._alone():
            self._timeline.remark(Remark("branch", ""))
            other = copy.copy(self)
            other._be_free()
            other._dreamer = self._dreamer.twin()
            other._timeline = self._timeline.branch()
            other._history = self._history.upto(self.step_count)
            other._trajectory = self._trajectory.upto(self.step_count)
            return other

    def compare_unsteered(self) -> Comparison:
        """Compare with what the gradient alone comes to: the same start, seed and first settings, as many steps.

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
        with self._alone(), intra_op_threads(self.threads):
            alone = self._dreamer.twin()
            alone.become(self._timeline.first)
            for _ in range(self.step_count):
                alone.step()
            return compared(self._dreamer, alone)

    @property
    def timeline(self) -> Timeline:
        """All that happened; see `Timeline`."""
        return self._timeline

    def _place(self) -> Place:
        return Place(self._timeline.tick, self._dreamer.step_count, self._history, self._trajectory)

    def _return_to(self, place: Place, how: Literal["undo", "redo", "restore"]) -> None:
        with self.turn, deferred():
            self._timeline.recall(self._dreamer, place.tick)
            self._timeline.returned(Return(place.tick, how, place.step))
            self.run_id += 1
            self._history = place.history.upto(place.step)
            self._trajectory = place.trajectory.upto(place.step)
            self._step_count = place.step
            self._publish()

    def _publish(self, x: Float[Tensor, "batch channel time"] | None = None) -> None:
        """Take the snapshot that readers on other threads see: the step's number last, when all of it is there.

        `x` is a copy of the sequence now, where there is one already.
        """
        self._now = (self._dreamer.sequence() if x is None else x).to("cpu", torch.float32)
        if self._dreamer.step_count != self._step_count:
            self._trajectory.append(self._dreamer.step_count, self._now.numpy())
            self._step_count = self._dreamer.step_count
