"""One gradient step, in the order of the contract. The heart: read this first.

Steps count from 1; the sequence before the first is the start. Everything here is a batch of dreams
``(batch, channel, time)``. A dreamer knows nothing of people, histories or widgets.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Generator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import StepError
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory, clear_state, copied_state
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.regularizers.base import Penalty, Projection, Regularizer
from seqdream_widget.scene import Scene


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What one step measured, before its update.

    Attributes
    ----------
    values : dict of str to array of shape (batch,)
        ``score``, ``grad_norm`` and every enabled regularizer by name: weight times value of a penalty, root mean
        square change by a projection when it acted last (0 until it does).
    probabilities : array of shape (batch, class)
    """

    values: dict[str, NDArray[np.float32]]
    probabilities: NDArray[np.float32]


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

        Raises
        ------
        StepError
            If the model, the objective or a regularizer raises, or a term or the gradient is not finite. Nothing
            has changed then.
        """
        terms, probabilities, gradient = self.evaluate()
        with self._undone_on_error():
            self._theta.grad = gradient
            self._optimizer.step()
            changes = self._project(self.step_count + 1)
            self._put_held_back()
            if not math.isfinite(self._theta.detach().abs().amax().item()):
                raise StepError(_not_finite(["the sequence"], self.step_count + 1))
            self.step_count += 1
        self._changes = changes
        self._let_go()
        return Measurement(terms | changes, probabilities)

    @contextlib.contextmanager
    def _undone_on_error(self) -> Generator[None]:
        """Put θ, the optimizer's state and the random streams back if the update does not come to its end."""
        theta = self._theta.detach().clone()
        state = copied_state(self._optimizer, self._theta)
        random_states = [generator.get_state() for generator in self.generators]
        try:
            yield
        except BaseException:
            self._write(theta)
            self._optimizer.state[self._theta] = state
            for generator, random_state in zip(self.generators, random_states, strict=True):
                generator.set_state(random_state)
            raise

    def evaluate(self) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32], Tensor]:
        """Measure every term and the gradient at the present sequence, and change nothing.

        Returns
        -------
        terms : dict of str to array of shape (batch,)
        probabilities : array of shape (batch, class)
        gradient : Tensor of θ's shape, zero where samples are held

        Raises
        ------
        StepError
            As `step` does.
        """
        x = self._decode(self._theta)
        with _named("the model"):
            activity = self.scene.probe(x, self.objective.layers)
        with _named("the objective"):
            score = self.objective.score(activity)
        terms = {"score": score}
        loss = -score
        for regularizer in self.regularizers:
            if isinstance(regularizer, Penalty) and regularizer.enabled:
                with _named(regularizer.name):
                    term = regularizer.weight * regularizer.value(x, self.scene.reference)
                terms[regularizer.name] = term
                loss = loss + term
        with _named("the gradient"):
            (gradient,) = torch.autograd.grad(loss.sum(), self._theta)
        if self._held is not None:
            gradient = gradient.masked_fill(self._held, 0)
        terms["grad_norm"] = gradient.flatten(1).norm(dim=1)  # pyright: ignore[reportUnknownMemberType] - untyped in torch
        # In NumPy: a torch operation on a few numbers costs ten times as much, and this is done in every step.
        rows = torch.stack([term.detach() for term in terms.values()]).float().cpu().numpy()
        measured = dict(zip(terms, rows, strict=True))
        if not np.isfinite(rows).all():
            bad = [name for name, row in measured.items() if not np.isfinite(row).all()]
            # A bad gradient follows from a bad term; where every term is finite, it is the news.
            named = [name for name in bad if name != "grad_norm"] or ["the gradient"]
            raise StepError(_not_finite(named, self.step_count + 1))
        return measured, activity.probabilities().float().cpu().numpy(), gradient

    @torch.no_grad()
    def _project(self, number: int) -> dict[str, NDArray[np.float32]]:
        """Apply the projections whose turn it is; return the root mean square change by each when it acted last."""
        changes: dict[str, NDArray[np.float32]] = {}
        never = np.zeros(len(self.start), dtype=np.float32)
        for regularizer in self.regularizers:
            if not isinstance(regularizer, Projection) or not regularizer.enabled:
                continue
            if number % regularizer.every:
                changes[regularizer.name] = self._changes.get(regularizer.name, never)
                continue
            before = self.sequence()
            with _named(regularizer.name):
                after = regularizer.apply(before, self.scene.reference)
            if self._held is not None:
                after = torch.where(self._held, before, after)
            free = after if self._residual is None else after - self._residual
            self._write(self.parameterization.encode(free))
            change = (after - before).square().mean(dim=(1, 2)).sqrt()
            changes[regularizer.name] = change.float().cpu().numpy()
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


@contextlib.contextmanager
def _named(part: str) -> Generator[None]:
    """Say which part of a step raised."""
    try:
        yield
    except Exception as error:
        raise StepError(f"{part} raised {type(error).__name__}: {error}; the step was undone") from error


def _not_finite(names: list[str], number: int) -> str:
    return (
        f"{', '.join(names)} is not finite at step {number}; the step was undone. "
        f"Lower the learning rate or the weights, or reset"
    )
