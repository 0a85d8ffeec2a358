"""Optimizers of θ: Adam whose step count is kept per sample, and every other one that torch has."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim import Optimizer

from seqdream_widget.errors import is_a, shown, unknown
from seqdream_widget.untyped import random

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

    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - torch's stub overloads the return type by the closure, which is not used here
        """Update every parameter that has a gradient."""
        del closure
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for theta in cast("list[Tensor]", group["params"]):
                if theta.grad is None:
                    continue
                state = cast("dict[str, Any]", self.state[theta])
                if not state:
                    zero = _SCALARS.get(theta.dtype, float)(0)
                    state.update(mean=torch.zeros_like(theta), square=torch.zeros_like(theta))
                    state.update(mean_weight=zero, square_weight=zero)
                    if theta.dtype not in _SCALARS:
                        self.tell_apart(theta)
                # New tensors throughout: a snapshot of this optimizer is the old ones, and costs nothing.
                mean = state["mean"].lerp(theta.grad, 1 - beta1)
                square = (state["square"] * beta2).addcmul_(theta.grad, theta.grad, value=1 - beta2)
                # 1 − βᵏ, where k is the sample's own count of steps: the same mean, of ones.
                mean_weight = state["mean_weight"] * beta1 + (1 - beta1)
                square_weight = state["square_weight"] * beta2 + (1 - beta2)
                if isinstance(mean_weight, Tensor):
                    # Not a number by a tensor: torch multiplies it by the reciprocal, which has other bits.
                    rate = torch.full_like(mean_weight, -group["lr"]).div_(mean_weight)
                    root = (square / square_weight).sqrt_().add_(group["eps"])
                    theta.detach().add_((mean * rate).div_(root))
                else:  # the same, to the bit, in fewer operations
                    rate = -group["lr"] / mean_weight
                    root = (square / float(square_weight)).sqrt_().add_(group["eps"])
                    theta.detach().addcdiv_(mean, root, value=float(rate))
                state.update(mean=mean, square=square, mean_weight=mean_weight, square_weight=square_weight)

    def tell_apart(self, theta: Tensor) -> None:
        """Count the steps of each sample by itself from now on; before, one number stands for all."""
        state = cast("dict[str, Any]", self.state.get(theta, {}))
        for name in ("mean_weight", "square_weight"):
            if name in state and not (isinstance(state[name], Tensor) and state[name].shape == theta.shape):
                state[name] = torch.full_like(theta, float(state[name]))

    # Torch's own loads torch's compiler, so as not to be compiled: 60 MB, and a third of the time to the first widget.
    add_param_group = getattr(Optimizer.add_param_group, "__wrapped__", Optimizer.add_param_group)

    # Torch wraps the step of every optimizer for its profiler and for hooks, at the cost of a tenth of a small step;
    # of one that says it is wrapped it leaves the step as it is.
    step.hooked = True  # pyright: ignore[reportFunctionMemberAccess] - torch's own mark


# Numbers that are rounded as the elements of a tensor are, so that telling samples apart changes no bit.
_SCALARS: dict[torch.dtype, Callable[[int], Any]] = {torch.float32: np.float32, torch.float64: np.float64}

OPTIMIZERS: dict[str, OptimizerFactory] = {
    name.lower(): kind
    for name, kind in vars(torch.optim).items()
    if isinstance(kind, type) and issubclass(kind, Optimizer) and kind is not Optimizer
} | {"adam": Adam}
"""Every optimizer of torch by the name of its class in lower case, and Adam."""


def factory_of(given: str | OptimizerFactory) -> OptimizerFactory:
    """Look an optimizer up by name, or take a factory ``(params, lr=...) -> Optimizer`` as it is.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither.

    Examples
    --------
    >>> factory_of("AdamW") is torch.optim.AdamW
    True
    """
    if callable(given):
        return given
    if not is_a(given, str):
        raise TypeError(
            f'{shown(given)} is no optimizer; give a name such as "adam" or a callable (params, lr=...) -> Optimizer'
        )
    if name_of(given) not in OPTIMIZERS:
        raise ValueError(unknown("optimizer", given, OPTIMIZERS))
    return OPTIMIZERS[name_of(given)]


def name_of(given: str | OptimizerFactory) -> str:
    """Return what an optimizer is called, by its registered name where it has one.

    Examples
    --------
    >>> import functools
    >>> name_of("Adam_W"), name_of(torch.optim.SGD), name_of(functools.partial(torch.optim.LBFGS, max_iter=2))
    ('adamw', 'sgd', 'lbfgs')
    """
    if isinstance(given, str):
        return given.lower().replace("_", "")
    if isinstance(given, functools.partial):
        return name_of(cast("functools.partial[Optimizer]", given).func)
    return getattr(given, "__name__", type(given).__name__).lower()


@dataclasses.dataclass(frozen=True)
class Chosen:
    """An optimizer that has been looked up and tried out.

    Attributes
    ----------
    given : str or callable
        As the person gave it.
    make : callable
        ``(params, lr=...) -> Optimizer``.
    elementwise : bool
        Whether it moves each number by that number's own gradients alone. Then it can forget single samples, and
        dreams of a batch do not bear on each other.
    """

    given: str | OptimizerFactory
    make: OptimizerFactory
    elementwise: bool


def chosen(given: str | OptimizerFactory, learning_rate: float, like: Float[Tensor, "batch channel time"]) -> Chosen:
    """Look an optimizer up and take a few steps with it, so that what it cannot do is said early.

    Raises
    ------
    ValueError
        If it is unknown, needs more than parameters and a learning rate, or cannot optimize sequences; or if there
        are several dreams and it would mix them.
    TypeError
        If it is no optimizer.
    """
    make = factory_of(given)
    name = given if isinstance(given, str) else getattr(make, "__name__", shown(make))
    one = torch.linspace(0.5, 2.0, 8, dtype=like.dtype, device=like.device).reshape(2, 1, 4)
    other = 3 * one
    other[0, 0, 0] = one[0, 0, 0]
    try:
        elementwise = torch.equal(_moved(make, learning_rate, one), _moved(make, learning_rate, other))
    except Exception as error:
        raise ValueError(
            f'optimizer "{name}" cannot be used on sequences ({type(error).__name__}: {error}); it must be made from '
            f'(params, lr=...) alone, for dense gradients of a tensor of any shape. Give another one, such as "adam", '
            f"or a callable (params, lr=...) -> Optimizer that sets what it needs"
        ) from error
    if len(like) > 1 and not elementwise:
        raise ValueError(
            f'optimizer "{name}" moves each number by the gradients of all and would mix the {len(like)} dreams of the '
            f'batch; run one dream at a time (batch_size=1), or give another, such as "adam"'
        )
    return Chosen(given, make, elementwise)


def _moved(make: OptimizerFactory, learning_rate: float, theta: Tensor) -> Tensor:
    """Return where the first number goes in three steps down ½ θ²."""
    theta = theta.clone().requires_grad_()
    optimizer = make([theta], lr=learning_rate)
    if not is_a(optimizer, Optimizer):
        raise TypeError(f"it made a {type(optimizer).__name__}, which is no torch.optim.Optimizer")

    def closure() -> float:
        theta.grad = theta.detach().clone()
        return 0.5 * theta.detach().square().sum().item()

    # Random numbers are the process's: they are put back only where they may have been drawn, others draw meanwhile.
    foreign = not type(optimizer).__module__.startswith(("torch.optim.", "seqdream_widget."))
    with random.fork_rng(devices=[], enabled=foreign):
        for _ in range(3):
            closure()
            optimizer.step(closure)  # pyright: ignore[reportUnknownMemberType] - untyped in torch
            restore(optimizer, snapshot(optimizer, theta))
    return theta.detach()[0, 0, 0]


def clear_state(optimizer: Optimizer, theta: Tensor, where: Tensor) -> None:
    """Make an elementwise optimizer forget the numbers of θ where a mask is true, as if they had just begun."""
    if isinstance(optimizer, Adam):
        optimizer.tell_apart(theta)
    memory = _memory(optimizer.state, theta)
    # Replaced, never changed: a snapshot may hold the old ones.
    optimizer.state.get(theta, {}).update(
        {name: value.masked_fill(where, _first(optimizer, name)) for name, value in memory.items()}
    )


def put_state_back(optimizer: Optimizer, theta: Tensor, before: dict[str, Any], where: Tensor) -> None:
    """Make an elementwise optimizer remember what a `snapshot` of it holds of the numbers of θ where a mask is true."""
    if isinstance(optimizer, Adam):
        optimizer.tell_apart(theta)
    remembered = cast("dict[str, Any]", before["state"].get(theta, {}))
    for name, value in _memory(optimizer.state, theta).items():
        old = remembered.get(name, _first(optimizer, name))
        old = old if isinstance(old, Tensor) else float(old)
        optimizer.state[theta][name] = torch.where(where, old, value)


def _memory(state: Mapping[Tensor, Any], theta: Tensor) -> dict[str, Tensor]:
    """Return what an optimizer remembers of each number of θ."""
    known = cast("dict[str, Any]", state.get(theta, {}))
    return {name: kept for name, kept in known.items() if isinstance(kept, Tensor) and kept.shape == theta.shape}


def _first(optimizer: Optimizer, name: str) -> float:
    """Return what a number's memory begins with: zero, but for the steps of Rprop, which are multiplied."""
    return optimizer.param_groups[0]["lr"] if name == "step_size" else 0.0


def snapshot(optimizer: Optimizer, theta: Tensor, onto: Tensor | None = None) -> dict[str, Any]:
    """Copy all of an optimizer that a step may change, but for θ itself; `onto` takes the place of θ if given."""
    if type(optimizer) is Adam and onto is None:  # its tensors are replaced, never changed
        state = {owner: dict(memory) for owner, memory in optimizer.state.items()}
        return {"state": defaultdict(dict, state), "param_groups": [dict(group) for group in optimizer.param_groups]}
    return transplanted({k: v for k, v in vars(optimizer).items() if not _is_fixed(k)}, theta, onto)


def transplanted(state: dict[str, Any], theta: Tensor, onto: Tensor | None = None) -> dict[str, Any]:
    """Copy a `snapshot` made for one θ so that it is about another."""
    memo: dict[int, Any] = {id(theta): theta if onto is None else onto}
    return {name: _copied(value, memo) for name, value in state.items()}


def restore(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Make an optimizer what it was; `state` is then its own."""
    if type(optimizer) is not Adam:
        for name in [name for name in vars(optimizer) if not _is_fixed(name)]:
            del vars(optimizer)[name]
    vars(optimizer).update(state)


def _is_fixed(name: str) -> bool:
    """Tell whether an attribute is one of torch's own that no step changes: the defaults, or hooks."""
    return name == "defaults" or name.startswith("_optimizer_")


_PLAIN = frozenset({type(None), bool, int, float, str})


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """Copy deeply, as `copy.deepcopy` does with the same memo, in a fifth of the time: this is done in every step."""
    if type(value) in _PLAIN or callable(value):
        return value
    if (known := id(value)) in memo:
        return memo[known]
    made: Any
    if isinstance(value, Tensor):
        made = value.detach().clone().requires_grad_() if value.requires_grad else value.clone()
    elif isinstance(value, dict):
        given = cast("dict[Any, Any]", value)
        made = memo[known] = copy.copy(given)
        made.clear()
        for key, item in given.items():
            made[memo.get(id(key), key)] = _copied(item, memo)
    elif type(value) is list:
        made = memo[known] = cast("list[Any]", [])
        made.extend(_copied(item, memo) for item in cast("list[Any]", value))
    elif type(value) is tuple:
        made = tuple(_copied(item, memo) for item in cast("tuple[Any, ...]", value))
    else:
        return copy.deepcopy(value, memo)
    memo[known] = made
    return made
