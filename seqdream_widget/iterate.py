"""Where the ascent stands: θ and the optimizer that moves it, what θ cannot express, what is held."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.optim import Optimizer

from seqdream_widget.optimizers import Chosen, clear_state, put_state_back, restore, snapshot, transplanted
from seqdream_widget.parameterizations import Form


@dataclasses.dataclass(eq=False, slots=True)
class Saved:
    """What an update and projections change of an iterate, as it was."""

    theta: Tensor
    optimizer: Optimizer
    state: dict[str, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Standing:
    """All of an iterate, as it was. It is never changed, and shares nothing that a step changes."""

    form: Form
    chosen: Chosen
    learning_rate: float
    theta: Tensor
    optimizer: dict[str, Any]
    anchor: tuple[Tensor, Tensor] | None
    held: Tensor | None
    held_values: Tensor


class Iterate:
    """A sequence as an optimizer moves it: ``x = decode(θ) + r``, held samples at their values.

    The residual r is what the parameterization could not express of the sequence when it was last set, so that any
    sequence is written to the bit.

    Parameters
    ----------
    x : Tensor of shape (batch, channel, time)
        Where to begin.
    form : Form
        How θ is written.
    chosen : Chosen
        The optimizer.
    learning_rate : float

    Attributes
    ----------
    theta : Tensor
        What the optimizer owns; its first axis is the batch.
    optimizer : torch.optim.Optimizer
    held : Tensor of shape (batch, channel, time), optional
        Mask of the samples that do not move; none where nothing is held.
    """

    def __init__(
        self, x: Float[Tensor, "batch channel time"], form: Form, chosen: Chosen, learning_rate: float
    ) -> None:
        self.form = form
        self.chosen = chosen
        self.learning_rate = learning_rate
        self.held: Bool[Tensor, "batch channel time"] | None = None
        self.begin(x)

    # ---- the sequence -------------------------------------------------------------------------------------------

    def decode(self) -> Float[Tensor, "batch channel time"]:
        """Return the sequence, with its way back to θ."""
        return self._decoded(self.theta)

    def _decoded(self, theta: Tensor) -> Tensor:
        x = self._decode_freely(theta)
        return x if self.held is None else torch.where(self.held, self._held_values, x)

    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """Return the sequence, as a detached copy."""
        return self._decoded(self.theta.detach()).clone()

    @property
    def residual(self) -> Float[Tensor, "batch channel time"]:
        """What the parameterization could not express of the sequence when it was last set."""
        return torch.zeros_like(self._held_values) if self._anchor is None else self._anchor[0] - self._anchor[1]

    def begin(self, x: Float[Tensor, "batch channel time"]) -> None:
        """Write a sequence, also where samples are held, and begin the optimizer anew."""
        self.theta = self.form.encode(x).requires_grad_()
        self._anchor: tuple[Tensor, Tensor] | None = None
        self._anchor_at(x, torch.ones(len(x), dtype=torch.bool, device=x.device))
        self._begin_optimizer()
        self._held_values = x.clone()

    def edit(self, x: Float[Tensor, "batch channel time"], where: Bool[Tensor, "batch channel time"]) -> None:
        """Set the sequence to `x`, which differs at most `where` it was edited; those samples start anew."""
        edited = where.flatten(1).any(dim=1)
        theta = self.form.encode(x)
        self._write(torch.where(rows(edited, theta), theta, self.theta))
        self._anchor_at(x, edited)
        self._forget(where)
        self._held_values = x.clone()

    @torch.no_grad()
    def move_to(self, x: Float[Tensor, "batch channel time"]) -> None:
        """Go where a projection leads, the residual kept; what is held has no say in it."""
        if not self.chosen.elementwise and not torch.equal(x, self.sequence()):
            self._begin_optimizer()  # LBFGS would take the jump for curvature, and diverge
        if self.held is not None:
            x = torch.where(self.held, self._decode_freely(self.theta), x)
        self._write(self.form.encode(x if self._anchor is None else (x - self._anchor[0]) + self._anchor[1]))

    def _decode_freely(self, theta: Tensor) -> Tensor:
        """Decode without what is held: ``decode(θ) + r``, in an order that loses no bit until θ moves."""
        x = self.form.decode(theta)
        return x if self._anchor is None else (x - self._anchor[1]) + self._anchor[0]

    @torch.no_grad()
    def _anchor_at(self, x: Tensor, dreams: Tensor) -> None:
        """Note what the sequence of some dreams is where θ is now, so that it is held exactly."""
        decoded = self.form.decode(self.theta)
        if self._anchor is None and torch.equal(decoded[dreams], x[dreams]):
            return
        zeros = torch.zeros_like(x)
        old_x, old_decoded = self._anchor or (zeros, zeros)
        concerned = rows(dreams, x)
        self._anchor = torch.where(concerned, x, old_x), torch.where(concerned, decoded, old_decoded)

    @torch.no_grad()
    def _write(self, theta: Tensor) -> None:
        self.theta.copy_(theta)

    # ---- what is held -------------------------------------------------------------------------------------------

    def hold(self, where: Bool[Tensor, "batch channel time"]) -> None:
        """Hold these samples where they are now, and no others.

        One that is let go must be edited first: θ knows nothing of where it was held.
        """
        self._held_values = self.sequence()
        self._forget(where if self.held is None else where & ~self.held)
        # No mask at all where nothing is held: a step then costs nothing for it.
        self.held = where if where.any() else None

    def forget_held(self) -> None:
        """Let no momentum gather where samples are held; θ of other forms belongs to the free samples as well."""
        if self.held is not None and self.form.by_sample and self.chosen.elementwise:
            clear_state(self.optimizer, self.theta, self.held)

    def _forget(self, where: Tensor) -> None:
        """Make the optimizer forget samples, or as little more as it can: their dreams, or everything."""
        if not where.any():
            return
        if not self.chosen.elementwise:
            self._begin_optimizer()
        elif self.form.by_sample:
            clear_state(self.optimizer, self.theta, where)
        else:
            clear_state(self.optimizer, self.theta, rows(where.flatten(1).any(dim=1), self.theta))

    # ---- the optimizer ------------------------------------------------------------------------------------------

    def pull_back(self, x: Float[Tensor, "batch channel time"], gradient: Float[Tensor, "batch channel time"]) -> None:
        """Give the optimizer the gradient with respect to `x`, which came from `decode`, as that of θ."""
        # Where θ is the sequence itself there is nothing between them.
        self.theta.grad = gradient if x is self.theta else torch.autograd.grad(x, self.theta, gradient)[0]

    def update(self, closure: Callable[[], float]) -> None:
        """Let the optimizer move θ; it may ask `closure` for the loss, and for the gradient anew."""
        self.optimizer.step(closure)  # pyright: ignore[reportUnknownMemberType] - untyped in torch

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the size of an update; the optimizer's state is kept."""
        self.learning_rate = learning_rate
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate

    def set_optimizer(self, chosen: Chosen) -> None:
        """Go on with another optimizer, which begins anew."""
        self.chosen = chosen
        self._begin_optimizer()

    def set_form(self, form: Form) -> None:
        """Write the same sequence with another θ; the optimizer begins anew."""
        x = self.sequence()
        self.form = form
        self.begin(x)

    def _begin_optimizer(self) -> None:
        self.optimizer = self.chosen.make([self.theta], lr=self.learning_rate)

    # ---- as a whole ---------------------------------------------------------------------------------------------

    def standing(self) -> Standing:
        """Copy all of it."""
        theta = self.theta.detach().clone()
        state = snapshot(self.optimizer, self.theta, onto=theta)
        # What is not copied here is replaced when it changes, never written to.
        return Standing(
            self.form, self.chosen, self.learning_rate, theta, state, self._anchor, self.held, self._held_values
        )

    def become(self, was: Standing) -> None:
        """Be as it was, whatever it is now."""
        self.form, self.chosen, self.learning_rate = was.form, was.chosen, was.learning_rate
        self._anchor, self.held, self._held_values = was.anchor, was.held, was.held_values
        self.theta = was.theta.clone().requires_grad_()
        self._begin_optimizer()
        restore(self.optimizer, transplanted(was.optimizer, was.theta, onto=self.theta))

    # ---- a step undone ------------------------------------------------------------------------------------------

    def save(self) -> Saved:
        """Copy what an update and projections change."""
        return Saved(self.theta.detach().clone(), self.optimizer, snapshot(self.optimizer, self.theta))

    def put_back(self, saved: Saved) -> None:
        """Be as it was; `saved` is used up."""
        self._write(saved.theta)
        self.optimizer = saved.optimizer
        restore(self.optimizer, saved.state)

    def put_dreams_back(self, saved: Saved, dreams: Bool[Tensor, " batch"]) -> None:
        """Be as it was in some dreams of a batch; its optimizer is an elementwise one, as that of every batch."""
        where = rows(dreams, self.theta)
        self._write(torch.where(where, saved.theta, self.theta))
        put_state_back(self.optimizer, self.theta, saved.state, where)


def rows(dreams: Bool[Tensor, " batch"], like: Tensor) -> Tensor:
    """Shape a mask of dreams so that it spans a tensor whose first axis is the batch."""
    return dreams.reshape(-1, *(1,) * (like.ndim - 1))
