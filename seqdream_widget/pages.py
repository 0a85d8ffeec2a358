"""What a widget says to the pages that show it, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable

from seqdream_widget import protocol
from seqdream_widget.drivers import Runner
from seqdream_widget.pacer import Pacer
from seqdream_widget.session import Session
from seqdream_widget.settings import settings_of
from seqdream_widget.shelf import Shelf
from seqdream_widget.verdicts import Verdict
from seqdream_widget.windows import View, Views, Window

PATIENCE = 10.0  # seconds without a sign of a front end after which a run waits for one
PUSH_INTERVAL = 0.1  # seconds: where the gradient pushes flickers too fast to be read as it is

Send = Callable[[protocol.Message, list[bytes]], None]


class Pages:
    """Numbers messages and sends them to all pages at once; `docs/protocol.md` says what they are.

    Parameters
    ----------
    session : Session
    runner : Runner
    send : callable
        Takes a message and its buffers.
    words : callable
        Returns the status and the error, in words.

    Attributes
    ----------
    exist : bool
        Whether a page has ever said hello.
    """

    def __init__(self, session: Session, runner: Runner, send: Send, words: Callable[[], tuple[str, str]]) -> None:
        self._session = session
        self._runner = runner
        self._send = send
        self._words = words
        self._pacer = Pacer()
        self._views = Views(session.start.shape[-1])
        self._number = 0
        self._run_told = session.run_id
        self._step_told = session.step_count
        self._push_due = 0.0
        self._nearest_told = -1
        self.exist = False

    # ---- how they keep up ---------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Expect a new run, at full pace."""
        self._pacer = Pacer()

    def due(self) -> bool:
        """Tell whether a frame may be sent now."""
        return self._pacer.due()

    def heard(self) -> None:
        """Note that a page has said something."""
        self._pacer.heard()

    def painted(self, number: int) -> None:
        """Note that a page has painted frame `number`."""
        self._pacer.reported(number)

    @property
    def are_gone(self) -> bool:
        """Whether nothing has been heard for long of pages that there were."""
        return self.exist and self._pacer.silence > PATIENCE

    # ---- what they are told -------------------------------------------------------------------------------------

    def settings(self) -> protocol.Message:
        """Describe all that a person can set."""
        status, error = self._words()
        return settings_of(self._session, playing=self._runner.playing, status=status, error=error)

    def tell_snapshot(self) -> None:
        """Say everything."""
        self._run_told, self._step_told = self._session.run_id, self._session.step_count
        self._nearest_told = -1
        header, arrays = protocol.snapshot(self._session, self.settings(), self._runner.steps_per_second)
        self._tell(header, {**arrays, **protocol.before_edit(self._session), **protocol.push(self._session)})

    def tell_frame(self) -> None:
        """Say what the steps since the last frame have brought; everything, where a new run has begun."""
        if self._session.run_id != self._run_told:
            self.tell_snapshot()
            return
        header, arrays = protocol.frame(self._session, self._step_told, self._runner.steps_per_second)
        self._tell(header, {**arrays, **self._push()})
        self._step_told = self._session.step_count
        self._pacer.sent(self._number)

    def _push(self) -> protocol.Arrays:
        now = time.monotonic()
        if self._runner.playing and now < self._push_due:
            return {}
        self._push_due = now + PUSH_INTERVAL
        return protocol.push(self._session)

    def tell_settings(self) -> None:
        """Say what can be set now."""
        header = {"kind": "settings", "step": self._session.step_count, "settings": self.settings()}
        self._tell(header, {**protocol.envelope(self._session), **protocol.before_edit(self._session)})

    def tell_verdict(self, verdict: Verdict) -> None:
        """Say whether the dream is plausible; the nearest real sequence only where it is another one."""
        nearest = -1 if verdict.judged is None else verdict.judged.nearest.index
        is_new = nearest != self._nearest_told
        self._nearest_told = nearest
        self._tell(*protocol.verdict(verdict, self._session.data if is_new else None))

    def tell_shelf(self, shelf: Shelf) -> None:
        """Say what is on the shelf."""
        self._tell(*protocol.shelf(shelf))

    def tell_window(self, view: View) -> None:
        """Say to a view what it shows of long sequences, now and with each frame from now on."""
        window = self._views.hear(view)
        if window is not None:
            self._tell(*protocol.window(self._session, self._nearest_told), window)

    def show(self, header: protocol.Message, arrays: protocol.Arrays) -> None:
        """Answer with a sequence that was asked for."""
        self._tell(header, arrays)

    def acknowledge(self, identifier: int, step: int) -> None:
        """Say that something was done, before which step, as soon as it is kept."""
        header = {"kind": "acknowledgement", "id": identifier, "step": step}
        self._session.when_kept(lambda: self._runner.hand_over(lambda: self._tell(header)))

    def refuse(self, identifier: object, error: Exception) -> None:
        """Say that something was not done, and why."""
        known = identifier if type(identifier) is int and 0 <= identifier <= protocol.MOST else None
        self._tell({"kind": "refusal", "id": known, "reason": str(error)})

    def _tell(
        self, header: protocol.Message, arrays: protocol.Arrays | None = None, only: Window | None = None
    ) -> None:
        with self._runner.lock:
            self._number += 1
            numbered = {**header, "run": self._session.run_id, "number": self._number}
            self._send(*protocol.pack(*self._views.windowed(numbered, arrays or {}, only)))
