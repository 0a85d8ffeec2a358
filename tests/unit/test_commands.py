"""Interventions have a contract: what a command does to the sequence, the optimizer and what is held."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.commands import Command
from seqdream_widget.segments import segments

C = sd.commands
LENGTH = 40
RATE = 0.05


def session(**settings) -> sd.Session:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.Tanh(), nn.Flatten(), nn.Linear(4 * LENGTH, 2))
    return sd.Session(model, sd.objectives.Logit(0), length=LENGTH, learning_rate=RATE, seed=1, **settings)


@given(start=st.integers(0, LENGTH - 1), length=st.integers(1, LENGTH), steps=st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_frozen_samples_keep_their_bits_while_others_move(start, length, steps):
    stop = min(LENGTH, start + length)
    projections = [sd.regularizers.GaussianBlur(every=3), sd.regularizers.Standardize(every=4)]
    s = session(regularizers=projections)
    s.run(3)
    s.submit(C.Freeze(start, stop))
    before = s.sequence
    s.run(steps)
    moved = (s.sequence != before)[0, 0]
    assert not moved[start:stop].any()
    assert moved[:start].any() or start == 0
    assert moved.any() or stop - start == LENGTH


@given(
    index=st.integers(0, LENGTH - 1),
    value=st.floats(-5, 5, width=32),
    radius=st.integers(1, 60),
    frozen=st.lists(st.integers(0, LENGTH - 2), max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_a_move_displaces_its_neighbourhood_by_a_raised_cosine_and_skips_the_frozen(index, value, radius, frozen):
    s = session()
    for start in frozen:
        s.submit(C.Freeze(start, start + 1))
    before = s.sequence[0, 0]
    move = C.MovePoint(index=index, value=value, radius=radius)
    if index in frozen:
        with pytest.raises(ValueError, match=f"sample {index} is frozen; unfreeze it first"):
            s.submit(move)
        assert torch.equal(s.sequence[0, 0], before)
        return
    s.submit(move)
    after = s.sequence[0, 0]
    assert after[index] == np.float32(value)
    for i in range(LENGTH):
        distance = abs(i - index)
        kernel = (1 + math.cos(math.pi * distance / radius)) / 2 if distance < radius else 0.0
        expected = before[i] + (value - before[index]) * kernel * (i not in frozen)
        assert float(after[i]) == pytest.approx(float(expected), abs=1e-4)


def test_an_edit_sets_its_samples_and_nothing_else():
    s = session()
    s.run(5)
    before = s.sequence
    assert s.submit(C.Edit(start=30, values=[0.1, 0.2, 0.3])) == 6
    assert s.sequence[0, 0, 30:33].tolist() == pytest.approx([0.1, 0.2, 0.3])
    changed = (s.sequence != before)[0, 0].nonzero().flatten().tolist()
    assert changed == [30, 31, 32]
    assert torch.equal(s.sequence_at(5), before)


def test_an_edited_sample_moves_no_faster_than_one_that_has_just_begun():
    s = session()
    s.run(200)
    s.submit(C.Edit(start=10, values=[2.0]))
    s.run(1)
    assert abs(float(s.sequence[0, 0, 10]) - 2.0) <= RATE * 1.001


def test_a_sample_edited_to_its_own_value_starts_anew_too():
    s = session()
    s.run(200)
    present = float(s.sequence[0, 0, 10])
    iterate = s._dreamer.iterate
    remembered = iterate.optimizer.state[iterate.theta]
    assert float(remembered["mean_weight"]) == pytest.approx(1.0)
    s.submit(C.Edit(start=10, values=[present]))
    seen = remembered["mean_weight"]
    assert float(seen[0, 0, 10]) == 0.0
    assert float(seen[0, 0, 11]) == pytest.approx(1.0)


def test_an_unfrozen_sample_moves_no_faster_than_one_that_has_just_begun():
    s = session()
    s.run(100)
    s.submit(C.Freeze(10, 12))
    s.run(100)
    held = s.sequence[0, 0, 10:12]
    s.submit(C.Unfreeze(10, 12))
    s.run(1)
    assert float((s.sequence[0, 0, 10:12] - held).abs().max()) <= RATE * 1.001
    assert not torch.equal(s.sequence[0, 0, 10:12], held)


def test_a_held_pointer_holds_its_neighbourhood_until_one_step_after_release():
    s = session()
    s.run(5)
    step = s.submit(C.MovePoint(index=20, value=1.5, radius=4, gesture=7))
    s.run(10)
    assert s.sequence_at(step)[0, 0, 20] == 1.5
    assert s.sequence[0, 0, 20] == 1.5
    s.submit(C.MovePoint(index=20, value=-1.0, radius=4, gesture=7))
    step = s.submit(C.Release(7))
    s.run(3)
    assert s.sequence_at(step)[0, 0, 20] == -1.0
    assert s.sequence_at(step + 1)[0, 0, 20] != -1.0
    with pytest.raises(ValueError, match="gesture 7 holds nothing"):
        s.submit(C.Release(7))


def test_switching_a_regularizer_leaves_the_sequence_and_shows_in_the_history():
    s = session()
    s.run(5)
    before = s.sequence
    s.submit(C.SetRegularizer("total_variation", enabled=True, weight=0.5))
    assert torch.equal(s.sequence, before)
    s.run(50)
    s.submit(C.SetRegularizer("total_variation", enabled=False))
    s.run(5)
    term = s.history["total_variation"]
    assert np.isnan(term[:5]).all()
    assert term[54] < term[5]
    assert np.isnan(term[55:]).all()


def test_a_new_objective_is_climbed_from_the_next_step_on():
    s = session()
    s.run(20)
    s.submit(C.SetObjective(sd.objectives.Logit(1)))
    s.run(40)
    assert s.objective == sd.objectives.Logit(1)
    assert s.history["score"][-1] > s.history["score"][20]


def test_a_learning_rate_takes_effect_and_keeps_the_optimizers_memory():
    slow, fast = session(), session()
    for s in (slow, fast):
        s.run(10)
    fast.submit(C.SetLearningRate(0.5))
    before = slow.sequence
    for s in (slow, fast):
        s.run(1)
    assert torch.allclose((fast.sequence - before) / (slow.sequence - before), torch.tensor(10.0), rtol=1e-2)


def test_reset_returns_to_the_start_and_the_run_repeats_itself():
    s = session(regularizers=[sd.regularizers.L2()])
    start = s.sequence
    s.run(10)
    tenth = s.sequence
    assert s.submit(C.Reset()) == 1
    assert s.step_count == 0
    assert torch.equal(s.sequence, start)
    assert len(s.history["score"]) == 0
    s.run(10)
    assert torch.equal(s.sequence, tenth)


def test_reset_keeps_frozen_segments_at_the_starts_values():
    s = session()
    start = s.sequence
    s.run(5)
    s.submit(C.Freeze(3, 6))
    s.submit(C.Reset())
    s.run(5)
    assert s.frozen == [[3, 6, None, 0]]
    assert torch.equal(s.sequence[..., 3:6], start[..., 3:6])


def test_a_new_start_is_where_the_run_begins_again_and_where_a_reset_goes_back_to():
    s = session(regularizers=[sd.regularizers.Noise()], start="zeros")
    s.run(5)
    elsewhere = torch.linspace(-1, 1, LENGTH)
    s.submit(C.Freeze(3, 6))
    assert s.submit(C.SetStart(elsewhere)) == 1
    assert torch.equal(s.sequence[0, 0], elsewhere)
    assert s.step_count == 0
    assert s.frozen == [[3, 6, None, 0]]
    s.run(5)
    fifth = s.sequence
    assert torch.equal(fifth[0, 0, 3:6], elsewhere[3:6])
    s.submit(C.Reset())
    assert torch.equal(s.start[0, 0], elsewhere)
    s.run(5)
    assert torch.equal(s.sequence, fifth)
    begun_there = session(regularizers=[sd.regularizers.Noise()], start=elsewhere)
    begun_there.submit(C.Freeze(3, 6))
    begun_there.run(5)
    assert torch.equal(begun_there.sequence, fifth)


def test_a_new_start_is_undone_and_replayed_to_the_bit(tmp_path):
    data = sd.SequenceDataset(torch.randn(9, 1, LENGTH), [0, 1, 0] * 3)
    model = nn.Sequential(nn.Flatten(), nn.Linear(LENGTH, 2))
    s = sd.Session(model, sd.objectives.Logit(0), data=data, autosave=tmp_path / "kept")
    s.run(3)
    first = s.sequence
    for start in (4, "mean", "zeros", "noise", torch.ones(LENGTH)):
        s.submit(C.SetStart(start, seed=7))
        s.run(3)
    s.submit(C.SetStart(4))
    assert torch.equal(s.sequence[0], data.x[4])
    s.run(2)
    logged = s.log.records[-3]["command"]
    assert set(logged["fields"]["start"]) == {"tensor"}, "a log refers to no data"
    for again in (sd.replay(s.log, model, data=data), sd.resume(tmp_path / "kept", model, data=data)):
        assert torch.equal(again.sequence, s.sequence)
        assert torch.equal(again.start, s.start)
        for _ in range(6):
            again.undo()
        assert torch.equal(again.sequence, first)
        again.redo()
        assert torch.equal(again.sequence_at(0)[0], data.x[4])


def test_noise_to_begin_at_is_that_of_its_seed_and_leaves_the_runs_own_alone():
    s, same = session(regularizers=[sd.regularizers.Noise()]), session(regularizers=[sd.regularizers.Noise()])
    begun_with_noise = s.sequence
    s.submit(C.SetStart("noise", seed=4))
    assert not torch.equal(s.sequence, begun_with_noise)
    s.submit(C.SetStart("noise", seed=1))
    assert torch.equal(s.sequence, begun_with_noise), "the seed of the session"
    for one in (s, same):
        one.run(4)
    assert torch.equal(s.sequence, same.sequence)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("nois", 'did you mean "noise"'),
        (5, "start=5 is an index into the data and there is none"),
        ([1.0, 2.0], "and the dream .*give one of the dream's shape"),
        ([[1.0] * LENGTH] * 3, "give one of the dream's shape"),
        ([math.nan] * LENGTH, "not finite"),
        (None, "SetStart: start is a NoneType; give noise, zeros, mean"),
    ],
)
def test_a_start_that_cannot_be_is_refused_and_nothing_has_changed(start, words):
    s = session()
    s.run(2)
    before = s.sequence
    with pytest.raises(ValueError, match=words):
        s.submit(C.SetStart(start))
    assert torch.equal(s.sequence, before)


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=2, max_size=2))
def test_listed_segments_and_the_mask_say_the_same(rows):
    mask = np.array(rows)[None]
    rebuilt = np.zeros_like(mask)
    for start, stop, channel, dream in segments(mask):
        assert start < stop
        rebuilt[dream, slice(None) if channel is None else channel, start:stop] = True
    assert np.array_equal(rebuilt, mask)


def test_overlapping_freezes_are_one_segment_and_unfreeze_cuts_it():
    s = session()
    s.submit(C.Freeze(5, 15))
    s.submit(C.Freeze(10, 20))
    s.submit(C.Unfreeze(8, 9))
    assert s.frozen == [[5, 8, None, 0], [9, 20, None, 0]]


def test_with_several_channels_an_edit_names_one():
    model = nn.Sequential(nn.Flatten(), nn.Linear(20, 2))
    s = sd.Session(model, sd.objectives.Logit(0), length=10, channels=2)
    with pytest.raises(ValueError, match="2 channels; name one with channel="):
        s.submit(C.Edit(0, [1.0]))
    s.submit(C.Edit(0, [1.0], channel=1))
    s.submit(C.Freeze(2, 4, channel=1))
    assert s.sequence[0, 1, 0] == 1.0
    assert s.frozen == [[2, 4, 1, 0]]


GOOD_OR_BAD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["index", "value", "radius", "gesture", "start", "stop", "values", "name", "enabled", "parameters"]


@given(
    kind=st.sampled_from([*Command.types, "nonsense"]),
    fields=st.dictionaries(st.sampled_from([*FIELDS, "objective", "channel", "dream", "learning_rate"]), GOOD_OR_BAD),
)
@settings(max_examples=400, deadline=None)
def test_whatever_a_command_message_says_it_is_carried_out_or_refused_with_a_reason(kind, fields):
    s = SHARED
    before, frozen, regularizers = s.sequence, s.frozen, s.regularizers
    try:
        s.submit(Command.from_json({"type": kind, **fields}))
    except ValueError as error:
        assert 0 < len(str(error)) < 1500
        assert torch.equal(s.sequence, before)
        assert s.frozen == frozen
        assert s.regularizers == regularizers
    assert s.sequence.isfinite().all()


SHARED = session()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "freeze", "start": 30, "stop": 50}, "samples 30 … 49 are not allowed; the sequence has samples 0 to"),
        ({"type": "freeze", "start": 5, "stop": 5}, "start = 5 is not below stop = 5"),
        ({"type": "freeze", "start": 5}, "^freeze: the field stop is missing"),
        ({"type": "freze", "start": 5, "stop": 9}, 'did you mean "freeze"'),
        ({"type": "edit", "start": 0, "values": [1, "2"]}, "are not allowed; give a flat list of numbers"),
        ({"type": "edit", "start": 0, "values": [1, math.inf]}, "give finite numbers"),
        ({"type": "edit", "start": 0, "values": [0.0] * 1_000_001}, "give at most 1000000"),
        ({"type": "edit", "start": 0, "values": [1e300]}, "give finite numbers from -1e"),
        ({"type": "edit", "start": 10**400, "values": [1]}, "start = 1000"),
        ({"type": "set_regularizer", "name": "clamp", "parameters": {"per_time_step": 3}}, "give true or false"),
        ({"type": "move_point", "index": 3, "value": math.nan}, "value = nan is not allowed"),
        ({"type": "move_point", "index": 3, "value": 1, "radius": 0}, "radius = 0 is not allowed"),
        ({"type": "set_regularizer", "name": "l2", "parameters": {"wieght": 1}}, 'did you mean "weight"'),
        ({"type": "set_regularizer", "name": "l2", "parameters": {"weight": -1}}, "give a number from 0 to"),
        ({"type": "set_objective", "objective": {"type": "logit", "target": 9}}, "give an index from 0 to 1"),
        ({"type": "set_objective", "objective": {"type": "prototyp"}}, 'unknown objective "prototyp"'),
    ],
)
def test_refusals_say_value_bounds_and_remedy(message, words):
    with pytest.raises(ValueError, match=words):
        session().submit(Command.from_json(message))
