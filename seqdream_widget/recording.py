"""A whole run as data for a page: every step's numbers, as many sequences as there is room for, all that was done.

`docs/replay.md` has its form. The arrays are those of `protocol.pack`; the page reads them as the widget reads a frame.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.chapters import Chapter, InForce
from seqdream_widget.commands import Edit, Freeze, MovePoint, SetRegularizer, Unfreeze
from seqdream_widget.commands.brushes import Brush
from seqdream_widget.commands.settings import Adopt, SetObjective
from seqdream_widget.encoding import Encoder
from seqdream_widget.events import Done, Remark, Return
from seqdream_widget.judge import judged
from seqdream_widget.log import header_of
from seqdream_widget.optimizers import name_of
from seqdream_widget.parameters import parameters_of, snake_case
from seqdream_widget.protocol import Arrays, Message
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.settings import channel_names, objective_of, units
from seqdream_widget.words import command_words

if TYPE_CHECKING:
    from seqdream_widget.session import Session

VERSION = 1
MOST_CLASSES = 8
"""Whose probabilities are told, the likeliest ones; the targets besides."""
MOST_CHAPTERS = 5000
OF_PROVENANCE = ("versions", "device", "threads", "model", "data", "layout", "features", "seed", "start_drawn")


def recorded(session: Session, room: int) -> tuple[Message, Arrays]:
    """Describe the present run of a session, of its first dream.

    Parameters
    ----------
    session : Session
    room : int
        Bytes for the arrays. Scalars are thinned to a quarter of it and sequences to what is left, evenly; the start,
        the envelopes and the sequence now are always there.
    """
    # In one go: a widget may be playing it.
    return session.turn.ask(lambda: _recorded(session, room))


def _recorded(session: Session, room: int) -> tuple[Message, Arrays]:
    first, chapters = session.chapters()
    envelopes = _envelopes(session, [first, *(chapter.then for chapter in chapters)])
    columns, rows, probabilities, classes = _rows(session, _targets(first, chapters), room // 4)
    now = session.sequence[0].numpy()
    arrays = {
        "now": now,
        "start": session.start[0].numpy(),
        "envelopes": np.stack([*envelopes.values()]) if envelopes else np.empty((0, 2, *now.shape), np.float32),
        "steps": rows[:, 0].astype(np.int32),
        "scalars": rows[:, 1:],
        "probabilities": probabilities,
    }
    left = room - sum(array.nbytes for array in arrays.values())
    sequences = session.sequences(max(1, left // (now.nbytes + 4)))
    arrays["sequence_steps"] = sequences.steps.astype(np.int32)
    arrays["sequences"] = sequences.values[:, 0]
    listed = chapters[-MOST_CHAPTERS:]
    before = first if len(listed) == len(chapters) else chapters[-MOST_CHAPTERS - 1].then
    header = {
        "seqdream_replay": VERSION,
        "step": session.step_count,
        "columns": columns,
        "classes": classes,
        "class_names": list(session.classes.names),
        "channel_names": channel_names(session),
        **units(session),
        "terms": _terms([first, *(chapter.then for chapter in chapters)]),
        "first": _settings(before, envelopes),
        "chapters": _told(listed, before, envelopes),
        "omitted": len(chapters) - len(listed),
        "plausibility": _plausibility(session),
        "provenance": _provenance(session),
    }
    return header, arrays


# ---- numbers ----------------------------------------------------------------------------------------------------


def _rows(
    session: Session, targets: set[int], room: int
) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32], list[int]]:
    """Return the scalars with their step first, and the probabilities of the classes that matter."""
    history = session.history
    columns = list(history.columns)

    def first(name: str) -> NDArray[np.float64]:
        """Return a column of the first dream."""
        return history[name] if len(session.start) == 1 else history[name][0]

    steps = history["step"]
    probabilities = first("probabilities")
    peaks = np.nan_to_num(probabilities).max(axis=0, initial=0)
    likeliest = sorted(range(len(peaks)), key=lambda index: (index not in targets, -peaks[index]))
    classes = sorted(likeliest[: max(MOST_CLASSES, len(targets))])
    width = 4 * (1 + len(columns) + len(classes))
    kept = _spread(len(steps), max(2, room // width))
    rows = np.stack([steps, *map(first, columns)], axis=1)[kept]
    return columns, rows.astype(np.float32), probabilities[kept][:, classes].astype(np.float32), classes


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Return at most so many places, evenly from the first to the last."""
    return np.unique(np.linspace(0, max(0, count - 1), min(count, most)).round().astype(np.int64))


def _targets(first: InForce, chapters: list[Chapter]) -> set[int]:
    return {target for one in [first, *(chapter.then for chapter in chapters)] for target in one.objective.targets}


def _envelopes(session: Session, settings: list[InForce]) -> dict[int, NDArray[np.float32]]:
    """Return the real range of every class that was the only target at some time."""
    alone = {one.objective.targets[0] for one in settings if len(one.objective.targets) == 1}
    if session.reference is None:
        return {}
    found = {target: session.reference.envelope(target) for target in sorted(alone)}
    return {target: envelope.numpy() for target, envelope in found.items() if envelope is not None}


# ---- settings and deeds -----------------------------------------------------------------------------------------


def _terms(settings: list[InForce]) -> list[Message]:
    """Describe every regularizer that the run has had, once."""
    had = {one.name: one for then in settings for one in then.regularizers}
    return [
        {
            "name": name,
            "label": one.label if name == snake_case(type(one).__name__) else name,
            "group": one.group,
            "description": one.summary(),
            "parameters": [{"label": p.name.replace("_", " "), "unit": p.unit} for p in parameters_of(type(one))],
        }
        for name, one in had.items()
    ]


def _settings(one: InForce, envelopes: dict[int, NDArray[np.float32]]) -> Message:
    """Describe what was in force; `regularizers` by name, their values in the order of their parameters."""
    targets = one.objective.targets
    place = [*envelopes].index(targets[0]) if len(targets) == 1 and targets[0] in envelopes else None
    return {
        "objective": objective_of(one),
        "envelope": place,
        "learning_rate": one.learning_rate,
        "optimizer": name_of(one.optimizer),
        "parameterization": _called(one.parameterization),
        "frozen": [segment for segment in one.frozen if segment[3] == 0],
        "regularizers": {regularizer.name: _state(regularizer) for regularizer in one.regularizers},
    }


def _state(regularizer: Regularizer) -> Message:
    values = [getattr(regularizer, parameter.name) for parameter in parameters_of(type(regularizer))]
    return {"enabled": regularizer.enabled, "values": values}


def _called(parameterization: object) -> str:
    cls = type(parameterization)
    values = (f"{p.name} {getattr(parameterization, p.name)}" for p in parameters_of(cls))
    return " · ".join([snake_case(cls.__name__).replace("_", " "), *values])


def _told(chapters: list[Chapter], before: InForce, envelopes: dict[int, NDArray[np.float32]]) -> list[Message]:
    """Describe chapters: of the settings, what has changed since the one before."""
    told: list[Message] = []
    was, settings = before, _settings(before, envelopes)
    for chapter in chapters:
        if chapter.then is not was:
            was, new = chapter.then, _settings(chapter.then, envelopes)
        else:
            new = settings
        changed = {name: value for name, value in new.items() if name != "regularizers" and value != settings[name]}
        ours, theirs = new["regularizers"], settings["regularizers"]
        terms = {name: ours.get(name) for name in [*ours, *theirs] if ours.get(name) != theirs.get(name)}
        if terms:
            changed["regularizers"] = terms
        told.append({"step": chapter.step, "last_step": chapter.last_step, **_deed(chapter), "changed": changed})
        settings = new
    return told


def _deed(chapter: Chapter) -> Message:
    """Say what was done: of what kind, in words, and where."""
    deed = chapter.deed
    if isinstance(deed, Remark):
        return {"kind": "note", "words": deed.text}
    where: Message = {}
    if isinstance(deed, MovePoint):
        where = {"samples": [max(0, deed.index - deed.radius + 1), deed.index + deed.radius]}
    elif isinstance(deed, Edit | Brush):
        where = {"samples": [deed.start, deed.stop]}
    moves = f", {chapter.count:,} moves" if chapter.count > 1 else ""
    return {"kind": _kind(deed), "words": _words(chapter) + moves, **where}


def _kind(deed: object) -> str:
    if isinstance(deed, MovePoint | Edit | Brush):
        return "edit"
    return "freeze" if isinstance(deed, Freeze | Unfreeze) else "setting"


def _words(chapter: Chapter) -> str:
    deed, then = chapter.deed, chapter.then
    if isinstance(deed, SetObjective | Adopt):
        return f"objective: {objective_of(then)['text']}"
    if isinstance(deed, SetRegularizer):
        found = next((one for one in then.regularizers if one.name == deed.name), None)
        values = [f"{name.replace('_', ' ')} {value}" for name, value in deed.parameters.items()]
        switch = [] if deed.enabled is None else ["on" if deed.enabled else "off"]
        return f"{(found and found.label) or deed.name}: {', '.join([*switch, *values]) or 'unchanged'}"
    return command_words(cast("Any", deed))


# ---- how it ends, and where it comes from -----------------------------------------------------------------------


def _plausibility(session: Session) -> Message | None:
    """Compare the sequence now with real ones; ``None`` without data, and only a reason where it cannot be."""
    try:
        verdicts = judged(session.scene, session.sequence[:1], session.objective)
    except ValueError as error:
        return {"verdict": None, "reason": str(error), "figures": [], "nearest": None}
    if verdicts is None:
        return None
    (found,) = verdicts
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "figures": [
            {
                "name": name.replace("_", " "),
                "value": _finite(figure.value),
                "band": [_finite(end) for end in figure.band],
                "inside": figure.inside,
                "fails": name in found.failing,
            }
            for name, figure in found.figures.items()
        ],
        "nearest": {
            "index": found.nearest.index,
            "label": found.nearest.label,
            "distance": _finite(found.nearest.distance),
        },
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _provenance(session: Session) -> Message:
    header = header_of(session, Encoder(session.data))
    events = [*session.timeline.events()]
    return {
        **{name: header[name] for name in OF_PROVENANCE},
        "commands": sum(isinstance(event, Done) for event in events),
        "returns": sum(isinstance(event, Return) for event in events),
        "refusals": sum(isinstance(event, Remark) and event.kind == "refusal" for event in events),
        "diverged": session.divergence is not None,
        "dreams": len(session.start),
    }
