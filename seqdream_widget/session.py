"""A dreamer with commands and a history: steps and a person's interventions, interleaved, deterministic.

A session has no threads of its own. A runner may drive it; then it asks the session for steps and carries commands
to it between them, and whoever else asks is answered from what was last published.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from seqdream_widget.classes import Classes
from seqdream_widget.commands import Command, Reset
from seqdream_widget.commands.settings import SetLearningRate
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import shown
from seqdream_widget.history import History, Trajectory
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import DEFAULT_RATE, OptimizerFactory, factory_of
from seqdream_widget.parameterizations import Parameterization, parameterization_of
from seqdream_widget.parameters import known_keywords_only, whole
from seqdream_widget.presets import Preset, merged
from seqdream_widget.probe import Probe
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.regularizers.base import checked
from seqdream_widget.scene import Scene
from seqdream_widget.starts import shape_of, start_of
from seqdream_widget.threads import intra_op_threads

Start = str | int | ArrayLike | Tensor


class Driver(Protocol):
    """Whoever takes a session's steps, and carries commands to it between them."""

    def submit(self, command: Command) -> int:
        """Hand the command over and return the step before which it took effect."""
        ...


class Session:
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
        ``"adam"``, ``"sgd"`` or ``(params, lr=...) -> torch.optim.Optimizer``.
    learning_rate : float, optional
        1e-6 … 100; the preset's unless given, else 0.05.
    parameterization : str or Parameterization
        What the optimizer owns.
    regularizers : sequence of Regularizer
    threads : int
        Intra-op threads of torch while this session runs.
    device : torch.device or str, optional
        Where to run; where the model is unless given.
    layout : str, optional
        How the model takes its input: ``"(N, C, T)"``, ``"(N, T, C)"`` or ``"(N, T)"``; found by trying unless given.
    features : str, optional
        The layer whose output is the penultimate features; the input of the last ``Linear`` unless given.

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
        if data is not None and not isinstance(data, SequenceDataset):  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks are not type-checked
            raise TypeError(f"data is a {type(data).__name__}; give sd.SequenceDataset(x, y)")
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
            first.to(device=probe.device, dtype=probe.dtype),
            generators,
            parameterization=parameterization_of(parameterization),
            optimizer=factory_of(optimizer),
            learning_rate=SetLearningRate(learning_rate).learning_rate,
            regularizers=regularizers,
        )
        self._lock = threading.RLock()
        self._driver: Driver | None = None
        self._watcher: Callable[[], None] | None = None
        self.run_id = 0
        self._begin()

    def _begin(self) -> None:
        self.run_id += 1
        self._history = History(len(self._dreamer.start), len(self.classes))
        self._trajectory = Trajectory()
        self._step_count = -1
        self._publish()

    def _publish(self) -> None:
        """Take the snapshot that readers on other threads see: the step's number last, when all of it is there."""
        self._now = self._dreamer.sequence().float().cpu()
        if self._dreamer.step_count != self._step_count:
            self._trajectory.append(self._dreamer.step_count, self._now.numpy())
            self._step_count = self._dreamer.step_count

    # ---- reading ------------------------------------------------------------------------------------------------

    @property
    def step_count(self) -> int:
        """How many steps were taken; 0 is the start."""
        return self._step_count

    @property
    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """The sequence now: float32, on the CPU, a copy."""
        return self._now.clone()

    @property
    def start(self) -> Float[Tensor, "batch channel time"]:
        """The sequence before the first step."""
        return self._dreamer.start.float().cpu().clone()

    def sequence_at(self, step: int) -> Float[Tensor, "batch channel time"]:
        """Return the sequence right after `step`, before commands given at it; step 0 is the start.

        Raises
        ------
        LookupError
            If that step was not taken, or its sequence was thinned out to keep within memory.
        """
        return torch.tensor(self._trajectory.at(step))

    @property
    def history(self) -> History:
        """What every step measured; see `History`."""
        return self._history

    @property
    def trajectory(self) -> Trajectory:
        """The sequences that are kept; see `Trajectory`."""
        return self._trajectory

    @property
    def objective(self) -> Objective:
        """What is climbed, with classes as indices."""
        return self._dreamer.objective

    @property
    def scene(self) -> Scene:
        """The model, its classes and the real data."""
        return self._dreamer.scene

    @property
    def regularizers(self) -> tuple[Regularizer, ...]:
        """The regularizers of the run, enabled or not."""
        return self._dreamer.regularizers

    @property
    def stopped(self) -> dict[int, str]:
        """The dreams of a batch that have stopped because something was not finite, and why.

        A stopped dream stays as it was before that step, its rows of the history are NaN from then on, and the others
        go on as if nothing had happened. `Reset` starts all again.
        """
        return dict(self._dreamer.stopped)

    @property
    def learning_rate(self) -> float:
        """The size of an update."""
        return self._dreamer.learning_rate

    @property
    def layout(self) -> str:
        """How the model takes its input, e.g. ``"(N, C, T)"``."""
        return self._dreamer.scene.probe.layout

    @property
    def frozen(self) -> list[list[int | None]]:
        """The frozen segments: entries ``[start, stop, channel or None, dream]``."""
        return frozen_segments(self._dreamer.frozen.cpu().numpy())

    # ---- steps and commands -------------------------------------------------------------------------------------

    def step(self) -> None:
        """Take one step. A runner calls this; people call `run`.

        Raises
        ------
        StepError
            If the step went wrong, in every dream that had not `stopped`; it was undone.
        """
        with self._lock:
            measurement = self._dreamer.step()
            self._history.append(measurement)
            self._publish()

    def run(self, steps: int, callback: Callable[[Session], bool | None] | None = None) -> None:
        """Take `steps` steps here and now.

        Parameters
        ----------
        steps : int
            At least 0.
        callback : callable, optional
            Called with the session after each step; returning ``False`` stops.

        Raises
        ------
        StepError
            If a step went wrong; it was undone, the steps before it stand.
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        steps = whole("steps", steps, 0, 10**9)
        self.drive(_Here(self))
        try:
            with intra_op_threads(self.threads):
                for _ in range(steps):
                    self.step()
                    if callback is not None and callback(self) is False:
                        break
        finally:
            self.drive(None)
            self.changed()

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
        self.check(command)
        return (self._driver or _Here(self)).submit(command)

    def check(self, command: Command) -> None:
        """Raise as `submit` would, and change nothing."""
        if not isinstance(command, Command):  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks are not type-checked
            raise TypeError(f"{command!r} is no command; give e.g. sd.commands.Freeze(100, 160)")
        command.check(self._dreamer)

    def apply(self, command: Command) -> int:
        """Carry out a command between two steps. Runners call this; people call `submit`."""
        with self._lock:
            command.check(self._dreamer)
            before = self._dreamer.step_count + 1
            command.apply(self._dreamer)
            if isinstance(command, Reset):
                self._begin()
                return 1
            self._publish()
            return before

    def measure(self) -> None:
        """Compute one gradient and change nothing, the random streams neither; what a runner times."""
        with self._lock:
            self._dreamer.evaluate()

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
        """Have `watcher` called after each command and each `run`; ``None`` ends that."""
        self._watcher = watcher

    def changed(self) -> None:
        """Tell the watcher, if there is one."""
        if self._watcher is not None:
            self._watcher()

    @property
    def gestures(self) -> tuple[int, ...]:
        """The pointer gestures that hold samples now."""
        return self._dreamer.gestures

    def __repr__(self) -> str:
        """Tell where it is; never print arrays."""
        return f"Session(step={self.step_count}, objective={self.objective!r}, shape={tuple(self._now.shape)})"


class _Here:
    """Carries commands out on the spot."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def submit(self, command: Command) -> int:
        step = self._session.apply(command)
        self._session.changed()
        return step


def frozen_segments(mask: NDArray[np.bool_]) -> list[list[int | None]]:
    """List the runs of a mask of shape (batch, channel, time) as ``[start, stop, channel or None, dream]``.

    Runs that all channels share come first, with ``None`` for the channel.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((1, 1, 8), bool)
    >>> mask[:, :, 2:5] = True
    >>> frozen_segments(mask)
    [[2, 5, None, 0]]
    """
    segments: list[list[int | None]] = []
    for dream in range(mask.shape[0]):
        shared = mask[dream].all(axis=0)
        segments.extend([start, stop, None, dream] for start, stop in _runs(shared))
        for channel in range(mask.shape[1]):
            own = mask[dream, channel] & ~shared
            segments.extend([start, stop, channel, dream] for start, stop in _runs(own))
    return segments


def _runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
