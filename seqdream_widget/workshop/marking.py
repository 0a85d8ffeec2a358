"""Thirty students' files, opened at once: every run is done again from its log, and read by the same checkers."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import nn
from tqdm.auto import tqdm

from seqdream_widget import picture
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import shown
from seqdream_widget.log import Log
from seqdream_widget.replaying import replay
from seqdream_widget.session import Session
from seqdream_widget.workshop.checking import read as read_run
from seqdream_widget.workshop.evidence import Run
from seqdream_widget.workshop.exercises import EXERCISES, Exercise, exercise, known_answers
from seqdream_widget.workshop.feedback import Feedback
from seqdream_widget.workshop.handin import SUFFIX, Work, read

__all__ = ["Mark", "Marks", "open_all"]

MOST_STEPS, MOST_EVENTS = 20_000, 5_000
"""Of a run that is done again for marking: a log may ask for any number."""


@dataclasses.dataclass(frozen=True)
class Mark:
    """One exercise of one student.

    Attributes
    ----------
    student : str
        The name of the file.
    number : int
        Of the exercise.
    feedback : Feedback, optional
        What the checker says; ``None`` where the run could not be done again.
    verified : bool
        Whether the replay came to the same bits as the log says: nothing was written into it.
    trouble : str
        Why it is not verified, in words.
    session : Session, optional
        The run, to look at and to go on from: ``sd.SeqDream(session=mark.session)``.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> done = sd.workshop.Feedback(1, "First dream", (sd.workshop.Finding("The dream has begun.", True),))
    >>> mark = sd.workshop.marking.Mark("anna", 1, done, verified=True)
    >>> mark
    Mark(anna, exercise 1: passed)
    >>> mark.passed
    True
    """

    student: str
    number: int
    feedback: Feedback | None
    verified: bool
    trouble: str = ""
    session: Session | None = None

    @property
    def passed(self) -> bool:
        """Whether the checker passes it, and the replay came to the same bits."""
        return self.verified and self.feedback is not None and self.feedback.passed

    @property
    def words(self) -> str:
        """The result in a line."""
        return "; ".join(filter(None, [self.feedback.summary if self.feedback else "", self.trouble]))

    def __repr__(self) -> str:
        """Say it in a line."""
        return f"Mark({self.student}, exercise {self.number}: {self.words})"


class Marks(Sequence[Mark]):
    """What all have handed in; a table where it is shown.

    Parameters
    ----------
    marks : sequence of Mark
    unread : sequence of (str, str)
        Files that could not be read, and why.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> done = sd.workshop.Feedback(1, "First dream", (sd.workshop.Finding("The dream has begun.", True),))
    >>> marks = sd.workshop.marking.Marks([sd.workshop.marking.Mark("anna", 1, done, verified=True)])
    >>> marks
          1 2 3 4 5 6
    anna  ✓ · · · · ·
    >>> marks.of("anna", 1).words
    'passed'
    >>> marks.to_csv().splitlines()
    ['student,exercise,passed,verified,words', 'anna,1,True,True,passed']
    """

    def __init__(self, marks: Sequence[Mark], unread: Sequence[tuple[str, str]] = ()) -> None:
        self._marks, self.unread = tuple(marks), tuple(unread)

    def __getitem__(self, index: int) -> Mark:  # pyright: ignore[reportIncompatibleMethodOverride] - no slices here
        return self._marks[index]

    def __len__(self) -> int:
        return len(self._marks)

    def of(self, student: str, number: int) -> Mark | None:
        """Return one student's exercise; ``None`` where it was not handed in.

        Parameters
        ----------
        student : str
            The name of the file, without its ending.
        number : int
            Of the exercise, 1 … 6.
        """
        return next((mark for mark in self._marks if (mark.student, mark.number) == (student, number)), None)

    @property
    def students(self) -> list[str]:
        """Who has handed something in that could be read."""
        return sorted({mark.student for mark in self._marks})

    def __repr__(self) -> str:
        """Write a line a student: ✓ passed, ✗ not yet, · not handed in, ? not verified."""
        width = max(map(len, self.students), default=0)
        lines = [f"{'':{width}}  {' '.join(str(one.number) for one in EXERCISES)}"]
        for student in self.students:
            signs = [_sign(self.of(student, one.number)) for one in EXERCISES]
            lines.append(f"{student:{width}}  {' '.join(signs)}")
        return "\n".join([*lines, *(f"{name}: {why}" for name, why in self.unread)])

    def to_csv(self, path: str | Path | None = None) -> str:
        """Write a row a student and exercise: student, exercise, passed, verified, words.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it as well.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["student", "exercise", "passed", "verified", "words"])
        for mark in self._marks:
            row = [mark.student, mark.number, mark.passed, mark.verified, mark.words]
            writer.writerow([_no_formula(cell) for cell in row])
        if path is not None:
            Path(path).write_text(text.getvalue(), encoding="utf-8", newline="")
        return text.getvalue()

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{one.number}. {html.escape(one.title)}</th>" for one in EXERCISES)
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(student)}</th>"
            + "".join(f"<td style='vertical-align:top'>{_cell(self.of(student, one.number))}</td>" for one in EXERCISES)
            + "</tr>"
            for student in self.students
        )
        unread = "".join(f"<p>{html.escape(name)}: {html.escape(why)}</p>" for name, why in self.unread)
        return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>{unread}"


def _sign(mark: Mark | None) -> str:
    if mark is None:
        return "·"
    return "?" if not mark.verified else "✓" if mark.passed else "✗"


def _cell(mark: Mark | None) -> str:
    if mark is None:
        return "<span style='opacity:.6'>not handed in</span>"
    thumbnail = ""
    if mark.session is not None:
        drawn = picture.output(mark.session, f"{mark.session.step_count} steps")["text/html"]
        # Not with the class that a widget's style sheet hides.
        thumbnail = f"<div style='width:220px'>{drawn.replace('seqdream-picture', 'seqdream-thumbnail')}</div>"
    told = mark.feedback.list_in_html() if mark.feedback else ""
    words = html.escape(mark.words)
    return f"{thumbnail}<details><summary>{_sign(mark)} {words}</summary>{told}</details>"


def _no_formula(cell: object) -> object:
    """Keep a spreadsheet from computing what a student has written."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") else cell


def open_all(folder: str | Path, *, progress: bool = True) -> Marks:
    """Open what all have handed in: every file ``*.dream`` of a folder.

    Every run is done again from its log with the workshop's networks and data, which takes about as long as it took
    them to compute; what came to other bits is not verified. A file that cannot be read is told, and the others are
    read.

    Parameters
    ----------
    folder : str or Path
    progress : bool
        Show a progress bar.

    Returns
    -------
    Marks

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or nothing in it.

    Examples
    --------
    >>> import tempfile
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
    >>> session.run(3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = sd.workshop.export(session, f"{folder}/anna.dream", 1)
    ...     sd.workshop.marking.open_all(folder, progress=False)
          1 2 3 4 5 6
    anna  ✗ · · · · ·
    """
    paths = sorted(Path(folder).glob(f"*{SUFFIX}"))
    if not paths:
        raise FileNotFoundError(f'there is no file "*{SUFFIX}" in {Path(folder)}; students write them with export')
    marks: list[Mark] = []
    unread: list[tuple[str, str]] = []
    for path in tqdm(paths, desc="marking", unit="student", disable=not progress):
        try:
            works = read(path)
        except (ValueError, OSError) as error:
            unread.append((path.name, str(error)))
            continue
        marks += [mark(path.stem, number, work) for number, work in works.items()]
    return Marks(marks, unread)


def mark(student: str, number: int, work: Work) -> Mark:
    """Do a run again and have it read."""
    one = exercise(number)
    try:
        known_answers(one, work.answers)
        sessions = dict(_done_again(one, work))
        run = Run(sessions["run"], one.stage.data)
        control = Run(sessions["control"], one.stage.data) if "control" in sessions else None
        feedback = read_run(one, run, control, work.answers)
    except Exception as error:  # noqa: BLE001 - one student's file must not keep the others' from being read
        return Mark(student, number, None, verified=False, trouble=f"cannot be done again: {error}")
    differing = [role for role, session in sessions.items() if session.divergence is not None]
    trouble = f"the {' and the '.join(differing)} came to other numbers than the log says" if differing else ""
    return Mark(student, number, feedback, not differing, trouble, sessions["run"])


def _done_again(one: Exercise, work: Work) -> Iterator[tuple[str, Session]]:
    stage = one.stage
    models: dict[str, nn.Module] = {"run": stage.model, "control": stage.control or stage.model}
    for role, log in work.logs.items():
        _check_bearable(log, stage.data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a divergence is told in the mark
            yield role, replay(log, models[role], stage.data)


def _check_bearable(log: Log, data: SequenceDataset) -> None:
    """Refuse what would take hours, before the first step."""
    counts = [record.get("count") for record in log.records if record.get("event") == "steps"]
    steps = sum(count for count in counts if isinstance(count, int))
    if steps > MOST_STEPS or len(log.records) > MOST_EVENTS:
        said = f"{steps:,} steps and {len(log.records):,} events"
        raise ValueError(f"the log has {said}; at most {MOST_STEPS:,} and {MOST_EVENTS:,} are done again for marking")
    one, start = (1, data.n_channels, data.length), log.records[0].get("start")
    for name, tensor in log.tensors.items():
        shape = tuple(tensor.shape)
        # Real sequences are told along with what compares with them; what is dreamed is one.
        most = 1 if name == start else len(data)
        if len(shape) == len(one) and (shape[1:] != one[1:] or shape[0] > most):
            raise ValueError(f"the log has sequences of shape {shown(shape)}; those of the exercise have {one}")
