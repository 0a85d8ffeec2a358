"""What the pages that show a widget ask for, and how it is carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seqdream_widget import protocol
from seqdream_widget.commands import Command, Release
from seqdream_widget.drivers import Runner
from seqdream_widget.exports import sent_to_page
from seqdream_widget.pages import Pages
from seqdream_widget.session import Session
from seqdream_widget.shelf import Shelf, Snapshot
from seqdream_widget.verdicts import Verdicts
from seqdream_widget.windows import View

Job = Callable[[], object]

RETURNS = ("undo", "redo", "restore", "recall")


class Answers:
    """Reads what comes from a page, has it done between two steps, and answers.

    Parameters
    ----------
    session : Session
    runner : Runner
    pages : Pages
    verdicts : Verdicts
    shelf : Shelf
    changed : callable
        Is called after a command.
    keep : callable
        Is called where something has changed that a notebook keeps.

    Attributes
    ----------
    waits_for_view : bool
        Whether a run has stopped because nobody looked, and goes on when somebody does.
    """

    def __init__(
        self,
        session: Session,
        runner: Runner,
        pages: Pages,
        verdicts: Verdicts,
        shelf: Shelf,
        *,
        changed: Callable[[], None],
        keep: Callable[[], None],
    ) -> None:
        self._session = session
        self._runner = runner
        self._pages = pages
        self._verdicts = verdicts
        self._shelf = shelf
        self._changed = changed
        self._keep = keep
        self.waits_for_view = False

    def on_message(self, _widget: object, content: Any, buffers: object) -> None:
        """Take a message from a page; whatever is wrong with it, the person hears of it and the kernel goes on."""
        identifier: object = content.get("id") if hasattr(content, "get") else None
        try:
            self._carry_out(protocol.read_request(content, buffers))
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._pages.refuse(identifier, error)

    def _carry_out(self, request: protocol.Request) -> None:
        self._pages.heard()
        # A run that waits for a view goes on at any word, unless that says itself how far to run.
        goes_on = self.waits_for_view and request.kind not in ("pause", "step", *RETURNS)
        self.waits_for_view = False
        match request.kind:
            case "hello":
                self._pages.exist = True
                self._runner.post(self._greet)
            case "play":
                self._runner.play()
            case "pause":
                self._runner.pause(wait=False)
            case "step":
                self._runner.play(request.number)
            case "receipt":
                self._pages.painted(request.number)
            case "look":
                self._look(request.number)
            case "compare":
                self._compare(request.number)
            case "export":
                self._export(request)
            case "view":
                self._view(request.view)
            case _:
                self._do(request)
        if goes_on:
            self._runner.play()

    def _do(self, request: protocol.Request) -> None:
        """Carry out what is acknowledged."""
        if request.command is not None:
            self._take_command(request.number, request.command)
        elif request.kind in RETURNS:
            self._go_back(request)
        elif request.kind == "discard":
            self._discard(request)
        else:
            self._put_on_shelf(request)

    def _take_command(self, identifier: int, command: Command) -> None:
        def job() -> None:
            step = self._session.apply(command)
            self._changed()
            self._pages.acknowledge(identifier, step)

        self._post(identifier, job)

    def _post(self, identifier: int | None, job: Job) -> None:
        """Have a job done between two steps, and refuse in words where it raises."""

        def careful() -> None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - refused in words, wherever it comes from
                self._pages.refuse(identifier, error)

        self._runner.post(careful)

    def _greet(self) -> None:
        # A view that was dragging may have gone with its page: nobody else will let its gesture go.
        self.let_go()
        self._pages.tell_snapshot()
        self._pages.tell_shelf(self._shelf)
        self._verdicts.want(anew=True)

    def let_go(self) -> None:
        """Let go of what any pointer holds."""
        held = self._session.gestures
        for gesture in held:
            self._session.apply(Release(gesture))
        if held:
            self._keep()

    def _view(self, view: View | None) -> None:
        if view is not None:
            self._post(None, lambda: self._pages.tell_window(view))

    # ---- the past -----------------------------------------------------------------------------------------------

    def _go_back(self, request: protocol.Request) -> None:
        session = self._session
        if request.kind == "recall":
            self.recall(self._shelf.numbered(request.target))
        elif request.kind == "restore":
            self._pause()
            session.restore(request.target)
        else:
            self._pause()
            (session.undo if request.kind == "undo" else session.redo)()
        self._pages.acknowledge(request.number, session.step_count + 1)

    def recall(self, snapshot: Snapshot) -> None:
        """Go to a snapshot; what is now is kept as well."""
        self._pause()
        before = len(self._shelf)
        self._shelf.leave()
        try:
            self._session.return_to(snapshot.place)
        finally:
            if len(self._shelf) != before:
                self.shelved(self._shelf[-1])

    def _pause(self) -> None:
        self.waits_for_view = False
        self._runner.pause()

    def _look(self, step: int) -> None:
        def job() -> None:
            self._pages.show(*protocol.look(step, self._session.sequence_at(step)))

        self._post(None, job)

    def _export(self, request: protocol.Request) -> None:
        def job() -> None:
            text = sent_to_page(self._session, request.format, request.channel)
            header = {"kind": "export", "id": request.number, "step": self._session.step_count, "text": text}
            self._pages.show(header, {})

        self._post(request.number, job)

    # ---- the shelf ----------------------------------------------------------------------------------------------

    def _put_on_shelf(self, request: protocol.Request) -> None:
        def job() -> None:
            is_branch = request.kind == "branch"
            self.shelved(self._shelf.take("branch", request.target) if is_branch else self._shelf.take())
            self._pages.acknowledge(request.number, self._session.step_count + 1)

        self._post(request.number, job)

    def shelved(self, snapshot: Snapshot) -> None:
        """Say that something is on the shelf now, and have it judged."""
        self._pages.tell_shelf(self._shelf)
        if self._pages.exist and self._session.data is not None and snapshot.verdict is None:
            self._verdicts.judge(snapshot.sequence, snapshot.targets, lambda found: self._was_judged(snapshot, found))

    def _was_judged(self, snapshot: Snapshot, found: Any) -> None:
        snapshot.was_judged(found)
        self._runner.hand_over(lambda: self._pages.tell_shelf(self._shelf))

    def _compare(self, number: int) -> None:
        snapshot = self._shelf.numbered(number)
        self._post(None, lambda: self._pages.show(*protocol.compare(snapshot)))

    def _discard(self, request: protocol.Request) -> None:
        self._shelf.discard(request.target)
        self._pages.tell_shelf(self._shelf)
        self._pages.acknowledge(request.number, self._session.step_count + 1)
