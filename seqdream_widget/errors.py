"""Errors for people: what was wrong, what is allowed, what to do."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any

LONGEST, MOST_NAMES, MOST_BITS = 80, 40, 10_000
"""Of what a message shows: characters of a value, names (it is no catalogue), and bits of a whole number."""


class ShapeError(ValueError):
    """A sequence, data set or model output has a shape that does not fit.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.SequenceDataset([[0.0, 1.0]], [0, 1, 0])
    Traceback (most recent call last):
        ...
    seqdream_widget.errors.ShapeError: x holds 1 sequences but y holds 3 labels; give one label per sequence
    """


class StepError(RuntimeError):
    """A step went wrong and was undone: the session is as it was before it.

    Raised when the model, the objective or a regularizer raises, and when the loss or its gradient is not
    finite; the message names the term. The cause, if there was one, is in ``__cause__``.

    Attributes
    ----------
    dreams : dict of int to str
        Where no dream of the batch is left to go on: those that stopped with this step, and why. Empty where something
        raised.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(
    ...     demo.model, sd.objectives.Logit(1), data=demo.data, optimizer="sgd", learning_rate=0.01,
    ...     regularizers=[sd.regularizers.HighFrequency(weight=1e6)]
    ... )
    >>> try:
    ...     session.run(100)
    ... except sd.StepError:
    ...     print("undone")
    undone
    """

    def __init__(self, message: str, dreams: Mapping[int, str] | None = None) -> None:
        super().__init__(message)
        self.dreams = dict(dreams or {})


class _Repr(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write whole numbers of more than 4,300 digits.
        too_long = x.bit_length() > MOST_BITS
        return f"a whole number of {x.bit_length():,} bits" if too_long else super().repr_int(x, level)


_short = _Repr()
_short.maxstring = _short.maxother = LONGEST


def shown(value: object) -> str:
    """Show a value in a message, cut to a bearable length.

    Examples
    --------
    >>> shown("abnormal"), len(shown("x" * 10_000)) < 100
    ("'abnormal'", True)
    """
    return _short.repr(value)


def kind_of(value: Any) -> str:
    """Say what a value is: the name of its class, with the article.

    Examples
    --------
    >>> kind_of([1, 2]), kind_of(3)
    ('a list', 'an int')
    """
    name = value.__class__.__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def is_a(value: object, kind: type | UnionType) -> bool:
    """Tell whether a value is what its type promises: notebooks and what comes off the wire are not type-checked.

    Examples
    --------
    >>> is_a("abnormal", str), is_a(1, str | None)
    (True, False)
    """
    return isinstance(value, kind)


def unknown(kind: str, value: object, known: Iterable[str]) -> str:
    """Say that `value` is no known `kind`, what is known, and what was probably meant.

    Examples
    --------
    >>> unknown("class", "abnrmal", ["normal", "abnormal"])
    'unknown class "abnrmal"; known: "normal", "abnormal"; did you mean "abnormal"?'
    >>> unknown("keyword", "lr", ["start", "learning_rate"])
    'unknown keyword "lr"; known: "start", "learning_rate"; did you mean "learning_rate"?'
    """
    names = list(known)
    listed = ", ".join(f'"{name}"' for name in names[:MOST_NAMES]) or "none"
    if len(names) > MOST_NAMES:
        listed += f", … ({len(names)} in all)"
    text = value if isinstance(value, str) and value.isprintable() else shown(value)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}…"
    near = difflib.get_close_matches(text, names, n=1) or [name for name in names if _initials(name) == text]
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f'unknown {kind} "{text}"; known: {listed}{hint}'


def _initials(name: str) -> str:
    """Return what many write for a name of several words: ``lr`` for ``learning_rate``."""
    words = name.split("_")
    return "".join(word[:1] for word in words) if len(words) > 1 else ""
