"""The six exercises: what each is about, what it may be asked, and which checker reads it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos import load_demo
from seqdream_widget.errors import shown
from seqdream_widget.parameters import whole
from seqdream_widget.workshop import checks
from seqdream_widget.workshop.evidence import Run
from seqdream_widget.workshop.feedback import Finding

Answers = Mapping[str, Any]
Check = Callable[[Run, Run | None, Answers], Iterator[Finding]]


@dataclasses.dataclass(frozen=True)
class Stage:
    """What a run of an exercise is about.

    Attributes
    ----------
    model : nn.Module
    data : SequenceDataset
    control : nn.Module, optional
        The network that a second run, the control, is of.
    """

    model: nn.Module
    data: SequenceDataset
    control: nn.Module | None = None


@dataclasses.dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    number : int
    title : str
    check : callable
        Reads the run, the control and the answers.
    answers : tuple of str
        The names of what students answer in words or numbers.
    """

    number: int
    title: str
    check: Check
    answers: tuple[str, ...] = ()

    @property
    def stage(self) -> Stage:
        """The networks and the data, loaded once."""
        return _stage(self.number)


EXERCISES = (
    Exercise(1, "A first dream, and how to read it", checks.first_dream, ("start_class", "probability", "verdict")),
    Exercise(2, "Nothing holds it back", checks.nothing_holds, ("failing",)),
    Exercise(3, "Too much smoothing", checks.too_smooth),
    Exercise(4, "A probability that is flat", checks.saturated),
    Exercise(5, "What does it really look at?", checks.shortcut, ("where",)),
    Exercise(6, "The border of two faults", checks.border),
)


def exercise(number: object) -> Exercise:
    """Return an exercise by its number.

    Raises
    ------
    ValueError
        If there is none.
    """
    return EXERCISES[whole("exercise", number, 1, len(EXERCISES)) - 1]


def known_answers(one: Exercise, answers: Answers) -> Answers:
    """Return the answers as they are, if the exercise asks for them.

    Raises
    ------
    TypeError
        If it does not.
    """
    for name in answers:
        if name not in one.answers:
            asked = ", ".join(one.answers) or "no answers, only the run"
            raise TypeError(f"exercise {one.number} does not ask for {shown(name)}; it asks for {asked}")
    return answers


WITH_SOFTMAX = 4
"""The exercise whose model ends in a softmax."""


@functools.cache
def _stage(number: int) -> Stage:
    name = {5: "shortcut", 6: "ecg5000"}.get(number, "forda")
    demo = load_demo(name)
    if number == WITH_SOFTMAX:
        return Stage(nn.Sequential(demo.model, nn.Softmax(dim=1)).eval(), demo.data)
    return Stage(demo.model, demo.data, demo.twin)
