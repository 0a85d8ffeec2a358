"""Parameters with bounds and units, declared once.

One declaration of a number serves four readers: the constructor that checks it, the command that changes it
mid-run, the slider that shows it and the docstring. Objectives, regularizers and commands are frozen dataclasses made
with `described`: a change makes a new object, so that a state once captured stays what it was.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import numbers
import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar, cast, dataclass_transform

from seqdream_widget.errors import shown, unknown
from seqdream_widget.keywords import known_keywords_only

T = TypeVar("T")
Scale = Literal["linear", "log"]


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A number with bounds: what is allowed, and where a slider for it ends.

    Attributes
    ----------
    name : str
        The attribute that holds it.
    low, high : float
        What is allowed, both included.
    slider : (float, float)
        Where a slider ends; within the bounds.
    scale : {"linear", "log"}
        How a slider moves.
    unit : str
        For people, e.g. ``"samples"``; empty where there is none.
    integer : bool
        Whether only whole numbers are allowed.
    optional : bool
        Whether ``None`` is allowed.
    """

    name: str
    low: float
    high: float
    slider: tuple[float, float]
    scale: Scale = "linear"
    unit: str = ""
    integer: bool = False
    optional: bool = False

    def check(self, owner: str, value: object) -> float | int | None:
        """Return `value` as a plain number, or raise.

        Raises
        ------
        ValueError
            If `value` is no finite number within the bounds; the message says which are.
        """
        if value is None and self.optional:
            return None
        if not isinstance(value, bool) and isinstance(value, numbers.Real):
            # Compared before it is made a float: 10**400 is none.
            plain = float(value) if self.low <= cast("Any", value) <= self.high else math.nan
            fits = math.isfinite(plain) and (not self.integer or plain.is_integer())
            if fits:
                return int(plain) if self.integer else plain
        whose = f"{owner}: " if owner else ""
        raise ValueError(f"{whose}{self.name} = {shown(value)} is not allowed; give {self._allowed}")

    @property
    def _allowed(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.integer:
            low, high, noun = f"{self.low:,.0f}", f"{self.high:,.0f}", "a whole number"
        else:
            low, high, noun = f"{self.low:g}", f"{self.high:g}", "a number"
        return f"{low}{unit}, there is no other" if low == high else f"{noun} from {low} to {high}{unit}"


def number(
    default: float | dataclasses._MISSING_TYPE | None = dataclasses.MISSING,  # pyright: ignore[reportPrivateUsage] - how dataclasses spells "no default"
    *,
    low: float = -math.inf,
    high: float = math.inf,
    slider: tuple[float, float] | None = None,
    scale: Scale = "linear",
    unit: str = "",
    integer: bool = False,
    optional: bool = False,
    kw_only: bool = False,
) -> Any:
    """Declare a bounded number of a `described` class; see `Parameter` for the arguments."""
    declared = Parameter("", low, high, slider or (low, high), scale, unit, integer, optional)
    metadata = {"parameter": declared}
    return dataclasses.field(default=default, metadata=metadata, kw_only=kw_only)


@functools.cache
def parameters_of(cls: type) -> tuple[Parameter, ...]:
    """List the bounded numbers of a `described` class, in order of declaration."""
    fields = dataclasses.fields(cast("Any", cls))
    return tuple(
        dataclasses.replace(field.metadata["parameter"], name=field.name)
        for field in fields
        if "parameter" in field.metadata
    )


def whole(name: str, value: object, low: int, high: int, of: str = "") -> int:
    """Check a whole number that is no field of a `described` class.

    Raises
    ------
    ValueError
        If it is none, or out of bounds.

    Examples
    --------
    >>> whole("steps", 20.0, 0, 100)
    20
    """
    return int(Parameter(name, low, high, (low, high), integer=True).check(of, value) or 0)


def real(name: str, value: object, low: float, high: float) -> float:
    """Check a number that is no field of a `described` class.

    Raises
    ------
    ValueError
        If it is none, or out of bounds.

    Examples
    --------
    >>> real("learning_rate", 0, 1e-6, 100)
    Traceback (most recent call last):
        ...
    ValueError: learning_rate = 0 is not allowed; give a number from 1e-06 to 100
    """
    return float(Parameter(name, low, high, (low, high)).check("", value) or 0)


def snake_case(name: str) -> str:
    """Turn a class name into the name people type: ``TotalVariation`` → ``total_variation``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclasses.dataclass(frozen=True)
class Described:
    """Base of the frozen, self-checking classes made with `described`."""

    def __post_init__(self) -> None:
        """Check every bounded number, once, where it enters."""
        for parameter in parameters_of(type(self)):
            value = parameter.check(type(self).__name__, getattr(self, parameter.name))
            object.__setattr__(self, parameter.name, value)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Any:
        """Make one from the fields of a message.

        Raises
        ------
        ValueError, TypeError
            If a field is missing, unknown, or not as it should be.
        """
        check_fields(cls, fields)
        return cls(**fields)


def check_fields(cls: type[Any], given: Collection[str]) -> None:
    """Check that what is there are the fields of a class: all that have no default, and no others.

    Raises
    ------
    ValueError
        If one is unknown or missing.
    """
    noun, fields = snake_case(cls.__name__), [field for field in dataclasses.fields(cls) if field.init]
    for name in given:
        if name not in (field.name for field in fields):
            raise ValueError(f"{noun}: {unknown('field', name, (field.name for field in fields))}")
    for field in fields:
        is_needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if is_needed and field.name not in given:
            raise ValueError(f"{noun}: the field {field.name} is missing")


D = TypeVar("D", bound=Described)


@dataclass_transform(frozen_default=True, field_specifiers=(number, dataclasses.field))
def described(cls: type[T]) -> type[T]:
    """Make a frozen dataclass whose constructor checks bounds and suggests keywords."""
    made = dataclasses.dataclass(frozen=True)(cls)
    made.__init__ = known_keywords_only(made.__init__)
    if made.__doc__ and parameters_of(made) and "Raises\n" not in made.__doc__:
        made.__doc__ = _with_errors(inspect.cleandoc(made.__doc__))
    return made


def _with_errors(text: str) -> str:
    """Say in a docstring what every class with bounded numbers raises, before its notes and examples."""
    found = re.search(r"^(Notes|Examples)\n-+\n", text, re.MULTILINE)
    at = found.start() if found else len(text)
    errors = "Raises\n------\nValueError\n    If a number is out of its bounds.\n\n"
    return f"{text[:at].rstrip()}\n\n{errors}{text[at:]}".rstrip()


def read_described(noun: str, types: Mapping[str, type[D]], message: object) -> D:
    """Make what a JSON object describes: its ``type`` says which class, the other fields are for that.

    Raises
    ------
    ValueError
        If `message` is no object, its ``type`` is not known, or a field is missing, unknown or of the wrong kind.
    """
    if not isinstance(message, Mapping):
        raise ValueError(f"a {noun} is an object with a type, not {shown(message)}")
    fields = dict(cast("Mapping[str, Any]", message))
    kind = fields.pop("type", None)
    if not isinstance(kind, str) or kind not in types:
        raise ValueError(unknown(noun, kind, types))
    try:
        return types[kind].from_fields(fields)
    except TypeError as error:
        raise ValueError(f"{snake_case(types[kind].__name__)}: {error}") from None
