"""A dreamer with commands and a history: steps and a person's interventions, interleaved, deterministic.

A session has no threads of its own. A runner may drive it; then it asks the session for steps and carries commands
to it between them, and whoever else asks is answered from what was last published.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from tqdm.auto import tqdm

from seqdream_widget.arguments import known_data
from seqdream_widget.autosave import Autosave
from seqdream_widget.classes import Classes
from seqdream_widget.commands import Command, Note, Reset
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.driven import REST, SLICE
from seqdream_widget.errors import is_a, kind_of, shown
from seqdream_widget.events import Done, Remark
from seqdream_widget.exports import Exports
from seqdream_widget.history import Trajectory
from seqdream_widget.interrupts import books, deferred
from seqdream_widget.keywords import given_elsewhere, known_keywords_only
from seqdream_widget.log import Log, header_of, log_of
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import DEFAULT_RATE, HIGHEST_RATE, LOWEST_RATE, OptimizerFactory
from seqdream_widget.parameterizations import Parameterization, parameterization_of
from seqdream_widget.parameters import real, whole
from seqdream_widget.past import HISTORIES, Past
from seqdream_widget.presets import Preset, merged
from seqdream_widget.probe import Probe
from seqdream_widget.probe.probe import refuse_inference_mode
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.regularizers.base import checked
from seqdream_widget.scene import Scene
from seqdream_widget.starts import Drawn, shape_of, start_of
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.timeline import Run, Timeline

if TYPE_CHECKING:
    from seqdream_widget.replaying import Divergence

Start = str | int | ArrayLike | Tensor
Callback = Callable[["Session"], bool | None]


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a session was made from and does not tell otherwise: for the log."""

    seed: int
    features: str | None
    drawn: bool


class Session(Past, Exports):
    """Dreams, step by step, and takes commands between the steps.

    Parameters
    ----------
    model : nn.Module
        A classifier of sequences; a private copy of it is used.
    objective : Objective or Preset
        What to climb, e.g. ``sd.objectives.Logit("abnormal")``. Of a preset, keywords given here win.
    data : SequenceDataset, optional
        Real sequences: gives length, class names, and what regularizers and views compare with.
    start : str, int, array or Tensor
        ``"noise"`` (of the data's mean and standard deviation), ``"zeros"``, ``"mean"`` (of the data), an index
        into `data`, or a sequence of shape (time,), (channel, time) or (batch, channel, time).
    length, channels : int, optional
        The shape of a sequence, where neither data nor start tell it.
    batch_size : int
        How many dreams at once.
    seed : int
        Dream i draws from a generator of its own, seeded with ``seed + i``.
    optimizer : str or callable
        Any of torch's by the name of its class in lower case (``"adam"``, ``"adamw"``, ``"sgd"``, ``"rmsprop"``,
        ``"lbfgs"``, …), or ``(params, lr=...) -> torch.optim.Optimizer``. It is tried out at once. ``"adam"`` counts
        its steps per sample, so that an edited sample begins anew; one that moves each number by the gradients of all,
        such as ``"lbfgs"``, runs one dream at a time.
    learning_rate : float, optional
        1e-6 … 100; the preset's unless given, else 0.05.
    parameterization : str or Parameterization
        What the optimizer owns: ``"samples"``, ``"fourier"``, ``"magnitude_fourier"`` (needs data), ``"spline"``, or an
        object such as ``sd.parameterizations.Spline(every=16)``. Each holds any start and any edit exactly.
    regularizers : sequence of Regularizer
    threads : int
        Intra-op threads of torch while this session runs.
    device : torch.device or str, optional
        Where to run; where the model is unless given.
    layout : str, optional
        How the model takes its input: ``"(N, C, T)"``, ``"(N, T, C)"`` or ``"(N, T)"``; found by trying unless given.
    features : str, optional
        The layer whose output is the penultimate features; the input of the last ``Linear`` unless given.
    autosave : str or Path, optional
        A directory in which all that happens is kept as it happens: a command is on disk before `submit` returns.
        `sd.resume` goes on from there, to the same bits.

    Raises
    ------
    ShapeError
        If data, start, length and model do not fit together.
    ValueError
        If a value is out of bounds or a name unknown; the message says what is allowed.
    TypeError
        If a keyword is unknown; the message names the nearest known one.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=3)
    >>> session.run(5)
    >>> session.submit(sd.commands.Freeze(100, 160))
    6
    """

    @given_elsewhere(
        steps="session.run(steps)",
        callback="session.run(steps, callback)",
        progress="session.run(steps, progress=True)",
    )
    @known_keywords_only
    def __init__(
        self,
        model: nn.Module,
        objective: Objective | Preset,
        *,
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
        threads: int = 1,
        device: torch.device | str | None = None,
        layout: str | None = None,
        features: str | None = None,
        autosave: str | Path | None = None,
    ) -> None:
        preset = objective if isinstance(objective, Preset) else None
        if preset is not None:
            data = preset.data if data is None else data
            preset = preset.on(data)
            objective = preset.objective
        if learning_rate is None:
            learning_rate = DEFAULT_RATE if preset is None else preset.learning_rate
        if not isinstance(objective, Objective):
            raise TypeError(f"{shown(objective)} is no objective; give e.g. sd.objectives.Logit(0)")
        data = None if data is None else known_data(data)
        batch_size = whole("batch_size", batch_size, 1, 4096)
        seed = whole("seed", seed, 0, 2**53)
        length = None if length is None else whole("length", length, 2, 1_000_000)
        channels = None if channels is None else whole("channels", channels, 1, 10_000)
        self.threads = whole("threads", threads, 1, 256)
        self.data = data
        self.reference = None if data is None else Reference.of(data)
        shape = shape_of(start, data, length, channels)
        probe = Probe(model, *shape, device, layout=layout, features=features)
        self.classes = Classes.of(probe.n_classes, None if data is None else data.class_names)
        generators = [torch.Generator().manual_seed(seed + dream) for dream in range(batch_size)]
        first = start_of(start, shape, self.reference, generators)
        regularizers = checked(regularizers, self.reference, shape)
        if preset is not None:
            regularizers = checked(merged(preset.regularizers, regularizers), self.reference, shape)
        self._dreamer = Dreamer(
            Scene(probe, self.classes, shape, self.reference, batch_size),
            objective,
            first.to(probe.device, probe.sequence_dtype),
            generators,
            parameterization=parameterization_of(parameterization),
            optimizer=optimizer,
            learning_rate=real("learning_rate", learning_rate, LOWEST_RATE, HIGHEST_RATE),
            regularizers=regularizers,
        )
        self.setup = Setup(
            seed, features, drawn=isinstance(start, Drawn) or (isinstance(start, str) and start == "noise")
        )
        self.divergence: Divergence | None = None
        self._be_free()
        self.run_id = 1
        self._left = deque(maxlen=HISTORIES)
        self._run = Run(self._new_history(), Trajectory())
        self._gradient = self._edit_seen = None
        self._publish(anew=True)
        self._timeline = Timeline(self._dreamer)
        if autosave is not None:
            self.save_into(Autosave.begun(Path(autosave), self, lambda encoder: header_of(self, encoder)))

    def save_into(self, autosave: Autosave) -> None:
        """Have what happens from now on written down."""
        self._autosave = autosave

    # ---- steps and commands -------------------------------------------------------------------------------------

    def step(self) -> None:
        """Take one step. A runner calls this; people call `run`.

        Raises
        ------
        StepError
            If the step went wrong, in every dream that had not `stopped`; it was undone.
        """
        with self.turn:
            measurement = self._dreamer.step()
            with books:
                self._gradient = measurement.gradient
                self._run.history.append(measurement)
                self._timeline.stepped(self._dreamer, torch.get_num_threads())
                self._publish(measurement.after)
            if self._autosave is not None and self._autosave.wants_moment:
                self._autosave.keep(self.moment())

    @known_keywords_only
    def run(self, steps: int, callback: Callback | None = None, progress: bool = False) -> None:
        """Take `steps` steps here and now.

        Ctrl-C and the notebook's interrupt stop it after the present step, with a warning: everything up to there is
        kept. A second Ctrl-C does not wait for the step, which is undone then.

        Parameters
        ----------
        steps : int
            At least 0.
        callback : callable, optional
            Called with the session after each step; returning ``False`` stops.
        progress : bool
            Show a progress bar.

        Raises
        ------
        StepError
            If a step went wrong; it was undone, the steps before it stand.
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        steps = whole("steps", steps, 0, 10**9)
        with (
            deferred(answered=True) as interrupt,
            self._alone(),
            intra_op_threads(self.threads),
            tqdm(total=steps, desc="dreaming", unit="step", disable=not progress) as bar,
        ):
            for _ in self._march(steps, callback):
                bar.update()
                if interrupt.seen:
                    break
        if interrupt.seen:
            told = f"interrupted after step {self.step_count:,}; everything up to there is kept"
            warnings.warn(told, stacklevel=3)

    async def arun(self, steps: int | None = None, callback: Callback | None = None) -> None:
        """Take steps on the running event loop, which sees to messages and other tasks in between.

        It does so every few hundredths of a second. What is submitted meanwhile, by other tasks or from other threads,
        is carried out between two steps. A task that is cancelled stops between two steps.

        Parameters
        ----------
        steps : int, optional
            At least 0; until cancelled, or stopped by `callback`, unless given.
        callback : callable, optional
            Called with the session after each step; returning ``False`` stops.

        Raises
        ------
        StepError, RuntimeError
            As `run` does.

        Examples
        --------
        >>> import asyncio
        >>> import seqdream_widget as sd
        >>> demo = sd.load_demo("forda")
        >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
        >>> asyncio.run(session.arun(5))  # in a notebook: await session.arun(5)
        >>> session.step_count
        5
        """
        march = self._march(None if steps is None else whole("steps", steps, 0, 10**9), callback)
        with self._driving():
            while self._march_on(march):
                await asyncio.sleep(REST)

    def _march(self, steps: int | None, callback: Callback | None) -> Iterator[None]:
        """Take a step at a time, and do before it what others ask for."""
        refuse_inference_mode()
        if not (callback is None or callable(callback)):
            raise TypeError(f"callback is {kind_of(callback)}; give a function of the session")
        for _ in itertools.count() if steps is None else range(steps):
            self.turn.serve()
            self.step()
            is_last = callback is not None and _is_false(callback(self))
            yield
            if is_last:
                return

    def _march_on(self, march: Iterator[None]) -> bool:
        """Go on for a slice of time; return whether there is more to do."""
        until = time.monotonic() + SLICE
        with deferred(), self.turn, intra_op_threads(self.threads):
            return any(time.monotonic() >= until for _ in march)

    def submit(self, command: Command) -> int:
        """Carry out a command before the next step, at once where nothing runs.

        Returns
        -------
        int
            The number of the step before which it took effect.

        Raises
        ------
        ValueError
            If the command cannot be carried out: nothing has changed then.
        TypeError
            If it is no command.
        """
        try:
            self.check(command)
        except (TypeError, ValueError) as error:
            self._refused(command, error)
            raise
        return self._carry_out(command)

    def check(self, command: Command) -> None:
        """Raise as `submit` would, and change nothing.

        Raises
        ------
        TypeError, ValueError
            If it is no command, or cannot be carried out now.
        """
        if not is_a(command, Command):
            raise TypeError(f"{command!r} is no command; give e.g. sd.commands.Freeze(100, 160)")
        command.check(self._dreamer)

    def apply(self, command: Command) -> int:
        """Carry out a command between two steps. Runners call this; people call `submit`."""
        with self.turn, intra_op_threads(self.threads):
            try:
                command.check(self._dreamer)
            except (TypeError, ValueError) as error:
                self._refused(command, error)
                raise
            if isinstance(command, Note):
                self._timeline.remark(Remark("note", command.text))
                return self.step_count + 1
            before, was = self.place, self._dreamer.checkpoint()
            try:
                command.apply(self._dreamer)
                outcome = command.outcome(self._dreamer)
            except BaseException:
                self._dreamer.become(was)
                raise
            with books:
                self._timeline.did(Done(command, outcome, self.threads), before, was)
                if isinstance(command, Reset):
                    self._begin_run(Run(self._new_history(), Trajectory()))
                self._publish(anew=isinstance(command, Reset))
            return self.step_count + 1

    def _refused(self, command: Command, error: Exception) -> None:
        self._timeline.remark(Remark("refusal", f"{shown(command)}: {error}"))
        if self._autosave is not None:
            self._autosave.wake()

    def _told(self) -> Self:
        return self

    @property
    def log(self) -> Log:
        """All that happened, from which `sd.replay` makes the same bits again; see `Log`."""
        return self.turn.ask(lambda: log_of(self))

    def measure(self) -> None:
        """Compute one gradient and change nothing, the random streams neither; what a runner times."""
        with self.turn:
            self._dreamer.evaluate()


def _is_false(answer: object) -> bool:
    """Tell whether an answer is ``False``; comparing numbers of a history or a sequence gives NumPy's or torch's."""
    if isinstance(answer, Tensor):
        return answer.dtype == torch.bool and answer.numel() == 1 and not answer.item()
    return answer is False or (isinstance(answer, np.bool_) and not answer)
