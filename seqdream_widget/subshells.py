"""Which shell of the kernel hears a widget: the one that its front end speaks to."""

from __future__ import annotations

ROUTE = "_reply_subshell_for"


def hear_where_spoken_to(comm: object) -> None:
    """Have a comm's messages handled by the shell that they were sent to.

    ipykernel 7.4 hands them to the shell in which the widget has spoken last: to a cell that is busy, or to a subshell
    that has gone with its page, where nobody hears them. Ours may be handled on any thread.
    """
    if hasattr(comm, ROUTE):
        setattr(comm, ROUTE, _as_addressed)


def _as_addressed(_data: object, subshell: str | None) -> str | None:
    return subshell
