"""Which edit was the latest: a page shows the sequence as it was just before."""

from __future__ import annotations

from seqdream_widget.commands import Edit, MovePoint, Release, Reset
from seqdream_widget.events import Done
from seqdream_widget.timeline import Timeline


def tick_before_edit(timeline: Timeline) -> int | None:
    """Return the tick just before the latest edit that led to now; ``None`` where there was none since the start.

    Moves of one pointer gesture are one edit.
    """
    found: int | None = None
    gesture: int | None = None
    for event, since, _ in timeline.back_from(timeline.tick):
        if not isinstance(event, Done) or isinstance(event.command, Release):
            continue
        command = event.outcome  # a brush comes to an edit
        if isinstance(command, Edit | MovePoint):
            own: int | None = getattr(command, "gesture", None)
            if found is None:
                found, gesture = since, own
            elif own == gesture:
                found = since
            if gesture is None or own != gesture:
                break
        elif found is not None or isinstance(command, Reset):
            break
    return found
