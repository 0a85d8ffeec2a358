"""How large what comes from outside may be: looked at before anything is made of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

from seqdream_widget.errors import shown


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Of a JSON value.

    Attributes
    ----------
    items : int
        In all lists and objects within, together.
    depth : int
        How deep these are nested.
    characters : int
        Of one text.
    """

    items: int
    depth: int
    characters: int

    def check(self, noun: str, value: object) -> None:
        """Raise if a value is larger, and make nothing of it.

        Raises
        ------
        ValueError
            If it is larger, or something within is no JSON value that crosses the wire as it is.
        """
        level, items = [value], 0
        for _ in range(self.depth + 1):
            inner: list[Any] = []
            for one in level:
                if not isinstance(one, Mapping | list | tuple):
                    self._check_plain(noun, one)
                    continue
                held = cast("Mapping[Any, Any] | list[Any]", one)
                items += len(held)
                if items > self.items:
                    raise ValueError(f"{noun} holds more than {self.items:,} items")
                for name in held if isinstance(held, Mapping) else ():
                    self._check_plain(noun, name)
                inner.extend(held.values() if isinstance(held, Mapping) else held)
            if not inner:
                return
            level = inner
        raise ValueError(f"{noun} is nested more than {self.depth} deep")

    def _check_plain(self, noun: str, value: object) -> None:
        if isinstance(value, str):
            if len(value) > self.characters:
                raise ValueError(f"{noun} holds a text of {len(value):,} characters; give at most {self.characters:,}")
            if not is_unicode(value):
                raise ValueError(f"{noun} holds {shown(value)}, which is no Unicode text")
        elif isinstance(value, int):
            if value.bit_length() > WHOLE_BITS:
                raise ValueError(f"{noun} holds a whole number of more than {WHOLE_BITS} bits")
        elif value is not None and not isinstance(value, float):
            raise ValueError(f"{noun} holds {shown(value)}, which is no JSON value")


def is_unicode(text: str) -> bool:
    r"""Tell whether a text can be written down: JSON can spell halves of characters, which cannot.

    Examples
    --------
    >>> is_unicode("\N{GRINNING FACE}"), is_unicode("\ud83d")
    (True, False)
    """
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


WHOLE_BITS = 64
MESSAGE = Bounds(items=100_000, depth=16, characters=10_000)
"""From the browser."""
RECORD = Bounds(items=100_000, depth=300, characters=100_000)
"""A line of a log."""
LINE_BYTES, LOG_BYTES = 4 * 2**20, 2**30
"""Of a line of a log, and of its file."""
