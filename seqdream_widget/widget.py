"""The widget: what people do with it, and wiring. It computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqdream_widget import picture, protocol
from seqdream_widget.answers import Answers
from seqdream_widget.assets import asset
from seqdream_widget.commands import Command, Reset
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.drivers import runner_class
from seqdream_widget.errors import StepError, is_a
from seqdream_widget.events import Return
from seqdream_widget.exports import Exports
from seqdream_widget.judge import Plausibility
from seqdream_widget.keeping import Bundle, Keeping
from seqdream_widget.keywords import all_in, given_elsewhere, known_keywords_only
from seqdream_widget.log import Log
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.pages import Pages
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.parameters import whole
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.replaying import replay
from seqdream_widget.saved import saved
from seqdream_widget.session import Session, Start
from seqdream_widget.shelf import Shelf, Snapshot
from seqdream_widget.subshells import hear_where_spoken_to
from seqdream_widget.traits import Traits
from seqdream_widget.verdicts import Verdicts, judged
from seqdream_widget.words import latest, news

Follower = Callable[[bool], None]


class SeqDream(Exports, Traits):
    """A dream to watch and steer, in the notebook.

    Parameters
    ----------
    model : nn.Module
        A classifier of sequences; a private copy of it is used.
    objective : Objective
        What to climb, e.g. ``sd.objectives.Logit("abnormal")``.
    session : Session
        Instead of all else: one that exists, to watch and steer from where it is.
    data, start, length, channels, batch_size, seed, optimizer, learning_rate, parameterization, regularizers
    device, layout, features, autosave
        As for `Session`; of several dreams the first is shown.
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
    snapshots : Shelf
        What was kept to come back to; see `Shelf`.

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

    _esm = asset("widget.js")
    _css = asset("widget.css")

    @given_elsewhere(
        steps="w.step(count), or play and pause",
        callback="w.follow(follower), or observe its traits",
        progress="its page shows it",
    )
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
        batch_size: int = 1,
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
                batch_size=batch_size,
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
        if not is_a(session, Session):
            raise TypeError(f"SeqDream: session is a {type(session).__name__}; give a sd.Session")
        session.watch(self._changed)
        self.session = session
        self._runner = runner(session, self, measure_threads=measure_threads)
        self._is_closed = False
        self._followers: tuple[Follower, ...] = ()
        super().__init__()
        self._keeping = Keeping(self.model_id, self._save, lambda: picture.output(self.session, self.status))
        self._pages = Pages(session, self._runner, self._deliver, lambda: (self.status, self.error))
        self._verdicts = Verdicts(session, lambda one: self._runner.hand_over(lambda: self._pages.tell_verdict(one)))
        self.snapshots = Shelf(session)
        self._answers = Answers(
            session,
            self._runner,
            self._pages,
            self._verdicts,
            self.snapshots,
            changed=self._changed,
            keep=self._keeping.changed,
        )
        hear_where_spoken_to(self.comm)
        self._publish_traits(status=self._resting())
        self._keeping.changed()
        self.on_msg(self._answers.on_message)

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
        self._answers.waits_for_view = False
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

    def snapshot(self) -> Snapshot:
        """Put what is now on the shelf, `snapshots`, to compare with and to come back to.

        Raises
        ------
        ValueError
            If the shelf is full.
        """
        made = self.snapshots.take()
        self._answers.shelved(made)
        return made

    def recall(self, snapshot: Snapshot) -> None:
        """Pause, and go to a snapshot: exactly as all was then. `session.undo` takes it back; what is now is kept too.

        Raises
        ------
        ValueError
            If the snapshot is another widget's.
        """
        self._answers.recall(snapshot)

    @property
    def plausibility(self) -> Plausibility | None:
        """What `sd.plausibility` says of the sequence now, for the classes that it leads to; ``None`` without data."""
        session = self.session
        if session.data is None:
            return None
        return session.turn.ask(lambda: judged(session, session.sequence, session.objective.targets))

    def close(self) -> None:
        """Stop the run and free what the widget holds in the browser and here."""
        # Also called by the base class, when a constructor did not come to its end and when all is over.
        if hasattr(self, "_runner") and not self._is_closed:
            self._is_closed = True
            self._runner.close()
            self._verdicts.close()
            self.snapshots.clear()
            self._followers = ()
            self.session.watch(None)
            self.layout.close()  # ipywidgets makes one and never lets go of it
        super().close()

    @property
    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """The session's current sequence, a copy."""
        return self.session.sequence

    def _told(self) -> Session:
        return self.session

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
        self._pages.begin()
        self._answers.waits_for_view = False
        if isinstance(latest(self.session), Return):
            self._answers.let_go()
        self._publish_traits(status="dreaming", error=self.session.unsaved)
        self._pages.tell_settings()

    def stepped(self) -> None:
        """Send a frame if one is due."""
        if self._pages.due():
            self._pages.tell_frame()
            self._tell_followers()
            if self._pages.exist:
                self._verdicts.want()
            if self._runner.endless and self._pages.are_gone:
                self._answers.waits_for_view = True
                self._runner.pause(wait=False, reason="goes on when a view of it opens again")
        self._follow_run()

    def stopped(self, reason: str, error: str) -> None:
        """Send the last frame, and say why it ended."""
        if self._runner.playing:
            return  # a new run has begun meanwhile, and speaks for itself
        status = self._resting("stopped" if error else "paused") + (f": {reason}" if reason else "")
        self._pages.tell_frame()
        self._publish_traits(status=status, error=error or self.session.unsaved)
        self._pages.tell_settings()
        self._tell_followers()
        self._at_rest()

    def _changed(self) -> None:
        """Say what a command, a `run` or a return to the past has changed."""
        words = news(self.session)
        told = f": {words}" if words else ""
        if not self._runner.playing:
            self._publish_traits(status=self._resting() + told, error=self.session.unsaved)
            self._pages.tell_frame()
        elif told:
            self._publish_traits(status="dreaming" + told)
        self._pages.tell_settings()
        self._tell_followers()
        self._at_rest()

    def _tell_followers(self) -> None:
        for follower in self._followers:
            follower(self._runner.playing)

    def _at_rest(self) -> None:
        self._keeping.changed()
        if self._pages.exist:
            self._verdicts.want()

    def _resting(self, verb: str = "paused") -> str:
        steps = self.session.step_count
        return f"{verb} at step {steps:,}" if steps or verb != "paused" else "ready"

    def _deliver(self, message: protocol.Message, buffers: list[bytes]) -> None:
        self.send(message, buffers)

    # ---- what a notebook keeps ----------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the widget, and under it a picture for whoever opens the notebook without a kernel."""
        self._keeping.display(cast("tuple[Bundle, Bundle]", self._repr_mimebundle_()))  # pyright: ignore[reportUnknownMemberType] - anywidget is half typed

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the state, or some of it. Who asks for all of it writes it down: that is the dream as it is now."""
        if key is None and hasattr(self, "_keeping"):
            self._save()
        return super().get_state(key, drop_defaults)

    def _save(self) -> bool:
        # What plays, or what a hand still holds, will be kept when that ends.
        if self._is_closed or self._runner.playing or self.session.gestures:
            return False
        with self._runner.lock:
            self.set_trait("_saved", saved(self.session, self._pages.settings(), self.model_id))
        return True

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take from the front end what may be set there: whether it plays. Everything else is ours to say."""
        playing = sync_data.get("playing")
        if isinstance(playing, bool) and playing != self._runner.playing:
            try:
                self._runner.play() if playing else self._runner.pause(wait=False)
            except RuntimeError as error:
                self._pages.refuse(None, error)
