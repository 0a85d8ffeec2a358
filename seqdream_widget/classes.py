"""The classes of a model, by index and by name."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Sequence

from seqdream_widget.errors import shown, unknown

MOST_NAMES = 10
"""Of classes that a message lists."""
_INTEGER = re.compile(r"[+-]?\d+")


@dataclasses.dataclass(frozen=True)
class Classes:
    """The classes a model tells apart, in the order of its logits.

    Attributes
    ----------
    names : tuple of str
        One per logit.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, n_classes: int, names: Sequence[str] | None) -> Classes:
        """Name `n_classes` logits, by `names` if there are any, else by their index.

        Raises
        ------
        ValueError
            If there are more or fewer names than logits.
        """
        if names is None:
            return cls(tuple(str(index) for index in range(n_classes)))
        if len(names) != n_classes:
            raise ValueError(
                f"the model has {n_classes} outputs but the data has {len(names)} classes "
                f"({', '.join(names[:MOST_NAMES])}); give data with one class name per output"
            )
        return cls(tuple(names))

    def __len__(self) -> int:
        return len(self.names)

    def said(self, index: int) -> str:
        """Say which class it is: by its name, or where names look like integers, so that it is not taken for another.

        Examples
        --------
        >>> Classes(("normal", "abnormal")).said(1), Classes(("1", "2")).said(1), Classes(("0", "1")).said(1)
        ('abnormal', 'class 1 (label "2")', 'class 1')
        """
        name = self.names[index]
        if not self._are_numbers:
            return name
        return f"class {index}" if name == str(index) else f'class {index} (label "{name}")'

    @property
    def _are_numbers(self) -> bool:
        return any(map(_INTEGER.fullmatch, self.names))

    def index(self, target: int | str) -> int:
        """Resolve a class: an integer is an index, a string is a name.

        Raises
        ------
        ValueError
            If there is no such class; the message lists them.

        Examples
        --------
        >>> Classes(("normal", "abnormal")).index("abnormal")
        1
        """
        if isinstance(target, str):
            if target in self.names:
                return self.names.index(target)
            is_nameless = self.names == tuple(map(str, range(len(self.names))))
            hint = "; the data brings the names of classes: give data=" if is_nameless else ""
            raise ValueError(unknown("class", target, self.names) + hint)
        try:
            index = operator.index(target)
        except TypeError:
            index = -1
        if isinstance(target, bool) or not 0 <= index < len(self.names):
            names = ", ".join(f'"{name}"' for name in self.names[:MOST_NAMES])
            more = ", …" if len(self.names) > MOST_NAMES else ""
            raise ValueError(
                f"class {shown(target)} is not allowed; give an index from 0 to {len(self.names) - 1} "
                f"or a name in quotes ({names}{more})"
            )
        return index
