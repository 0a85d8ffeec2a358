"""A session goes on after a crash, from what autosave has left on disk."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from seqdream_widget.arguments import known_objects
from seqdream_widget.autosave import CHECKPOINT, LOG, OWNER, TENSORS, Autosave, claimed, digest_of
from seqdream_widget.commands import Reset
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Decoder, Encoder, Json
from seqdream_widget.events import Done, Return, Steps
from seqdream_widget.history import History, Trajectory
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.log import Log, read_tensors, record_in
from seqdream_widget.replaying import begun, carry_out, event_of, in_line
from seqdream_widget.session import Session
from seqdream_widget.stored import revived, revived_rows
from seqdream_widget.timeline import Moment, Place, Run


@known_keywords_only
def resume(
    directory: str | Path,
    model: nn.Module,
    data: SequenceDataset | None = None,
    objects: Mapping[str, Any] | None = None,
) -> Session:
    """Go on with a session that was autosaved, after whatever has ended it: with the same bits, its past included.

    Every command that was acknowledged is there. The steps since the last write are not: taking them again comes to
    the same. Autosave goes on in the same directory; a session that still wrote there leaves off and says so.

    Parameters
    ----------
    directory : str or Path
        That of ``autosave=``.
    model : nn.Module
        The model; another one is refused.
    data : SequenceDataset, optional
        The run's data, where it had some; other data is refused.
    objects : mapping of str to object, optional
        Callables and classes of your own, as for `replay`.

    Returns
    -------
    Session
        ``sd.SeqDream(session=...)`` shows it.

    Raises
    ------
    FileNotFoundError
        If nothing was autosaved there.
    ValueError
        If what is there is not as it should be, or model or data are not those of the session. Nothing on disk has
        changed then.

    Examples
    --------
    >>> import tempfile
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, autosave=f"{folder}/a")
    ...     session.run(3)
    ...     session.submit(sd.commands.Freeze(100, 160))
    ...     again = sd.resume(f"{folder}/a", demo.model, data=demo.data)
    ...     again.step_count, again.frozen
    4
    (3, [[100, 160, None, 0]])
    """
    directory = Path(directory)
    objects = known_objects(objects)
    begun_with, log = _read(directory, objects)
    session = begun(log, model, data, Decoder(log.tensors, log.objects, data))
    before, mark = (directory / OWNER).read_text(), claimed(directory)
    try:
        # Read again: until now a session that is still there may have written.
        lines, log = _read(directory, objects, begun_with)
        leapt = _leap(session, log, lines, directory / CHECKPOINT)
        decoder = Decoder(log.tensors, log.objects, data)
        for number, record in enumerate(log.records[1 + leapt :], start=2 + leapt):
            with in_line(number):
                carry_out(session, event_of(record, decoder))
        _cut_off(directory / LOG, lines)
    except BaseException:
        claimed(directory, before)
        raise
    encoder = Encoder(data)
    encoder.objects.update(log.objects)
    session.save_into(Autosave(directory, session, lines, mark, encoder))
    return session


def _read(directory: Path, objects: Mapping[str, Any], seen: list[bytes] | None = None) -> tuple[list[bytes], Log]:
    """Return the whole lines of the log, and what they say; what was torn off behind them is left out.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If a line is not a record, or the log does not begin with the lines already seen.
    """
    path = directory / LOG
    if not path.is_file():
        raise FileNotFoundError(f'"{directory}" holds no autosaved session: there is no {LOG} in it')
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    if seen and lines[: len(seen)] != seen:
        raise ValueError(f'"{path}" has become another log meanwhile; try again')
    records = [record_in(line, f'line {number} of "{path}"') for number, line in enumerate(lines, start=1)]
    return lines, Log(records, _tensors_of(directory), {**objects})


def _cut_off(path: Path, lines: Sequence[bytes]) -> None:
    """Drop a last line that was torn off in mid-write, and say so."""
    there = path.read_bytes()
    torn = there.removeprefix(b"".join(lines))
    if b"\n" in torn:
        raise ValueError(f'"{path}" was written to meanwhile; try again')
    if torn:
        with path.open("r+b") as file:
            file.truncate(len(there) - len(torn))
        warnings.warn(
            f'the last line of "{path}" was torn off in mid-write ({len(torn)} bytes) and is dropped; '
            f"it had not been acknowledged",
            stacklevel=5,
        )


def _tensors_of(directory: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for path in sorted((directory / TENSORS).glob("*.safetensors")):
        tensors.update(read_tensors(path)[0])
    return tensors


def _leap(session: Session, log: Log, lines: Sequence[bytes], path: Path) -> int:
    """Go to the newest checkpoint without taking the steps that led there; return how many events that makes."""
    if not path.is_file():
        return 0
    try:
        tensors, metadata = read_tensors(path)
        record = cast("Json", json.loads(metadata["record"]))
        if digest_of(lines[: record["lines"]]) != record["digest"]:
            raise ValueError("it belongs to other lines")  # noqa: TRY301 - told below
        decoder = Decoder(tensors, log.objects, session.data)
        checkpoint = revived(record["checkpoint"], decoder, session.scene, session.timeline.first.iterate.held_values)
        packed = [revived_rows(rows, decoder) for rows in record["history"]]
        history = History.unpacked(len(session.start), len(session.classes), packed)
        events = [log.records[number] for number in range(1, record["lines"])]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the log has all that it has
        warnings.warn(f'"{path}" is of no use, all steps are taken again: {error}', stacklevel=4)
        return 0
    _rehearse(session, events, Decoder(log.tensors, log.objects, session.data))
    session.take_up(Moment(session.timeline.tick, session.timeline.cursor, checkpoint, Run(history, Trajectory())))
    return len(events)


def _rehearse(session: Session, records: Sequence[Json], decoder: Decoder) -> None:
    """Note down what happened without doing it again."""
    timeline, now = session.timeline, Place(0, 0)
    for number, record in enumerate(records, start=2):
        with in_line(number):
            event, step = event_of(record, decoder), now.step
            if isinstance(event, Steps):
                timeline.count(event.count, event.threads)
                session.threads = event.threads
                step += event.count
            elif isinstance(event, Done):
                timeline.did(event, now, None)
                session.threads = event.threads
                step = 0 if isinstance(event.command, Reset) else step
            elif isinstance(event, Return):
                is_return = event.how == "return"
                place = timeline.place_at(event.to) if is_return else timeline.place_of(event.how, now, event.step)
                timeline.returned(event.how, place, now)
                step = place.step
            else:
                timeline.remark(event)
            now = Place(timeline.tick, step)
