"""The classes of a model, by index and by name."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence

from seqdream_widget.errors import unknown


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
                f"({', '.join(names[:10])}); give data with one class name per output"
            )
        return cls(tuple(names))

    def __len__(self) -> int:
        return len(self.names)

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
            raise ValueError(unknown("class", target, self.names))
        try:
            index = operator.index(target)
        except TypeError:
            index = -1
        if isinstance(target, bool) or not 0 <= index < len(self.names):
            raise ValueError(
                f"class {target!r} is not allowed; give an index from 0 to {len(self.names) - 1} "
                f"or a name ({', '.join(self.names[:10])})"
            )
        return index
