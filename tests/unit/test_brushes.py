"""Brushes set a stretch by what the sequence and the data are when it happens; the log holds the numbers it came to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.commands import Command, Edit
from seqdream_widget.words import undo_words
from tests.unit.programs import BRUSHES, LENGTH, Level, data, new, state_of

C = sd.commands
START, STOP = 3, 9
INSIDE = slice(START, STOP)


def stretch(session: sd.Session) -> torch.Tensor:
    return session.sequence[0, 0, INSIDE]


def nearest(session: sd.Session) -> torch.Tensor:
    found = sd.plausibility(Level(), data(), session.sequence[0], "high").nearest.index
    return data().x[found, 0, INSIDE]


def class_mean(target: str) -> torch.Tensor:
    return data().only(target).x[:, 0, INSIDE].mean(dim=0)


WAYS = {
    "erase": (C.Erase(START, STOP), lambda s: torch.zeros(6), "samples 3 to 8 erased"),
    "mean of the class climbed": (
        C.ReplaceByMean(START, STOP),
        lambda s: class_mean("high"),
        "samples 3 to 8 replaced by the class mean",
    ),
    "mean of another": (
        C.ReplaceByMean(START, STOP, "low"),
        lambda s: class_mean("low"),
        "samples 3 to 8 replaced by the class mean",
    ),
    "nearest": (C.ReplaceByNearest(START, STOP), nearest, "samples 3 to 8 replaced by the nearest real sequence"),
    "reverse": (C.Reverse(START, STOP), lambda s: stretch(s).flip(0), "samples 3 to 8 turned round in time"),
    "invert": (
        C.Invert(START, STOP),
        lambda s: 2 * stretch(s).mean() - stretch(s),
        "samples 3 to 8 turned upside down",
    ),
    "scale": (
        C.Scale(START, STOP, factor=1.5),
        lambda s: stretch(s).mean() + 1.5 * (stretch(s) - stretch(s).mean()),
        "samples 3 to 8 scaled",
    ),
    "shift": (C.Shift(START, STOP, by=-0.25), lambda s: stretch(s) - 0.25, "samples 3 to 8 shifted"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_brush_mid_run_sets_its_stretch_and_nothing_else_is_said_and_undone_as_one(way):
    command, wanted, words = WAYS[way]
    s = new()
    s.run(20)
    before, expected = s.sequence, wanted(s)
    state = state_of(s)
    assert s.submit(command) == 21
    assert torch.allclose(stretch(s), expected, atol=1e-5)
    after = s.sequence.clone()
    after[0, 0, INSIDE] = before[0, 0, INSIDE]
    assert torch.equal(after, before)
    assert undo_words(s) == words
    s.run(5)
    s.undo()
    assert state_of(s) == state


@given(BRUSHES, st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_the_log_holds_the_numbers_that_a_brush_came_to_and_replays_to_the_same_bits(brush, steps):
    s = new()
    s.run(steps)
    s.submit(brush)
    (record,) = [record["command"] for record in s.log.records if record.get("event") == "command"]
    assert record["type"] == "edit"
    assert record["fields"]["start"] == brush.start
    values = np.float32(record["fields"]["values"])
    assert np.array_equal(values, s.sequence[0, 0, brush.start : brush.stop].numpy())
    s.run(3)
    again = sd.replay(s.log, Level(), data=data())
    assert again.divergence is None
    assert state_of(again) == state_of(s)


@given(BRUSHES, st.integers(0, LENGTH - 1))
@settings(max_examples=60, deadline=None)
def test_a_brush_over_a_frozen_sample_is_refused_in_words(brush, frozen):
    s = new()
    s.run(2)
    s.submit(C.Freeze(frozen, frozen + 1))
    before = state_of(s)
    if brush.start <= frozen < brush.stop:
        with pytest.raises(ValueError, match=f"{type(brush).__name__}: sample {frozen} is frozen; unfreeze it first"):
            s.submit(brush)
        assert state_of(s) == before
    else:
        s.submit(brush)
        assert s.sequence[0, 0, frozen] == s.sequence_at(2)[0, 0, frozen]


def test_turning_a_stretch_twice_leaves_it_as_it_was():
    for turn in (C.Reverse(START, STOP), C.Invert(START, STOP)):
        s = new()
        before = s.sequence
        s.submit(turn)
        assert not torch.allclose(s.sequence, before)
        s.submit(turn)
        assert torch.allclose(s.sequence, before, atol=1e-6)


@pytest.mark.parametrize("parameterization", ["samples", "fourier", "spline"])
def test_every_parameterization_holds_what_a_brush_has_set(parameterization):
    s = new(parameterization=parameterization)
    s.run(5)
    s.submit(C.Erase(START, STOP))
    assert (stretch(s) == 0).all()


def test_a_brush_names_its_channel_where_there_are_several():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(20, 2))
    s = sd.Session(model, sd.objectives.Logit(0), length=10, channels=2)
    before = s.sequence
    with pytest.raises(ValueError, match="Erase: the sequence has 2 channels; name one with channel="):
        s.submit(C.Erase(2, 5))
    s.submit(C.Erase(2, 5, channel=1))
    assert (s.sequence[0, 1, 2:5] == 0).all()
    assert torch.equal(s.sequence[0, 0], before[0, 0])


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "erase", "start": 5, "stop": 5}, "Erase: start = 5 is not below stop = 5"),
        ({"type": "scale", "start": 5, "stop": 50, "factor": 2}, "Scale: samples 5 … 49 are not allowed"),
        ({"type": "scale", "start": 5, "stop": 8}, "scale: the field factor is missing"),
        ({"type": "scale", "start": 5, "stop": 8, "factor": 2000}, "give a number from -1000 to 1000"),
        ({"type": "shift", "start": 5, "stop": 8, "by": 1e9}, "give finite numbers from -1e"),
        ({"type": "replace_by_mean", "start": 5, "stop": 8, "target": "hihg"}, 'did you mean "high"'),
        ({"type": "replace_by_mean", "start": 5, "stop": 8, "target": [1]}, "give a class index or name"),
    ],
)
def test_refusals_say_value_bounds_and_remedy(message, words):
    s = new(start=[1000.0] * LENGTH)
    before = state_of(s)
    with pytest.raises(ValueError, match=words):
        s.submit(Command.from_json(message))
    assert state_of(s) == before


def test_without_data_or_a_class_what_goes_by_it_is_refused():
    s = sd.Session(Level(), sd.objectives.Logit(0), length=LENGTH)
    for command in (C.ReplaceByMean(2, 5), C.ReplaceByNearest(2, 5)):
        with pytest.raises(ValueError, match=f"{type(command).__name__} .* this run has (no data|none); give data="):
            s.submit(command)
    s = new()
    s.submit(C.SetObjective(sd.objectives.Direction("features", [1.0, 0.0, 0.0])))
    with pytest.raises(ValueError, match="the objective leads to no class; name one with target="):
        s.submit(C.ReplaceByMean(2, 5))
    s.submit(C.ReplaceByMean(2, 5, "high"))


def test_a_curve_that_is_drawn_is_held_until_one_step_after_its_release_and_undone_as_one():
    s = new(regularizers=[])
    s.run(5)
    before = state_of(s)
    s.submit(Edit(3, [1.0, 1.5], gesture=9))
    s.run(2)
    s.submit(Edit(5, [-1.0, -1.5], gesture=9))
    s.submit(C.MovePoint(11, 0.5, gesture=8))
    s.submit(C.Release(8))
    s.run(2)
    assert s.sequence[0, 0, 3:7].tolist() == [1.0, 1.5, -1.0, -1.5]
    step = s.submit(C.Release(9))
    s.run(2)
    assert s.sequence_at(step)[0, 0, 3:7].tolist() == [1.0, 1.5, -1.0, -1.5]
    assert s.sequence[0, 0, 3:7].tolist() != [1.0, 1.5, -1.0, -1.5]
    s = new(regularizers=[])
    s.run(5)
    for edit in (Edit(3, [1.0, 1.5], gesture=9), Edit(5, [-1.0, -1.5], gesture=9)):
        s.submit(edit)
        s.run(2)
    s.submit(C.Release(9))
    assert undo_words(s) == "edit by hand at sample 3"
    s.undo()
    assert state_of(s) == before
