"""What a command came to."""

from __future__ import annotations

import dataclasses
from typing import Any

WELL, DIVERGED, WRONG, INTERRUPTED = 0, 1, 2, 130


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a command came to.

    Attributes
    ----------
    words : str
        For people.
    told : dict
        The same for programs, as JSON.
    code : int
        The exit code.
    """

    words: str
    told: dict[str, Any]
    code: int = WELL
