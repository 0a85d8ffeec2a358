"""From a log to the session that it tells of."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from seqdream_widget.arguments import known_objects
from seqdream_widget.commands import Command
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Decoder, Json, fingerprint_of
from seqdream_widget.errors import is_a, kind_of, shown
from seqdream_widget.events import Done, Event, Remark, Return, Steps
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.log import Log, check_version, versions
from seqdream_widget.objectives.base import Resolved
from seqdream_widget.parameters import whole
from seqdream_widget.session import Session
from seqdream_widget.starts import Drawn
from seqdream_widget.threads import intra_op_threads
from seqdream_widget.timeline import Place

MOST_STEPS = 10_000_000


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


@known_keywords_only
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
    if not is_a(log, Log | str | Path):
        raise TypeError(f"replay: the log is {kind_of(log)}; give session.log, or the path of one that was saved")
    log = log if isinstance(log, Log) else Log.load(log)
    decoder = Decoder(log.tensors, {**log.objects, **known_objects(objects)}, data)
    end = _checked_end(log)
    session = begun(log, model, data, decoder)
    for number, record in enumerate(log.records[1:-1], start=2):
        with in_line(number):
            carry_out(session, event_of(record, decoder))
    with in_line(len(log.records)):
        session.threads = whole("threads", log.records[0].get("threads"), 1, 256)
        session.divergence = _divergence(session, end, log.records[0], decoder)
    return session


@contextlib.contextmanager
def in_line(number: int) -> Generator[None]:
    """Say of which line of the log an error is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"line {number} of the log: {error}") from None
    except Exception as error:
        raise ValueError(f"line {number} of the log cannot be carried out: {type(error).__name__}: {error}") from error


def _checked_end(log: Log) -> Json:
    """Return the end of a log, which takes as many steps as it says there."""
    records = [record if isinstance(cast("object", record), dict) else {} for record in log.records]
    end = records[-1] if records else {}
    if end.get("event") != "end":
        raise ValueError("the log has no end: it was cut off; of an autosaved session, use sd.resume")
    taken = sum(_count_of(record) for record in records if record.get("event") == "steps")
    if taken != end.get("taken"):
        raise ValueError(f"the log was changed: it takes {taken:,} steps and its end says {shown(end.get('taken'))}")
    if taken > MOST_STEPS:
        raise ValueError(f"the log takes {taken:,} steps; at most {MOST_STEPS:,} are taken again")
    return end


def _count_of(steps: Json) -> int:
    return whole("count", steps.get("count"), 1, 10**9)


def _checked_header(log: Log, data: SequenceDataset | None) -> Json:
    check_version(log.records)
    header = log.records[0]
    given = None if data is None else fingerprint_of(data)
    if header.get("data") != given:
        raise ValueError(
            f"the data is not that of the log: its fingerprint is {given or 'none, for there is no data'} and the log "
            f"says {shown(header.get('data')) if header.get('data') else 'that there was none'}; give that with data="
        )
    return header


def begun(log: Log, model: nn.Module, data: SequenceDataset | None, decoder: Decoder) -> Session:
    """Make the session that a log tells of, as it was before anything happened.

    Raises
    ------
    ValueError
        If the header is not as it should be, or model or data are not those of the log.
    """
    with in_line(1):
        return _begun(_checked_header(log, data), model, data, decoder)


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


def event_of(record: object, decoder: Decoder) -> Event:
    """Read an event. Of other ways back than a return it is not known to which tick they led, before they are gone.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not isinstance(record, dict):
        raise ValueError(f"an event is an object, not {shown(record)}")
    fields = cast("Json", record)
    kind = fields.get("event")
    if kind in ("steps", "command"):
        threads = whole("threads", fields.get("threads"), 1, 256)
        if kind == "steps":
            return Steps(_count_of(fields), threads)
        command = decoder.decode(fields.get("command"))
        if not isinstance(command, Command):
            raise ValueError(f"{shown(command)} is no command")
        return Done(command, command, threads)
    if kind in ("undo", "redo", "restore", "return"):
        to = whole("moment", fields.get("moment"), 0, 10**12) if kind == "return" else 0
        return Return(to, kind, whole("step", fields.get("step"), 0, 10**9))
    if kind in ("note", "refusal", "branch"):
        return Remark(kind, str(fields.get("text")))
    raise ValueError("there is something behind the end" if kind == "end" else f"an event {shown(kind)} is not known")


def carry_out(session: Session, event: Event) -> None:
    """Have happen to a session what happened to it before."""
    if isinstance(event, Steps):
        session.threads = event.threads
        with intra_op_threads(event.threads):
            for _ in range(event.count):
                session.step()
    elif isinstance(event, Done):
        session.threads = event.threads
        session.apply(event.command)
    elif isinstance(event, Return):
        if event.how == "restore":
            session.restore(event.step)
        elif event.how == "return":
            session.return_to(Place(event.to, event.step))
        else:
            getattr(session, event.how)()
    else:
        session.timeline.remark(event)


def _divergence(session: Session, end: Json, header: Json, decoder: Decoder) -> Divergence | None:
    sequence, score = decoder.tensor(end.get("sequence")), decoder.tensor(end.get("score"))
    mine = torch.as_tensor(session.history["score"])
    if sequence.shape != session.sequence.shape or score.shape != mine.shape:
        raise ValueError("the end is that of another run")
    same = torch.eq(score, mine) | (score.isnan() & mine.isnan())
    wrong = (~same if same.ndim == 1 else (~same).any(dim=0)).nonzero()
    if torch.equal(sequence, session.sequence) and not len(wrong):
        return None
    first = int(session.history["step"][wrong[0]]) if len(wrong) else None
    found = Divergence(first, float((sequence - session.sequence).abs().max()))
    logged, here = cast("object", header.get("versions")), versions()
    where = "" if logged == here else f" It was logged with {shown(logged)}, and this is {shown(here)}."
    warnings.warn(
        f"the replay came to other numbers: the first step that differs is {first or 'none'}, the largest difference "
        f"of the sequence {found.largest_difference:.3g}.{where}",
        stacklevel=4,
    )
    return found
