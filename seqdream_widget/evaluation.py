"""What one step measures: every term, and the gradient of the sequence. Steps 3 to 6 of the contract."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.errors import StepError
from seqdream_widget.objectives import Objective
from seqdream_widget.probe import Activity
from seqdream_widget.regularizers.base import GradientShaping, Penalty, Projection, Regularizer, Transform
from seqdream_widget.regularizers.moment import Moment
from seqdream_widget.scene import Scene
from seqdream_widget.untyped import linalg

GRADIENT = "the gradient"


@dataclasses.dataclass(eq=False, slots=True)
class Evaluation:
    """The terms and the gradient at a sequence.

    Attributes
    ----------
    x : Tensor of shape (batch, channel, time)
        The sequence, with its way back to what it was decoded from.
    values : dict of str to array of shape (batch,)
        ``score``, ``grad_norm`` (masked, before it is shaped) and every enabled regularizer by name: weight times value
        of a penalty, root mean square change by a transform, norm after over norm before of a gradient shaping.
    rows : array of shape (term, batch)
        The same, as one array.
    probabilities : array of shape (batch, class)
        Of what the model saw, after the transforms.
    loss : Tensor of shape (batch,)
        Minus the score, plus the penalties.
    slope : Tensor of shape (batch, channel, time)
        The gradient of the loss with respect to the sequence, as the network gave it: neither masked nor shaped.
    gradient : Tensor of shape (batch, channel, time)
        The same, masked and shaped.
    """

    x: Float[Tensor, "batch channel time"]
    values: dict[str, NDArray[np.float32]]
    rows: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    loss: Float[Tensor, " batch"]
    slope: Float[Tensor, "batch channel time"]
    gradient: Float[Tensor, "batch channel time"]

    def failures(self) -> dict[int, list[str]]:
        """Name for each dream what is not finite; dreams of which all is are left out."""
        if all(map(math.isfinite, self.rows.ravel().tolist())):  # for a few numbers a tenth of what NumPy takes
            return {}
        finite = np.isfinite(self.rows)
        return {int(dream): self._bad(finite[:, dream].tolist()) for dream in np.flatnonzero(~finite.all(axis=0))}

    def _bad(self, finite: list[bool]) -> list[str]:
        bad = [name for name, good in zip(self.values, finite, strict=True) if not good]
        if "grad_norm" not in bad:
            return bad
        # A bad gradient follows from a bad term, and spoils what shapes it; where every term is finite, it is the news.
        return bad[: bad.index("grad_norm")] or [GRADIENT]


class Acting(NamedTuple):
    """The enabled regularizers of a run, by what they act on; sorted when they change, not in every step."""

    transforms: tuple[Transform, ...]
    penalties: tuple[Penalty, ...]
    shapings: tuple[GradientShaping, ...]
    projections: tuple[Projection, ...]


def acting(regularizers: Sequence[Regularizer]) -> Acting:
    """Sort the enabled ones."""
    enabled = [regularizer for regularizer in regularizers if regularizer.enabled]
    return Acting(
        tuple(one for one in enabled if isinstance(one, Transform)),
        tuple(one for one in enabled if isinstance(one, Penalty)),
        tuple(one for one in enabled if isinstance(one, GradientShaping)),
        tuple(one for one in enabled if isinstance(one, Projection)),
    )


def evaluated(  # noqa: PLR0917 - the parts of a step, in the order of the contract
    x: Float[Tensor, "batch channel time"],
    scene: Scene,
    objective: Objective,
    acting: Acting,
    generators: tuple[torch.Generator, ...],
    held: Bool[Tensor, "batch channel time"] | None,
) -> Evaluation:
    """Measure every term at `x`, which requires a gradient, and that gradient. Draws from the generators.

    Raises
    ------
    StepError
        If the model, the objective or a regularizer raises.
    """
    activity, terms, loss = _measured(x, scene, objective, acting, generators)
    part = GRADIENT
    try:
        (slope,) = torch.autograd.grad(loss.sum(), x)
        gradient = _masked(slope, held)
        norm = terms["grad_norm"] = _norm(gradient)
        for shaping in acting.shapings:
            part = shaping.name
            gradient = _masked(shaping.shape(gradient), held)
            before, norm = norm, _norm(gradient)
            terms[part] = torch.where(before != 0, norm / before, 1.0)
    except Exception as error:
        raise _raised(part, error) from error
    # In NumPy: a torch operation on a few numbers costs ten times as much, and this is done in every step.
    rows = torch.stack([term.detach() for term in terms.values()]).float().cpu().numpy()
    values = dict(zip(terms, rows, strict=True))
    probabilities = activity.probabilities().float().cpu().numpy()
    return Evaluation(x, values, rows, probabilities, loss.detach(), slope, gradient)


def _measured(
    x: Float[Tensor, "batch channel time"],
    scene: Scene,
    objective: Objective,
    acting: Acting,
    generators: tuple[torch.Generator, ...],
) -> tuple[Activity, dict[str, Tensor], Float[Tensor, " batch"]]:
    """Return what the model does, the terms by name, and the loss."""
    part = ""
    try:
        drawn: dict[str, Tensor] = {}
        seen, moment = x, Moment(scene.reference, generators)
        for transform in acting.transforms:
            part = transform.name
            after = transform.apply(_apart(seen), moment)
            drawn[part] = root_mean_square(after.detach() - seen.detach())
            seen = after
        part = "the model"
        activity = scene.probe(seen, objective.layers)
        part = "the objective"
        score = objective.score(activity if len(x) == 1 else dataclasses.replace(activity, x=_apart(activity.x)))
        terms = {"score": score, **drawn}
        loss = -score
        for penalty in acting.penalties:
            part = penalty.name
            term = penalty.weight * penalty.value(_apart(x), scene.reference)
            terms[part] = term
            loss = loss + term
    except Exception as error:
        raise _raised(part, error) from error
    return activity, terms, loss


def bad_gradients(
    x: Float[Tensor, "batch channel time"],
    scene: Scene,
    objective: Objective,
    acting: Acting,
    generators: tuple[torch.Generator, ...],
) -> list[list[str]]:
    """Name for each dream the terms whose own gradient is not finite, though their values may be."""
    terms = _measured(x, scene, objective, acting, generators)[1]
    found: list[list[str]] = [[] for _ in range(len(x))]
    for name in ("score", *(penalty.name for penalty in acting.penalties)):
        term = terms[name].sum()
        (slope,) = torch.autograd.grad(term, x, retain_graph=True, allow_unused=True, materialize_grads=True)
        for dream, names in enumerate(found):
            if not slope[dream].isfinite().all():
                names.append(f"the gradient of {name}")
    return found


def _apart(x: Tensor) -> Tensor:
    """Return the same sequence for one part of a step: its gradient is summed up first, then added to the others'.

    So the order of the sum does not depend on how often a part uses it, and it is the same where dreams of one batch
    have parts of their own (``sweeps/mixture.py``). A dream alone is itself: there it would only cost time.
    """
    return x if len(x) == 1 else x.view_as(x)


def _masked(gradient: Tensor, held: Tensor | None) -> Tensor:
    return gradient if held is None else gradient.masked_fill(held, 0)


def _norm(gradient: Tensor) -> Tensor:
    return linalg.vector_norm(gradient, dim=(1, 2))


def root_mean_square(change: Float[Tensor, "batch channel time"]) -> Float[Tensor, " batch"]:
    """Return the root mean square of each dream's change."""
    return change.square().mean(dim=(1, 2)).sqrt()


class named:  # noqa: N801 - reads as the function that it would be, were that not slower
    """Say which part of a step raised."""

    __slots__ = ("part",)

    def __init__(self, part: str) -> None:
        self.part = part

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, StepError):
            raise _raised(self.part, error) from error


def _raised(part: str, error: Exception) -> StepError:
    return StepError(f"{part} raised {type(error).__name__}: {error}; the step was undone")


def not_finite(names: Sequence[str], number: int) -> str:
    """Say which parts of a step are not finite, and what to do."""
    return (
        f"{', '.join(names)} is not finite at step {number}; the step was undone. "
        f"Lower the learning rate or the weights, or reset"
    )
