"""The way of a dream through feature space, step by step as far as there is room."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.population import features_of
from seqdream_widget.session import Session

AT_ONCE = 8
"""Sequences that are looked up for one update of a run."""
FROM_THE_START = 64
"""And where a run is taken up, such as after a return to the past."""
MOST = 400
"""Points that are kept; beyond it every second one is dropped."""


class Track:
    """Where a dream went on a map; ask it while you have the session's turn.

    Parameters
    ----------
    session : Session
    place : callable
        Puts features on the map: (row, feature) → (row, 2).

    Attributes
    ----------
    features : Tensor of shape (feature,)
        Those of the dream now.
    points : array of shape (point, 2)
        From the start to now.
    """

    def __init__(self, session: Session, place: Callable[[Tensor], NDArray[np.float64]]) -> None:
        self._session = session
        self._place = place
        self._begin()

    def _begin(self) -> None:
        self._run = self._session.run_id
        self._told = -1
        self.points: NDArray[np.float64] = np.empty((0, 2))
        self.features: Float[Tensor, " feature"] = torch.empty(0)

    def follow(self) -> None:
        """Go on to where the dream is now."""
        session, now = self._session, self._session.step_count
        if session.run_id != self._run or now < self._told:
            self._begin()
        most = AT_ONCE if self._told >= 0 else FROM_THE_START
        new = session.trajectory.between(self._told + 1, now - 1, most)
        sequences = [torch.as_tensor(one[:1]) for one in new.values] if len(new) else []
        x = torch.cat([*sequences, session.sequence[:1]])
        features = features_of(session.scene.probe, x)
        self.features = features[-1]
        # The last point is that of the sequence now, which a hand may move before the next step.
        kept = self.points if self._told < now else self.points[:-1]
        self.points = np.concatenate([kept, self._place(features)])
        self._told = now
        if len(self.points) > MOST:
            self.points = np.concatenate([self.points[:-1:2], self.points[-1:]])
