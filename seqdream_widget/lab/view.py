"""What every view of the Lab is: a box with a heading, a chart and a line of words, linked to one widget."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

from ipywidgets import VBox

from seqdream_widget.commands import Command
from seqdream_widget.errors import is_a
from seqdream_widget.lab.pulse import pulse_of
from seqdream_widget.lab.untyped import Part, ipywidgets
from seqdream_widget.session import Session
from seqdream_widget.subshells import hear_where_spoken_to
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.widget import SeqDream

STYLE = Path(__file__).parent / "lab.css"


class View(VBox):
    """A view of a widget's session, brought up to date with it. It can stand alone, and as often as one likes.

    A subclass makes its parts in `build`, and says in `draw` how they show what is now. One rule keeps it simple: what
    `draw` writes is written by nobody else, because a run's own thread may call it.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to.
    """

    TITLE: ClassVar[str] = ""

    def __init__(self, widget: SeqDream) -> None:
        if not is_a(widget, SeqDream):
            name = type(self).__name__
            raise TypeError(f"{name}: {type(widget).__name__} is no sd.SeqDream; give the widget that it is to follow")
        self.widget = widget
        self._note = ipywidgets.HTML()
        self._note.add_class("seqdream-lab-note")
        heading = ipywidgets.HTML(f"<h3>{html.escape(self.TITLE)}</h3>")
        style = ipywidgets.HTML(f"<style>{STYLE.read_text()}</style>")
        style.add_class("seqdream-lab-style")
        # Counted by the front end from 0 on: how often it is shown.
        super().__init__(children=(style, heading, *self.build(), self._note), _view_count=0)
        self._as_part: Part = self
        self._as_part.add_class("seqdream-lab")
        self._as_part.observe(self._follow_sight, "_view_count")
        for part in parts_of(self, *_widgets_in(vars(self).values())):
            hear_where_spoken_to(part.comm)
        self._is_closed = False
        pulse_of(widget).add(self)
        self.redraw()

    # ---- for subclasses -----------------------------------------------------------------------------------------

    def build(self) -> Sequence[Part]:
        """Make the charts and controls, from the top.

        Raises
        ------
        NotImplementedError
            Unless a subclass says how.
        """
        raise NotImplementedError

    def draw(self) -> None:
        """Show what is now. Called by whoever has the session's turn.

        Raises
        ------
        NotImplementedError
            Unless a subclass says how.
        """
        raise NotImplementedError

    def tell(self, words: str) -> None:
        """Say something below the chart; it is text, not HTML."""
        told = html.escape(words)
        if told != self._note.value:
            self._note.value = told

    def attempt(self, act: Callable[[], object]) -> None:
        """Do what a person asked for; what is refused is said here."""
        try:
            act()
        except (RuntimeError, ValueError) as error:
            words = str(error)
            self.session.turn.post(lambda: self.tell(words))

    def submit(self, command: Command) -> None:
        """Carry out a command; what is refused is said here."""
        self.attempt(lambda: self.widget.submit(command))

    @property
    def session(self) -> Session:
        """The session that is shown."""
        return self.widget.session

    # ---- when it is drawn ---------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw it soon, between two steps."""
        self.session.turn.post(self.refresh)

    def refresh(self) -> None:
        """Draw it here and now, for whoever has the session's turn; what goes wrong is said, and the run goes on."""
        if self._is_closed:
            return
        try:
            with intra_op_threads(self.session.threads):
                self.draw()
        except Exception as error:  # noqa: BLE001 - a view must not end the run that it shows
            self.tell(f"{type(error).__name__}: {error}")

    @property
    def is_seen(self) -> bool:
        """Whether a front end shows it."""
        return bool(self._as_part._view_count)  # pyright: ignore[reportPrivateUsage] - ipywidgets' only way to tell

    def _follow_sight(self, change: Any) -> None:
        if change["new"] and not change["old"]:
            self.redraw()

    # ---- the end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Free what it holds in the browser and here; the widget stays."""
        # Also called by the base class, when a constructor did not come to its end.
        if getattr(self, "_is_closed", True):
            return
        self._is_closed = True
        pulse_of(self.widget).remove(self)
        close_parts(*_widgets_in(vars(self).values()), *_widgets_in(self._as_part.trait_values().values()))
        super().close()


def close_parts(*parts: Part, but: Iterable[Part] = ()) -> None:
    """Free widgets and all that they are made of, `but` what others need."""
    kept = {id(part) for part in parts_of(*but)}
    for part in list(parts_of(*parts)):
        if id(part) not in kept and not isinstance(part, View):
            part.close()


def parts_of(*parts: Part) -> Iterator[Part]:
    """Go through widgets and all that they are made of: children, marks, scales, layouts. The dream is none of it."""
    seen: set[int] = set()
    waiting = list(parts)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, SeqDream):
            continue
        seen.add(id(one))
        yield one
        waiting.extend(_widgets_in(one.trait_values().values()))


def _widgets_in(values: Iterable[object]) -> Iterator[Part]:
    for value in values:
        if isinstance(value, ipywidgets.Widget):
            yield value
        elif isinstance(value, dict):
            yield from _widgets_in(cast("dict[str, object]", value).values())
        elif isinstance(value, list | tuple):
            yield from _widgets_in(cast("list[object]", value))
