"""What to climb: scores of a sequence, one number per dream.

An objective is a small frozen object. It names its classes as people do (``"abnormal"`` or ``1``) and is resolved
to indices once, when a run takes it up. To add one, write one class here: it appears in the API, on the wire and
in the widget's picker.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.classes import Classes
from seqdream_widget.parameters import Described, described, read_fields, snake_case
from seqdream_widget.probe import Activity

__all__ = ["Logit", "Margin", "Objective"]


class Objective(Described, ABC):
    """A score to climb. Subclasses say how it is computed from what the model does.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.objectives.Logit("abnormal")
    Logit(target='abnormal')
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
            return kind(**fields)
        except TypeError as error:
            raise ValueError(f"{snake_case(kind.__name__)}: {str(error).split('() ')[-1]}") from None


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
