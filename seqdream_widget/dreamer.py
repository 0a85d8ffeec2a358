"""One gradient step, in the order of the contract. The heart: read this first.

Steps count from 1; the sequence before the first is the start. Everything here is a batch of dreams
``(batch, channel, time)``. A dreamer knows nothing of people, histories or widgets.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import StepError
from seqdream_widget.evaluation import (
    GRADIENT,
    Evaluation,
    acting,
    bad_gradients,
    evaluated,
    named,
    not_finite,
    root_mean_square,
)
from seqdream_widget.holds import Holds
from seqdream_widget.iterate import Iterate, Saved, Standing, rows
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory, chosen
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.regularizers.base import Regularizer
from seqdream_widget.regularizers.moment import Moment
from seqdream_widget.scene import Scene


@dataclasses.dataclass(slots=True)
class Measurement:
    """What one step measured, before its update.

    Attributes
    ----------
    values : dict of str to array of shape (batch,)
        Those of the `Evaluation`, and of every enabled projection by name the root mean square change when it acted
        last (0 until it does). NaN for a stopped dream.
    probabilities : array of shape (batch, class)
    after : Tensor of shape (batch, channel, time)
        The sequence after the update, a copy.
    gradient : Tensor of shape (batch, channel, time)
        That of the loss at the sequence before the update, masked and shaped.
    """

    values: dict[str, NDArray[np.float32]]
    probabilities: NDArray[np.float32]
    after: Float[Tensor, "batch channel time"]
    gradient: Float[Tensor, "batch channel time"]


@dataclasses.dataclass(eq=False, slots=True)
class _Before:
    """What a step changes beside its number, as it was."""

    iterate: Saved
    random_states: list[Tensor]


@dataclasses.dataclass(frozen=True, eq=False)
class Checkpoint:
    """All of a dreamer between two steps, as it was: what comes after follows from it to the bit. It never changes."""

    step_count: int
    objective: Objective
    regularizers: tuple[Regularizer, ...]
    parameterization: Parameterization
    iterate: Standing
    random_states: list[Tensor]
    holds: Holds
    stopped: dict[int, str]
    changes: dict[str, NDArray[np.float32]]
    start: Float[Tensor, "batch channel time"]


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
    optimizer : str or callable
        A name, or ``(params, lr=...) -> torch.optim.Optimizer``.
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
        optimizer: str | OptimizerFactory,
        learning_rate: float,
        regularizers: tuple[Regularizer, ...],
    ) -> None:
        self.scene = scene
        self.objective = objective.resolve(scene)
        self.regularizers = regularizers
        self.start = start.clone()
        self.generators = tuple(generators)
        self.parameterization = parameterization
        form = parameterization.bind(self.start, scene)
        self.iterate = Iterate(self.start, form, chosen(optimizer, learning_rate, self.start), learning_rate)
        self._random_states = [generator.get_state() for generator in generators]
        self._holds = Holds(torch.zeros_like(start, dtype=torch.bool))
        self.restart()

    def restart(self) -> None:
        """Begin again: the start, a fresh optimizer, the random streams rewound. Settings and frozen segments stay."""
        self.step_count = 0
        # The dreams of a batch that have stopped, and why. Replaced, never changed: readers keep a whole one.
        self.stopped: dict[int, str] = {}
        self._changes: dict[str, NDArray[np.float32]] = {}
        self._rewind(self._random_states)
        self.iterate.begin(self.start)
        self._hold(Holds(self.frozen))

    def begin_at(self, start: Float[Tensor, "batch channel time"]) -> None:
        """Begin again at another start, now and after every `restart`."""
        self.start = start.to(self.start, copy=True)
        self.restart()

    # ---- the sequence -------------------------------------------------------------------------------------------

    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """Return the sequence now, as a detached copy."""
        return self.iterate.sequence()

    def edit(self, x: Float[Tensor, "batch channel time"], where: Bool[Tensor, "batch channel time"]) -> None:
        """Set the sequence to `x`, which differs at most `where` it was edited; those samples start anew."""
        self.iterate.edit(x, where)

    # ---- what is held against the gradient ----------------------------------------------------------------------

    @property
    def frozen(self) -> Bool[Tensor, "batch channel time"]:
        """Mask of the samples that are held until they are unfrozen."""
        return self._holds.frozen

    @property
    def gestures(self) -> tuple[int, ...]:
        """The gestures that hold samples now."""
        return self._holds.gestures

    def freeze(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Hold samples at their present values until they are unfrozen."""
        self._hold(self._holds.freeze(where))

    def unfreeze(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Let samples go; they start anew in the optimizer."""
        self.edit(self.sequence(), self.frozen & where)
        self._hold(self._holds.unfreeze(where))

    def pin(self, gesture: int, where: Bool[Tensor, "batch channel time"]) -> None:
        """Hold samples while a pointer does, until the gesture is released."""
        self._hold(self._holds.pin(gesture, where))

    def release(self, gesture: int) -> None:
        """Let a gesture go, after the next step: what a hand has put there, the network sees at least once."""
        self._holds = self._holds.release(gesture)

    def _let_go(self) -> None:
        if self._holds.released:
            self.edit(self.sequence(), self._holds.leaving)
            self._hold(self._holds.let_go())

    def _hold(self, holds: Holds) -> None:
        self._holds = holds
        self.iterate.hold(holds.where)

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
        before = _Before(self.iterate.save(), [generator.get_state() for generator in self.generators])
        try:
            evaluation = self._evaluate()
            stopped = self._stopping(self._failures(evaluation, before), self.stopped)
            self._pull_back(evaluation, stopped)
            with named("the optimizer"):
                self.iterate.update(self._closure(evaluation, stopped, before))
            changes = self._project(self.step_count + 1, evaluation.slope) if self._acting.projections else {}
            self.iterate.forget_held()
            x = self.sequence()
            stopped = self._stopping(_diverged(x), stopped)
            if stopped:
                self._put_back(before, stopped)
                x = self.sequence()
            self.step_count += 1
        except BaseException:
            self.iterate.put_back(before.iterate)
            self._rewind(before.random_states)
            raise
        self._changes = changes
        self.stopped = stopped
        self._let_go()
        values, probabilities = evaluation.values | changes, evaluation.probabilities
        if stopped:
            off = np.isin(np.arange(len(self.start)), list(stopped))
            values = {name: np.where(off, np.float32(np.nan), row) for name, row in values.items()}
            probabilities = np.where(off[:, None], np.float32(np.nan), probabilities)
        return Measurement(values, probabilities, x, evaluation.gradient)

    def _rewind(self, random_states: list[Tensor]) -> None:
        for generator, random_state in zip(self.generators, random_states, strict=True):
            generator.set_state(random_state)

    def _put_back(self, before: _Before, dreams: Iterable[int]) -> None:
        """Undo the step for some dreams."""
        self.iterate.put_dreams_back(before.iterate, self._mask_of(dreams))
        for dream in dreams:
            self.generators[dream].set_state(before.random_states[dream])

    def _mask_of(self, dreams: Iterable[int]) -> Bool[Tensor, " batch"]:
        mask = torch.zeros(len(self.start), dtype=torch.bool)
        mask[list(dreams)] = True
        return mask.to(self.start.device)

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

    @torch.enable_grad()  # also in a notebook that has switched gradients off, and for an optimizer that asks again
    def _evaluate(self) -> Evaluation:
        iterate = self.iterate
        return evaluated(iterate.decode(), self.scene, self.objective, self._acting, self.generators, iterate.held)

    def _failures(self, evaluation: Evaluation, before: _Before) -> dict[int, list[str]]:
        """Name for each dream what is not finite; of a gradient alone, the term that it came from."""
        failures = evaluation.failures()
        if [GRADIENT] not in failures.values():
            return failures
        random_states = [generator.get_state() for generator in self.generators]
        self._rewind(before.random_states)
        with torch.enable_grad():
            x = self.iterate.decode()
            found = bad_gradients(x, self.scene, self.objective, self._acting, self.generators)
        self._rewind(random_states)
        return {dream: names if names != [GRADIENT] else found[dream] or names for dream, names in failures.items()}

    def _pull_back(self, evaluation: Evaluation, stopped: Iterable[int]) -> None:
        """Give the optimizer the gradient; zero for the dreams that have stopped."""
        gradient = evaluation.gradient
        if stopped:
            # Never by a product: NaN times 0 is NaN.
            gradient = gradient.masked_fill(rows(self._mask_of(stopped), gradient), 0)
        with named(GRADIENT):
            self.iterate.pull_back(evaluation.x, gradient)

    def _closure(self, first: Evaluation, stopped: Iterable[int], before: _Before) -> Callable[[], float]:
        """Return what an optimizer may ask for the loss and gradient: those of `first`, then anew."""
        asked = itertools.count()

        def closure() -> float:
            evaluation = first
            if next(asked):
                # The same draws for all evaluations of a step: the optimizer compares them.
                self._rewind(before.random_states)
                evaluation = self._evaluate()
                self._pull_back(evaluation, stopped)
            return evaluation.loss.sum().item()

        return closure

    def _stopping(self, failures: dict[int, list[str]], stopped: dict[int, str]) -> dict[int, str]:
        """Add to the dreams that have stopped, and why, those that fail.

        Raises
        ------
        StepError
            If that leaves no dream to go on.
        """
        new = {dream: names for dream, names in failures.items() if dream not in stopped} if failures else {}
        if not new:
            return stopped
        number = self.step_count + 1
        told = {dream: not_finite(names, number) for dream, names in new.items()}
        if len(new) + len(stopped) == len(self.start):
            raise StepError(not_finite(list(dict.fromkeys(itertools.chain(*new.values()))), number), told)
        return stopped | told

    @torch.no_grad()
    def _project(self, number: int, slope: Tensor) -> dict[str, NDArray[np.float32]]:
        """Apply the projections whose turn it is; return the root mean square change by each when it acted last."""
        changes: dict[str, NDArray[np.float32]] = {}
        never = np.zeros(len(self.start), dtype=np.float32)
        moment = Moment(self.scene.reference, self.generators, slope)
        for regularizer in self._acting.projections:
            if number % regularizer.every:
                changes[regularizer.name] = self._changes.get(regularizer.name, never)
                continue
            before = self.sequence()
            with named(regularizer.name):
                after = regularizer.apply(before, moment)
            if self.iterate.held is not None:
                after = torch.where(self.iterate.held, before, after)
            self.iterate.move_to(after)
            # What it came to: the parameterization may not be able to follow.
            changes[regularizer.name] = root_mean_square(self.sequence() - before).float().cpu().numpy()
        return changes

    # ---- as a whole ---------------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """Copy all of it."""
        return Checkpoint(
            self.step_count,
            self.objective,
            self.regularizers,
            self.parameterization,
            self.iterate.standing(),
            [generator.get_state() for generator in self.generators],
            self._holds,
            self.stopped,
            self._changes,
            self.start,
        )

    def become(self, was: Checkpoint) -> None:
        """Be as it was, whatever it is now."""
        self.step_count, self.objective, self.regularizers = was.step_count, was.objective, was.regularizers
        self.parameterization, self.start = was.parameterization, was.start
        self._holds, self.stopped, self._changes = was.holds, was.stopped, was.changes
        self.iterate.become(was.iterate)
        self._rewind(was.random_states)

    def twin(self) -> Dreamer:
        """Return one that goes on independently from here; they share the model."""
        twin = copy.copy(self)
        twin.generators = tuple(torch.Generator() for _ in self.generators)
        twin.iterate = copy.copy(self.iterate)
        twin.become(self.checkpoint())
        return twin

    # ---- settings -----------------------------------------------------------------------------------------------

    @property
    def regularizers(self) -> tuple[Regularizer, ...]:
        """What keeps the dreams honest, enabled or not."""
        return self._regularizers

    @regularizers.setter
    def regularizers(self, regularizers: tuple[Regularizer, ...]) -> None:
        self._regularizers = regularizers
        self._acting = acting(regularizers)

    @property
    def learning_rate(self) -> float:
        """The size of an update."""
        return self.iterate.learning_rate

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the size of an update; the optimizer's state is kept."""
        self.iterate.set_learning_rate(learning_rate)

    @property
    def optimizer(self) -> str | OptimizerFactory:
        """What moves θ: a name, or a factory."""
        return self.iterate.chosen.given

    def set_optimizer(self, optimizer: str | OptimizerFactory) -> None:
        """Go on with another optimizer, which begins anew."""
        self.iterate.set_optimizer(chosen(optimizer, self.learning_rate, self.start))

    def set_parameterization(self, parameterization: Parameterization) -> None:
        """Write the same sequence with other parameters; the optimizer begins anew."""
        self.iterate.set_form(parameterization.bind(self.start, self.scene))
        self.parameterization = parameterization


def _diverged(x: Float[Tensor, "batch channel time"]) -> dict[int, list[str]]:
    """Name the sequence for each dream in which it is not finite."""
    if math.isfinite(x.sum().item()):  # then so is every term of it
        return {}
    finite = x.flatten(1).isfinite().all(dim=1).cpu().numpy()
    return {int(dream): ["the sequence"] for dream in np.flatnonzero(~finite)}
