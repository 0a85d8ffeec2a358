"""Who drives a session: its steps are taken by one at a time, and everyone else asks that one."""

from __future__ import annotations

import contextlib
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator

from seqdream_widget.autosave import Autosave
from seqdream_widget.commands import Command
from seqdream_widget.turn import Turn

SLICE = 0.02
"""Seconds for which steps are taken on an event loop before it sees to the rest."""
REST = 0.001
"""Seconds that it has for that; time enough for a message to go through all hands."""


class Driven(ABC):
    """What can be driven: by whoever calls it, or by a runner.

    Attributes
    ----------
    turn : Turn
        Whoever takes a step or carries out a command has it meanwhile.
    """

    turn: Turn

    def _be_free(self) -> None:
        """Be driven and watched by nobody."""
        self.turn = Turn()
        self._claim = threading.Lock()
        self._watcher: Callable[[], None] | None = None
        self._autosave: Autosave | None = None
        self._is_unsaved_told = False

    @abstractmethod
    def apply(self, command: Command) -> int:
        """Carry a command out between two steps."""

    def _carry_out(self, command: Command) -> int:
        """Have a command carried out between two steps, and return the step before which it took effect."""

        def job() -> int:
            step = self.apply(command)
            self.changed()
            return step

        step = self.turn.ask(job)
        self.settle()
        return step

    def claim(self) -> None:
        """Drive it from now on, until `let_go`.

        Raises
        ------
        RuntimeError
            If it is driven already.
        """
        if not self._claim.acquire(blocking=False):
            raise RuntimeError("the session is running already; pause it first")

    def let_go(self) -> None:
        """Drive it no longer."""
        self._claim.release()
        if self._autosave is not None:
            self._autosave.wake()

    @contextlib.contextmanager
    def _driving(self) -> Generator[None]:
        """Let nobody else drive meanwhile, and tell the watcher afterwards."""
        self.claim()
        try:
            yield
        finally:
            with self.turn:
                self.let_go()
                self.changed()
            self.settle()

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """Drive it in one go."""
        with self._driving(), self.turn:
            yield

    @property
    def is_driven(self) -> bool:
        """Whether somebody drives it."""
        return self._claim.locked()

    # ---- what is on disk ----------------------------------------------------------------------------------------

    @property
    def unsaved(self) -> str:
        """Why autosave has stopped, in words; empty where all is well."""
        return "" if self._autosave is None else self._autosave.failure

    def when_kept(self, then: Callable[[], None]) -> None:
        """Call `then` when all that has happened is on disk; at once where nothing is autosaved."""
        if self._autosave is None:
            then()
        else:
            self._autosave.wake(then)

    def settle(self) -> None:
        """Wait until all that has happened is on disk, where it is autosaved."""
        if self._autosave is not None:
            self._autosave.settle()
            if self._autosave.failure and not self._is_unsaved_told:
                self._is_unsaved_told = True
                warnings.warn(self._autosave.failure, stacklevel=4)

    # ---- who watches --------------------------------------------------------------------------------------------

    def watch(self, watcher: Callable[[], None] | None) -> None:
        """Have `watcher` called after each command and each `run`; ``None`` ends that.

        Raises
        ------
        RuntimeError
            If another one watches it.
        """
        if watcher is not None and self._watcher is not None:
            raise RuntimeError("a widget shows this session already; go on with that one, or close it first")
        self._watcher = watcher

    def changed(self) -> None:
        """Tell the watcher, if there is one."""
        if self._watcher is not None:
            self._watcher()
