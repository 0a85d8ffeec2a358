"""The widget: traits and wiring. It computes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import anywidget
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor, nn

from seqdream_widget import picture, protocol
from seqdream_widget.commands import Command, Release, Reset
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.drivers import runner_class
from seqdream_widget.errors import StepError
from seqdream_widget.keeping import Bundle, Keeping
from seqdream_widget.log import Log
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.pacer import Pacer
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.parameters import all_in, known_keywords_only, whole
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.replaying import replay
from seqdream_widget.saved import saved
from seqdream_widget.session import Session, Start
from seqdream_widget.subshells import hear_where_spoken_to
from seqdream_widget.timeline import Return
from seqdream_widget.words import latest, news

STATIC = Path(__file__).parent / "static"
TRAIT_RATE = 2.0  # how often a second the observable traits follow a run
PATIENCE = 10.0  # seconds without a sign of a front end after which a run waits for one
Follower = Callable[[bool], None]

if not (STATIC / "widget.js").exists():
    raise ImportError(
        "the front end of seqdream_widget has not been built; run `make build` in its source folder, "
        "or install a released wheel, which carries it"
    )


class SeqDream(anywidget.AnyWidget):
    """A dream to watch and steer, in the notebook.

    Parameters
    ----------
    model : nn.Module
        A classifier of sequences; a private copy of it is used.
    objective : Objective
        What to climb, e.g. ``sd.objectives.Logit("abnormal")``.
    session : Session
        Instead of all else: one that exists, to watch and steer from where it is. Of several dreams it shows the first.
    data, start, length, channels, seed, optimizer, learning_rate, parameterization, regularizers, device
    layout, features, autosave
        As for `Session`.
    threads : int, optional
        Intra-op threads of torch during the run; chosen by measurement before the first step unless given.
    driver : str
        What takes the steps while it plays: ``"thread"``, a background thread; ``"asyncio"``, the event loop of the
        notebook, between its cells; ``"auto"``, the loop in Colab, marimo and Pyodide, else a thread.

    Attributes
    ----------
    playing : bool
        Whether it runs; may be set.
    step_count : int
        Steps taken.
    steps_per_second, score : float
    probabilities : list of float
        One per class.
    status, error : str
        In words; `error` is empty where all is well.
    frozen : list
        Entries ``[start, stop, channel or None, dream]``.
    session : Session
        The live session.

    Raises
    ------
    ShapeError, ValueError, TypeError
        As `Session` does.
    RuntimeError
        If another widget shows the session.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> w.step(10)
    >>> w.step_count
    10
    >>> w.close()
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"

    playing = traitlets.Bool(False).tag(sync=True)
    step_count = traitlets.Int(0, read_only=True).tag(sync=True)
    steps_per_second = traitlets.Float(0.0, read_only=True).tag(sync=True)
    score = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    probabilities = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    status = traitlets.Unicode("", read_only=True).tag(sync=True)
    error = traitlets.Unicode("", read_only=True).tag(sync=True)
    frozen = traitlets.List(traitlets.Any(), read_only=True).tag(sync=True)
    _saved = traitlets.Dict(read_only=True).tag(sync=True)

    @known_keywords_only
    @all_in("session")
    def __init__(
        self,
        model: nn.Module | None = None,
        objective: Objective | Preset | None = None,
        *,
        session: Session | None = None,
        data: SequenceDataset | None = None,
        start: Start = "noise",
        length: int | None = None,
        channels: int | None = None,
        seed: int = 0,
        optimizer: str | OptimizerFactory = "adam",
        learning_rate: float | None = None,
        parameterization: str | Parameterization = "samples",
        regularizers: Sequence[Regularizer] = (),
        threads: int | None = None,
        device: torch.device | str | None = None,
        layout: str | None = None,
        features: str | None = None,
        autosave: str | Path | None = None,
        driver: str = "auto",
    ) -> None:
        runner = runner_class(driver)
        measure_threads = threads is None and session is None
        if session is None:
            if model is None or objective is None:
                raise TypeError("SeqDream: give a model and an objective, or session=")
            session = Session(
                model,
                objective,
                data=data,
                start=start,
                length=length,
                channels=channels,
                seed=seed,
                optimizer=optimizer,
                learning_rate=learning_rate,
                parameterization=parameterization,
                regularizers=regularizers,
                threads=threads or 1,
                device=device,
                layout=layout,
                features=features,
                autosave=autosave,
            )
        if not isinstance(session, Session):  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks are not type-checked
            raise TypeError(f"SeqDream: session is a {type(session).__name__}; give a sd.Session")
        session.watch(self._tell_change)
        self.session = session
        self._runner = runner(session, self, measure_threads=measure_threads)
        self._pacer = Pacer()
        self._traits_due = 0.0
        self._publisher = 0
        self._number = 0
        self._run_told = self.session.run_id
        self._step_told = self.session.step_count
        self._has_front_end = False
        self._waits_for_view = False
        self._is_closed = False
        self._followers: tuple[Follower, ...] = ()
        super().__init__()
        self._keeping = Keeping(self.model_id, self._save, lambda: picture.output(self.session, self.status))
        hear_where_spoken_to(self.comm)  # pyright: ignore[reportUnknownMemberType] - ipywidgets is untyped
        self._publish_traits(status=self._resting())
        self._keeping.changed()
        self.on_msg(self._on_message)  # pyright: ignore[reportUnknownMemberType] - ipywidgets is untyped

    @classmethod
    def from_log(
        cls,
        log: Log | str | Path,
        model: nn.Module,
        data: SequenceDataset | None = None,
        objects: Mapping[str, Any] | None = None,
    ) -> Self:
        """Show what a log tells of, as `sd.replay` does it again: to go on from, its past included.

        Parameters
        ----------
        log, model, data, objects
            As for `sd.replay`.

        Raises
        ------
        ValueError
            As `sd.replay` does.
        """
        return cls(session=replay(log, model, data, objects))

    # ---- what people do -----------------------------------------------------------------------------------------

    def play(self) -> None:
        """Run in the background until paused; the notebook stays free.

        Raises
        ------
        RuntimeError
            If the widget is closed, or if it is to play on an event loop where none runs.
        """
        self._runner.play()

    def pause(self) -> None:
        """Stop after the present step, and wait for that."""
        self._waits_for_view = False
        self._runner.pause()

    def step(self, count: int = 1) -> None:
        """Take `count` steps and wait for them. Ctrl-C stops after the present one.

        Raises
        ------
        ValueError
            If `count` is not 1 … 10,000.
        StepError
            If a step went wrong; it was undone.
        """
        self._runner.step(whole("count", count, 1, protocol.MOST_STEPS))
        if self.error and self.error != self.session.unsaved:
            raise StepError(self.error)

    def reset(self) -> None:
        """Go back to the start; settings and frozen segments stay."""
        self.submit(Reset())

    def submit(self, command: Command) -> int:
        """Carry out a command before the next step, and return that step's number; as `Session.submit`."""
        return self.session.submit(command)

    def close(self) -> None:
        """Stop the run and free what the widget holds in the browser and here."""
        # Also called by the base class, when a constructor did not come to its end and when all is over.
        if hasattr(self, "_runner") and not self._is_closed:
            self._is_closed = True
            self._runner.close()
            self._followers = ()
            self.session.watch(None)
            self.layout.close()  # pyright: ignore[reportUnknownMemberType] - ipywidgets is untyped; it makes one and never lets go of it
        super().close()

    @property
    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """The session's current sequence, a copy."""
        return self.session.sequence

    def follow(self, follower: Follower) -> None:
        """Have `follower` called with whether it plays: with every frame, and when anything has changed.

        It is called by whoever has the session's turn, between two steps, so it may read all of the session and publish
        traits of its own; be quick.
        """
        self._followers = (*self._followers, follower)

    def unfollow(self, follower: Follower) -> None:
        """Call `follower` no more."""
        self._followers = tuple(one for one in self._followers if one != follower)

    def __repr__(self) -> str:
        """Tell where it is; never print arrays."""
        return f"SeqDream(step={self.session.step_count}, status={self.status!r})"

    # ---- how the run goes: called by the runner, between steps --------------------------------------------------

    def started(self) -> None:
        """Say that the run has begun."""
        self._pacer = Pacer()
        self._waits_for_view = False
        if isinstance(latest(self.session), Return):
            self._let_go()
        self._publish_traits(status="dreaming", error=self.session.unsaved)
        self._tell_settings()

    def stepped(self) -> None:
        """Send a frame if one is due."""
        if self._pacer.due():
            self._tell_frame()
            self._tell_followers()
            if self._has_front_end and self._runner.endless and self._pacer.silence > PATIENCE:
                self._waits_for_view = True
                self._runner.pause(wait=False, reason="goes on when a view of it opens again")
        if time.monotonic() >= self._traits_due:
            self._publish_traits()

    def stopped(self, reason: str, error: str) -> None:
        """Send the last frame, and say why it ended."""
        if self._runner.playing:
            return  # a new run has begun meanwhile, and speaks for itself
        status = self._resting("stopped" if error else "paused") + (f": {reason}" if reason else "")
        self._tell_frame()
        self._publish_traits(status=status, error=error or self.session.unsaved)
        self._tell_settings()
        self._tell_followers()
        self._keeping.changed()

    # ---- messages from the front end ----------------------------------------------------------------------------

    def _on_message(self, _widget: object, content: Any, buffers: object) -> None:
        identifier: object = content.get("id") if hasattr(content, "get") else None
        try:
            request = protocol.read_request(content, buffers)
            self._carry_out(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person hears of it and the kernel goes on
            self._refuse(identifier, error)

    def _carry_out(self, request: protocol.Request) -> None:
        self._pacer.heard()
        # A run that waits for a view goes on at any word, unless that says itself how far to run.
        goes_on = self._waits_for_view and request.kind not in ("pause", "step", "undo", "redo")
        self._waits_for_view = False
        if request.kind == "hello":
            self._has_front_end = True
            self._runner.post(self._greet)
        elif request.kind == "play":
            self._runner.play()
        elif request.kind == "pause":
            self._runner.pause(wait=False)
        elif request.kind == "step":
            self._runner.play(request.number)
        elif request.kind == "receipt":
            self._pacer.reported(request.number)
        elif request.command is not None:
            self._take_command(request.number, request.command)
        else:
            self._go_back(request.number, self.session.undo if request.kind == "undo" else self.session.redo)
        if goes_on:
            self._runner.play()

    def _take_command(self, identifier: int, command: Command) -> None:
        def job() -> None:
            try:
                step = self.session.apply(command)
            except Exception as error:  # noqa: BLE001 - refused in words, wherever it comes from
                self._refuse(identifier, error)
                return
            self._tell_change()
            acknowledgement = {"kind": "acknowledgement", "id": identifier, "step": step}
            self.session.when_kept(lambda: self._runner.hand_over(lambda: self._tell(acknowledgement)))

        self._runner.post(job)

    def _go_back(self, identifier: int, way: Callable[[], None]) -> None:
        self.pause()
        way()
        self._tell({"kind": "acknowledgement", "id": identifier, "step": self.session.step_count + 1})

    def _greet(self) -> None:
        # A view that was dragging may have gone with its page: nobody else will let its gesture go.
        self._let_go()
        self._tell_snapshot()

    def _let_go(self) -> None:
        held = self.session.gestures
        for gesture in held:
            self.session.apply(Release(gesture))
        if held:
            self._keeping.changed()

    def _refuse(self, identifier: object, error: Exception) -> None:
        known = identifier if type(identifier) is int and 0 <= identifier <= protocol.MOST else None
        self._tell({"kind": "refusal", "id": known, "reason": str(error)})

    # ---- messages to the front end ------------------------------------------------------------------------------

    def _tell(self, header: protocol.Message, arrays: protocol.Arrays | None = None) -> None:
        with self._runner.lock:
            self._number += 1
            numbered = {**header, "run": self.session.run_id, "number": self._number}
            message, buffers = protocol.pack(numbered, arrays or {})
            self.send(message, buffers)  # pyright: ignore[reportUnknownMemberType] - ipywidgets is untyped

    def _tell_snapshot(self) -> None:
        self._run_told, self._step_told = self.session.run_id, self.session.step_count
        self._tell(*protocol.snapshot(self.session, self._settings(), self._pace()))

    def _tell_frame(self) -> None:
        if self.session.run_id != self._run_told:
            self._tell_snapshot()
            return
        self._tell(*protocol.frame(self.session, self._step_told, self._pace()))
        self._step_told = self.session.step_count
        self._pacer.sent(self._number)

    def _tell_settings(self) -> None:
        header = {"kind": "settings", "step": self.session.step_count, "settings": self._settings()}
        self._tell(header, protocol.envelope(self.session))

    def _tell_change(self) -> None:
        """Say what a command, a `run` or a return to the past has changed."""
        words = news(self.session)
        told = f": {words}" if words else ""
        if not self._runner.playing:
            self._publish_traits(status=self._resting() + told, error=self.session.unsaved)
            self._tell_frame()
        elif told:
            self._publish_traits(status="dreaming" + told)
        self._tell_settings()
        self._tell_followers()
        self._keeping.changed()

    def _tell_followers(self) -> None:
        for follower in self._followers:
            follower(self._runner.playing)

    def _settings(self) -> protocol.Message:
        return protocol.settings_of(self.session, playing=self._runner.playing, status=self.status, error=self.error)

    def _resting(self, verb: str = "paused") -> str:
        steps = self.session.step_count
        return f"{verb} at step {steps:,}" if steps or verb != "paused" else "ready"

    def _pace(self) -> float:
        return self._runner.steps_per_second

    def _publish_traits(self, **changed: Any) -> None:
        """Bring the observable traits up to date, all of them in one message."""
        self._traits_due = time.monotonic() + 1 / TRAIT_RATE
        history = self.session.history
        latest = history.latest_probabilities()
        values: dict[str, Any] = {
            "playing": self._runner.playing,
            "step_count": self.session.step_count,
            "steps_per_second": self._pace(),
            "score": history.latest_score(),
            "probabilities": [] if latest is None else latest.tolist(),
            "frozen": self.session.frozen,
            **({"error": self.session.unsaved} if self.session.unsaved else {}),
            **changed,
        }
        # Traits are not thread-safe: this is only done by whoever has the session's turn.
        with self.hold_sync():
            self._publisher = threading.get_ident()
            try:
                self.playing = values.pop("playing")
            finally:
                self._publisher = 0
            for name, value in values.items():
                self.set_trait(name, value)

    # ---- what a notebook keeps ----------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the widget, and under it a picture for whoever opens the notebook without a kernel."""
        self._keeping.display(cast("tuple[Bundle, Bundle]", self._repr_mimebundle_()))  # pyright: ignore[reportUnknownMemberType] - anywidget is half typed

    def _save(self) -> bool:
        # What plays, or what a hand still holds, will be kept when that ends.
        if self._is_closed or self._runner.playing or self.session.gestures:
            return False
        with self._runner.lock:
            self.set_trait("_saved", saved(self.session, self._settings(), self.model_id))
        return True

    @traitlets.observe("playing")
    def _follow_playing(self, change: traitlets.Bunch) -> None:
        """Let people play and pause by setting the trait, or by linking it."""
        if self._publisher == threading.get_ident():
            return
        if not change["new"]:
            self._runner.pause(wait=False)
            return
        try:
            self.play()
        except RuntimeError:
            self._runner.post(self._publish_traits)
            raise

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take from the front end what may be set there: whether it plays. Everything else is ours to say."""
        playing = sync_data.get("playing")
        if isinstance(playing, bool) and playing != self._runner.playing:
            try:
                self._runner.play() if playing else self._runner.pause(wait=False)
            except RuntimeError as error:
                self._refuse(None, error)
