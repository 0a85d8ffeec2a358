"""One gradient step, in the order of the contract. The heart: read this first.

Steps count from 1; the sequence before the first is the start. Everything here is a batch of dreams
``(batch, channel, time)``. A dreamer knows nothing of people, histories or widgets.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import StepError
from seqdream_widget.evaluation import Evaluation, evaluated, named, not_finite, root_mean_square
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory, clear_state, copied_state, put_state_back
from seqdream_widget.parameterizations import Parameterization, Samples
from seqdream_widget.regularizers.base import Projection, Regularizer
from seqdream_widget.regularizers.moment import Moment
from seqdream_widget.scene import Scene


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What one step measured, before its update.

    Attributes
    ----------
    values : dict of str to array of shape (batch,)
        Those of the `Evaluation`, and of every enabled projection by name the root mean square change when it acted
        last (0 until it does). NaN for a stopped dream.
    probabilities : array of shape (batch, class)
    """

    values: dict[str, NDArray[np.float32]]
    probabilities: NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class _Before:
    """What a step changes beside the sequence's number, as it was."""

    theta: Tensor
    optimizer_state: dict[str, Any]
    random_states: list[Tensor]


class Dreamer:
    """Climbs the gradient of an objective in the input, one step at a time.

    Parameters
    ----------
    scene : Scene
        The model, its classes and real data.
    objective : Objective
        What to climb; it is resolved here.
    start : Tensor of shape (batch, channel, time)
        Where to begin.
    generators : sequence of torch.Generator
        One per dream: the run's own randomness.
    parameterization : Parameterization
        What the optimizer owns.
    optimizer : callable
        ``(params, lr=...) -> torch.optim.Optimizer``.
    learning_rate : float
    regularizers : sequence of Regularizer
    """

    def __init__(
        self,
        scene: Scene,
        objective: Objective,
        start: Float[Tensor, "batch channel time"],
        generators: Sequence[torch.Generator],
        *,
        parameterization: Parameterization,
        optimizer: OptimizerFactory,
        learning_rate: float,
        regularizers: tuple[Regularizer, ...],
    ) -> None:
        self.scene = scene
        self.objective = objective.resolve(scene)
        self.regularizers = regularizers
        self.start = start.clone()
        self.generators = tuple(generators)
        self.learning_rate = learning_rate
        self.parameterization = parameterization
        self._make_optimizer = optimizer
        self._random_states = [generator.get_state() for generator in generators]
        self.frozen: Bool[Tensor, "batch channel time"] = torch.zeros_like(start, dtype=torch.bool)
        self.restart()

    def restart(self) -> None:
        """Begin again: the start, a fresh optimizer, the random streams rewound. Settings and frozen segments stay."""
        self.step_count = 0
        # The dreams of a batch that have stopped, and why. Replaced, never changed: readers keep a whole one.
        self.stopped: dict[int, str] = {}
        self._pins: dict[int, Bool[Tensor, "batch channel time"]] = {}
        self._released: set[int] = set()
        self._changes: dict[str, NDArray[np.float32]] = {}
        for generator, state in zip(self.generators, self._random_states, strict=True):
            generator.set_state(state)
        self._take_up(self.start)

    # ---- the sequence -------------------------------------------------------------------------------------------

    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """Return the sequence now, as a detached copy."""
        return self._decode(self._theta).detach().clone()

    def edit(self, x: Float[Tensor, "batch channel time"], where: Bool[Tensor, "batch channel time"]) -> None:
        """Set the sequence to `x`, which differs at most `where` it was edited; those samples start anew."""
        self._write(self.parameterization.encode(x))
        self._residual = self._residual_of(x)
        clear_state(self._optimizer, self._theta, where)
        self._hold(x)

    def _take_up(self, x: Tensor) -> None:
        self._theta = self.parameterization.encode(x).requires_grad_()
        self._residual = self._residual_of(x)
        self._optimizer = self._make_optimizer([self._theta], lr=self.learning_rate)
        self._hold(x)

    def _residual_of(self, x: Tensor) -> Tensor | None:
        """Return what the parameterization cannot express of `x`, or ``None`` if nothing."""
        residual = x - self.parameterization.decode(self._theta.detach())
        return residual if residual.any() else None

    @torch.no_grad()
    def _write(self, theta: Tensor) -> None:
        self._theta.copy_(theta)

    def _decode(self, theta: Tensor) -> Tensor:
        x = self.parameterization.decode(theta)
        if self._residual is not None:
            x = x + self._residual
        return x if self._held is None else torch.where(self._held, self._held_values, x)

    # ---- what is held against the gradient ----------------------------------------------------------------------

    def freeze(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Hold samples at their present values until they are unfrozen."""
        self.frozen = self.frozen | where
        self._hold()

    def unfreeze(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Let samples go; they start anew in the optimizer."""
        self.frozen = self.frozen & ~where
        self._hold()

    def pin(self, gesture: int, where: Bool[Tensor, "batch channel time"]) -> None:
        """Hold samples while a pointer does, until the gesture is released."""
        held = self._pins.get(gesture)
        self._pins[gesture] = where if held is None else held | where
        self._released.discard(gesture)
        self._hold()

    def release(self, gesture: int) -> None:
        """Let a gesture go, after the next step: what a hand has put there, the network sees at least once."""
        if gesture in self._pins:
            self._released.add(gesture)

    @property
    def gestures(self) -> tuple[int, ...]:
        """The gestures that hold samples now."""
        return tuple(gesture for gesture in self._pins if gesture not in self._released)

    def _hold(self, x: Tensor | None = None) -> None:
        """Hold what is frozen or pinned, at the values of `x`: the sequence now, unless given."""
        self._held_values = self.sequence() if x is None else x.clone()
        held = self.frozen
        for pinned in self._pins.values():
            held = held | pinned
        # No mask at all where nothing is held: a step then costs nothing for it.
        self._held: Tensor | None = held if held.any() else None
        if self._held is not None:
            clear_state(self._optimizer, self._theta, self._held)

    # ---- a step -------------------------------------------------------------------------------------------------

    def step(self) -> Measurement:
        """Take one gradient step and return what was measured before its update.

        A dream of a batch whose numbers are not finite stops, as it was before this step; the others go on.

        Raises
        ------
        StepError
            If the model, the objective or a regularizer raises, or something is not finite in every dream that has not
            stopped. Nothing has changed then.
        """
        with self._undone_on_error() as before:
            evaluation = self._evaluate()
            stopped = self.stopped | self._stopping(evaluation.failures(), self.stopped)
            self._theta.grad = self._pulled_back(evaluation, stopped)
            self._optimizer.step()
            changes = self._project(self.step_count + 1, evaluation.slope)
            self._put_held_back()
            if stopped:
                self._put_back(before, stopped)
            if not math.isfinite(self._theta.detach().abs().amax().item()):
                finite = self._theta.detach().flatten(1).isfinite().all(dim=1)
                diverged = {dream: ["the sequence"] for dream in range(len(finite)) if not finite[dream]}
                stopped |= self._stopping(diverged, stopped)
                self._put_back(before, stopped)
            self.step_count += 1
        self._changes = changes
        self.stopped = stopped
        self._let_go()
        values, probabilities = evaluation.values | changes, evaluation.probabilities
        if stopped:
            off = np.isin(np.arange(len(self.start)), list(stopped))
            values = {name: np.where(off, np.float32(np.nan), row) for name, row in values.items()}
            probabilities = np.where(off[:, None], np.float32(np.nan), probabilities)
        return Measurement(values, probabilities)

    @contextlib.contextmanager
    def _undone_on_error(self) -> Generator[_Before]:
        """Put θ, the optimizer's state and the random streams back if the step does not come to its end."""
        before = _Before(
            self._theta.detach().clone(),
            copied_state(self._optimizer, self._theta),
            [generator.get_state() for generator in self.generators],
        )
        try:
            yield before
        except BaseException:
            self._write(before.theta)
            self._optimizer.state[self._theta] = before.optimizer_state
            self._rewind(before.random_states)
            raise

    def _rewind(self, random_states: list[Tensor]) -> None:
        for generator, random_state in zip(self.generators, random_states, strict=True):
            generator.set_state(random_state)

    def _put_back(self, before: _Before, dreams: Iterable[int]) -> None:
        """Undo the step for some dreams: their θ, what the optimizer remembers of them, their random streams."""
        where = self._mask_of(dreams, self._theta)
        self._write(torch.where(where, before.theta, self._theta.detach()))
        put_state_back(self._optimizer, self._theta, before.optimizer_state, where)
        for dream in dreams:
            self.generators[dream].set_state(before.random_states[dream])

    @staticmethod
    def _mask_of(dreams: Iterable[int], like: Tensor) -> Tensor:
        """Mark some dreams, in a mask that broadcasts to `like`."""
        where = torch.zeros(len(like), dtype=torch.bool)
        where[list(dreams)] = True
        return where.to(like.device).reshape(-1, *(1,) * (like.ndim - 1))

    def evaluate(self) -> Evaluation:
        """Measure every term and the gradient at the present sequence, and change nothing, the random streams neither.

        Raises
        ------
        StepError
            If the model, the objective or a regularizer raises.
        """
        random_states = [generator.get_state() for generator in self.generators]
        try:
            return self._evaluate()
        finally:
            self._rewind(random_states)

    def _evaluate(self) -> Evaluation:
        x = self._decode(self._theta)
        return evaluated(x, self.scene, self.objective, self.regularizers, self.generators, self._held)

    def _pulled_back(self, evaluation: Evaluation, stopped: dict[int, str]) -> Tensor:
        """Return the gradient with respect to θ; zero for the dreams that have stopped."""
        gradient = evaluation.gradient
        if stopped:
            # Never by a product: NaN times 0 is NaN.
            gradient = gradient.masked_fill(self._mask_of(stopped, gradient), 0)
        if isinstance(self.parameterization, Samples):
            return gradient  # θ is the sequence itself
        with named("the gradient"):
            return torch.autograd.grad(evaluation.x, self._theta, gradient)[0]

    def _stopping(self, failures: dict[int, list[str]], stopped: dict[int, str]) -> dict[int, str]:
        """Say which dreams stop now, and why: those that fail and have not stopped before.

        Raises
        ------
        StepError
            If that leaves no dream to go on.
        """
        number = self.step_count + 1
        new = {dream: names for dream, names in failures.items() if dream not in stopped}
        if new and len(new) + len(stopped) == len(self.start):
            raise StepError(not_finite(list(dict.fromkeys(itertools.chain(*new.values()))), number))
        return {dream: not_finite(names, number) for dream, names in new.items()}

    @torch.no_grad()
    def _project(self, number: int, slope: Tensor) -> dict[str, NDArray[np.float32]]:
        """Apply the projections whose turn it is; return the root mean square change by each when it acted last."""
        changes: dict[str, NDArray[np.float32]] = {}
        never = np.zeros(len(self.start), dtype=np.float32)
        moment = Moment(self.scene.reference, self.generators, slope)
        for regularizer in self.regularizers:
            if not isinstance(regularizer, Projection) or not regularizer.enabled:
                continue
            if number % regularizer.every:
                changes[regularizer.name] = self._changes.get(regularizer.name, never)
                continue
            before = self.sequence()
            with named(regularizer.name):
                after = regularizer.apply(before, moment)
            if self._held is not None:
                after = torch.where(self._held, before, after)
            free = after if self._residual is None else after - self._residual
            self._write(self.parameterization.encode(free))
            changes[regularizer.name] = root_mean_square(after - before).float().cpu().numpy()
        return changes

    def _put_held_back(self) -> None:
        """Last of all the mask: held samples keep their bits, and the optimizer forgets it touched them."""
        if self._held is not None:
            self._write(torch.where(self._held, self._held_values, self._theta.detach()))
            clear_state(self._optimizer, self._theta, self._held)

    def _let_go(self) -> None:
        if self._released:
            for gesture in self._released:
                del self._pins[gesture]
            self._released.clear()
            self._hold()

    # ---- settings -----------------------------------------------------------------------------------------------

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the size of an update; the optimizer's state is kept."""
        self.learning_rate = learning_rate
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
