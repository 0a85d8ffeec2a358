"""Plays on the notebook's event loop: for where background threads do not show, or are not."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue

from seqdream_widget.driven import REST, SLICE
from seqdream_widget.drivers.runner import Listener, Run, Runner
from seqdream_widget.session import Session
from seqdream_widget.turn import Job


class LoopRunner(Runner):
    """Takes the steps in a task, a slice of time at a turn, and lets the loop see to messages and other tasks between.

    The loop is the one that runs where the runner is made, or else where `play` is called.
    """

    def __init__(self, session: Session, listener: Listener, *, measure_threads: bool) -> None:
        super().__init__(session, listener, measure_threads=measure_threads)
        self._loop = _loop_here()
        self._handed: queue.SimpleQueue[Job] = queue.SimpleQueue()

    def _launch(self, run: Run) -> None:
        if self._loop is None or not self._loop.is_running():
            self._loop = _loop_here()
        if self._loop is None:
            raise RuntimeError(
                'with driver="asyncio" a widget plays on an event loop, and none runs here; '
                'take steps with w.step(100), or make the widget with driver="thread"'
            )
        # In a context of its own, as a thread has: what the run sends belongs to no cell.
        self._loop.call_soon_threadsafe(self._start, self._loop, run, context=contextvars.Context())

    def hand_over(self, job: Job) -> None:
        """Have `job` done by the loop, where there is one, after those that were handed over before."""
        self._handed.put(job)
        if self._loop is None or self._loop is _loop_here() or not self._loop.is_running():
            self._do_handed()
        else:
            self._loop.call_soon_threadsafe(self._do_handed)

    def _do_handed(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._handed.get_nowait()()

    def _start(self, loop: asyncio.AbstractEventLoop, run: Run) -> None:
        run.means = loop.create_task(self._work(run), name="seqdream")

    async def _work(self, run: Run) -> None:
        try:
            while run is self._run and self._take_steps(run, SLICE):
                await asyncio.sleep(REST)
        except asyncio.CancelledError:
            if run is self._run:
                self.pause(reason="its task was cancelled")
            raise


def _loop_here() -> asyncio.AbstractEventLoop | None:
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None
