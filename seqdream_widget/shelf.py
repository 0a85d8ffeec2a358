"""What a person keeps of a run to come back to: moments, each with its sequence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Literal, overload

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.errors import shown
from seqdream_widget.judge import Plausibility
from seqdream_widget.session import Session
from seqdream_widget.timeline import Place
from seqdream_widget.verdicts import judged
from seqdream_widget.words import objective_words

MOST = 24
"""Snapshots."""
MOST_BYTES = 64 * 2**20
"""Of their sequences together."""

Kind = Literal["snapshot", "branch", "left"]


class Snapshot:
    """A moment of a run that was kept.

    Attributes
    ----------
    number : int
        Its own, from 1; never given twice.
    kind : {"snapshot", "branch", "left"}
        Taken as it was, chosen from the past to go on from, or kept when it was left for another.
    step : int
    sequence : Tensor of shape (batch, channel, time)
        float32, on the CPU.
    score : float or None
        As measured last; ``None`` before the first step.
    objective : str
        What was climbed, in words.
    place : Place
        Where it is among all that happened.
    """

    def __init__(self, session: Session, number: int, kind: Kind, place: Place) -> None:
        self._session = session
        self._judged: Plausibility | None = None
        self.number, self.kind, self.place = number, kind, place
        self.step = place.step
        then = session.then(place)
        self.sequence: Float[Tensor, "batch channel time"] = then.sequence().float().cpu()
        scores = session.history.rows(place.step, place.step, ("score",), 1).scalars
        self.score = float(scores[0, 0]) if len(scores) else None
        self.targets = then.objective.targets
        self.objective = objective_words(session, then.objective)

    @property
    def plausibility(self) -> Plausibility | None:
        """What `sd.plausibility` says of it, for the classes that it was led to; ``None`` without data."""
        if self._judged is None:
            with contextlib.suppress(ValueError):
                self._judged = self._session.turn.ask(lambda: judged(self._session, self.sequence, self.targets))
        return self._judged

    @property
    def verdict(self) -> str | None:
        """The verdict as far as it has been judged."""
        return None if self._judged is None else self._judged.verdict

    def was_judged(self, found: Plausibility | None) -> None:
        """Take what a judge has found meanwhile."""
        self._judged = found

    def branch(self) -> Session:
        """Return a session that goes on from here independently, with all of the past until now.

        Raises
        ------
        RuntimeError
            If the session is playing in a widget: pause it first.
        """
        other = self._session.branch()
        other.return_to(self.place)
        return other

    def __repr__(self) -> str:
        """Tell what it is; never print arrays."""
        score = "" if self.score is None else f", score={self.score:.4g}"
        return f"Snapshot({self.number}, {self.kind!r}, step={self.step}{score}, objective={self.objective!r})"


class Shelf(Sequence[Snapshot]):
    """The snapshots of a widget, in the order in which they were taken: at most 24, of 64 MB together.

    Parameters
    ----------
    session : Session

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> w.step(3)
    >>> kept = w.snapshot()
    >>> w.step(4)
    >>> w.snapshots[0].step, w.step_count
    (3, 7)
    >>> w.recall(kept)
    >>> w.step_count
    3
    >>> w.close()
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: tuple[Snapshot, ...] = ()  # replaced, never changed: readers keep a whole one
        self._count = 0

    def take(self, kind: Kind = "snapshot", step: int | None = None) -> Snapshot:
        """Keep what is now, or was right after a step of this run; what is kept already is given again.

        Raises
        ------
        ValueError
            If the shelf is full, or there is no such step.
        """
        return self._session.turn.ask(lambda: self._take(kind, step))

    def _take(self, kind: Kind, step: int | None) -> Snapshot:
        session = self._session
        place = session.place if step is None else session.place_after(step)
        origin = session.timeline.origin(place.tick)
        for one in self._kept:
            if session.timeline.origin(one.place.tick) == origin:
                return one
        self._make_room(session.sequence.nbytes)
        self._count += 1
        made = Snapshot(session, self._count, kind, place)
        self._kept = (*self._kept, made)
        return made

    def _make_room(self, size: int) -> None:
        """Take the oldest of those away that nobody asked for, where that is needed."""
        kept = list(self._kept)
        most = min(MOST, max(1, MOST_BYTES // size))
        while len(kept) >= most:
            left = next((one for one in kept if one.kind == "left"), None)
            if left is None:
                raise ValueError(f"the shelf is full: {len(kept)} of at most {most} snapshots; take one away first")
            kept.remove(left)
        self._kept = tuple(kept)

    def leave(self) -> None:
        """Keep what is now, where there is room: it is about to be left for another."""
        with contextlib.suppress(ValueError):
            self.take("left")

    def numbered(self, number: int) -> Snapshot:
        """Return a snapshot by its number.

        Raises
        ------
        ValueError
            If there is none.
        """
        for one in self._kept:
            if one.number == number:
                return one
        raise ValueError(f"there is no snapshot {shown(number)} on the shelf")

    def discard(self, snapshot: Snapshot | int) -> None:
        """Take a snapshot away, given itself or by its number.

        Raises
        ------
        ValueError
            If it is not there.
        """
        number = snapshot.number if isinstance(snapshot, Snapshot) else snapshot
        gone = self.numbered(number)
        self._session.turn.ask(lambda: self._keep_but(gone))

    def _keep_but(self, gone: Snapshot) -> None:
        self._kept = tuple(one for one in self._kept if one is not gone)

    def clear(self) -> None:
        """Take all away."""
        self._kept = ()

    @overload
    def __getitem__(self, index: int) -> Snapshot: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Snapshot]: ...
    def __getitem__(self, index: int | slice) -> Snapshot | Sequence[Snapshot]:
        return self._kept[index]

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._kept)

    def __repr__(self) -> str:
        """List them."""
        return f"Shelf({list(self._kept)})"
