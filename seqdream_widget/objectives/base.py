"""What every objective has: a score, a resolution against a scene, and ``+ - *``."""

from __future__ import annotations

import dataclasses
import functools
import operator
from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import is_a, shown
from seqdream_widget.parameters import Described, described, number, read_described, snake_case
from seqdream_widget.probe import Activity
from seqdream_widget.scene import Scene


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

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose outputs `score` reads, by dotted name."""
        return ()

    @property
    def targets(self) -> tuple[int, ...]:
        """The indices of the class or the two classes it leads to, where it does; it must have been resolved."""
        return ()

    @abstractmethod
    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Score each dream of a batch; higher is better."""

    def resolve(self, scene: Scene) -> Objective:
        """Make ready for a run: replace class names by indices, look layers and real members up.

        Raises
        ------
        ValueError
            If a class or layer is unknown, or data is needed and missing; the message says what is allowed.
        """
        del scene
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
        return read_described("objective", Objective.types, message)

    def __add__(self, other: Objective) -> Objective:
        return Sum((*_terms(self), *_terms(other))) if is_a(other, Objective) else NotImplemented

    def __sub__(self, other: Objective) -> Objective:
        return self + -other if is_a(other, Objective) else NotImplemented

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

    Raises
    ------
    TypeError
        If `objective` is none.
    ValueError
        If `factor` is out of its bounds.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.objectives.Scaled(2, sd.objectives.Logit(0))
    2 * Logit(target=0)
    """

    factor: float = number(low=-1e6, high=1e6)
    objective: Objective

    def __post_init__(self) -> None:
        """Check both parts."""
        super().__post_init__()
        _check_objective(self.objective)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the objective reads."""
        return self.objective.layers

    @property
    def targets(self) -> tuple[int, ...]:
        """Those of the objective, unless it is avoided."""
        return self.objective.targets if self.factor > 0 else ()

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the factor times the objective's score."""
        return self.factor * self.objective.score(activity)

    def resolve(self, scene: Scene) -> Objective:
        """Resolve the objective."""
        return Scaled(self.factor, self.objective.resolve(scene))

    def to_json(self) -> dict[str, Any]:
        """Describe it, the objective within."""
        return {"type": "scaled", "factor": self.factor, "objective": self.objective.to_json()}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Objective:
        """Make it from a message that holds another objective."""
        fields["objective"] = Objective.from_json(fields.get("objective"))
        return super().from_fields(fields)

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

    Raises
    ------
    TypeError
        If a term is no objective.
    ValueError
        If there are too few or too many.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> total = sd.objectives.Logit(0) + sd.objectives.Margin(1)
    >>> len(total.terms)
    2
    """

    terms: tuple[Objective, ...]

    MOST_TERMS: ClassVar[int] = 100

    def __post_init__(self) -> None:
        """Check the number and kind of the terms."""
        if not 1 <= len(self.terms) <= self.MOST_TERMS:
            raise ValueError(f"Sum: {len(self.terms)} terms are not allowed; give 1 to {self.MOST_TERMS}")
        for term in self.terms:
            _check_objective(term)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the terms read, each once."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.layers))

    @property
    def targets(self) -> tuple[int, ...]:
        """Those of the first term that has any."""
        return next((term.targets for term in self.terms if term.targets), ())

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the sum of the terms' scores."""
        return functools.reduce(operator.add, (term.score(activity) for term in self.terms))

    def resolve(self, scene: Scene) -> Objective:
        """Resolve every term."""
        return Sum(tuple(term.resolve(scene) for term in self.terms))

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
        return super().from_fields(fields)

    def __repr__(self) -> str:
        """Write it as a person would."""
        return " + ".join(map(str, self.terms)).replace("+ -1 * ", "- ").replace("+ -", "- ")


def _check_objective(value: object) -> None:
    if not isinstance(value, Objective):
        raise TypeError(f"{shown(value)} is no objective; give e.g. sd.objectives.Logit(0)")


@described
class Resolved(Objective, abstract=True):
    """An objective as it was resolved before: out of a log, to be taken up as it is.

    Parameters
    ----------
    objective : Objective
    """

    objective: Objective

    def __post_init__(self) -> None:
        """Refuse what is no objective."""
        _check_objective(self.objective)

    def score(self, activity: Activity) -> Float[Tensor, " batch"]:
        """Return the objective's score."""
        return self.objective.score(activity)

    def resolve(self, scene: Scene) -> Objective:
        """Return the objective within."""
        del scene
        return self.objective
