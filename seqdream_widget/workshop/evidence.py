"""A student's run as checkers read it."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import is_a
from seqdream_widget.events import Done
from seqdream_widget.headless import Result
from seqdream_widget.judge import Figure, Plausibility, judge_of, probe_of
from seqdream_widget.log import Log
from seqdream_widget.objectives import Objective
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.replaying import replay
from seqdream_widget.session import Session
from seqdream_widget.widget import SeqDream

Work = SeqDream | Session | Result | Log | str | Path
"""What a student may show: a widget, a session, a result, or a log of one."""


class Run:
    """A run of one dream, with what checkers ask of it.

    Parameters
    ----------
    session : Session
    data : SequenceDataset
        What it is judged by.
    """

    def __init__(self, session: Session, data: SequenceDataset) -> None:
        self.session, self.data = session, data
        self.steps = session.step_count
        self.objective: Objective = session.objective

    @functools.cached_property
    def probabilities(self) -> dict[str, float]:
        """What the network makes of the sequence as it is now: one number per class name."""
        probe = self.session.scene.probe
        with torch.no_grad():
            values = probe(self.session.sequence.to(probe.device, probe.dtype)).probabilities()[0]
        return dict(zip(self.session.classes.names, map(float, values), strict=True))

    @functools.cached_property
    def judged(self) -> Plausibility:
        """Where it lies, judged by the classes of its objective."""
        return judge_of(self.session.scene.probe, self.data).judge(self.session.sequence[:1], self.objective.targets)[0]

    def figure(self, name: str) -> Figure:
        """Return a figure of the verdict."""
        return self.judged.figures[name]

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the classes that the objective is about."""
        return tuple(self.session.classes.names[index] for index in self.objective.targets)

    @property
    def switched_on(self) -> dict[str, Regularizer]:
        """The regularizers that act, by name."""
        return {one.name: one for one in self.session.regularizers if one.enabled}

    @property
    def steps_since_command(self) -> int:
        """Steps since a person last changed something."""
        timeline = self.session.timeline
        since = timeline.tick
        for event in reversed([*timeline.events()]):
            if isinstance(event, Done):
                break
            since -= getattr(event, "count", 0)
        return timeline.tick - since

    @property
    def fingerprint(self) -> str:
        """What tells its network from others."""
        return self.session.scene.probe.fingerprint


def run_of(work: Work, model: nn.Module, data: SequenceDataset) -> Run:
    """Return what was shown as a run; of a log, by doing it again.

    Raises
    ------
    TypeError
        If it is nothing that can be checked.
    ValueError
        As `sd.replay` does.
    """
    if isinstance(work, SeqDream | Result):
        return Run(work.session, data)
    if isinstance(work, Session):
        return Run(work, data)
    if is_a(work, Log | str | Path):
        return Run(replay(work, model, data), data)
    raise TypeError(f"a {type(work).__name__} cannot be checked; give the widget w, its session, or a log of it")


def fingerprint_of(model: nn.Module, data: SequenceDataset) -> str:
    """Return what a run's `fingerprint` is where it is one of this model."""
    return probe_of(model, data).fingerprint
