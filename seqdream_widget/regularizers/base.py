"""What every regularizer has: a name, a switch, bounded parameters and a value of its own."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self, cast

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import is_a, shown, unknown
from seqdream_widget.parameters import Described, described, number, snake_case
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers.moment import Moment

RESERVED_NAMES = ("step", "score", "grad_norm", "probabilities")
NO_SETTINGS = ("name", "enabled", "data")
"""Fields that no command changes as a parameter: a switch of its own, and what cannot come off the wire."""


@described
class Regularizer(Described, ABC):
    """Keeps a dream honest. Subclasses are penalties, gradient shapings, projections or transforms.

    Parameters
    ----------
    name : str, optional
        How commands and the history call it; the snake_case class name unless given.
    enabled : bool
        Whether it acts.

    Raises
    ------
    ValueError
        If a parameter is out of its bounds or the name is that of a column of the history.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.regularizers.TotalVariation(0.05, name="calm").name
    'calm'
    >>> sd.regularizers.TotalVariation(-1)
    Traceback (most recent call last):
        ...
    ValueError: TotalVariation: weight = -1 is not allowed; give a number from 0 to 1e+06
    """

    types: ClassVar[dict[str, type[Regularizer]]] = {}
    group: ClassVar[str] = ""
    label: ClassVar[str] = ""
    slider: ClassVar[str | None] = None

    name: str = dataclasses.field(default="", kw_only=True)
    enabled: bool = dataclasses.field(default=True, kw_only=True)

    def __init_subclass__(cls, abstract: bool = False) -> None:
        """Register the class under its snake_case name."""
        if not abstract:
            Regularizer.types[snake_case(cls.__name__)] = cls

    def __post_init__(self) -> None:
        """Check the parameters and fill in the name."""
        super().__post_init__()
        if not is_a(self.name, str):
            raise ValueError(f"{type(self).__name__}: name = {shown(self.name)} is not allowed; give a string")
        if not self.name:
            object.__setattr__(self, "name", snake_case(type(self).__name__))
        for switch in (field.name for field in dataclasses.fields(self) if field.type in ("bool", bool)):
            value = getattr(self, switch)
            if not isinstance(value, bool):
                raise ValueError(f"{self.name}: {switch} = {shown(value)} is not allowed; give true or false")
        if self.name in RESERVED_NAMES:
            raise ValueError(
                f'a regularizer cannot be named "{self.name}": the history has a column of that name; choose another'
            )

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the docstring: what the widget says about it."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    def needs_data(self) -> bool:
        """Tell whether it cannot act without the run's data set."""
        return False

    def check(self, reference: Reference | None, shape: tuple[int, int]) -> None:
        """Refuse a run that it cannot act in.

        Parameters
        ----------
        reference : Reference, optional
            Statistics of the run's data.
        shape : (int, int)
            Channels and samples of a sequence.

        Raises
        ------
        ValueError
            If it needs data and there is none, or the data does not hold what it compares with.
        """
        del shape
        if self.enabled and reference is None and self.needs_data():
            raise ValueError(
                f"{self.name} takes its bounds from data and this run has none; give data=, or its parameters"
            )

    def changed(self, enabled: bool | None, parameters: Mapping[str, Any]) -> Self:
        """Return a copy with other settings.

        Parameters
        ----------
        enabled : bool, optional
            As it is unless given.
        parameters : mapping of str to float
            By their names, within their bounds.

        Raises
        ------
        ValueError
            If a parameter is unknown or out of bounds; the message says what is allowed.
        """
        known = [field.name for field in dataclasses.fields(self) if field.name not in NO_SETTINGS]
        for name in parameters:
            if name not in known:
                raise ValueError(f"{type(self).__name__}: {unknown('parameter', name, known)}")
        settings: dict[str, Any] = dict(parameters)
        if enabled is not None:
            settings["enabled"] = enabled
        return dataclasses.replace(self, **settings)


@described
class Penalty(Regularizer, abstract=True):
    """A term of the loss: ``weight`` times a sum over samples, differentiated with the score.

    Parameters
    ----------
    weight : float
        0 … 1e6; what its value is multiplied with in the loss.
    name : str, optional
        How commands and the history call it; the snake_case class name unless given.
    enabled : bool
        Whether it acts.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> sd.regularizers.Curvature(0.5).value(torch.tensor([[[0.0, 1.0, 0.0]]]), None)  # without the weight
    tensor([4.])
    """

    group: ClassVar[str] = "penalty"
    slider: ClassVar[str | None] = "weight"

    weight: float = number(1e-3, low=0.0, high=1e6, slider=(1e-4, 10.0), scale="log")

    @abstractmethod
    def value(self, x: Float[Tensor, "batch channel time"], reference: Reference | None) -> Float[Tensor, " batch"]:
        """Evaluate the penalty of each dream, without its weight."""


@described
class Projection(Regularizer, abstract=True):
    """A change made to the sequence itself after an update, every so many steps.

    In the history: the root mean square change when it acted last, 0 until it does.

    Parameters
    ----------
    every : int
        Act on steps whose number is a multiple of this, 1 … 1,000,000.
    name : str, optional
        How commands and the history call it; the snake_case class name unless given.
    enabled : bool
        Whether it acts.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> x = torch.tensor([[[0.0, 3.0, 0.0]]])
    >>> sd.regularizers.Clamp(low=-1, high=1).apply(x, sd.regularizers.Moment())
    tensor([[[0., 1., 0.]]])
    """

    group: ClassVar[str] = "projection"

    every: int = number(
        default=1, low=1, high=1_000_000, slider=(1, 100), scale="log", unit="steps", integer=True, kw_only=True
    )

    @abstractmethod
    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Project each dream; frozen samples are put back afterwards."""


@described
class GradientShaping(Regularizer, abstract=True):
    """A change made to the gradient of the sequence, dream by dream, before the update.

    It comes after the mask, and the mask again after it. In the history: the norm after over the norm before,
    1 where the gradient is zero.

    Parameters
    ----------
    name : str, optional
        How commands and the history call it; the snake_case class name unless given.
    enabled : bool
        Whether it acts.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> sd.regularizers.ClipGradient(norm=1).shape(torch.tensor([[[3.0, 4.0]]]))
    tensor([[[0.6000, 0.8000]]])
    """

    group: ClassVar[str] = "gradient"

    @abstractmethod
    def shape(self, gradient: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch channel time"]:
        """Return the gradient that each dream follows instead."""


@described
class Transform(Regularizer, abstract=True):
    """A random change of the copy that the model sees, drawn anew in every step: for dreams that withstand it.

    The score and the probabilities are those of the copy; penalties see the sequence itself. In the history: the root
    mean square difference that it made.

    Parameters
    ----------
    name : str, optional
        How commands and the history call it; the snake_case class name unless given.
    enabled : bool
        Whether it acts.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> import torch
    >>> moment = sd.regularizers.Moment(generators=(torch.Generator().manual_seed(0),))
    >>> sd.regularizers.Dropout(share=0.5).apply(torch.ones(1, 1, 3), moment).shape
    torch.Size([1, 1, 3])
    """

    group: ClassVar[str] = "transform"

    @abstractmethod
    def apply(self, x: Float[Tensor, "batch channel time"], moment: Moment) -> Float[Tensor, "batch channel time"]:
        """Return the changed copy of each dream, differentiable, drawn from its own generator."""


def by_name(name: str) -> Regularizer:
    """Make a registered regularizer with its defaults.

    Raises
    ------
    ValueError
        If the name is not registered.
    """
    if name not in Regularizer.types:
        raise ValueError(unknown("regularizer", name, Regularizer.types))
    return Regularizer.types[name]()


def checked(regularizers: object, reference: Reference | None, shape: tuple[int, int]) -> tuple[Regularizer, ...]:
    """Check the regularizers of a run.

    Parameters
    ----------
    regularizers : iterable of Regularizer
    reference : Reference, optional
        Statistics of the run's data.
    shape : (int, int)
        Channels and samples of a sequence.

    Raises
    ------
    TypeError
        If something in it is no regularizer.
    ValueError
        If two have the same name, or one cannot act in this run; see `Regularizer.check`.
    """
    if isinstance(regularizers, Regularizer) or not isinstance(regularizers, Iterable):
        raise TypeError(f"regularizers = {shown(regularizers)} is no list; give e.g. [sd.regularizers.L2(1e-3)]")
    listed = tuple(cast("Any", regularizers))
    for regularizer in listed:
        if not isinstance(regularizer, Regularizer):
            raise TypeError(f"{regularizer!r} is no regularizer; give e.g. sd.regularizers.L2(1e-3)")
    names = [regularizer.name for regularizer in listed]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'two regularizers are named "{name}"; give one of them another name=')
    for regularizer in listed:
        regularizer.check(reference, shape)
    return listed
