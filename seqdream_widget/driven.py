"""Who drives a session: its steps are taken by one at a time, and everyone else asks that one."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import Protocol

from seqdream_widget.commands import Command


class Driver(Protocol):
    """Whoever takes a session's steps, and carries commands to it between them."""

    def submit(self, command: Command) -> int:
        """Hand the command over and return the step before which it took effect."""
        ...


class Driven(ABC):
    """What can be driven: by whoever calls it, or by a runner."""

    def _be_free(self) -> None:
        """Be driven and watched by nobody."""
        self._lock = threading.RLock()
        self._driver: Driver | None = None
        self._watcher: Callable[[], None] | None = None

    @abstractmethod
    def apply(self, command: Command) -> int:
        """Carry a command out between two steps."""

    def _driver_now(self) -> Driver:
        return self._driver or _Here(self)

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """Let nobody else drive meanwhile, and tell the watcher afterwards."""
        self.drive(_Here(self))
        try:
            yield
        finally:
            self.drive(None)
            self.changed()

    def drive(self, driver: Driver | None) -> None:
        """Hand the session to a runner, or take it back with ``None``.

        Raises
        ------
        RuntimeError
            If another runner drives it.
        """
        with self._lock:
            if driver is not None and self._driver is not None:
                raise RuntimeError("the session is running already; pause it first")
            self._driver = driver

    def watch(self, watcher: Callable[[], None] | None) -> None:
        """Have `watcher` called after each command and each `run`; ``None`` ends that.

        Raises
        ------
        RuntimeError
            If another one watches it.
        """
        with self._lock:
            if watcher is not None and self._watcher is not None:
                raise RuntimeError("a widget shows this session already; go on with that one, or close it first")
            self._watcher = watcher

    def changed(self) -> None:
        """Tell the watcher, if there is one."""
        if self._watcher is not None:
            self._watcher()


class _Here:
    """Carries commands out on the spot."""

    def __init__(self, session: Driven) -> None:
        self._session = session

    def submit(self, command: Command) -> int:
        step = self._session.apply(command)
        self._session.changed()
        return step
