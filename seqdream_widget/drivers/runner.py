"""Takes the steps of a session while it plays. What takes the time, a thread or an event loop, is a subclass's matter.

One rule keeps this simple: whatever touches the session happens under its turn, between two steps, and whoever has
the turn does what others ask for. Nobody shares a lock with the gradient.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import Any, Protocol

from seqdream_widget.errors import StepError
from seqdream_widget.interrupts import deferred
from seqdream_widget.session import Session
from seqdream_widget.threads import fastest_thread_count, intra_op_threads
from seqdream_widget.turn import Job


class Listener(Protocol):
    """Whoever wants to know how the run goes. Called between steps, by whoever has the turn."""

    def started(self) -> None:
        """Hear that a run has begun."""
        ...

    def stepped(self) -> None:
        """Hear that a step was taken; be quick."""
        ...

    def stopped(self, reason: str, error: str) -> None:
        """Hear that the run has ended, and why; `error` is empty where all went well."""
        ...


@dataclasses.dataclass(eq=False)
class Run:
    """One run, from play to pause.

    Attributes
    ----------
    remaining : int, optional
        Steps to take; ``None``: until paused.
    stop : str, optional
        Why it is to end, in words or none; ``None``: it is not.
    begun : bool
        Whether the listener knows of it.
    ended : threading.Event
    recent : deque of float
        When the last steps were taken, in seconds.
    means : object
        The thread or task that takes its steps, where there is one.
    counted : bool
        Whether someone waits for just so many steps.
    """

    remaining: int | None
    stop: str | None = None
    begun: bool = False
    ended: threading.Event = dataclasses.field(default_factory=threading.Event)
    recent: deque[float] = dataclasses.field(default_factory=lambda: deque[float](maxlen=64))
    means: Any = None
    counted: bool = False


class Runner(ABC):
    """Drives a session while it plays.

    All of it may be called from any thread, and from what a listener does between two steps.

    Parameters
    ----------
    session : Session
    listener : Listener
    measure_threads : bool
        Choose torch's intra-op thread count by measurement, before the first step.

    Attributes
    ----------
    lock : threading.RLock
        Held for a moment to start, to stop and to number a message; never during a step, never while waiting.
    """

    def __init__(self, session: Session, listener: Listener, *, measure_threads: bool) -> None:
        self.lock = threading.RLock()
        self._session = session
        self._listener = listener
        self._measure_threads = measure_threads
        self._run: Run | None = None
        self._latest: Run | None = None  # the one under way, or that ended last
        self._closed = False

    @abstractmethod
    def _launch(self, run: Run) -> None:
        """See to it that the run's steps are taken; called with the lock held."""

    def _wait(self, run: Run) -> None:
        run.ended.wait()

    @property
    def playing(self) -> bool:
        """Whether a run is under way."""
        return self._run is not None

    @property
    def endless(self) -> bool:
        """Whether the run goes on until it is paused."""
        run = self._run
        return run is not None and run.remaining is None

    @property
    def steps_per_second(self) -> float:
        """The pace of the last steps; 0 while paused."""
        run = self._run
        recent = [] if run is None else list(run.recent)
        span = recent[-1] - recent[0] if len(recent) > 1 else 0.0
        return (len(recent) - 1) / span if span > 0 else 0.0

    # ---- what people do -----------------------------------------------------------------------------------------

    def play(self, steps: int | None = None) -> None:
        """Start, for `steps` steps or until paused. A run under way gets the new number of steps.

        Raises
        ------
        RuntimeError
            If something else drives the session, or nothing can.
        """
        with self.lock:
            is_new = self._run is None
            run = self._asked_for(steps)
            try:
                if is_new:
                    self._launch(run)
            except BaseException:
                self._run = self._latest = None
                self._session.let_go()
                raise

    def step(self, count: int) -> None:
        """Take `count` steps here and now; a run under way ends after them."""
        if self._session.turn.mine and self.playing:  # asked for between two steps of the run
            self.play(count)
            return
        self.pause()
        with self.lock:
            run = self._asked_for(count)
            run.counted = True
        while self._take_steps(run):
            pass

    def pause(self, *, wait: bool = True, reason: str = "") -> None:
        """Stop after the present step; `wait` until that is done."""
        with self.lock:
            run = self._latest
            if run is None:
                return
            if run.stop is None:
                run.stop = reason
        if not self._session.turn.mine:  # else whoever takes the steps sees it next
            self.post(lambda: self._ends(run))
            if wait:  # also where it is just ending by itself: what it has to say is said then
                self._wait(run)

    def close(self) -> None:
        """Stop, and play no more."""
        with self.lock:
            self._closed = True
        self.pause(reason="closed")

    def post(self, job: Job) -> None:
        """Have `job` done between two steps; see `Turn.post`."""
        self._session.turn.post(job)

    def hand_over(self, job: Job) -> None:
        """Have `job` done where what it sends is shown: on whatever thread this is."""
        job()

    # ---- how a run goes -----------------------------------------------------------------------------------------

    def _asked_for(self, steps: int | None) -> Run:
        """Return the run under way, or else a new one, with so many steps to take."""
        if self._run is None:
            if self._closed:
                raise RuntimeError("this widget is closed; make a new one")
            self._session.claim()
            self._run = self._latest = Run(steps)
        elif not self._run.counted:
            self._run.remaining, self._run.stop = steps, None
        return self._run

    def _take_steps(self, run: Run, seconds: float = math.inf) -> bool:
        """Take steps of a run, for about so many seconds at most; return whether there are more to take."""
        until = time.monotonic() + seconds
        with deferred(answered=True, ignored=True) as interrupt, self._session.turn:
            error = ""
            try:
                self._begin(run)
                with intra_op_threads(self._session.threads):
                    while self._goes_on(run):
                        self._session.step()
                        self._count(run)
                        if interrupt.seen:
                            run.stop = "interrupted"
                        elif time.monotonic() >= until:
                            return True
            except StepError as problem:
                error = str(problem)
            except KeyboardInterrupt:  # the second one: the first waits for the step to end
                run.stop = "interrupted"
            except Exception as problem:  # noqa: BLE001 - said in the widget: a run has no one else to tell
                error = f"{type(problem).__name__}: {problem}"
            return not self._ends(run, error)

    def _begin(self, run: Run) -> None:
        if run.begun or run is not self._run:
            return
        run.begun = True
        if self._measure_threads:
            self._session.threads = fastest_thread_count(self._session.measure)
            self._measure_threads = False
        self._listener.started()

    def _goes_on(self, run: Run) -> bool:
        """Do what others ask for, and tell whether another step is to be taken then."""
        self._session.turn.serve()
        return not self._ends(run)

    def _count(self, run: Run) -> None:
        with self.lock:
            if run.remaining is not None:
                run.remaining -= 1
        run.recent.append(time.monotonic())
        self._listener.stepped()

    def _ends(self, run: Run, error: str = "") -> bool:
        """End the run if it is to end, and tell whether it has. Whoever pressed play before that has the last word."""
        with self.lock:
            if run is not self._run:
                return True
            if not error and run.stop is None and run.remaining != 0:
                return False
            self._run = None
            self._session.let_go()
        try:
            self._listener.stopped(run.stop or "", error)
        finally:
            run.ended.set()
        return True
