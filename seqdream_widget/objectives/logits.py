"""Objectives about the classes: scores made of logits alone."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.objectives.base import Objective
from seqdream_widget.parameters import described
from seqdream_widget.probe import Activity
from seqdream_widget.scene import Scene


@described
class ClassObjective(Objective, abstract=True):
    """An objective about one class.

    Parameters
    ----------
    target : int or str
        Index or name of the class.

    Raises
    ------
    ValueError
        If a run that takes it up has no such class; the message lists the known ones.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> isinstance(sd.objectives.Margin(0), sd.objectives.ClassObjective)
    True
    """

    target: int | str

    @property
    def index(self) -> int:
        """The index of the class; the objective must have been resolved."""
        return cast("int", self.target)

    @property
    def targets(self) -> tuple[int, ...]:
        """The class."""
        return (self.index,)

    def resolve(self, scene: Scene) -> Objective:
        """Replace the class's name by its index."""
        return dataclasses.replace(self, target=scene.classes.index(self.target))


@described
class Logit(ClassObjective):
    """The logit of one class: what a person means by "more of this class".

    Parameters
    ----------
    target : int or str
        Index or name of the class.

    Raises
    ------
    ValueError
        If a run that takes it up has no such class; the message lists the known ones.

    Notes
    -----
    The class score ``S_c`` of Simonyan, Vedaldi, Zisserman 2014 (arXiv 1312.6034), before any softmax: a
    probability saturates, and its gradient with it.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
    >>> session.objective
    Logit(target=1)
    """

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the logit of the target class."""
        return activity.logits[:, self.index]


@described
class Margin(ClassObjective):
    """The logit of one class minus the best of the others: zero on the decision border.

    Parameters
    ----------
    target : int or str
        Index or name of the class.

    Raises
    ------
    ValueError
        If a run that takes it up has no such class; the message lists the known ones.

    Notes
    -----
    The margin of Carlini and Wagner 2017 (arXiv 1608.04644), without its cap.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.objectives.Margin("abnormal") - 0.5 * sd.objectives.Logit("normal")
    Margin(target='abnormal') - 0.5 * Logit(target='normal')
    """

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the target's logit minus the largest other logit."""
        return lead(activity.logits, self.index)


def lead(logits: Float[Tensor, "batch class"], index: int) -> Float[Tensor, " batch"]:
    """Return by how much the logit of one class leads the best of the others."""
    others = torch.cat([logits[:, :index], logits[:, index + 1 :]], dim=1)
    return logits[:, index] - others.amax(dim=1)


@described
class Probability(ClassObjective):
    """The probability of one class: bounded, and flat where the network is sure.

    Parameters
    ----------
    target : int or str
        Index or name of the class.

    Raises
    ------
    ValueError
        If a run that takes it up has no such class; the message lists the known ones.

    Notes
    -----
    The softmax of the logits. Simonyan, Vedaldi, Zisserman 2014 (arXiv 1312.6034) advise against it: it can be raised
    by lowering the other classes, and saturates.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.objectives.Logit(1) + 2 * sd.objectives.Probability(1)
    Logit(target=1) + 2 * Probability(target=1)
    """

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the softmax probability of the target class."""
        return activity.logits.softmax(dim=1)[:, self.index]


@described
class PairObjective(Objective, abstract=True):
    """An objective about two classes.

    Parameters
    ----------
    first, second : int or str
        Index or name of the two classes.

    Raises
    ------
    ValueError
        If a run that takes it up has no such class, or both are the same.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> isinstance(sd.objectives.Boundary(0, 1), sd.objectives.PairObjective)
    True
    """

    first: int | str
    second: int | str

    @property
    def indices(self) -> tuple[int, int]:
        """The indices of the classes; the objective must have been resolved."""
        return cast("int", self.first), cast("int", self.second)

    @property
    def targets(self) -> tuple[int, ...]:
        """Both classes."""
        return self.indices

    def resolve(self, scene: Scene) -> Objective:
        """Replace the names of the classes by their indices.

        Raises
        ------
        ValueError
            If there is no such class, or both are the same.
        """
        first, second = scene.classes.index(self.first), scene.classes.index(self.second)
        if first == second:
            name = type(self).__name__
            raise ValueError(f'{name}: both classes are "{scene.classes.names[first]}"; give two different ones')
        return dataclasses.replace(self, first=first, second=second)


@described
class Boundary(PairObjective):
    """The border between two classes: their logits tied, and both above all others.

    ``−(z_a − z_b)² − max(0, 1 + max z_other − min(z_a, z_b))²``: 0 on the border, where both classes lead the others by
    a logit of at least 1; below 0 elsewhere.

    Parameters
    ----------
    first, second : int or str
        Index or name of the two classes.

    Raises
    ------
    ValueError
        If both are the same class.

    Notes
    -----
    The tie is where the margin of Carlini and Wagner 2017 (arXiv 1608.04644) between the two vanishes; the hinge is
    theirs.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> border = sd.objectives.Boundary("normal", "abnormal")
    >>> result = sd.dream(demo.model, border, data=demo.data, start=5, steps=9, progress=False)
    >>> bool(result.history["score"][-1] <= 0)
    True
    """

    LEAD: ClassVar[float] = 1.0

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how far from the border it is, squared and negative."""
        logits = activity.logits
        pair = logits[:, list(self.indices)]
        score = -(pair[:, 0] - pair[:, 1]).square()
        others = [index for index in range(logits.shape[1]) if index not in self.indices]
        if others:
            behind = self.LEAD + logits[:, others].amax(dim=1) - pair.amin(dim=1)
            score = score - behind.relu().square()
        return score
