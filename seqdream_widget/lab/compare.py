"""Several dreams side by side: snapshots, branches, the same without the hand, and where they differ."""

from __future__ import annotations

import dataclasses
import functools
import html
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from seqdream_widget.comparison import Comparison
from seqdream_widget.errors import ShapeError
from seqdream_widget.headless import Result
from seqdream_widget.lab.channels import channel_menu
from seqdream_widget.lab.controls import button, row, words
from seqdream_widget.lab.figures import DREAM, REAL, axis, figure, fit, linear, update
from seqdream_widget.lab.sketch import thinned
from seqdream_widget.lab.untyped import Part, bqplot, ipywidgets
from seqdream_widget.lab.view import View, close_parts
from seqdream_widget.session import Session
from seqdream_widget.starts import sequences_of
from seqdream_widget.widget import SeqDream

MOST = 8
"""Dreams beside the one that is followed."""
POINTS = 600
MARK = "var(--sdl-warn)"

Dream = SeqDream | Session | Result | ArrayLike | Tensor


@dataclasses.dataclass(eq=False)
class Entry:
    """One of the dreams.

    Attributes
    ----------
    label : str
    now : callable
        Returns its sequence: of a session, as it is by now.
    title, line, gap, upright, part : widgets
        Its heading, its curve, what lies between it and the followed dream, its axis, and all of it.
    """

    label: str
    now: Callable[[], Float[Tensor, "channel time"]]
    title: Part
    line: Part
    gap: Part
    upright: Part
    part: Part


class Compare(View):
    """The dream that is followed beside others; what lies between the curves is marked.

    Parameters
    ----------
    widget : SeqDream
        The dream that is followed, and from which snapshots and branches are taken.
    **dreams : SeqDream, Session, Result, array or Tensor
        Others to begin with, by their labels.

    Attributes
    ----------
    branches : dict of str to Session
        Those that were branched off here: each goes on independently, by ``branches[label].run(100)``.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.Compare(w, real=demo.data.x[3])
    >>> view.snapshot()
    >>> view.labels
    ('real', 'step 0')
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Compare"

    def __init__(self, widget: SeqDream, **dreams: Dream) -> None:
        self.branches: dict[str, Session] = {}
        self._entries: tuple[Entry, ...] = ()
        super().__init__(widget)
        for label, dream in dreams.items():
            self.add(dream, label)

    def build(self) -> Sequence[Part]:
        """Make the buttons, and a place for the charts."""
        self._menu = channel_menu(self.session, self.redraw)
        self._scales = {"x": linear(0.0, float(self.session.scene.shape[1] - 1)), "y": linear()}
        self._grid = ipywidgets.GridBox()
        self._grid.layout.grid_template_columns = "repeat(auto-fit, minmax(min(100%, 340px), 1fr))"
        return self._controls(), self._grid

    def _controls(self) -> Part:
        actions: dict[str, tuple[str, Callable[[], None]]] = {
            "Snapshot": ("keep the dream as it is now", self.snapshot),
            "Branch": ("keep it, and go on with it independently in Python", self.branch),
            "Without the hand": ("the same start, seed and first settings without commands", self.unsteered),
            "Clear": ("show none but the dream", self.clear),
        }
        buttons = [
            button(description, tooltip, functools.partial(self.attempt, act))
            for description, (tooltip, act) in actions.items()
        ]
        return row(*buttons, self._menu)

    # ---- what people do -----------------------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the others."""
        return tuple(entry.label for entry in self._entries)

    def add(self, dream: Dream, label: str = "") -> None:
        """Show another dream; that of a session or widget is shown as it goes on.

        Parameters
        ----------
        dream : SeqDream, Session, Result, array or Tensor
            Of several dreams the first is shown.
        label : str
            A number is added where there is one such already.

        Raises
        ------
        ShapeError
            If its sequences have another shape.
        ValueError
            If it is no dream, or there are eight already.
        """
        if len(self._entries) == MOST:
            raise ValueError(f"{MOST} dreams are compared already; clear them first")
        now = _reader(dream)
        if now().shape != self.session.scene.shape:
            raise ShapeError(
                f"Compare: the dream has shape {tuple(now().shape)} and the followed one {self.session.scene.shape} "
                f"(channel, time); give one of that shape"
            )
        entry = self._entry(self._free(label or type(dream).__name__.lower()), now)
        # Replaced, never changed: a run's own thread may be drawing them.
        self._entries = (*self._entries, entry)
        self._grid.children = tuple(entry.part for entry in self._entries)
        self.redraw()

    def snapshot(self) -> None:
        """Keep the dream as it is now."""
        self.add(self.session.sequence, f"step {self.session.step_count:,}")

    def branch(self) -> None:
        """Branch off: the dream stays here as it is, and goes on by itself in `branches`.

        Raises
        ------
        RuntimeError
            If it plays: pause it first.
        """
        branch = self.session.branch()
        label = self._free(f"branch at step {self.session.step_count:,}")
        self.add(branch, label)
        self.branches[label] = branch

    def unsteered(self) -> None:
        """Show what the gradient alone comes to: see `Session.compare_unsteered`.

        Raises
        ------
        RuntimeError
            If it plays: pause it first.
        """
        found: Comparison = self.session.compare_unsteered()
        self.add(found.unsteered, f"without the hand, step {found.steps:,}")

    def clear(self) -> None:
        """Show no other dreams."""
        gone, self._entries = self._entries, ()
        self.branches.clear()
        self._grid.children = ()
        close_parts(*(entry.part for entry in gone), but=self._scales.values())
        self.redraw()

    def _free(self, label: str) -> str:
        taken, count, free = set(self.labels), 1, label
        while free in taken:
            count += 1
            free = f"{label} ({count})"
        return free

    def _entry(self, label: str, now: Callable[[], Tensor]) -> Entry:
        title = words(html.escape(label))
        line = bqplot.Lines(x=[0.0, 1.0], y=[0.0, 0.0], scales=self._scales, colors=[DREAM], stroke_width=1.25)
        gap = bqplot.Lines(
            x=[0.0, 1.0],
            y=np.zeros((2, 2)),
            scales=self._scales,
            fill="between",
            fill_colors=[MARK],
            fill_opacities=[0.6],
            colors=[REAL, MARK],
            opacities=[0.7, 0.0],
            stroke_width=1.0,
        )
        upright = axis(self._scales["y"], vertical=True)
        chart = figure([gap, line], [axis(self._scales["x"]), upright], 150, left=40, margin={"bottom": 24})
        return Entry(label, now, title, line, gap, upright, ipywidgets.VBox([title, chart]))

    # ---- what is now --------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw each beside the dream as it is now."""
        if not self._entries:
            self.tell("Take a snapshot, or branch off, to compare the dream with what it was.")
            return
        channel = int(self._menu.value)
        mine = self.session.sequence[0]
        others = [(entry, entry.now()) for entry in self._entries]
        every = torch.stack([mine, *(theirs for _, theirs in others)])[:, channel]
        for entry, theirs in others:
            fit(entry.upright, float(every.min()), float(every.max()))
            at, curves = thinned(torch.stack([mine[channel], theirs[channel]]).numpy(), POINTS)
            update(entry.line, x=at, y=curves[1])
            update(entry.gap, x=at, y=curves)
            size = float((theirs - mine).square().mean().sqrt())
            most = int((theirs - mine)[channel].abs().argmax())
            title = f"<b>{html.escape(entry.label)}</b> · RMS difference {size:.3g}, most at {most}"
            if title != entry.title.value:
                entry.title.value = title
        self.tell("Blue: the other dream. Grey: this one, as it is now. Orange: where they differ.")


def _reader(dream: Any) -> Callable[[], Float[Tensor, "channel time"]]:
    """Return what tells a dream's sequence."""
    if isinstance(dream, SeqDream | Session):
        return lambda: dream.sequence[0]
    given = dream.sequence if isinstance(dream, Result) else dream
    sequence = sequences_of("the dream", given, "a SeqDream, a Session, a result, an array or a tensor")[0]
    return lambda: sequence
