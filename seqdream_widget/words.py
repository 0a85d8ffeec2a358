"""What a person has done, in the words of the status line and of the buttons that take it back."""

from __future__ import annotations

from seqdream_widget import presets
from seqdream_widget.commands import (
    Command,
    Edit,
    Freeze,
    MovePoint,
    SetObjective,
    SetRegularizer,
    Unfreeze,
)
from seqdream_widget.commands.settings import Adopt
from seqdream_widget.objectives import ClassObjective, Objective
from seqdream_widget.parameters import snake_case
from seqdream_widget.presets import Preset
from seqdream_widget.session import Session
from seqdream_widget.timeline import Deed, Done, Return, Steps


def objective_words(session: Session, objective: Objective, preset: Preset | None = None) -> str:
    """Say what is climbed; of a preset, where it leads."""
    names = [session.classes.names[target] for target in objective.targets]
    if preset is not None:
        return presets.PHRASES[preset.name].format(*names)
    if isinstance(objective, ClassObjective):
        return f"{snake_case(type(objective).__name__).replace('_', ' ')} of {names[0]}"
    return str(objective)


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
            return _command(command)
        case Steps():
            return ""


def _command(command: Command) -> str:
    match command:
        case MovePoint():
            return f"move of sample {command.index}"
        case Edit() | Freeze() | Unfreeze():
            first, last = command.start, command.stop - 1
            which = f"sample {first}" if first == last else f"samples {first} to {last}"
            return f"{type(command).__name__.lower()} of {which}"
        case SetRegularizer():
            return f"change of {str(command.name).replace('_', ' ')}"
        case Adopt():  # as a replay carries out a SetObjective
            return "change of objective"
        case _:
            return snake_case(type(command).__name__).replace("_", " ").replace("set ", "change of ")
