"""Whose turn it is: one thread at a time touches a session, and does meanwhile what the others ask for."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from seqdream_widget.interrupts import deferred

T = TypeVar("T")
Job = Callable[[], object]


class Turn:
    """A lock with an inbox; ``with turn:`` takes it.

    A job waits for no lock. It goes into the inbox, and whoever has the turn does it between two steps; where nobody
    has the turn, whoever brought it takes it and does it there and then. So no job is lost, none is done twice, those
    of one thread are done in order, and a thread that cannot go on, such as that of a busy cell, holds up nobody.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner: int | None = None
        self._depth = 0
        self._inbox: queue.SimpleQueue[Job] = queue.SimpleQueue()

    @property
    def mine(self) -> bool:
        """Whether the calling thread has the turn."""
        return self._owner == threading.get_ident()

    def __enter__(self) -> None:
        self._lock.acquire()
        self._entered()

    def __exit__(self, *_: object) -> None:
        self._left()
        if not self.mine:
            self._serve_if_free()

    def serve(self) -> None:
        """Do what was asked for until now. For whoever has the turn, between two steps."""
        count = self._inbox.qsize()
        if not count:  # in nearly every step
            return
        with contextlib.suppress(queue.Empty):
            for _ in range(count):
                self._inbox.get_nowait()()

    def post(self, job: Job) -> None:
        """Have `job` done between two steps: here and now, or soon by whoever has the turn."""
        if self.mine:
            job()
            return
        with deferred():
            self._inbox.put(job)
            self._serve_if_free()

    def ask(self, job: Callable[[], T]) -> T:
        """Have `job` done between two steps, and return or raise what it does."""
        answer: Future[T] = Future()

        def answered() -> None:
            try:
                answer.set_result(job())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked, whatever it is
                answer.set_exception(error)
            except BaseException:
                answer.cancel()  # whoever asked must not wait for ever
                raise

        self.post(answered)
        return answer.result()

    def _serve_if_free(self) -> None:
        # Looked at again after each time: a job may have come in just before the turn was given back.
        while not self._inbox.empty() and self._lock.acquire(blocking=False):
            self._entered()
            try:
                self.serve()
            finally:
                self._left()

    def _entered(self) -> None:
        self._owner = threading.get_ident()
        self._depth += 1

    def _left(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
        self._lock.release()
