"""The log of a session: all that happened, from which the same bits come again. `docs/log.md` is its schema."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from safetensors.torch import save as save_tensors
from torch import Tensor

import seqdream_widget
from seqdream_widget.bounds import LINE_BYTES, LOG_BYTES, RECORD
from seqdream_widget.encoding import Encoder, Json, fingerprint_of, hash_of
from seqdream_widget.errors import shown
from seqdream_widget.events import Done, Event, Return, Steps
from seqdream_widget.files import tensors_and_text, write_whole

if TYPE_CHECKING:
    from seqdream_widget.session import Session

VERSION = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Log:
    """What happened in a session, in order.

    Attributes
    ----------
    records : list of dict
        JSON objects as in `docs/log.md`: the header, the events, and where it came to.
    tensors : dict of str to Tensor
        What the records refer to, by hash.
    objects : dict of str to object
        Callables and classes that are not the package's, by ``module:qualname``. They are not saved.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> session.run(3)
    >>> session.log.records[1]
    {'event': 'steps', 'count': 3, 'threads': 1}
    """

    records: list[Json]
    tensors: dict[str, Tensor]
    objects: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])

    def save(self, path: str | Path) -> None:
        """Write the records as JSON lines, and the tensors beside them: ``dream.jsonl`` and ``dream.safetensors``.

        Parameters
        ----------
        path : str or Path
            Of the records.
        """
        path = Path(path)
        write_whole(_beside(path), save_tensors(self.tensors))
        write_whole(path, "".join(map(line_of, self.records)).encode())

    @staticmethod
    def load(path: str | Path) -> Log:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or Path
            Of the records; the tensors are beside them.

        Raises
        ------
        ValueError
            If the files are not such.
        FileNotFoundError
            If there is no such file.
        """
        path = Path(path)
        if path.stat().st_size > LOG_BYTES:
            raise ValueError(f'"{path.name}" is no log: it has {path.stat().st_size:,} bytes, more than {LOG_BYTES:,}')
        records: list[Json] = []
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            try:
                records += [record_in(line, f"line {number}")] if line.strip() else []
            except ValueError as error:
                raise ValueError(f'"{path.name}" is no log: {error}') from None
        try:
            check_version(records)
        except ValueError as error:
            raise ValueError(f'"{path.name}" cannot be read: {error}') from None
        beside = _beside(path)
        if not beside.is_file():
            raise ValueError(f'"{beside.name}" is missing: it belongs beside "{path.name}" and holds its tensors')
        return Log(records, read_tensors(beside)[0])

    def __repr__(self) -> str:
        """Tell how much there is; never print arrays."""
        return f"Log({len(self.records)} records, {len(self.tensors)} tensors)"


def check_version(records: Sequence[object]) -> None:
    """Check that records begin as a log does, and in the version that this package reads.

    Raises
    ------
    ValueError
        If they do not.
    """
    header = records[0] if records else None
    if not isinstance(header, dict) or "seqdream_log" not in header:
        raise ValueError("it does not begin as a log does")
    if header["seqdream_log"] != VERSION:
        said = shown(cast("object", header["seqdream_log"]))
        raise ValueError(f"it is written in version {said} and this package reads {VERSION}; take one that fits")


def record_in(line: bytes, noun: str) -> Json:
    """Read a line of a log, which is called `noun` where it is refused.

    Raises
    ------
    ValueError
        If it is no JSON in UTF-8, or larger than a line may be.
    """
    if len(line) > LINE_BYTES:
        raise ValueError(f"{noun} has {len(line):,} bytes; at most {LINE_BYTES:,} are allowed")
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{noun} is no JSON in UTF-8 ({error})") from None
    RECORD.check(noun, record)
    return record


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors that are named by their hashes, and the text that goes with them.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    try:
        tensors, text = tensors_and_text(path)
    except Exception as error:  # noqa: BLE001 - whatever safetensors finds wrong with it
        raise ValueError(f'"{path.name}" holds no tensors ({error})') from None
    for name, tensor in tensors.items():
        if hash_of(tensor) != name:
            raise ValueError(f'the tensor "{name}" in "{path.name}" is not what its name says: it was changed')
    return tensors, text


def _beside(path: Path) -> Path:
    return path.with_suffix(".safetensors")


def log_of(session: Session) -> Log:
    """Return the log of a session."""
    encoder = Encoder(session.data)
    # In the order of the lines: of objects with one name the first has it.
    header = header_of(session, encoder)
    events = [record_of(event, encoder) for event in session.timeline.events()]
    return Log([header, *events, _end(session, encoder)], encoder.tensors, encoder.objects)


def versions() -> dict[str, str]:
    """Return what the numbers may depend on beside model, data and device."""
    return {
        "seqdream_widget": seqdream_widget.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def header_of(session: Session, encoder: Encoder) -> Json:
    """Describe how a session began."""
    first, probe = session.timeline.first, session.scene.probe
    return {
        "seqdream_log": VERSION,
        "versions": versions(),
        "device": probe.device.type,
        "threads": session.threads,
        "model": probe.fingerprint,
        "data": None if session.data is None else fingerprint_of(session.data),
        "classes": [*session.classes.names],
        "layout": probe.layout,
        "features": session.setup.features,
        "seed": session.setup.seed,
        "start": encoder.tensor(first.start.float().cpu()),
        "start_drawn": session.setup.drawn,
        "objective": encoder.encode(first.objective),
        "regularizers": encoder.encode(first.regularizers),
        "parameterization": encoder.encode(first.parameterization),
        "optimizer": encoder.encode(first.iterate.chosen.given),
        "learning_rate": first.iterate.learning_rate,
    }


def record_of(event: Event, encoder: Encoder) -> Json:
    """Describe an event."""
    if isinstance(event, Steps):
        return {"event": "steps", "count": event.count, "threads": event.threads}
    if isinstance(event, Done):
        return {"event": "command", "command": encoder.encode(event.outcome), "threads": event.threads}
    if isinstance(event, Return):
        where = {"moment": event.to} if event.how == "return" else {}
        return {"event": event.how, "step": event.step, **where}
    return {"event": event.kind, "text": event.text}


def _end(session: Session, encoder: Encoder) -> Json:
    return {
        "event": "end",
        "step": session.step_count,
        "taken": sum(event.count for event in session.timeline.events() if isinstance(event, Steps)),
        "sequence": encoder.tensor(session.sequence),
        "score": encoder.tensor(torch.as_tensor(session.history["score"])),
    }


def line_of(record: Json) -> str:
    """Write a record as a line."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
