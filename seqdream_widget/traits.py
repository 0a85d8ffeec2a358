"""What a notebook can observe and link of a widget, and how that follows a run."""

from __future__ import annotations

import threading
import time
from typing import Any

import traitlets

from seqdream_widget.drivers import Runner
from seqdream_widget.front import FrontEnd
from seqdream_widget.session import Session

TRAIT_RATE = 2.0  # how often a second the traits follow a run


class Traits(FrontEnd):
    """The traits of a widget that shows a session; whoever makes one sets `session` and `_runner` before.

    Traits are not thread-safe: they are only published by whoever has the session's turn.
    """

    session: Session
    _runner: Runner

    playing = traitlets.Bool(False).tag(sync=True)
    step_count = traitlets.Int(0, read_only=True).tag(sync=True)
    steps_per_second = traitlets.Float(0.0, read_only=True).tag(sync=True)
    score = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    probabilities = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    status = traitlets.Unicode("", read_only=True).tag(sync=True)
    error = traitlets.Unicode("", read_only=True).tag(sync=True)
    frozen = traitlets.List(traitlets.Any(), read_only=True).tag(sync=True)
    _saved = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self) -> None:
        self._traits_due = 0.0
        self._publisher = 0
        super().__init__()

    def _follow_run(self) -> None:
        """Bring the traits up to date if it is time to."""
        if time.monotonic() >= self._traits_due:
            self._publish_traits()

    def _publish_traits(self, **changed: Any) -> None:
        """Bring the traits up to date, all of them in one message."""
        self._traits_due = time.monotonic() + 1 / TRAIT_RATE
        history = self.session.history
        latest = history.latest_probabilities()
        values: dict[str, Any] = {
            "playing": self._runner.playing,
            "step_count": self.session.step_count,
            "steps_per_second": self._runner.steps_per_second,
            "score": history.latest_score(),
            "probabilities": [] if latest is None else latest.tolist(),
            "frozen": self.session.frozen,
            **({"error": self.session.unsaved} if self.session.unsaved else {}),
            **changed,
        }
        with self.hold_sync():
            self._publisher = threading.get_ident()
            try:
                self.playing = values.pop("playing")
            finally:
                self._publisher = 0
            for name, value in values.items():
                self.set_trait(name, value)

    @traitlets.observe("playing")
    def _follow_playing(self, change: traitlets.Bunch) -> None:
        """Let people play and pause by setting the trait, or by linking it."""
        if self._publisher == threading.get_ident():
            return
        if not change["new"]:
            self._runner.pause(wait=False)
            return
        try:
            self._runner.play()
        except RuntimeError:
            self._runner.post(self._publish_traits)
            raise
