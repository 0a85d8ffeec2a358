"""What every command has: a check, an application, and a form on the wire."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from seqdream_widget.dreamer import Dreamer
from seqdream_widget.parameters import Described, read_described, snake_case


class Command(Described, ABC):
    """Something a person does between two steps.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.Command.types["freeze"]
    <class 'seqdream_widget.commands.samples.Freeze'>
    """

    types: ClassVar[dict[str, type[Command]]] = {}

    def __init_subclass__(cls, abstract: bool = False) -> None:
        """Register the class under its snake_case name."""
        if not abstract:
            Command.types[snake_case(cls.__name__)] = cls

    @abstractmethod
    def check(self, dreamer: Dreamer) -> None:
        """Refuse, in words, what cannot be carried out now.

        Raises
        ------
        ValueError
            If it cannot be.
        """

    @abstractmethod
    def apply(self, dreamer: Dreamer) -> None:
        """Carry the command out; it has been checked."""

    def outcome(self, dreamer: Dreamer) -> Command:
        """Return what does again what this has just done: itself, unless it goes by data or draws conclusions."""
        del dreamer
        return self

    @staticmethod
    def from_json(message: object) -> Command:
        """Read a command off the wire.

        Raises
        ------
        ValueError
            If it is no object, its type is unknown, or a field is missing, unknown or of the wrong kind.
        """
        return read_described("command", Command.types, message)
