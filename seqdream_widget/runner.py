"""Drives a session on a background thread, and carries what people do to it.

One rule keeps this simple: whatever touches the session while it plays happens on the thread that drives it, between
two steps. Others post a job to the inbox; nobody shares a lock with the gradient.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from seqdream_widget.commands import Command
from seqdream_widget.errors import StepError
from seqdream_widget.session import Session
from seqdream_widget.threads import fastest_thread_count, intra_op_threads

Job = Callable[[], None]
Clock = Callable[[], float]


class Listener(Protocol):
    """Whoever wants to know how the run goes. Called between steps, on the thread that drives."""

    def started(self) -> None:
        """Hear that a run has begun."""
        ...

    def stepped(self) -> None:
        """Hear that a step was taken; be quick."""
        ...

    def stopped(self, reason: str, error: str) -> None:
        """Hear that the run has ended, and why; `error` is empty where all went well."""
        ...


class Runner:
    """Takes the steps of a session on a thread of its own while it plays.

    The thread lives only from `play` to `pause`: a paused widget has none.

    Parameters
    ----------
    session : Session
    listener : Listener
    measure_threads : bool
        Choose torch's intra-op thread count by measurement, before the first step.

    Attributes
    ----------
    lock : threading.RLock
        Whoever publishes what the run does holds it meanwhile.
    """

    def __init__(self, session: Session, listener: Listener, *, measure_threads: bool) -> None:
        self._session = session
        self._listener = listener
        self._measure_threads = measure_threads
        self._inbox: queue.SimpleQueue[Job] = queue.SimpleQueue()
        # The one lock: held to start and stop, to post a job and to publish, never during a step.
        self.lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._remaining: int | None = None
        self._stop_reason: str | None = None
        self._recent: deque[float] = deque(maxlen=64)

    @property
    def playing(self) -> bool:
        """Whether a run is under way."""
        return self._thread is not None

    @property
    def steps_per_second(self) -> float:
        """The pace of the last steps; 0 while paused."""
        recent = list(self._recent)
        span = recent[-1] - recent[0] if len(recent) > 1 else 0.0
        return (len(recent) - 1) / span if span > 0 and self.playing else 0.0

    def play(self, steps: int | None = None) -> None:
        """Start, for `steps` steps or until paused. A run under way gets the new number of steps.

        Raises
        ------
        RuntimeError
            If something else drives the session.
        """
        with self.lock:
            self._remaining = steps
            self._stop_reason = None
            if self._thread is not None:
                return
            self._session.drive(self)
            self._recent.clear()
            self._thread = threading.Thread(target=self._run, name="seqdream", daemon=True)
            self._thread.start()

    def pause(self, *, wait: bool = True, reason: str = "") -> None:
        """Stop after the present step; `wait` until that is done."""
        with self.lock:
            thread = self._thread
            if thread is not None and self._stop_reason is None:
                self._stop_reason = reason
        if wait:
            self.wait(thread)

    def wait(self, thread: threading.Thread | None = None) -> None:
        """Wait until the run has ended; on the run's own thread, return at once."""
        thread = thread or self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def post(self, job: Job) -> None:
        """Run `job` between two steps: on the driving thread while playing, else here and now."""
        if self._thread is threading.current_thread():
            job()
            return
        with self.lock:
            if self._thread is None:
                job()
            else:
                self._inbox.put(job)

    def submit(self, command: Command) -> int:
        """Carry out a command and return the step before which it took effect.

        Raises
        ------
        ValueError
            If it cannot be carried out.
        """
        answer: Future[int] = Future()

        def job() -> None:
            try:
                step = self._session.apply(command)
            except Exception as error:  # noqa: BLE001 - handed to the caller, whatever it is
                answer.set_exception(error)
                return
            self._session.changed()
            self._session.when_kept(lambda: answer.set_result(step))

        self.post(job)
        return answer.result()

    def _run(self) -> None:
        while True:
            error = self._take_steps()
            with self.lock:
                # Whoever pressed play since the loop ended has the last word.
                if not error and self._stop_reason is None and self._remaining != 0:
                    continue
                self._drain()
                self._session.drive(None)
                self._thread = None
                reason = self._stop_reason or ""
            self._listener.stopped(reason, error)
            return

    def _take_steps(self) -> str:
        """Take steps until paused or done; return what went wrong, in words, or nothing."""
        try:
            if self._measure_threads:
                self._session.threads = fastest_thread_count(self._session.measure)
                self._measure_threads = False
            with intra_op_threads(self._session.threads):
                self._listener.started()
                while self._stop_reason is None and self._remaining != 0:
                    self._drain()
                    self._session.step()
                    if self._remaining is not None:
                        self._remaining -= 1
                    self._recent.append(time.monotonic())
                    self._listener.stepped()
        except StepError as problem:
            return str(problem)
        except Exception as problem:  # noqa: BLE001 - said in the widget: a thread has no one else to tell
            return f"{type(problem).__name__}: {problem}"
        return ""

    def _drain(self) -> None:
        while not self._inbox.empty():
            self._inbox.get()()


class Pacer:
    """Decides when the next frame is due.

    At most `rate` a second. The front end reports about twice a second which frame it painted last; where that is
    long ago the pace is halved, down to `slowest`, and doubled again where it keeps up. A silent front end costs
    little and never stalls the run.

    Parameters
    ----------
    rate, slowest : float
        Frames a second.
    clock : callable
        Seconds, monotonic.
    """

    LATE = 1.0  # seconds from sending a frame to hearing that it was painted
    SILENCE = 3.0  # seconds without a report after which nobody seems to be looking

    def __init__(self, rate: float = 30.0, slowest: float = 2.0, clock: Clock = time.monotonic) -> None:
        self._shortest, self._longest = 1 / rate, 1 / slowest
        self._clock = clock
        self._interval = self._shortest
        self._sent: deque[tuple[int, float]] = deque(maxlen=256)
        self._last_frame = -1e9
        self._waiting_since: float | None = None

    @property
    def interval(self) -> float:
        """Seconds between two frames at the present pace."""
        return self._longest if self.silence > self.SILENCE else self._interval

    @property
    def silence(self) -> float:
        """Seconds for which frames were sent and no report came; 0 where none is awaited."""
        since = self._waiting_since  # read once: the front end may be heard on another thread meanwhile
        return 0.0 if since is None else self._clock() - since

    def due(self) -> bool:
        """Tell whether a frame may be sent now."""
        return self._clock() - self._last_frame >= self.interval

    def sent(self, number: int) -> None:
        """Note that frame `number` was sent."""
        now = self._clock()
        # Kept on the beat, so that a step that comes a little late does not slow the rhythm down.
        self._last_frame = max(now - self.interval / 2, self._last_frame + self.interval)
        self._sent.append((number, now))
        if self._waiting_since is None:
            self._waiting_since = now

    def heard(self) -> None:
        """Note that the front end has said something: it is there."""
        self._waiting_since = None

    def reported(self, number: int) -> None:
        """Note that the front end has painted frame `number`."""
        now = self._clock()
        self.heard()
        painted = next((when for sent, when in list(self._sent) if sent >= number), now)
        late = now - painted > self.LATE
        slower, faster = self._interval * 2, self._interval / 2
        self._interval = min(slower, self._longest) if late else max(faster, self._shortest)
