"""Dreams of one batch that climb different objectives under different regularizers.

Every kind is evaluated on the whole batch and counts for its own dreams alone. So no operation ever sees another shape,
and a dream has the bits that it would have among dreams of its own kind; and what is not finite in a term that is not a
dream's own, or in its gradient, does not reach it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seqdream_widget.iterate import rows
from seqdream_widget.objectives import Objective
from seqdream_widget.objectives.base import Resolved
from seqdream_widget.parameters import described
from seqdream_widget.probe import Activity
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import GradientShaping, Moment, Penalty, Projection, Regularizer, Transform
from seqdream_widget.scene import Scene

Kind = TypeVar("Kind")
Of = TypeVar("Of")


@dataclasses.dataclass(frozen=True, eq=False)
class Own:
    """The dreams of one kind within a batch.

    Attributes
    ----------
    dreams : Tensor of shape (batch,)
        A mask of them.
    listed : tuple of bool
        The same, where no device has to be asked.
    """

    dreams: Bool[Tensor, " batch"]
    listed: tuple[bool, ...]

    def only(self, x: Tensor) -> Tensor:
        """Return the same numbers, with a way back for the gradient of these dreams alone."""
        return torch.where(rows(self.dreams, x), x, x.detach())

    def activity(self, activity: Activity) -> Activity:
        """Return what the model did, likewise."""
        layers = {name: self.only(output) for name, output in activity.layers.items()}
        return Activity(self.only(activity.logits), self.only(activity.x), self.only(activity.features), layers)

    def moment(self, moment: Moment) -> Moment:
        """Return the circumstances in which only these dreams draw from their generators."""
        spare = torch.Generator()
        drawing = zip(moment.generators, self.listed, strict=True)
        return dataclasses.replace(moment, generators=tuple(one if own else spare for one, own in drawing))


class Kinds(Generic[Kind]):
    """What differs from dream to dream, each kind once.

    Parameters
    ----------
    of_dreams : sequence of (key, kind)
        One a dream; kinds of equal keys are the same.
    device : torch.device
    """

    def __init__(self, of_dreams: Sequence[tuple[Hashable, Kind]], device: torch.device) -> None:
        self._kinds: list[tuple[Kind, Own]] = []
        for key, kind in dict(of_dreams).items():
            listed = tuple(other == key for other, _ in of_dreams)
            self._kinds.append((kind, Own(torch.tensor(listed, device=device), listed)))

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def first(self) -> Kind:
        """Any of them, for what all have in common."""
        return self._kinds[0][0]

    def joined(self, compute: Callable[[Kind, Own], Tensor]) -> Tensor:
        """Compute for each kind what it makes of the whole batch, and keep of it the rows of its dreams."""
        found = [(compute(kind, own), own) for kind, own in self._kinds]
        whole = torch.zeros_like(found[0][0])
        for part, own in found:
            whole = torch.where(rows(own.dreams, part), part, whole)
        return whole


@described
class MixedObjective(Objective, abstract=True):
    """An objective for each dream; they read the same layers.

    Parameters
    ----------
    kinds : Kinds of Objective
        Resolved.
    """

    kinds: Kinds[Objective]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that all of them read."""
        return self.kinds.first.layers

    def resolve(self, scene: Scene) -> Objective:
        """Return it as it is."""
        del scene
        return self

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Score each dream by its own."""
        return self.kinds.joined(lambda objective, own: objective.score(own.activity(activity)))


@described
class MixedPenalty(Penalty, abstract=True):
    """A penalty for each dream, times a weight for each."""

    weight: float = 1.0
    kinds: Kinds[Penalty] = dataclasses.field(kw_only=True)
    weights: Float[Tensor, " batch"] = dataclasses.field(kw_only=True)

    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Evaluate each dream's own, with its weight."""
        return self.weights.to(x) * self.kinds.joined(lambda penalty, own: penalty.value(own.only(x), reference))


@described
class MixedProjection(Projection, abstract=True):
    """A projection for each dream; all act in the same steps."""

    kinds: Kinds[Projection] = dataclasses.field(kw_only=True)

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Project each dream by its own."""
        return self.kinds.joined(lambda projection, own: projection.apply(x, own.moment(moment)))


@described
class MixedTransform(Transform, abstract=True):
    """A transform for each dream."""

    kinds: Kinds[Transform] = dataclasses.field(kw_only=True)

    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Change each dream's copy by its own."""
        return self.kinds.joined(lambda transform, own: transform.apply(own.only(x), own.moment(moment)))


@described
class MixedShaping(GradientShaping, abstract=True):
    """A gradient shaping for each dream."""

    kinds: Kinds[GradientShaping] = dataclasses.field(kw_only=True)

    def shape(self, gradient: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Shape each dream's gradient by its own."""
        return self.kinds.joined(lambda shaping, own: shaping.shape(own.only(gradient)))


Keyed = tuple[Hashable, Of]


def objective_of(dreams: Sequence[Keyed[Objective]], device: torch.device) -> Objective:
    """Return one objective for dreams that each have a resolved one of their own."""
    kinds = Kinds(dreams, device)
    return Resolved(kinds.first) if len(kinds) == 1 else MixedObjective(kinds)


def regularizer_of(dreams: Sequence[Keyed[Regularizer]], device: torch.device) -> Regularizer:
    """Return one regularizer for dreams that each have one of the same group, name and `every`.

    Penalties whose keys are equal may differ in their weights.
    """
    kinds = Kinds(dreams, device)
    one: Any = kinds.first  # whose type says what all are
    if isinstance(one, Penalty):
        weights = [cast("Penalty", penalty).weight for _, penalty in dreams]
        if len(kinds) == 1 and len(set(weights)) == 1:
            return one
        return MixedPenalty(name=one.name, kinds=cast("Any", kinds), weights=torch.tensor(weights, device=device))
    if len(kinds) == 1:
        return one
    if isinstance(one, Projection):
        return MixedProjection(name=one.name, every=one.every, kinds=cast("Any", kinds))
    if isinstance(one, Transform):
        return MixedTransform(name=one.name, kinds=cast("Any", kinds))
    return MixedShaping(name=one.name, kinds=cast("Any", kinds))
