"""Whatever was done to a dream can be taken back, to the bit."""

from __future__ import annotations

import contextlib
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings

import seqdream_widget as sd
from seqdream_widget import session as session_module
from seqdream_widget.drivers import runner_class
from seqdream_widget.timeline import Timeline
from tests.models import make
from tests.unit.programs import COMMANDS, PROGRAMS, act, new, state_of

C = sd.commands
FEW, MANY = settings(max_examples=60), settings(max_examples=500)


def after(program, **given_settings):
    session = new(**given_settings)
    for action in program:
        session = act(session, action)
    return session


@MANY
@given(PROGRAMS)
def test_undo_then_redo_is_the_identity(program):
    s = after(program)
    left, undone = state_of(s), 0
    while s._timeline.undoable:
        s.undo()
        undone += 1
    redoable = len(s._timeline.redoable)
    for _ in range(undone):
        s.redo()
    assert state_of(s) == left
    assert redoable >= undone


@FEW
@given(PROGRAMS, COMMANDS)
def test_undo_brings_back_the_state_just_before_the_command_the_steps_since_included(program, command):
    s = after(program)
    before = state_of(s)
    gestures = [deed.gesture for deed in s._timeline.undoable[-1:]]
    try:
        s.submit(command)
    except ValueError:
        assert state_of(s) == before
        return
    act(s, ("run", 5))
    s.undo()
    if getattr(command, "gesture", None) is None or command.gesture not in gestures:
        assert state_of(s) == before


@FEW
@given(PROGRAMS)
def test_restore_is_the_state_right_after_that_step_and_can_be_undone(program):
    s = new()
    right_after = {0: state_of(s)}

    def note(session):
        right_after[session.step_count] = state_of(session)

    for action in program:
        if action[0] == "run":
            with contextlib.suppress(sd.StepError):
                s.run(action[1], note)
        else:
            s = act(s, action)
            if action[0] == "submit" and isinstance(action[1], C.Reset):
                right_after = {0: state_of(s)}
            elif action[0] in ("undo", "redo", "restore"):
                right_after = {}  # of another past, maybe
    now = state_of(s)
    for step in sorted(set(right_after) & set(range(s.step_count + 1)), reverse=True):
        s.restore(step)
        assert state_of(s) == right_after[step]
        s.undo()
        assert state_of(s) == now


@MANY
@given(PROGRAMS, PROGRAMS)
def test_a_branch_goes_on_as_its_origin_would_and_never_changes_it(program, more):
    s = after(program)
    at_branching = state_of(s)
    one, other = s.branch(), s.branch()
    assert state_of(one) == state_of(other) == at_branching
    for action in more:
        one = act(one, action)
    assert state_of(s) == state_of(other) == at_branching
    for action in more:
        s = act(s, action)
    assert state_of(s) == state_of(one)


@FEW
@given(PROGRAMS)
def test_the_past_is_as_exact_where_hardly_a_checkpoint_or_history_is_kept(program):
    rich = after(program)
    with mock.patch.object(Timeline.__init__, "__defaults__", (1,)), mock.patch.object(session_module, "HISTORIES", 1):
        poor = after(program)
    while poor._timeline.undoable:
        poor.undo()
        rich.undo()
        assert state_of(poor) == state_of(rich)
    assert len(poor.timeline.checkpoints.ticks) <= 3


def test_a_batch_and_its_stopped_dreams_are_taken_back_too():
    start = torch.zeros(3, 1, 12)
    start[1] = 1e30
    s = new(batch_size=3, start=start, regularizers=[sd.regularizers.L2(1e6)])
    s.submit(C.Freeze(0, 3, dream=2))
    s.run(2)
    assert list(s.stopped) == [1]
    left = state_of(s)
    s.undo()
    assert s.stopped == {}
    assert s.frozen == []
    s.redo()
    assert state_of(s) == left


@pytest.mark.parametrize("family", ["resnet", "lstm", "transformer"])
def test_real_networks_come_back_to_the_bit(family):
    demo = sd.load_demo("forda")
    s = sd.Session(make(family), sd.objectives.Logit(1), data=demo.data, start=3)
    s.run(5)
    s.submit(C.MovePoint(250, 1.5, 12))
    s.run(70)
    left = state_of(s)
    s.restore(3)
    assert torch.equal(s.sequence, s.sequence_at(3))
    assert len(s.history["score"]) == 3
    s.undo()
    s.undo()
    assert s.step_count == 5
    s.redo()
    assert state_of(s) == left
    s.redo()
    assert s.step_count == 3


def test_moves_of_one_gesture_are_undone_as_one_with_its_release():
    s = new(start="zeros")
    s.run(2)
    before = state_of(s)
    for value in np.linspace(0, 1, 5):
        s.submit(C.MovePoint(5, value, 3, gesture=7))
        s.run(1)
    s.submit(C.Release(7))
    s.submit(C.Freeze(1, 2))
    s.undo()
    s.undo()
    assert state_of(s) == before


def test_a_step_or_a_command_clears_what_could_be_redone():
    for and_then in (lambda s: s.run(1), lambda s: s.submit(C.SetLearningRate(0.01))):
        s = new()
        s.submit(C.Freeze(1, 2))
        s.undo()
        and_then(s)
        with pytest.raises(ValueError, match="nothing to redo"):
            s.redo()


def test_what_cannot_be_taken_back_is_refused_in_words():
    s = new()
    with pytest.raises(ValueError, match="nothing to undo"):
        s.undo()
    s.run(3)
    with pytest.raises(ValueError, match="step = 4 is not allowed; give a whole number from 0 to 3"):
        s.restore(4)


class Silent:
    def started(self):
        pass

    stepped = started

    def stopped(self, reason, error):
        pass


@pytest.mark.parametrize("way", ["undo", "redo", "branch", "restore"])
def test_while_it_plays_the_past_is_refused_with_pause_first(way):
    s = new()
    runner = runner_class("thread")(s, Silent(), measure_threads=False)
    runner.play()
    try:
        with pytest.raises(RuntimeError, match="pause it first"):
            getattr(s, way)(*([0] if way == "restore" else []))
    finally:
        runner.pause()


def test_the_comparison_is_with_the_same_run_without_the_person():
    s = new()
    alone = new()
    s.run(4)
    s.submit(C.Edit(3, [1.5, -1.5]))
    s.submit(C.SetObjective(sd.objectives.Logit("low")))
    s.run(6)
    alone.run(10)
    before = state_of(s)
    comparison = s.compare_unsteered()
    assert state_of(s) == before
    assert comparison.steps == 10
    assert torch.equal(comparison.unsteered, alone.sequence)
    assert torch.equal(comparison.difference, s.sequence - alone.sequence)
    assert comparison.steered_score > comparison.unsteered_score
    assert comparison.steered_probabilities[0, 0] > comparison.unsteered_probabilities[0, 0]


def test_after_a_reset_the_comparison_is_with_the_steps_since():
    s, alone = new(), new()
    s.run(4)
    s.submit(C.Reset())
    s.run(3)
    alone.run(3)
    assert torch.equal(s.compare_unsteered().unsteered, alone.sequence)


def test_a_note_changes_nothing_and_undo_passes_over_it():
    s = new()
    s.submit(C.Freeze(1, 2))
    before = state_of(s)
    s.undo()
    assert s.submit(C.Note("what if?")) == 1
    s.redo()
    assert state_of(s) == before
    s.submit(C.Note("better"))
    s.undo()
    assert s.frozen == []
    with pytest.raises(ValueError, match="give 1 to 10,000 characters"):
        C.Note("")


def test_what_a_forgotten_run_measured_is_measured_again():
    with mock.patch.object(session_module, "HISTORIES", 1):
        s, left = new(), []
        for steps in (3, 5, 4):
            s.run(steps)
            s.submit(C.Edit(2, [0.5]))
            s.run(2)
            left.append(state_of(s))
            s.submit(C.Reset())
        with mock.patch.object(Timeline, "retrace", autospec=True, side_effect=Timeline.retrace) as retrace:
            for was in reversed(left):
                s.undo()
                assert state_of(s) == was
                s.undo()
    assert retrace.call_count >= 2


def test_nothing_is_measured_again_for_an_undo_within_the_run_however_often_it_was_done():
    with mock.patch.object(session_module, "HISTORIES", 1), mock.patch.object(Timeline, "retrace") as retrace:
        s = new()
        for _ in range(5):
            s.run(2)
            s.submit(C.Freeze(1, 2))
            s.run(2)
            s.submit(C.Edit(5, [1.0]))
            s.undo()
        for step in (18, 14, 10, 6, 2):
            s.undo()
            assert s.step_count == len(s.history["score"]) == step
    retrace.assert_not_called()


def test_undo_and_redo_lose_no_sequences():
    s = new()
    s.run(5)
    s.submit(C.Freeze(1, 2))
    s.run(5)
    s.submit(C.Edit(5, [1.0]))
    s.run(5)
    kept = s.trajectory.between(0, 99, 99).steps.tolist()
    assert kept == list(range(16))
    for way in ("undo", "undo", "redo", "redo"):
        getattr(s, way)()
    assert s.trajectory.between(0, 99, 99).steps.tolist() == kept
    s.undo()
    assert s.trajectory.between(0, 99, 99).steps.tolist() == kept[:11]


def test_however_many_commands_there_were_checkpoints_are_kept_evenly_over_all_that_happened():
    with mock.patch.object(Timeline.__init__, "__defaults__", (400_000,)):
        s = new()
    for _ in range(300):
        s.submit(C.Edit(0, [0.5]))
        s.run(1)
        s.submit(C.Edit(1, [0.5]))
    s.run(1500)
    ticks = np.array([*s.timeline.checkpoints.ticks, s.timeline.tick])
    assert 10 < len(ticks) < 60
    assert np.diff(ticks).max() < 4 * s.timeline.tick / len(ticks)
