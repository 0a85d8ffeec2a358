"""Objectives about the real members of classes: where a dream lies among them, in the network's own eyes.

Distances are those in the penultimate layer. Real members of a class are labelled so, and predicted so.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import is_a, shown
from seqdream_widget.objectives.base import Objective
from seqdream_widget.objectives.logits import ClassObjective, PairObjective, lead
from seqdream_widget.parameters import described, snake_case, whole
from seqdream_widget.population import Members, distances, features_of, nearest_mean
from seqdream_widget.probe import Activity
from seqdream_widget.scene import Scene
from seqdream_widget.ties import ties_between

NOT_ON_THE_WIRE = ("data", "anchor")
SMALLEST = 1e-6  # share of the features' size below which a distance is rounding


@dataclasses.dataclass(frozen=True, eq=False)
class Anchor:
    """Points in the penultimate layer that pull a dream, and the members among which it is to stay.

    Attributes
    ----------
    points : Tensor of shape (point, feature)
        The nearest of them pulls.
    scale : float
        The distance that counts as 1.
    features : Tensor of shape (member, feature)
        The members.
    reach : float
        The mean distance to the five nearest members up to which they don't pull.
    centroid : Tensor of shape (feature,)
        The mean of the members.
    radius : float
        The distance to it from which on a dream is at the edge.
    """

    points: Float[Tensor, "point feature"]
    scale: float
    features: Float[Tensor, "member feature"]
    reach: float
    centroid: Float[Tensor, " feature"]
    radius: float

    def distance(self, features: Float[Tensor, "batch feature"]) -> Float[Tensor, " batch"]:
        """Return ``(d / scale)² + max(0, n / reach − 1)²``: d to the nearest point, n to the nearest members."""
        nearest = distances(features, self.points.to(features)).amin(dim=1)
        neighbours = nearest_mean(distances(features, self.features.to(features)), len(self.features))
        return (nearest / self.scale).square() + (neighbours / self.reach - 1).relu().square()

    def inwardness(self, features: Float[Tensor, "batch feature"]) -> Float[Tensor, " batch"]:
        """Return ``max(0, 1 − d / radius)``: d to the mean of the members."""
        return (1 - distances(features, self.centroid.to(features)[None])[:, 0] / self.radius).relu()


@described
class MemberObjective(Objective, abstract=True):
    """An objective that compares with real members.

    Parameters
    ----------
    data : SequenceDataset, optional
        Where the members come from; the run's data unless given.

    Raises
    ------
    TypeError
        If `data` is no `SequenceDataset`.
    ValueError
        If a run that takes it up has no data, or the class no members that are predicted so.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> isinstance(sd.objectives.Prototype(0), sd.objectives.MemberObjective)
    True
    """

    data: SequenceDataset | None = dataclasses.field(default=None, kw_only=True, compare=False, repr=False)
    anchor: Anchor | None = dataclasses.field(default=None, kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check what kind of thing the data is."""
        super().__post_init__()
        if self.data is not None and not is_a(self.data, SequenceDataset):
            name = type(self).__name__
            raise TypeError(f"{name}: data = {shown(self.data)} is not allowed; give sd.SequenceDataset(x, y)")

    @abstractmethod
    def anchor_in(self, scene: Scene) -> Anchor:
        """Find out where the dream is to be pulled; classes are indices by then.

        Raises
        ------
        ValueError
            If there is no data, or it has nothing to be pulled to.
        """

    def resolve(self, scene: Scene) -> Objective:
        """Replace class names by indices and look the members up.

        Raises
        ------
        ShapeError
            If the data has sequences of another shape than the dreams.
        ValueError
            If there is no such class, no data, or no member that the model recognizes.
        """
        if self.data is not None:
            scene = scene.beside(self.data)
        resolved = super().resolve(scene)
        assert isinstance(resolved, MemberObjective)
        return dataclasses.replace(resolved, anchor=resolved.anchor_in(scene))

    @property
    def bound(self) -> Anchor:
        """Where the dream is pulled; the objective must have been resolved."""
        assert self.anchor is not None, "an objective is resolved before it scores"
        return self.anchor

    def to_json(self) -> dict[str, Any]:
        """Name type and classes; the data stays where it is."""
        return {name: value for name, value in super().to_json().items() if name not in NOT_ON_THE_WIRE}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Objective:
        """Make the objective from the fields of a message, which tells type and classes."""
        for name in NOT_ON_THE_WIRE:
            if name in fields:
                raise ValueError(f"{snake_case(cls.__name__)} has no field {name!r}")
        return super().from_fields(fields)


@described
class Prototype(MemberObjective, ClassObjective):
    """The centre of a class, or of chosen real sequences: near their mean, and not far from each of them.

    Parameters
    ----------
    target : int or str, optional
        Index or name of the class; with `members` it need not be given, and says only which class they stand for.
    members : sequence of int, optional
        Indices of real sequences, into the data: the centre of these, whatever their class. The class's real members
        unless given.
    data : SequenceDataset, optional
        Where the members come from; the run's data unless given.

    Raises
    ------
    ValueError
        If there is neither a class nor a member, or no such sequence.

    Notes
    -----
    ``−(d / d̃)² − max(0, n / ñ − 1)²``: d is the distance to the members' mean, n the mean distance to the five nearest
    of them; d̃ and ñ are the medians of the same over the members, each compared with the others. The class mean in an
    embedding as its prototype: Snell, Swersky, Zemel 2017 (arXiv 1703.05175). The second term keeps away from the void
    between two clumps of one class, where the mean may lie.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Prototype("normal"), data=demo.data, steps=9, progress=False)
    >>> some = sd.objectives.Prototype(members=[3, 5, 8])
    >>> result = sd.dream(demo.model, some, data=demo.data, steps=9, progress=False)
    """

    target: int | str | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - it never changes
    members: Sequence[int] | None = None

    MOST_MEMBERS: ClassVar[int] = 10_000

    def __post_init__(self) -> None:
        """Check that there is something to be the centre of."""
        super().__post_init__()
        if self.members is not None:
            object.__setattr__(self, "members", self._checked(self.members))
        elif self.target is None:
            raise ValueError("Prototype: give a class, or members= as indices of real sequences")

    @property
    def targets(self) -> tuple[int, ...]:
        """The class, where there is one."""
        return () if self.target is None else super().targets

    def resolve(self, scene: Scene) -> Objective:
        """Look up the class, where there is one, and the members."""
        if self.target is not None:
            return super().resolve(scene)
        scene = scene if self.data is None else scene.beside(self.data)
        return dataclasses.replace(self, anchor=self.anchor_in(scene))

    def anchor_in(self, scene: Scene) -> Anchor:
        """Pull to the mean."""
        members = scene.members("Prototype", self.index) if self.members is None else self._chosen_in(scene)
        return _anchor(members.centroid[None], members, members.distances.quantile(0.5))

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how far from the centre it is, squared and negative."""
        return -self.bound.distance(activity.features)

    def _chosen_in(self, scene: Scene) -> Members:
        chosen = torch.tensor(self.members)
        if scene.reference is None:
            raise ValueError("Prototype: members are real sequences and this run has no data; give data=")
        real = scene.reference.data.x
        if int(chosen.amax()) >= len(real):
            raise ValueError(
                f"Prototype: there is no real sequence {int(chosen.amax())}; the data has 0 to {len(real) - 1}"
            )
        x = real[chosen]
        return Members(chosen, x, features_of(scene.probe, x), torch.ones(len(x)))

    def _checked(self, members: object) -> tuple[int, ...]:
        said = shown(members)
        plain: object = cast("Any", members).tolist() if isinstance(members, Tensor | np.ndarray) else members
        is_list = isinstance(plain, Sequence) and not isinstance(plain, str)
        given = cast("Sequence[object]", plain if is_list else [])
        if not 1 <= len(given) <= self.MOST_MEMBERS:
            raise ValueError(
                f"Prototype: members = {said} is not allowed; give 1 to {self.MOST_MEMBERS:,} indices of real sequences"
            )
        return tuple(sorted({whole("members", one, 0, 2**31) for one in given}))

    def __repr__(self) -> str:
        """Write it as a person would; never print long lists."""
        chosen = () if self.members is None else (f"members=<{len(self.members)} real sequences>",)
        return f"Prototype({', '.join([*(() if self.target is None else (f'target={self.target!r}',)), *chosen])})"


@described
class Rim(MemberObjective, ClassObjective):
    """The edge of a class: still of it, and near its outer real members.

    Parameters
    ----------
    target : int or str
        Index or name of the class.
    data : SequenceDataset, optional
        Where the members come from; the run's data unless given.

    Notes
    -----
    ``−(e / d̃)² − max(0, n / ñ − 1)² − 10 max(0, 1 − d / d₉₄)² − max(0, ½ − m)``: e is the distance to the nearest outer
    member, d that to the members' mean and d₉₄ its 94 % quantile, m the lead of the class's logit over the others; d̃, n
    and ñ as for `Prototype`. Outer members lie from the 91 to the 97 % quantile of
    the distance to the mean; of these the half that the network is surest of, and of that the half with the nearest
    neighbours. The package's own.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> result = sd.dream(demo.model, sd.objectives.Rim("normal"), data=demo.data, steps=9, progress=False)
    """

    OUTER: ClassVar[tuple[float, float]] = (0.91, 0.97)
    RADIUS: ClassVar[float] = 0.94
    OUTWARD: ClassVar[float] = 10.0
    LEAD: ClassVar[float] = 0.5

    def anchor_in(self, scene: Scene) -> Anchor:
        """Pull to the outer members."""
        members = scene.members("Rim", self.index)
        # The nearest ranks: between two members of a small class there would be none.
        low, high = (members.distances.quantile(share, interpolation="nearest") for share in self.OUTER)
        outer = members.where((members.distances >= low) & (members.distances <= high))
        sure = outer.where(outer.probability >= outer.probability.median())
        near = sure.where(sure.neighbour_distances <= sure.neighbour_distances.median())
        return _anchor(near.features, members, members.distances.quantile(self.RADIUS))

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how far from the edge it is, squared and negative."""
        behind = (self.LEAD - lead(activity.logits, self.index)).relu()
        outward = self.OUTWARD * self.bound.inwardness(activity.features).square()
        return -self.bound.distance(activity.features) - outward - behind


@described
class Crossing(MemberObjective, PairObjective):
    """Where straight lines between real members of two classes cross their border.

    Parameters
    ----------
    first, second : int or str
        Index or name of the two classes.
    data : SequenceDataset, optional
        Where the members come from; the run's data unless given.

    Raises
    ------
    ValueError
        If both are the same class, or no line between them crosses where both classes lead.

    Notes
    -----
    ``−(t / t̃)² − max(0, n / ñ − 1)²``: t is the distance to the nearest crossing, n that to the five nearest members of
    both classes; t̃ is the median of n over the crossings. Of the crossings of 64 lines the quarter with the nearest
    neighbours pulls, and ñ is their median. The package's own; `Boundary` ties the logits.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> border = sd.objectives.Boundary(0, 1) + sd.objectives.Crossing(0, 1)
    >>> result = sd.dream(demo.model, border, data=demo.data, steps=9, progress=False)
    """

    NEAREST: ClassVar[float] = 0.25

    def anchor_in(self, scene: Scene) -> Anchor:
        """Pull to the crossings."""
        groups = [scene.members("Crossing", index) for index in self.indices]
        ties = ties_between(scene.probe, scene.population("Crossing"), self.indices)
        if not len(ties.features):
            names = " and ".join(f'"{scene.classes.names[index]}"' for index in self.indices)
            raise ValueError(f"Crossing: no line between members of {names} crosses their border where both lead")
        features = torch.cat([group.features for group in groups])
        neighbours = nearest_mean(distances(ties.features, features), len(features))
        near = neighbours <= neighbours.quantile(self.NEAREST)
        scale, reach = (_scale(some.quantile(0.5), features) for some in (neighbours, neighbours[near]))
        return Anchor(ties.features[near], scale, features, reach, features.mean(dim=0), radius=1.0)

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how far from the crossings it is, squared and negative."""
        return -self.bound.distance(activity.features)


def _anchor(points: Tensor, members: Members, radius: Tensor) -> Anchor:
    features = members.features
    scale, reach = (_scale(some.quantile(0.5), features) for some in (members.distances, members.neighbour_distances))
    return Anchor(points, scale, features, reach, members.centroid, _scale(radius, features))


def _scale(distance: Tensor, features: Tensor) -> float:
    """Return a distance to divide by; 1 where all members are the same."""
    size = features.square().sum(dim=1).mean().sqrt()
    return float(distance) if distance > SMALLEST * size else 1.0
