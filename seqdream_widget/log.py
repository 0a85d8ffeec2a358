"""The log of a session: all that happened, from which the same bits come again. `docs/log.md` is its schema."""

from __future__ import annotations

import dataclasses
import json
import platform
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

import seqdream_widget
from seqdream_widget.commands import Command
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Decoder, Encoder, Json, fingerprint_of, hash_of
from seqdream_widget.errors import shown
from seqdream_widget.objectives.base import Resolved
from seqdream_widget.parameters import whole
from seqdream_widget.session import Session
from seqdream_widget.starts import Drawn
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.timeline import Done, Event, Remark, Return, Steps

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
        _beside(path).write_bytes(save_tensors(self.tensors))
        lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n" for record in self.records]
        path.write_text("".join(lines), encoding="utf-8")

    @staticmethod
    def load(path: str | Path) -> Log:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the files are not such.
        FileNotFoundError
            If there is no such file.
        """
        path = Path(path)
        written = path.read_bytes()
        try:
            records = [json.loads(line) for line in written.decode("utf-8").splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise ValueError(f'"{path.name}" is no log: it must be JSON lines in UTF-8 ({error})') from None
        beside = _beside(path)
        if not beside.is_file():
            raise ValueError(f'"{beside.name}" is missing: it belongs beside "{path.name}" and holds its tensors')
        try:
            tensors = load_tensors(beside.read_bytes())
        except Exception as error:  # noqa: BLE001 - whatever safetensors finds wrong with it
            raise ValueError(f'"{beside.name}" holds no tensors ({error})') from None
        for name, tensor in tensors.items():
            if hash_of(tensor) != name:
                raise ValueError(f'the tensor "{name}" in "{beside.name}" is not what its name says: it was changed')
        return Log(records, tensors)

    def __repr__(self) -> str:
        """Tell how much there is; never print arrays."""
        return f"Log({len(self.records)} records, {len(self.tensors)} tensors)"


@dataclasses.dataclass(frozen=True)
class Divergence:
    """How a replay departs from what was logged.

    Attributes
    ----------
    first_step : int, optional
        The first step whose score differs, in any dream; ``None`` where all scores agree.
    largest_difference : float
        Between the last sequences.
    """

    first_step: int | None
    largest_difference: float


def _beside(path: Path) -> Path:
    return path.with_suffix(".safetensors")


# ---- writing --------------------------------------------------------------------------------------------------------


def log_of(session: Session) -> Log:
    """Return the log of a session."""
    encoder = Encoder(session.data)
    events = [_record(event, encoder) for event in session.timeline.events()]
    return Log([_header(session, encoder), *events, _end(session, encoder)], encoder.tensors, encoder.objects)


def _versions() -> dict[str, str]:
    return {
        "seqdream_widget": seqdream_widget.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def _header(session: Session, encoder: Encoder) -> Json:
    first, probe = session.timeline.first, session.scene.probe
    return {
        "seqdream_log": VERSION,
        "versions": _versions(),
        "device": probe.device.type,
        "threads": session.threads,
        "model": probe.fingerprint,
        "data": None if session.data is None else fingerprint_of(session.data),
        "classes": [*session.classes.names],
        "layout": probe.layout,
        "features": session.setup.features,
        "seed": session.setup.seed,
        "start": encoder.tensor(session.start),
        "start_drawn": session.setup.drawn,
        "objective": encoder.encode(first.objective),
        "regularizers": encoder.encode(first.regularizers),
        "parameterization": encoder.encode(first.parameterization),
        "optimizer": encoder.encode(first.iterate.chosen.given),
        "learning_rate": first.iterate.learning_rate,
    }


def _record(event: Event, encoder: Encoder) -> Json:
    if isinstance(event, Steps):
        return {"event": "steps", "count": event.count, "threads": event.threads}
    if isinstance(event, Done):
        return {"event": "command", "command": encoder.encode(event.outcome), "threads": event.threads}
    if isinstance(event, Return):
        return {"event": event.how, "step": event.step}
    return {"event": event.kind, "text": event.text}


def _end(session: Session, encoder: Encoder) -> Json:
    score = torch.as_tensor(session.history["score"])
    return {
        "event": "end",
        "step": session.step_count,
        "sequence": encoder.tensor(session.sequence),
        "score": encoder.tensor(score),
    }


# ---- reading --------------------------------------------------------------------------------------------------------


def replay(
    log: Log | str | Path,
    model: nn.Module,
    data: SequenceDataset | None = None,
    objects: Mapping[str, Any] | None = None,
) -> Session:
    """Do again all that a log tells of, and return the session: the same bits, its past included.

    Parameters
    ----------
    log : Log, str or Path
        ``session.log``, or where one was saved.
    model : nn.Module
        The model; another one is refused.
    data : SequenceDataset, optional
        The run's data, where it had some; other data is refused.
    objects : mapping of str to object, optional
        Callables and classes of your own by the names that the log has for them, ``module:qualname``.

    Returns
    -------
    Session
        ``session.divergence`` is ``None`` where it came to the same bits. Otherwise, such as with other versions, it
        tells the first step and the largest difference, and a warning does so too.

    Raises
    ------
    ValueError
        If the log is not as it should be, an object is missing, or model or data are not those of the log.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> session.run(3)
    >>> again = sd.replay(session.log, demo.model, data=demo.data)
    >>> bool((again.sequence == session.sequence).all())
    True
    """
    log = log if isinstance(log, Log) else Log.load(log)
    decoder = Decoder(log.tensors, {**log.objects, **(objects or {})}, data)
    number, end = 1, None
    try:
        header = _checked_header(log, data)
        session = _begun(header, model, data, decoder)
        for record in log.records[1:]:
            number += 1
            if end is not None:
                raise ValueError("there is something behind the end")  # noqa: TRY301 - told with its line, below
            end = _carried_out(session, record, decoder)
        if end is None:
            raise ValueError("the log has no end: it was cut off")  # noqa: TRY301 - as above
        session.threads = whole("threads", header.get("threads"), 1, 256)
        session.divergence = _divergence(session, end, header, decoder)
    except ValueError as error:
        raise ValueError(f"line {number} of the log: {error}") from None
    except Exception as error:
        raise ValueError(f"line {number} of the log cannot be carried out: {type(error).__name__}: {error}") from error
    return session


def _checked_header(log: Log, data: SequenceDataset | None) -> Json:
    header = cast("object", log.records[0] if log.records else None)
    if not isinstance(header, dict) or "seqdream_log" not in header:
        raise ValueError("it does not begin as a log does")
    header = cast("Json", header)
    if header["seqdream_log"] != VERSION:
        said = shown(header["seqdream_log"])
        raise ValueError(f"it is written in version {said} and this package reads {VERSION}; take one that fits")
    given = None if data is None else fingerprint_of(data)
    if header.get("data") != given:
        raise ValueError(
            f"the data is not that of the log: its fingerprint is {given or 'none, for there is no data'} and the log "
            f"says {shown(header.get('data')) if header.get('data') else 'that there was none'}; give that with data="
        )
    return header


def _begun(header: Json, model: nn.Module, data: SequenceDataset | None, decoder: Decoder) -> Session:
    start = decoder.tensor(header.get("start"))
    if start.ndim != 3:  # noqa: PLR2004 - (batch, channel, time)
        raise ValueError(f"the start has shape {tuple(start.shape)} instead of (batch, channel, time)")
    session = Session(
        model,
        Resolved(decoder.decode(header.get("objective"))),
        data=data,
        start=cast("Any", Drawn(start) if header.get("start_drawn") is True else start),
        batch_size=len(start),
        seed=cast("int", header.get("seed")),
        optimizer=decoder.decode(header.get("optimizer")),
        learning_rate=header.get("learning_rate"),
        parameterization=decoder.decode(header.get("parameterization")),
        regularizers=decoder.decode(header.get("regularizers")),
        threads=cast("int", header.get("threads")),
        layout=header.get("layout"),
        features=header.get("features"),
    )
    found = session.scene.probe.fingerprint
    if found != header.get("model"):
        raise ValueError(
            f"the model is not that of the log: its fingerprint is {found} and the log says "
            f"{shown(header.get('model'))}; give the one with the same architecture and weights"
        )
    return session


def _carried_out(session: Session, record: object, decoder: Decoder) -> Json | None:
    """Carry out one record; return it if it is the end."""
    if not isinstance(record, dict):
        raise ValueError(f"an event is an object, not {shown(record)}")
    fields = cast("Json", record)
    kind = fields.get("event")
    if kind == "end":
        return fields
    if kind == "steps":
        with intra_op_threads(whole("threads", fields.get("threads"), 1, 256)):
            for _ in range(whole("count", fields.get("count"), 1, 10**9)):
                session.step()
    elif kind == "command":
        command = decoder.decode(fields.get("command"))
        if not isinstance(command, Command):
            raise ValueError(f"{shown(command)} is no command")
        session.threads = whole("threads", fields.get("threads"), 1, 256)
        session.apply(command)
    elif kind == "undo":
        session.undo()
    elif kind == "redo":
        session.redo()
    elif kind == "restore":
        session.restore(cast("int", fields.get("step")))
    elif kind in ("note", "refusal", "branch"):
        session.timeline.remark(Remark(kind, str(fields.get("text"))))
    else:
        raise ValueError(f"an event {shown(kind)} is not known")
    return None


def _divergence(session: Session, end: Json, header: Json, decoder: Decoder) -> Divergence | None:
    sequence, score = decoder.tensor(end.get("sequence")), decoder.tensor(end.get("score"))
    mine = torch.as_tensor(session.history["score"])
    if sequence.shape != session.sequence.shape or score.shape != mine.shape:
        raise ValueError("the end is that of another run")
    same = torch.eq(score, mine) | (score.isnan() & mine.isnan())
    wrong = (~same if same.ndim == 1 else (~same).any(dim=0)).nonzero()
    if torch.equal(sequence, session.sequence) and not len(wrong):
        return None
    first = int(wrong[0]) + 1 if len(wrong) else None
    found = Divergence(first, float((sequence - session.sequence).abs().max()))
    logged, here = cast("object", header.get("versions")), _versions()
    versions = "" if logged == here else f" It was logged with {shown(logged)}, and this is {shown(here)}."
    warnings.warn(
        f"the replay came to other numbers: the first step that differs is {first or 'none'}, the largest difference "
        f"of the sequence {found.largest_difference:.3g}.{versions}",
        stacklevel=3,
    )
    return found
