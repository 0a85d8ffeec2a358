"""What a person has done, in the words of the status line and of the buttons that take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from seqdream_widget import presets
from seqdream_widget.commands import (
    Command,
    Edit,
    Freeze,
    MovePoint,
    Reset,
    SetObjective,
    SetRegularizer,
    Unfreeze,
)
from seqdream_widget.commands.brushes import Brush
from seqdream_widget.commands.samples import SegmentCommand
from seqdream_widget.commands.settings import Adopt
from seqdream_widget.events import Done, Return, Steps
from seqdream_widget.objectives import ClassObjective, Objective, Prototype
from seqdream_widget.parameters import snake_case
from seqdream_widget.presets import Preset
from seqdream_widget.timeline import Deed

if TYPE_CHECKING:
    from seqdream_widget.classes import Classes
    from seqdream_widget.session import Session


MOST_DEEDS = 200
"""Of a run that are marked on its timeline."""


class Named(Protocol):
    """What has classes with names: a session, or how one stood."""

    @property
    def classes(self) -> Classes:
        """The classes."""
        ...


def objective_words(run: Named, objective: Objective, preset: Preset | None = None) -> str:
    """Say what is climbed; of a preset, where it leads."""
    names = [run.classes.said(target) for target in objective.targets]
    if preset is not None:
        return presets.PHRASES[preset.name].format(*names)
    if isinstance(objective, Prototype) and objective.members is not None:
        return f"centre of {len(objective.members)} real sequences"
    if isinstance(objective, ClassObjective):
        return f"{snake_case(type(objective).__name__).replace('_', ' ')} of {names[0]}"
    behind = Preset.behind(objective)
    return str(objective) if behind is None else objective_words(run, objective, behind)


def latest(session: Session) -> Steps | Done | Return | None:
    """Return what happened last, or ``None`` where nothing has."""
    timeline = session.timeline
    return timeline.event_at(timeline.tick - 1) if timeline.tick else None


def news(session: Session) -> str:
    """Say what happened last, where it is not to be seen otherwise: a new objective with what came along, a return."""
    match latest(session):
        case Return(how="undo"):
            return "undone"
        case Return(how="redo"):
            return "redone"
        case Return():
            return "restored"
        case Done(command=SetObjective(objective=Preset() as preset)):
            kept = [one.label.lower() for one in session.regularizers if one.enabled and one.name in presets.KEEPERS]
            words = objective_words(session, session.objective, preset)
            return f"{words}, kept plausible by {', '.join(kept[:-1])} and {kept[-1]}" if kept else words
        case Done(command=SetObjective()):
            return objective_words(session, session.objective)
        case _:
            return ""


def deed_steps(session: Session) -> list[int]:
    """Return the steps before which a person has done what led here, each once, of the latest deeds in this run."""
    steps: set[int] = set()
    latest = session.step_count
    for deed in reversed(session.timeline.undoable[-MOST_DEEDS:]):
        match session.timeline.event_at(deed.before.tick):
            case Done(command=Reset()):
                break
            case Return(step=step):  # what came after it was left
                latest = min(latest, step)
            case _ if deed.before.step <= latest:
                steps.add(deed.before.step)
            case _:
                pass
    return sorted(steps)


def undo_words(session: Session) -> str | None:
    """Say what an undo takes back; ``None`` where there is nothing."""
    undoable = session.timeline.undoable
    return _deed(session, undoable[-1]) if undoable else None


def redo_words(session: Session) -> str | None:
    """Say what a redo brings back; ``None`` where there is nothing."""
    redoable = session.timeline.redoable
    return _deed(session, redoable[-1][1]) if redoable else None


def _deed(session: Session, deed: Deed) -> str:
    match session.timeline.event_at(deed.before.tick):
        case Return(step=step):
            return f"return to step {step:,}"
        case Done(command=command):
            return command_words(command)
        case Steps():
            return ""


def command_words(command: Command) -> str:  # noqa: PLR0911 - one a kind
    """Say what a command does."""
    match command:
        case MovePoint():
            return f"move of sample {command.index}"
        case Edit(gesture=int()):
            return f"edit by hand at sample {command.start}"
        case Edit() | Freeze() | Unfreeze():
            return f"{type(command).__name__.lower()} of {_samples(command)}"
        case Brush():
            return f"{_samples(command)} {command.done}"
        case SetRegularizer():
            return f"change of {str(command.name).replace('_', ' ')}"
        case Adopt():  # as a replay carries out a SetObjective
            return "change of objective"
        case _:
            return snake_case(type(command).__name__).replace("_", " ").replace("set ", "change of ")


def _samples(command: Edit | SegmentCommand) -> str:
    first, last = command.start, command.stop - 1
    return f"sample {first}" if first == last else f"samples {first} to {last}"
