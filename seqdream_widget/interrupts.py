"""Ctrl-C, and the interrupt of a notebook: put off to the end of a stretch of work that has to stay whole."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator
from types import FrameType


class Interrupt:
    """Whether Ctrl-C was pressed.

    Attributes
    ----------
    seen : bool
    """

    seen = False


class Books:
    """What has to agree: while it is `open` even a second Ctrl-C waits.

    Attributes
    ----------
    open : bool
    """

    open = False

    def __enter__(self) -> None:
        self.open = True

    def __exit__(self, *_: object) -> None:
        self.open = False


books = Books()


@contextlib.contextmanager
def deferred(*, answered: bool = False, ignored: bool = False) -> Generator[Interrupt]:
    """Note Ctrl-C instead of raising it, until this ends; a second one raises at once.

    Python delivers it to the main thread alone: on another thread nothing is deferred and nothing is seen.

    Parameters
    ----------
    answered : bool
        The caller answers it by itself. Otherwise it is delivered at the end, as if it had come then.
    ignored : bool
        Also note it where it is ignored at present, as a notebook's kernel does while no cell runs.
    """
    interrupt = Interrupt()
    before = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if not (callable(before) or (ignored and before is signal.SIG_IGN)):
        yield interrupt
        return

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.seen and not books.open:
            signal.default_int_handler(number, frame)
        interrupt.seen = True

    try:
        signal.signal(signal.SIGINT, note)
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupt.seen and not answered:
        signal.raise_signal(signal.SIGINT)
