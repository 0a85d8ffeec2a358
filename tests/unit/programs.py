"""Random programs: what a person may do to a session, in any order, and all that a session is."""

from __future__ import annotations

import contextlib
import dataclasses
import functools

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.errors import StepError

C, R = sd.commands, sd.regularizers
objectives = sd.objectives
LENGTH = 12


@functools.cache
def data() -> sd.SequenceDataset:
    noise = torch.randn(30, 1, LENGTH, generator=torch.Generator().manual_seed(0))
    level = torch.arange(30).remainder(2)[:, None, None]
    return sd.SequenceDataset(noise + 2 * level, [index % 2 for index in range(30)], ["low", "high"])


class Level(nn.Module):
    """Tells low from high, smoothly, with a layer of features between."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Linear(LENGTH, 3)
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            self.features.weight.copy_(torch.linspace(0.5, 1.5, 3 * LENGTH).reshape(3, LENGTH) / LENGTH)
            self.features.bias.fill_(-0.9)
            self.head.weight.copy_(torch.tensor([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]]))
            self.head.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x.flatten(1)).tanh())


def new(**settings) -> sd.Session:
    regularizers = [R.L2(0.01), R.Noise(), R.RandomReinitialization(every=3), R.ExponentialSmoothing(every=4)]
    defaults = {"data": data(), "regularizers": regularizers, "seed": 3}
    return sd.Session(Level(), objectives.Logit("high"), **(defaults | settings))


REAL = data().only("high")
OBJECTIVES = [
    objectives.Logit(0),
    objectives.Margin("high") - 0.5 * objectives.Logit(0),
    objectives.Prototype("high"),
    objectives.Logit(1) + 0.1 * objectives.Stay(data().x[0]),
    objectives.Direction("features", [1.0, -2.0, 0.5]),
    objectives.Crossing(0, 1),
    sd.presets.centered(data(), "high"),
    sd.presets.extreme("low"),
]
STRETCH = st.integers(0, 6), st.integers(7, LENGTH)
BRUSHES = st.one_of(
    st.builds(C.Erase, *STRETCH),
    st.builds(C.ReplaceByMean, *STRETCH, st.sampled_from([None, 0, "high"])),
    st.builds(C.ReplaceByNearest, *STRETCH),
    st.builds(C.Reverse, *STRETCH),
    st.builds(C.Invert, *STRETCH),
    st.builds(C.Scale, *STRETCH, st.floats(-2, 2)),
    st.builds(C.Shift, *STRETCH, st.floats(-1, 1)),
)
COMMANDS = st.one_of(
    st.builds(C.Edit, st.integers(0, 9), st.lists(st.floats(-2, 2), min_size=1, max_size=3)),
    BRUSHES,
    st.builds(C.MovePoint, st.integers(0, LENGTH - 1), st.floats(-2, 2), st.integers(1, 5)),
    st.builds(C.MovePoint, st.integers(0, LENGTH - 1), st.floats(-2, 2), st.just(3), gesture=st.integers(1, 2)),
    st.builds(C.Release, st.integers(1, 2)),
    st.builds(C.Freeze, *STRETCH),
    st.builds(C.Unfreeze, *STRETCH),
    st.builds(
        C.SetRegularizer, st.sampled_from(["l2", "noise", "total_variation", "normalize_gradient"]), st.booleans()
    ),
    st.builds(lambda weight: C.SetRegularizer("roughness", weight=weight), st.floats(0, 2)),
    st.builds(C.SetObjective, st.sampled_from(OBJECTIVES)),
    st.builds(C.SetLearningRate, st.floats(0.001, 0.2)),
    st.builds(C.SetOptimizer, st.sampled_from(["adam", "sgd", "rmsprop", "rprop", "lbfgs"])),
    st.builds(C.SetParameterization, st.sampled_from(["samples", "fourier", "magnitude_fourier", "spline"])),
    st.just(C.Reset()),
    st.builds(C.SetStart, st.sampled_from(["noise", "zeros", "mean", 3]), st.integers(0, 9)),
    st.builds(C.SetStart, st.lists(st.floats(-2, 2, width=32), min_size=LENGTH, max_size=LENGTH)),
)
ACTIONS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 7)),
    st.tuples(st.just("submit"), COMMANDS),
    st.tuples(st.just("submit"), COMMANDS),
    st.tuples(st.sampled_from(["undo", "redo", "branch"])),
    st.tuples(st.just("restore"), st.floats(0, 1)),
)


@st.composite
def drags(draw):
    """One gesture, dragging or drawing, with steps between, and mostly its release: by themselves they hardly meet."""
    gesture, index = draw(st.integers(1, 2)), draw(st.integers(0, LENGTH - 1))
    values = draw(st.lists(st.floats(-2, 2), min_size=1))
    dragged = [C.MovePoint(index, value, 3, gesture=gesture) for value in values]
    drawn = [C.Edit((index + at) % LENGTH, [value], gesture=gesture) for at, value in enumerate(values)]
    moves = draw(st.sampled_from([dragged, drawn]))
    drag = [action for move in moves[:3] for action in (("submit", move), ("run", draw(st.integers(1, 2))))]
    return [*drag, *draw(st.sampled_from([[("submit", C.Release(gesture))]] * 3 + [[]]))]


@st.composite
def ways_back(draw):
    """A command, steps, so many undos, and so many redos at once: a redo finds something only right after an undo."""
    undos = draw(st.integers(1, 3))
    forth = [("submit", draw(COMMANDS)), ("run", draw(st.integers(1, 5)))]
    return [*forth, *[("undo",)] * undos, *[("redo",)] * draw(st.integers(1, undos))]


PROGRAMS = st.lists(
    st.one_of(ACTIONS.map(lambda action: [action]), ACTIONS.map(lambda action: [action]), drags(), ways_back()),
    max_size=9,
).map(lambda parts: [action for part in parts for action in part])


def act(session: sd.Session, action: tuple) -> sd.Session:
    """Do one thing, as far as it can be done now; a branch is gone on with."""
    name, *given = action
    if name == "restore":
        given = [round(given[0] * session.step_count)]
    # What is refused changes nothing, and a step that goes wrong is undone: both are part of a program.
    with contextlib.suppress(ValueError, StepError):
        return getattr(session, name)(*given) or session if name == "branch" else _done(session, name, given)
    return session


def _done(session: sd.Session, name: str, given: list) -> sd.Session:
    getattr(session, name)(*given)
    return session


def state_of(session: sd.Session) -> object:
    """All that a session is, to the bit, in a form that can be compared."""
    history = {name: session.history[name].tobytes() for name in session.history}
    return _plain((session._dreamer.checkpoint(), list(history.items()), session.sequence, session.step_count))


_SAME = (str, bytes, int, float, bool, frozenset, type(None))
_SequenceDataset = sd.SequenceDataset  # looked up once: this is done a million times


def _plain(value: object) -> object:  # noqa: PLR0911 - one line a kind
    if isinstance(value, _SAME):
        return value
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.detach().numpy().tobytes()
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, dict):
        return {"θ" if isinstance(key, torch.Tensor) else key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, _SequenceDataset):
        return _plain([value.x, value.y, value.class_names])
    if isinstance(value, objectives.MemberObjective):
        return type(value).__name__, value.targets, _plain(value.anchor)  # which is all that the data came to
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    return type(value).__name__
