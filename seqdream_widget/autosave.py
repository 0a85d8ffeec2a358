"""What happens in a session, on disk before it is acknowledged, written off the thread that takes the steps.

In its directory: ``log.jsonl``, a line a record as in `docs/log.md`; ``tensors/``, a file for each tensor that a line
names; ``checkpoint.safetensors``, the newest checkpoint, so that coming back need not begin at the beginning; and
``owner``, the mark of the session that writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from safetensors.torch import save as save_tensors

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Encoder, Json
from seqdream_widget.files import write_whole
from seqdream_widget.log import line_of, record_of
from seqdream_widget.stored import stored, stored_rows
from seqdream_widget.timeline import Cursor, Moment, Timeline

LOG, TENSORS, CHECKPOINT, OWNER = "log.jsonl", "tensors", "checkpoint.safetensors", "owner"
SPACING = 0.05
"""Seconds from one write to the next while a run goes on: what a hand does in between is written together."""
CHECKPOINT_EVERY = 1.0
"""Seconds from one checkpoint to the next, at least; and twenty times as long as one takes."""

Then = Callable[[], None]


class Saved(Protocol):
    """What is saved."""

    data: SequenceDataset | None

    @property
    def timeline(self) -> Timeline:
        """All that happened."""
        ...

    @property
    def is_driven(self) -> bool:
        """Whether a run goes on."""
        ...


class Autosave:
    """Follows a session and writes down what happens.

    Parameters
    ----------
    directory : Path
        Where to write; it has a log already, see `begun`.
    source : Saved
    lines : sequence of bytes
        Those of the log, which tell what has happened until now.
    mark : str
        What `claimed` returned.
    encoder : Encoder
        That knows the objects which those lines name.

    Attributes
    ----------
    failure : str
        Why nothing is written any more, in words; empty where all is well.
    """

    def __init__(self, directory: Path, source: Saved, lines: Sequence[bytes], mark: str, encoder: Encoder) -> None:
        self.directory = directory
        self.failure = ""
        self._source = source
        self._cursor = source.timeline.cursor
        self._lines = len(lines)
        self._digest = hashlib.sha256(b"".join(lines))
        self._mark = mark
        self._encoder = encoder
        self._lock = threading.Lock()
        self._waiting: list[Then] = []
        self._is_due = False
        self._moment: Moment | None = None
        self._is_writing = False
        self._written = 0.0
        self._checkpoint_at = time.monotonic() + CHECKPOINT_EVERY

    @staticmethod
    def begun(directory: Path, source: Saved, header: Callable[[Encoder], Json]) -> Autosave:
        """Begin in a directory that has none yet.

        Raises
        ------
        ValueError
            If there is one.
        OSError
            If it cannot be written.
        """
        if (directory / LOG).exists():
            raise ValueError(
                f'"{directory}" holds an autosaved session already; go on with it by sd.resume("{directory}", model), '
                f"or give another directory"
            )
        if directory.exists() and not directory.is_dir():
            raise NotADirectoryError(f'autosave: "{directory}" is a file; give a directory, or a path not taken yet')
        (directory / TENSORS).mkdir(parents=True, exist_ok=True)
        encoder = Encoder(source.data)
        record = header(encoder)
        for name, tensor in encoder.tensors.items():
            write_whole(directory / TENSORS / f"{name}.safetensors", save_tensors({name: tensor}))
        line = line_of(record).encode()
        write_whole(directory / LOG, line)
        encoder.tensors = {}
        return Autosave(directory, source, [line], claimed(directory), encoder)

    @property
    def wants_moment(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() >= self._checkpoint_at

    def keep(self, moment: Moment) -> None:
        """Write a checkpoint, soon."""
        self._checkpoint_at = math.inf
        with self._lock:
            self._moment = moment
        self.wake()

    def wake(self, then: Then | None = None) -> None:
        """Write what has happened until now, soon; then call `then`, on another thread."""
        with self._lock:
            if not self.failure:
                if then is not None:
                    self._waiting.append(then)
                self._is_due = True
                if self._is_writing or self._has_begun_to_write():
                    return
        if self.failure:
            if then is not None:
                then()
        else:
            self._write_all()

    def _has_begun_to_write(self) -> bool:
        """Begin on a thread of its own, which keeps the process until all is written; where there are none, do not."""
        self._is_writing = True
        try:
            threading.Thread(target=self._write_all, name="seqdream-autosave", daemon=False).start()
        except RuntimeError:
            return False
        return True

    def settle(self) -> None:
        """Wait until all that has happened is written."""
        done = threading.Event()
        self.wake(done.set)
        done.wait()

    def _write_all(self) -> None:
        while True:
            if self._source.is_driven:
                time.sleep(max(0.0, self._written + SPACING - time.monotonic()))
            with self._lock:
                if not self._is_due:
                    self._is_writing = False
                    return
                self._is_due = False
                waiting, self._waiting = self._waiting, []
            try:
                if not self.failure:
                    self._write_news()
            except Exception as error:  # noqa: BLE001 - a full disk, most likely: said, and the run goes on
                self.failure = f"autosave stopped, what happens from here on is not on disk: {error}"
            self._written = time.monotonic()
            for then in waiting:
                with contextlib.suppress(Exception):  # a page that has gone must not hold up the others
                    then()

    def _write_news(self) -> None:
        if (self.directory / OWNER).read_bytes() != self._mark.encode():
            raise RuntimeError(f'another session has gone on with "{self.directory}"')
        with self._lock:
            moment, self._moment = self._moment, None
        if moment is not None:
            begin = time.monotonic()
            if moment.cursor >= self._cursor:
                self._append(moment.cursor)
                # Where the memory of an optimizer of one's own cannot be kept the log has all that is needed.
                with contextlib.suppress(TypeError):
                    self._keep_moment(moment)
            self._checkpoint_at = begin + max(CHECKPOINT_EVERY, 20 * (time.monotonic() - begin))
        self._append(self._source.timeline.cursor)

    def _append(self, upto: Cursor) -> None:
        """Write down what has happened up to there."""
        records = [record_of(event, self._encoder) for event in self._source.timeline.between(self._cursor, upto)]
        self._keep_tensors()
        if records:
            written = "".join(map(line_of, records)).encode()
            with (self.directory / LOG).open("ab") as file:
                length = file.tell()
                try:
                    file.write(written)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(length)
                    raise
            self._digest.update(written)
        self._cursor, self._lines = upto, self._lines + len(records)

    def _keep_moment(self, moment: Moment) -> None:
        rows = moment.run.history.packed(moment.checkpoint.step_count)
        record = {
            "lines": self._lines,
            "digest": self._digest.hexdigest(),
            "tick": moment.tick,
            "checkpoint": stored(moment.checkpoint, self._encoder),
            "history": [stored_rows(one, self._encoder) for one in rows],
        }
        content = save_tensors(self._encoder.tensors, {"record": json.dumps(record)})
        self._encoder.tensors = {}
        write_whole(self.directory / CHECKPOINT, content)

    def _keep_tensors(self) -> None:
        for name, tensor in self._encoder.tensors.items():
            path = self.directory / TENSORS / f"{name}.safetensors"
            if not path.exists():
                write_whole(path, save_tensors({name: tensor}))
        self._encoder.tensors = {}


def claimed(directory: Path, mark: str | None = None) -> str:
    """Put a mark into a directory: whoever came last goes on, and one from before finds it and leaves off."""
    mark = mark or uuid.uuid4().hex
    write_whole(directory / OWNER, mark.encode())
    return mark


def digest_of(lines: Iterable[bytes]) -> str:
    """Return what tells the lines of a log from others: their SHA-256."""
    return hashlib.sha256(b"".join(lines)).hexdigest()
