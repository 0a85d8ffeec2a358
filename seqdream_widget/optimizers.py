"""Optimizers of a sequence: Adam whose step count is kept per sample, and torch's SGD."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from seqdream_widget.errors import unknown

OptimizerFactory = Callable[..., Optimizer]

DEFAULT_RATE, LOWEST_RATE, HIGHEST_RATE = 0.05, 1e-6, 100.0


class Adam(Optimizer):
    """Adam with a step count per sample.

    A sample that a person edits starts anew: moments and step count zero. With torch's one count for the whole tensor
    the bias correction of a late step no longer makes up for the fresh moments, and the first update throws the sample
    several times the learning rate; counted per sample it moves by at most the learning rate, as any first step does.

    Parameters
    ----------
    params : iterable of Tensor
        What to optimize.
    lr : float
        The learning rate: about the size of one update.
    betas : (float, float)
        Decay of the first and second moment.
    eps : float
        Keeps the division finite.

    Notes
    -----
    Kingma and Ba 2015 (arXiv 1412.6980), algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.05,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - torch's stub overloads the return type by the closure, which is not used here
        """Update every parameter that has a gradient."""
        del closure
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for theta in cast("list[Tensor]", group["params"]):
                if theta.grad is None:
                    continue
                state = cast("dict[str, Tensor]", self.state[theta])
                if not state:
                    for name in ("mean", "square", "mean_weight", "square_weight"):
                        state[name] = torch.zeros_like(theta)
                mean = state["mean"].lerp_(theta.grad, 1 - beta1)
                square = state["square"].mul_(beta2).addcmul_(theta.grad, theta.grad, value=1 - beta2)
                # 1 − βᵏ, where k is the sample's own count of steps: the same mean, of ones.
                mean_weight = state["mean_weight"].mul_(beta1).add_(1 - beta1)
                square_weight = state["square_weight"].mul_(beta2).add_(1 - beta2)
                root = (square / square_weight).sqrt_().add_(group["eps"])
                theta.addcdiv_(mean / mean_weight, root, value=-group["lr"])


OPTIMIZERS: dict[str, OptimizerFactory] = {"adam": Adam, "sgd": SGD}


def factory_of(given: str | OptimizerFactory) -> OptimizerFactory:
    """Look an optimizer up by name, or take a factory ``(params, lr=...) -> Optimizer`` as it is.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if callable(given):
        return given
    if given not in OPTIMIZERS:
        raise ValueError(unknown("optimizer", given, OPTIMIZERS))
    return OPTIMIZERS[given]


def clear_state(optimizer: Optimizer, theta: Tensor, where: Tensor) -> None:
    """Make the optimizer forget the elements of θ where a mask is true, as if they had just begun."""
    state = cast("dict[str, Any]", optimizer.state.get(theta, {}))
    for value in state.values():
        if isinstance(value, Tensor) and value.shape == theta.shape:
            value.masked_fill_(where, 0)


def copied_state(optimizer: Optimizer, theta: Tensor) -> dict[str, Any]:
    """Copy what the optimizer remembers of θ."""
    state = cast("dict[str, Any]", optimizer.state.get(theta, {}))
    return {name: value.clone() if isinstance(value, Tensor) else copy.deepcopy(value) for name, value in state.items()}


def put_state_back(optimizer: Optimizer, theta: Tensor, before: dict[str, Any], where: Tensor) -> None:
    """Make the optimizer remember what `copied_state` returned of the elements of θ where a mask is true."""
    state = cast("dict[str, Any]", optimizer.state.get(theta, {}))
    for name, value in state.items():
        if isinstance(value, Tensor) and value.shape == theta.shape:
            value.copy_(torch.where(where, before.get(name, torch.zeros_like(value)), value))
