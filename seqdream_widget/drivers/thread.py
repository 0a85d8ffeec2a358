"""Plays on a background thread: the notebook stays free, also while its cells are busy."""

from __future__ import annotations

import threading

from seqdream_widget.drivers.runner import Run, Runner


class ThreadRunner(Runner):
    """Takes the steps on a thread of its own, which lives only from `play` to `pause`: a paused widget has none."""

    def _launch(self, run: Run) -> None:
        run.means = threading.Thread(target=self._work, args=(run,), name="seqdream", daemon=True)
        run.means.start()

    def _work(self, run: Run) -> None:
        while self._take_steps(run):
            pass

    def _wait(self, run: Run) -> None:
        super()._wait(run)
        if run.means is not None:
            run.means.join()
