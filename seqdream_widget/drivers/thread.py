"""Plays on a background thread: the notebook stays free, also while its cells are busy."""

from __future__ import annotations

import atexit
import threading

from seqdream_widget.drivers.runner import Run, Runner

LAST_STEP = 10.0
"""Seconds for which Python, when it ends, waits for the present step."""


class ThreadRunner(Runner):
    """Takes the steps on a thread of its own, which lives only from `play` to `pause`: a paused widget has none."""

    def _launch(self, run: Run) -> None:
        run.means = threading.Thread(target=self._work, args=(run,), name="seqdream", daemon=True)
        run.means.start()

    def _work(self, run: Run) -> None:
        def end() -> None:
            self.pause(wait=False)
            run.means.join(LAST_STEP)

        # A thread that is still at work in torch when Python ends takes the process down with it.
        atexit.register(end)
        try:
            while self._take_steps(run):
                pass
        finally:
            atexit.unregister(end)

    def _wait(self, run: Run) -> None:
        super()._wait(run)
        if run.means is not None:
            run.means.join()
