"""Frames and commands on the wire. The page that both ends follow is `docs/protocol.md`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.bounds import MESSAGE
from seqdream_widget.commands import Command
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import shown, unknown
from seqdream_widget.history import Rows
from seqdream_widget.judge import BOUNDS, PLACE
from seqdream_widget.windows import MOST_WIDTH, WHOLE, View

if TYPE_CHECKING:
    from seqdream_widget.session import Session
    from seqdream_widget.shelf import Shelf, Snapshot
    from seqdream_widget.verdicts import Verdict

PROTOCOL = 1
SNAPSHOT_ROWS = 2000
FRAME_ROWS = 10_000
SEQUENCE_BYTES = 4 * 1024  # sequences of one frame: what is sent takes time from the gradient beside it
MOST_STEPS = 10_000
FORMATS = ("svg", "csv", "numpy")
"""In which a page can have the sequence now, as text."""
THUMBNAIL_PARTS, THUMBNAIL_CHANNELS = 64, 16
MOST = 2**53  # of a number that the browser chooses: it counts no further

Arrays = Mapping[str, NDArray[np.float32] | NDArray[np.int32]]
Message = dict[str, Any]


# ---- from the browser -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Request:
    """A message from the front end, validated.

    Attributes
    ----------
    kind : str
        One of those that `docs/protocol.md` lists.
    number : int
        The id of what is to be acknowledged, the count of steps, the frame painted last, the step or the snapshot to
        be shown.
    target : int
        The step or the snapshot to go to.
    command : Command, optional
        For ``"command"``.
    format, channel : str, int
        For ``"export"``: one of `FORMATS`, and the channel that is drawn.
    view : View, optional
        For ``"view"``.
    """

    kind: str
    number: int = 0
    target: int = 0
    command: Command | None = None
    format: str = ""
    channel: int = 0
    view: View | None = None


_ID, _STEP, _SNAPSHOT = ("id", MOST), ("step", MOST), ("snapshot", MOST)
# For each kind the fields that hold its numbers, and the largest numbers allowed.
NUMBERS: dict[str, tuple[tuple[str, int], ...]] = {
    "hello": (("protocol", 2**31),),
    "play": (),
    "pause": (),
    "step": (("count", MOST_STEPS),),
    "command": (_ID,),
    "undo": (_ID,),
    "redo": (_ID,),
    "restore": (_ID, _STEP),
    "look": (_STEP,),
    "keep": (_ID,),
    "branch": (_ID, _STEP),
    "compare": (_SNAPSHOT,),
    "recall": (_ID, _SNAPSHOT),
    "discard": (_ID, _SNAPSHOT),
    "export": (_ID,),
    "view": (("view", MOST), ("start", MOST), ("stop", MOST), ("width", MOST_WIDTH)),
    "receipt": (("number", MOST),),
}


def read_request(content: object, buffers: object = None) -> Request:
    """Validate a message from the front end.

    Raises
    ------
    ValueError
        If anything about it is not as `docs/protocol.md` says; the message is one sentence for people.
    """
    if not isinstance(content, Mapping):
        raise ValueError(f"a message is an object with a kind, not {shown(content)}")
    MESSAGE.check("the message", cast("object", content))
    fields = dict(cast("Mapping[str, Any]", content))
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in NUMBERS:
        raise ValueError(unknown("message", kind, NUMBERS))
    if buffers:
        raise ValueError(f"a {kind} message carries no buffers")
    numbers = [_whole(kind, name, fields.pop(name, None), most) for name, most in NUMBERS[kind]]
    value, target = (*numbers, 0, 0)[:2]
    if kind == "hello" and value != PROTOCOL:
        raise ValueError(f"the page speaks protocol {value} and the kernel {PROTOCOL}; reload the page")
    command = Command.from_json(fields.pop("command", None)) if kind == "command" else None
    form, channel = "", 0
    if kind == "export":
        form, channel = fields.pop("format", None), _whole(kind, "channel", fields.pop("channel", 0), MOST)
        if form not in FORMATS:
            raise ValueError(unknown("format", form, FORMATS))
    if fields:
        raise ValueError(f"a {kind} message has no field {shown(next(iter(fields)))}")
    view = View(*numbers) if kind == "view" else None
    return Request(kind, value, target, command, form, channel, view)


def _whole(kind: str, name: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{kind}: {name} = {shown(value)} is not allowed; give a whole number from 0 to {most}")
    return value


# ---- from the kernel --------------------------------------------------------------------------------------------

DTYPES: dict[np.dtype[Any], str] = {np.dtype(np.float32): "float32", np.dtype(np.int32): "int32"}
"""Of the numbers on the wire; to ask NumPy for the name of one takes longer than to send it."""


def pack(header: Message, arrays: Arrays) -> tuple[Message, list[bytes]]:
    """Put arrays behind a message, one after the other in one binary buffer, listed in its ``arrays`` field.

    One buffer: each more costs every hand that the message goes through.
    """
    if not arrays:
        return {**header, "arrays": []}, []
    contiguous = [np.ascontiguousarray(array) for array in arrays.values()]
    listed = [
        {"name": name, "dtype": DTYPES[array.dtype], "shape": list(array.shape)}
        for name, array in zip(arrays, contiguous, strict=True)
    ]
    return {**header, "arrays": listed}, [b"".join(array.data for array in contiguous)]


def snapshot(
    session: Session, settings: Message, steps_per_second: float, most_rows: int = SNAPSHOT_ROWS
) -> tuple[Message, Arrays]:
    """Say everything a view needs to draw itself."""
    columns = session.history.columns
    rows = session.history.rows(1, session.step_count, columns, most_rows)
    header = {
        "kind": "snapshot",
        "protocol": PROTOCOL,
        "step": session.step_count,
        "steps_per_second": steps_per_second,
        "columns": list(columns),
        "settings": settings,
    }
    arrays = {
        "sequence": session.sequence[0].numpy(),
        "start": session.start[0].numpy(),
        **_rows(rows),
        **_probabilities(session),
        **envelope(session),
    }
    return header, arrays


def frame(session: Session, after: int, steps_per_second: float) -> tuple[Message, Arrays]:
    """Say what the steps since `after` brought: scalars and sequences of all of them, up to the budget."""
    columns = session.history.columns
    latest = session.step_count
    sequence = session.sequence[0].numpy()
    # The sequence now may have been edited since its step: it is sent as it is, the ones before as they were.
    room = max(0, SEQUENCE_BYTES // sequence.nbytes - 1) if sequence.shape[-1] <= WHOLE else 0
    picked = session.trajectory.between(after + 1, latest - 1, room)
    header = {
        "kind": "frame",
        "step": latest,
        "steps_per_second": steps_per_second,
        "columns": list(columns),
        "sequence_steps": [*picked.steps.tolist(), latest],
        "thinned": len(picked) < max(0, latest - 1 - after),
    }
    arrays = {
        **_rows(session.history.rows(after + 1, latest, columns, FRAME_ROWS)),
        "sequences": np.concatenate((picked.values[:, 0], sequence[None])) if len(picked) else sequence[None],
        **_probabilities(session),
    }
    return header, arrays


def _rows(rows: Rows) -> Arrays:
    return {"steps": rows.steps, "scalars": rows.scalars}


def _probabilities(session: Session) -> Arrays:
    latest = session.history.latest_probabilities()
    return {} if latest is None else {"probabilities": latest}


def envelope(session: Session) -> Arrays:
    """Return the range of the target class's real members, where there is one class and data."""
    targets = session.objective.targets
    if session.reference is None or len(targets) != 1:
        return {}
    found = session.reference.envelope(targets[0])
    return {} if found is None else {"envelope": found.numpy()}


def before_edit(session: Session) -> Arrays:
    """Return the sequence just before the latest edit, where there is one."""
    before = session.before_edit
    return {} if before is None else {"before_edit": before[0].numpy()}


def push(session: Session) -> Arrays:
    """Return where the last step's gradient pushed each sample, where there was one."""
    pushed = session.push
    return {} if pushed is None else {"push": pushed[0].numpy()}


def verdict(verdict: Verdict, data: SequenceDataset | None) -> tuple[Message, Arrays]:
    """Say whether the dream is plausible; with data, also what the nearest real sequence looks like."""
    found = verdict.judged
    header: Message = {"kind": "verdict", "step": verdict.step, "verdict": None, "reason": verdict.reason}
    if found is None:
        return {**header, "figures": [], "nearest": None}, {}
    figures = [
        {
            "name": name,
            "value": _finite(figure.value),
            "low": _finite(figure.band[0]),
            "high": _finite(figure.band[1]),
            "bound": "place" if name in PLACE else BOUNDS[name],
            "fails": name in found.failing,
        }
        for name, figure in found.figures.items()
    ]
    nearest = dataclasses.asdict(found.nearest)
    told = {
        **header,
        "verdict": found.verdict,
        "figures": figures,
        "nearest": {**nearest, "distance": _finite(nearest["distance"])},
    }
    return told, {} if data is None else {"nearest": data.x[found.nearest.index].numpy()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def window(session: Session, nearest: int) -> tuple[Message, Arrays]:
    """Say all that a view shows of sequences; `nearest` is the nearest real one that was told, −1: none."""
    arrays = {
        "sequence": session.sequence[0].numpy(),
        "start": session.start[0].numpy(),
        **envelope(session),
        **before_edit(session),
        **push(session),
        **({} if session.data is None or nearest < 0 else {"nearest": session.data.x[nearest].numpy()}),
    }
    return {"kind": "window", "step": session.step_count}, arrays


def look(step: int, sequence: Float[Tensor, "batch channel time"]) -> tuple[Message, Arrays]:
    """Show the sequence right after a step."""
    return {"kind": "look", "step": step}, {"sequence": sequence[0].numpy()}


def compare(snapshot: Snapshot) -> tuple[Message, Arrays]:
    """Show the sequence of a snapshot."""
    return {"kind": "compare", "snapshot": snapshot.number}, {"sequence": snapshot.sequence[0].numpy()}


def shelf(shelf: Shelf) -> tuple[Message, Arrays]:
    """Say what is on the shelf, with small pictures."""
    snapshots = list(shelf)
    entries = [
        {
            "snapshot": one.number,
            "kind": one.kind,
            "step": one.step,
            "score": None if one.score is None else _finite(one.score),
            "verdict": one.verdict,
            "objective": one.objective,
        }
        for one in snapshots
    ]
    thumbnails = [thumbnail(one.sequence[0]) for one in snapshots]
    return {"kind": "shelf", "snapshots": entries}, {"thumbnails": np.stack(thumbnails)} if thumbnails else {}


def thumbnail(sequence: Float[Tensor, "channel time"]) -> NDArray[np.float32]:
    """Return the least and the greatest value in each part of a sequence: (channel, 2, part), bounded in all."""
    values = sequence[:THUMBNAIL_CHANNELS].numpy()
    parts = min(THUMBNAIL_PARTS, values.shape[1])
    begins = np.arange(parts) * values.shape[1] // parts
    low, high = (reduce.reduceat(values, begins, axis=1) for reduce in (np.minimum, np.maximum))
    return np.stack([low, high], axis=1)
