"""One gradient step, in the order of the contract. The heart: read this first.

Steps count from 1; the sequence before the first is the start. Everything here is a batch of dreams
``(batch, channel, time)``. A dreamer knows nothing of people, histories or widgets.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Callable, Generator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import StepError
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory, chosen, clear_state, restore, snapshot
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
        self.learning_rate = learning_rate
        self.parameterization = parameterization
        self._form = parameterization.bind(self.start, scene)
        self._chosen = chosen(optimizer, learning_rate, self.start)
        self._random_states = [generator.get_state() for generator in generators]
        self.frozen: Bool[Tensor, "batch channel time"] = torch.zeros_like(start, dtype=torch.bool)
        self.restart()

    def restart(self) -> None:
        """Begin again: the start, a fresh optimizer, the random streams rewound. Settings and frozen segments stay."""
        self.step_count = 0
        self._pins: dict[int, Bool[Tensor, "batch channel time"]] = {}
        self._released: set[int] = set()
        self._changes: dict[str, NDArray[np.float32]] = {}
        self._rewind(self._random_states)
        self._take_up(self.start)

    # ---- the sequence -------------------------------------------------------------------------------------------

    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """Return the sequence now, as a detached copy."""
        return self._decode(self._theta.detach()).clone()

    @property
    def residual(self) -> Float[Tensor, "batch channel time"]:
        """What the parameterization could not express of the sequence when it was last set."""
        return torch.zeros_like(self.start) if self._anchor is None else self._anchor[0] - self._anchor[1]

    def edit(self, x: Float[Tensor, "batch channel time"], where: Bool[Tensor, "batch channel time"]) -> None:
        """Set the sequence to `x`, which differs at most `where` it was edited; those samples start anew."""
        edited = where.flatten(1).any(dim=1)
        theta = self._form.encode(x)
        self._write(torch.where(_rows(edited, theta), theta, self._theta))
        self._anchor_at(x, edited)
        self._forget(where)
        self._hold(x)

    def _take_up(self, x: Tensor) -> None:
        self._theta = self._form.encode(x).requires_grad_()
        self._anchor: tuple[Tensor, Tensor] | None = None
        self._anchor_at(x, torch.ones(len(x), dtype=torch.bool, device=x.device))
        self._begin_optimizer()
        self._hold(x)

    def _begin_optimizer(self) -> None:
        self._optimizer = self._chosen.make([self._theta], lr=self.learning_rate)

    def _anchor_at(self, x: Tensor, dreams: Tensor) -> None:
        """Note what the sequence of some dreams is where θ is now, so that it is held exactly."""
        decoded = self._form.decode(self._theta.detach())
        if self._anchor is None and torch.equal(decoded[dreams], x[dreams]):
            return
        zeros = torch.zeros_like(x)
        old_x, old_decoded = self._anchor or (zeros, zeros)
        chosen = _rows(dreams, x)
        self._anchor = torch.where(chosen, x, old_x), torch.where(chosen, decoded, old_decoded)

    @torch.no_grad()
    def _write(self, theta: Tensor) -> None:
        self._theta.copy_(theta)

    def _decode(self, theta: Tensor) -> Tensor:
        x = self._decode_freely(theta)
        return x if self._held is None else torch.where(self._held, self._held_values, x)

    def _decode_freely(self, theta: Tensor) -> Tensor:
        """Decode without what is held: ``decode(θ) + r``, in an order that loses no bit until θ moves."""
        x = self._form.decode(theta)
        return x if self._anchor is None else (x - self._anchor[1]) + self._anchor[0]

    def _move_to(self, x: Tensor) -> None:
        """Go where a projection leads, the residual kept; what is held has no say in it."""
        if not self._chosen.elementwise and not torch.equal(x, self.sequence()):
            self._begin_optimizer()  # LBFGS would take the jump for curvature, and diverge
        if self._held is not None:
            x = torch.where(self._held, self._decode_freely(self._theta), x)
        self._write(self._form.encode(x if self._anchor is None else (x - self._anchor[0]) + self._anchor[1]))

    def _forget(self, where: Tensor) -> None:
        """Make the optimizer forget samples, or as little more as it can: their dreams, or everything."""
        if not where.any():
            return
        if not self._chosen.elementwise:
            self._begin_optimizer()
        elif self._form.by_sample:
            clear_state(self._optimizer, self._theta, where)
        else:
            clear_state(self._optimizer, self._theta, _rows(where.flatten(1).any(dim=1), self._theta))

    # ---- what is held against the gradient ----------------------------------------------------------------------

    def freeze(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Hold samples at their present values until they are unfrozen."""
        self._forget(where & ~self.frozen)
        self.frozen = self.frozen | where
        self._hold()

    def unfreeze(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Let samples go; they start anew in the optimizer."""
        x, freed = self.sequence(), self.frozen & where
        self.frozen = self.frozen & ~where
        self.edit(x, freed)

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
        self._forget_held()

    def _forget_held(self) -> None:
        """Let no momentum gather where samples are held; θ of other forms belongs to the free samples as well."""
        if self._held is not None and self._form.by_sample and self._chosen.elementwise:
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
        with self._undone_on_error() as random_states:
            terms, probabilities, self._theta.grad = self.evaluate()
            with _named("the optimizer"):
                self._optimizer.step(self._closure(terms, random_states))  # pyright: ignore[reportUnknownMemberType] - untyped in torch
            changes = self._project(self.step_count + 1)
            self._forget_held()
            if not math.isfinite(self._decode(self._theta.detach()).abs().amax().item()):
                raise StepError(_not_finite(["the sequence"], self.step_count + 1))
            self.step_count += 1
        self._changes = changes
        self._let_go()
        return Measurement(terms | changes, probabilities)

    @contextlib.contextmanager
    def _undone_on_error(self) -> Generator[list[Tensor]]:
        """Put θ, the optimizer and the random streams back if the step does not come to its end; yield the latter."""
        theta = self._theta.detach().clone()
        optimizer, state = self._optimizer, snapshot(self._optimizer, self._theta)
        random_states = [generator.get_state() for generator in self.generators]
        try:
            yield random_states
        except BaseException:
            self._write(theta)
            self._optimizer = optimizer
            restore(optimizer, state)
            self._rewind(random_states)
            raise

    def _rewind(self, random_states: list[Tensor]) -> None:
        for generator, state in zip(self.generators, random_states, strict=True):
            generator.set_state(state)

    def _closure(self, terms: dict[str, NDArray[np.float32]], random_states: list[Tensor]) -> Callable[[], float]:
        """Return what an optimizer may ask for the loss and gradient: first those of `terms`, then anew."""
        asked = itertools.count()

        def closure() -> float:
            found = terms
            if next(asked):
                # The same draws for all evaluations of a step: the optimizer compares them.
                self._rewind(random_states)
                with torch.enable_grad():
                    found, _, self._theta.grad = self.evaluate()
            penalties = [r.name for r in self.regularizers if isinstance(r, Penalty) and r.name in found]
            return float(sum(found[name].sum() for name in penalties) - found["score"].sum())

        return closure

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
            activity = self.scene.probe(x)
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
        if self._held is not None and self._form.by_sample:
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
            self._move_to(after)
            change = (self.sequence() - before).square().mean(dim=(1, 2)).sqrt()
            changes[regularizer.name] = change.float().cpu().numpy()
        return changes

    def _let_go(self) -> None:
        if self._released:
            x = self.sequence()
            freed = torch.zeros_like(self.frozen)
            for gesture in self._released:
                freed |= self._pins.pop(gesture)
            self._released.clear()
            self.edit(x, freed)

    # ---- settings -----------------------------------------------------------------------------------------------

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the size of an update; the optimizer's state is kept."""
        self.learning_rate = learning_rate
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate

    @property
    def optimizer(self) -> str | OptimizerFactory:
        """What moves θ: a name, or a factory."""
        return self._chosen.given

    def set_optimizer(self, optimizer: str | OptimizerFactory) -> None:
        """Go on with another optimizer, which begins anew."""
        self._chosen = chosen(optimizer, self.learning_rate, self.start)
        self._begin_optimizer()

    def set_parameterization(self, parameterization: Parameterization) -> None:
        """Write the same sequence with other parameters; the optimizer begins anew."""
        x = self.sequence()
        self._form = parameterization.bind(self.start, self.scene)
        self.parameterization = parameterization
        self._take_up(x)


def _rows(dreams: Tensor, like: Tensor) -> Tensor:
    """Shape a mask of dreams so that it spans a tensor whose first axis is the batch."""
    return dreams.reshape(-1, *(1,) * (like.ndim - 1))


@contextlib.contextmanager
def _named(part: str) -> Generator[None]:
    """Say which part of a step raised."""
    try:
        yield
    except StepError:
        raise
    except Exception as error:
        raise StepError(f"{part} raised {type(error).__name__}: {error}; the step was undone") from error


def _not_finite(names: list[str], number: int) -> str:
    return (
        f"{', '.join(names)} is not finite at step {number}; the step was undone. "
        f"Lower the learning rate or the weights, or reset"
    )
