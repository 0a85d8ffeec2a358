"""The checker that students call at the end of an exercise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seqdream_widget.workshop.evidence import Run, Work, fingerprint_of, run_of
from seqdream_widget.workshop.exercises import Answers, Exercise, exercise, known_answers
from seqdream_widget.workshop.feedback import Feedback, Finding


def check(number: int, work: Work, *, control: Work | None = None, **answers: Any) -> Feedback:
    """Read a run, and say in words what is there, why it is not there yet, and what to try.

    Parameters
    ----------
    number : int
        Of the exercise, 1 … 6.
    work : SeqDream, Session, Result, Log, str or Path
        The run: the widget, say, or where its log was saved. Nothing in it changes.
    control : as work, optional
        A second run to compare with, where the exercise asks for one.
    **answers
        What the exercise asks for beside the run; ``None`` is not answered yet.

    Returns
    -------
    Feedback

    Raises
    ------
    TypeError
        If it is no run, or the exercise does not ask for such an answer.
    ValueError
        If there is no such exercise, or a log is none of its network and data.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
    >>> feedback = sd.workshop.check(1, session)
    >>> feedback.passed
    False
    >>> feedback.findings[1].advice
    'press play (or Space) and let it run for a while, or take steps in a cell: w.step(150)'
    """
    one = exercise(number)
    stage = one.stage
    run = run_of(work, stage.model, stage.data)
    other = None if control is None else run_of(control, stage.control or stage.model, stage.data)
    return read(one, run, other, known_answers(one, answers))


def read(one: Exercise, run: Run, control: Run | None, answers: Answers) -> Feedback:
    """Have an exercise's checker read a run."""
    return Feedback(one.number, one.title, tuple(_findings(one, run, control, answers)))


def _findings(one: Exercise, run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    fits = run.fingerprint == fingerprint_of(one.stage.model, one.stage.data)
    yield Finding(
        "It is a run of this exercise's network.",
        fits,
        "" if fits else f"a run on classes {', '.join(run.session.classes.names)} and another network",
        "each exercise has a network of its own, and what is asked here makes no sense for another one.",
        "run the first cells of this notebook again, top to bottom, and give that widget w to the checker.",
    )
    if not fits:
        return
    started = run.steps > 0
    if not started:
        yield Finding(
            "The dream has begun.",
            False,
            "0 steps",
            "nothing has happened to the sequence yet: it is the one it started from.",
            "press play (or Space) and let it run for a while, or take steps in a cell: w.step(150)",
        )
        return
    yield from one.check(run, control, answers)
