"""Whether the dream is plausible, while it goes: judged beside the run, and never in its way."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections import deque
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.judge import Plausibility, judge_of
from seqdream_widget.session import Session
from seqdream_widget.threads import started

SHORTEST, LONGEST = 0.25, 2.0
"""Seconds from one verdict to the next, at least, and at most while it goes; at rest the shortest always does."""
SHARE = 0.0125
"""Of one core that judging takes, as far as that allows, while it goes."""

Target = tuple[int, ...]
Sequence = Float[Tensor, "batch channel time"]


@dataclasses.dataclass(frozen=True, eq=False)
class Verdict:
    """What is said of the first dream at a step.

    Attributes
    ----------
    step : int
    judged : Plausibility, optional
        ``None`` where it cannot be judged.
    reason : str
        The verdict in words, or why there is none.
    """

    step: int
    judged: Plausibility | None
    reason: str


def judged(session: Session, sequence: Sequence, target: Target) -> Plausibility:
    """Judge the first dream of a batch by the session's model and data.

    Raises
    ------
    ValueError
        If it cannot be judged; the message says why.
    """
    if session.data is None:
        raise ValueError("not judged: this run has no real data to compare with; give data=")
    return judge_of(session.scene.probe, session.data).judge(sequence[:1], target)[0]


class Verdicts:
    """Judges the newest sequence of a session on a thread of its own, which lives only while there is something to do.

    A model that leaves something behind between two calls is called under the session's turn instead, between two
    steps. Nothing of the run changes: a judge draws from no random stream but its own.

    Parameters
    ----------
    session : Session
    tell : callable
        Is given each `Verdict` on the present sequence; may be called on any thread.
    """

    def __init__(self, session: Session, tell: Callable[[Verdict], None]) -> None:
        self._session = session
        self._tell = tell
        self._changed = threading.Condition()  # what is to be done, or when
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._is_wanted = False
        self._others: deque[Callable[[], None]] = deque()
        self._begun, self._cost = -math.inf, 0.0  # of the last judgement, in seconds
        self._last: tuple[Sequence, Target, Verdict] | None = None

    def want(self, *, anew: bool = False) -> None:
        """Have the sequence of now judged, soon; be quick. `anew`: tell it also if it was told before."""
        with self._changed:
            if anew:
                self._last = None
            self._is_wanted = True
            self._start()
            if not self._session.is_driven:  # while it goes there is time: nobody is woken for every frame
                self._changed.notify()

    def judge(self, sequence: Sequence, target: Target, then: Callable[[Plausibility | None], None]) -> None:
        """Have another sequence judged as well, and `then` called with what comes of it."""

        def job() -> None:
            then(self._judged(0, sequence, target).judged)

        with self._changed:
            self._others.append(job)
            self._start()
            self._changed.notify()

    def close(self) -> None:
        """Judge no more, and wait until what is under way is done."""
        self._stop()
        thread = self._thread
        # Whoever has the turn does not wait for one who may be waiting for it.
        if thread is not None and thread is not threading.current_thread() and not self._session.turn.mine:
            thread.join()

    def _start(self) -> None:
        if self._thread is None and not self._is_closed:
            self._thread = started(self._work, stop=self._stop, name="seqdream-verdict")

    def _stop(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()

    def _next(self) -> Callable[[], None] | None:
        """Return what is to be done next, when its time has come; ``None`` where there is nothing."""
        with self._changed:
            while not self._others and not self._is_closed and (rest := self._due() - time.monotonic()) > 0:
                self._changed.wait(rest)
            if self._is_closed or not (self._others or self._is_wanted):
                self._thread = None
                return None
            if self._others:
                return self._others.popleft()
            self._is_wanted = False
            return self._judge_newest

    def _due(self) -> float:
        rest = min(max(SHORTEST, self._cost / SHARE), LONGEST) if self._session.is_driven else SHORTEST
        return self._begun + rest

    def _judge_newest(self) -> None:
        session = self._session
        # What was last published: nobody waits for it. At rest these belong together.
        step, sequence, target = session.step_count, session.sequence, session.objective.targets
        last = self._last
        if last is not None and last[1] == target and torch.equal(last[0], sequence):
            return
        self._begun = time.monotonic()
        verdict = self._judged(step, sequence, target)
        self._cost = time.monotonic() - self._begun
        if not self._is_closed:
            self._last = sequence, target, verdict
            self._tell(verdict)

    def _judged(self, step: int, sequence: Sequence, target: Target) -> Verdict:
        session = self._session
        try:
            if session.scene.probe.reentrant or session.data is None:
                found = judged(session, sequence, target)
            else:
                found = session.turn.ask(lambda: judged(session, sequence, target))
        except Exception as error:  # noqa: BLE001 - a verdict more or less must not stop anything
            return Verdict(step, None, str(error))
        return Verdict(step, found, found.reason)
