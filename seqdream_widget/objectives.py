"""What to climb: scores of a sequence, one number per dream.

An objective is a small frozen object. It names its classes as people do (``"abnormal"`` or ``1``) and is resolved
to indices once, when a run takes it up. To add one, write one class here: it appears in the API, on the wire and
in the widget's picker. Objectives compose: ``Logit(0) + 0.5 * Margin(0)``.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.classes import Classes
from seqdream_widget.errors import shown
from seqdream_widget.parameters import Described, described, number, read_fields, snake_case
from seqdream_widget.probe import Activity

__all__ = ["Boundary", "Logit", "Margin", "Objective", "Probability", "Scaled", "Sum"]


class Objective(Described, ABC):
    """A score to climb. Subclasses say how it is computed from what the model does.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.objectives.Logit("abnormal")
    Logit(target='abnormal')
    >>> sd.objectives.Logit(0) - 0.5 * sd.objectives.Logit(1)
    Logit(target=0) - 0.5 * Logit(target=1)
    """

    types: ClassVar[dict[str, type[Objective]]] = {}

    def __init_subclass__(cls, abstract: bool = False) -> None:
        """Register the class under its snake_case name."""
        if not abstract:
            Objective.types[snake_case(cls.__name__)] = cls

    @abstractmethod
    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Score each dream of a batch; higher is better."""

    def resolve(self, classes: Classes) -> Objective:
        """Replace class names by indices.

        Raises
        ------
        ValueError
            If a class is unknown.
        """
        del classes
        return self

    def to_json(self) -> dict[str, Any]:
        """Describe a resolved objective in JSON's terms, for the wire and the log."""
        return {"type": snake_case(type(self).__name__), **dataclasses.asdict(self)}

    @staticmethod
    def from_json(message: object) -> Objective:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If the type is unknown or a field is missing or unknown.
        """
        kind, fields = read_fields("objective", Objective.types, message)
        try:
            return kind.from_fields(fields)
        except TypeError as error:
            raise ValueError(f"{snake_case(kind.__name__)}: {str(error).split('() ')[-1]}") from None

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Objective:
        """Make the objective from the fields of a message."""
        return cls(**fields)

    def __add__(self, other: Objective) -> Objective:
        return Sum((*_terms(self), *_terms(other))) if isinstance(other, Objective) else NotImplemented  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks are not type-checked

    def __sub__(self, other: Objective) -> Objective:
        return self + -other if isinstance(other, Objective) else NotImplemented  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks are not type-checked

    def __mul__(self, factor: float) -> Objective:
        return Scaled(factor, self)

    __rmul__ = __mul__

    def __neg__(self) -> Objective:
        return Scaled(-1.0, self)


def _terms(objective: Objective) -> tuple[Objective, ...]:
    return objective.terms if isinstance(objective, Sum) else (objective,)


@described
class Scaled(Objective):
    """An objective times a number: what ``2 * Logit(0)`` makes.

    Parameters
    ----------
    factor : float
        −1e6 … 1e6; negative to avoid what the objective seeks.
    objective : Objective
    """

    factor: float = number(low=-1e6, high=1e6)
    objective: Objective

    def __post_init__(self) -> None:
        """Check both parts."""
        super().__post_init__()
        _check_objective(self.objective)

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the factor times the objective's score."""
        return self.factor * self.objective.score(activity)

    def resolve(self, classes: Classes) -> Objective:
        """Resolve the objective."""
        return Scaled(self.factor, self.objective.resolve(classes))

    def to_json(self) -> dict[str, Any]:
        """Describe it, the objective within."""
        return {"type": "scaled", "factor": self.factor, "objective": self.objective.to_json()}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Objective:
        """Make it from a message that holds another objective."""
        fields["objective"] = Objective.from_json(fields.get("objective"))
        return cls(**fields)

    def __repr__(self) -> str:
        """Write it as a person would."""
        inner = f"({self.objective})" if isinstance(self.objective, Sum) else str(self.objective)
        return f"{self.factor:g} * {inner}"


@described
class Sum(Objective):
    """Several objectives at once: what ``Logit(0) + Margin(1)`` makes.

    Parameters
    ----------
    terms : tuple of Objective
        At least one, at most 100.
    """

    terms: tuple[Objective, ...]

    MOST_TERMS: ClassVar[int] = 100

    def __post_init__(self) -> None:
        """Check the number and kind of the terms."""
        if not 1 <= len(self.terms) <= self.MOST_TERMS:
            raise ValueError(f"Sum: {len(self.terms)} terms are not allowed; give 1 to {self.MOST_TERMS}")
        for term in self.terms:
            _check_objective(term)

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the sum of the terms' scores."""
        return functools.reduce(operator.add, (term.score(activity) for term in self.terms))

    def resolve(self, classes: Classes) -> Objective:
        """Resolve every term."""
        return Sum(tuple(term.resolve(classes) for term in self.terms))

    def to_json(self) -> dict[str, Any]:
        """Describe it, the terms within."""
        return {"type": "sum", "terms": [term.to_json() for term in self.terms]}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Objective:
        """Make it from a message that holds other objectives."""
        terms = fields.get("terms")
        if not isinstance(terms, list):
            raise ValueError(f"sum: terms = {shown(terms)} is not allowed; give a list of objectives")
        fields["terms"] = tuple(map(Objective.from_json, cast("list[object]", terms)))
        return cls(**fields)

    def __repr__(self) -> str:
        """Write it as a person would."""
        return " + ".join(map(str, self.terms)).replace("+ -1 * ", "- ").replace("+ -", "- ")


def _check_objective(value: object) -> None:
    if not isinstance(value, Objective):
        raise TypeError(f"{shown(value)} is no objective; give e.g. sd.objectives.Logit(0)")


@described
class ClassObjective(Objective, abstract=True):
    """An objective about one class.

    Parameters
    ----------
    target : int or str
        Index or name of the class.
    """

    target: int | str

    @property
    def index(self) -> int:
        """The index of the class; the objective must have been resolved."""
        return cast("int", self.target)

    def resolve(self, classes: Classes) -> Objective:
        """Replace the class's name by its index."""
        return dataclasses.replace(self, target=classes.index(self.target))


@described
class Logit(ClassObjective):
    """The logit of one class: what a person means by "more of this class".

    Parameters
    ----------
    target : int or str
        Index or name of the class.

    Notes
    -----
    The class score ``S_c`` of Simonyan, Vedaldi, Zisserman 2014 (arXiv 1312.6034), before any softmax: a
    probability saturates, and its gradient with it.
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

    Notes
    -----
    The margin of Carlini and Wagner 2017 (arXiv 1608.04644), without its cap.
    """

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the target's logit minus the largest other logit."""
        logits = activity.logits
        others = torch.cat([logits[:, : self.index], logits[:, self.index + 1 :]], dim=1)
        return logits[:, self.index] - others.amax(dim=1)


@described
class Probability(ClassObjective):
    """The probability of one class: bounded, and flat where the network is sure.

    Parameters
    ----------
    target : int or str
        Index or name of the class.

    Notes
    -----
    The softmax of the logits. Simonyan, Vedaldi, Zisserman 2014 (arXiv 1312.6034) advise against it: it can be raised
    by lowering the other classes, and saturates.
    """

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the softmax probability of the target class."""
        return activity.logits.softmax(dim=1)[:, self.index]


@described
class Boundary(Objective):
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
    """

    first: int | str
    second: int | str

    LEAD: ClassVar[float] = 1.0

    def resolve(self, classes: Classes) -> Objective:
        """Replace the names of the classes by their indices."""
        first, second = classes.index(self.first), classes.index(self.second)
        if first == second:
            raise ValueError(f'Boundary: both classes are "{classes.names[first]}"; give two different ones')
        return Boundary(first, second)

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return how far from the border it is, squared and negative."""
        logits = activity.logits
        pair = logits[:, [cast("int", self.first), cast("int", self.second)]]
        score = -(pair[:, 0] - pair[:, 1]).square()
        others = [index for index in range(logits.shape[1]) if index not in (self.first, self.second)]
        if others:
            behind = self.LEAD + logits[:, others].amax(dim=1) - pair.amin(dim=1)
            score = score - behind.relu().square()
        return score
