"""What a person can set, as the page shows it, and what channels, units and objectives are called there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqdream_widget import presets
from seqdream_widget.encoding import Json
from seqdream_widget.objectives import ClassObjective, MemberObjective, Objective
from seqdream_widget.optimizers import name_of
from seqdream_widget.parameters import parameters_of, snake_case
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.words import deed_steps, objective_words, redo_words, undo_words

if TYPE_CHECKING:
    from seqdream_widget.chapters import InForce
    from seqdream_widget.session import Session


def settings_of(session: Session, *, playing: bool, status: str, error: str) -> Json:
    """Describe all that a person can set, as the front end shows it."""
    return {
        "playing": playing,
        "status": status,
        "error": error or None,
        "undo": undo_words(session),
        # The first step will have cleared it.
        "redo": None if playing else redo_words(session),
        "deeds": deed_steps(session),
        "class_names": list(session.classes.names),
        "objective": objective_of(session),
        "objective_types": [
            {"type": name, "label": name.replace("_", " ")}
            for name, cls in Objective.types.items()
            if issubclass(cls, ClassObjective) and not (session.data is None and issubclass(cls, MemberObjective))
        ],
        "presets": [_preset(name, session.data is not None) for name in presets.N_TARGETS],
        "learning_rate": session.learning_rate,
        "optimizer": name_of(session.optimizer),
        "parameterization": snake_case(type(session.parameterization).__name__),
        "threads": session.threads,
        "channel_names": channel_names(session),
        **units(session),
        "frozen": session.frozen,
        "regularizers": [
            *(_regularizer(regularizer, present=True) for regularizer in session.regularizers),
            *(_regularizer(regularizer, present=False) for regularizer in _offered(session)),
        ],
    }


def channel_names(session: Session) -> list[str]:
    """Return what the channels are called, by their numbers where they have no names."""
    names = None if session.data is None else session.data.channel_names
    return list(names or (f"channel {index}" for index in range(session.start.shape[1])))


def units(session: Session) -> Json:
    """Say what time and values mean to people, as far as the data tells."""
    data, channels = session.data, session.start.shape[1]
    unit = None if data is None else data.unit
    scale = None if data is None else data.scale
    return {
        "sample_rate": None if data is None else data.sample_rate,
        "units": [] if unit is None else [unit] * channels if isinstance(unit, str) else list(unit),
        "scale": [] if scale is None else [list(pair) for pair in zip(*scale, strict=True)],
    }


def objective_of(run: Session | InForce) -> Json:
    """Describe what is climbed, or was."""
    objective = run.objective
    preset = Preset.behind(objective)
    in_force = preset if preset and preset.holds(run.regularizers, run.learning_rate) else None
    return {
        "type": snake_case(type(objective).__name__),
        "targets": list(objective.targets),
        "text": objective_words(run, objective),
        "preset": in_force and in_force.name,
    }


def _preset(name: presets.Name, has_data: bool) -> Json:
    lacks = Preset(name, ()).needs_data and not has_data
    return {
        "name": name,
        "label": name,
        "description": (getattr(presets, name).__doc__ or "").strip().splitlines()[0],
        "classes": presets.N_TARGETS[name],
        "unavailable": "It goes by real data and this run has none; give data=." if lacks else None,
    }


def _offered(session: Session) -> list[Regularizer]:
    """List the regularizers that the run could have besides its own, switched off."""
    names = {regularizer.name for regularizer in session.regularizers}
    others = [make(enabled=False) for name, make in Regularizer.types.items() if name not in names]
    return [one for one in others if session.data is not None or not one.needs_data()]


def _regularizer(regularizer: Regularizer, *, present: bool) -> Json:
    values = {parameter: getattr(regularizer, parameter.name) for parameter in parameters_of(type(regularizer))}
    own_name = regularizer.name == snake_case(type(regularizer).__name__)
    return {
        "name": regularizer.name,
        "label": regularizer.label if own_name else regularizer.name,
        "group": regularizer.group,
        "present": present,
        "enabled": regularizer.enabled,
        "description": regularizer.summary(),
        "slider": regularizer.slider,
        "parameters": [
            {
                "name": parameter.name,
                "label": parameter.name.replace("_", " "),
                "value": value,
                "low": parameter.slider[0],
                "high": parameter.slider[1],
                "scale": parameter.scale,
                "integer": parameter.integer,
                "unit": parameter.unit,
            }
            for parameter, value in values.items()
            if value is not None
        ],
    }
