"""Plays on a background thread: the notebook stays free, also while its cells are busy."""

from __future__ import annotations

from seqdream_widget.drivers.runner import Run, Runner
from seqdream_widget.threads import started


class ThreadRunner(Runner):
    """Takes the steps on a thread of its own, which lives only from `play` to `pause`: a paused widget has none."""

    def _launch(self, run: Run) -> None:
        def work() -> None:
            while self._take_steps(run):
                pass

        run.means = started(work, stop=lambda: self.pause(wait=False), name="seqdream")

    def _wait(self, run: Run) -> None:
        super()._wait(run)
        if run.means is not None:
            run.means.join()
