"""What a person writes down along the way."""

from __future__ import annotations

from typing import ClassVar

from seqdream_widget.bounds import is_unicode
from seqdream_widget.commands.base import Command
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import is_a, shown
from seqdream_widget.parameters import described


@described
class Note(Command):
    """Write something down in the log; nothing changes, and `undo` and `redo` pass over it.

    Parameters
    ----------
    text : str
        1 to 10,000 characters.

    Raises
    ------
    ValueError
        If it is no text of that length.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> sd.commands.Note("from here on I hold the peak")
    Note(text='from here on I hold the peak')
    """

    text: str

    LONGEST: ClassVar[int] = 10_000

    def __post_init__(self) -> None:
        """Check that it is text, and its length."""
        if not is_a(self.text, str) or not 1 <= len(self.text) <= self.LONGEST:
            raise ValueError(f"Note: text = {shown(self.text)} is not allowed; give 1 to {self.LONGEST:,} characters")
        if not is_unicode(self.text):
            raise ValueError(f"Note: text = {shown(self.text)} is not allowed; give Unicode text")

    def check(self, dreamer: Dreamer) -> None:
        """Allow it always."""

    def apply(self, dreamer: Dreamer) -> None:
        """Change nothing."""
