"""What can happen to a dreamer."""

from __future__ import annotations

import dataclasses
from typing import Literal

from seqdream_widget.commands import Command


@dataclasses.dataclass(frozen=True)
class Steps:
    """Consecutive steps, taken with so many threads."""

    count: int
    threads: int


@dataclasses.dataclass(frozen=True)
class Done:
    """A command as it was carried out, and what it came to: itself, unless it went by data or by names."""

    command: Command
    outcome: Command
    threads: int


Way = Literal["undo", "redo", "restore", "return"]


@dataclasses.dataclass(frozen=True)
class Return:
    """Things are again as they were at a tick and step, by which way."""

    to: int
    how: Way
    step: int


@dataclasses.dataclass(frozen=True)
class Remark:
    """What changes nothing and takes no time: a note, a refusal, a branching off."""

    kind: Literal["note", "refusal", "branch"]
    text: str


Event = Steps | Done | Return | Remark
