"""What a notebook keeps of a widget when it is saved: a snapshot in plain JSON, of bounded size.

A notebook that is opened without its kernel shows it, where the host saves the state of widgets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqdream_widget import protocol
from seqdream_widget.session import Session

SAMPLES = 4096  # of all channels of a sequence together
ROWS = 200


def saved(session: Session, settings: protocol.Message, model_id: str) -> protocol.Message:
    """Return a snapshot whose arrays carry their numbers as ``values``.

    Longer sequences are thinned to samples spread evenly from the first to the last; ``time`` says how many there were.

    Parameters
    ----------
    session : Session
    settings : dict
        As on the wire.
    model_id : str
        By which the front end finds out from its host whether the widget's kernel is there.
    """
    header, arrays = protocol.snapshot(session, settings, 0.0, ROWS)
    _, channels, time = session.start.shape
    count = min(time, max(2, SAMPLES // channels))
    kept = np.linspace(0, time - 1, count).round().astype(np.int64)
    sequences = {name: arrays[name][..., kept] for name in ("sequence", "start", "envelope") if name in arrays}
    return {
        **header,
        "run": session.run_id,
        "number": 0,
        "model_id": model_id,
        "time": time,
        "arrays": [_listed(name, array) for name, array in {**arrays, **sequences}.items()],
    }


def _listed(name: str, array: NDArray[Any]) -> Mapping[str, Any]:
    return {"name": name, "dtype": str(array.dtype), "shape": list(array.shape), "values": _plain(array)}


def _plain(array: NDArray[Any]) -> list[float | int | None]:
    """Return the numbers with as few digits as tell them apart in float32; what is not finite is null."""
    if array.dtype.kind == "i":
        return array.ravel().tolist()
    numbers = map(float, array.ravel().astype(str))
    return [number if math.isfinite(number) else None for number in numbers]
