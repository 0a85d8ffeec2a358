"""What was acknowledged is on disk, and a session goes on from there to the same bits."""

from __future__ import annotations

import json
import math
import tempfile
import threading
import warnings
from pathlib import Path
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget import autosave, resuming
from tests.unit.programs import PROGRAMS, Level, act, data, new, state_of

C = sd.commands


def resumed(folder, **given_settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return sd.resume(folder, Level(), data=data(), **given_settings)


def records_of(folder):
    return [json.loads(line) for line in (Path(folder) / "log.jsonl").read_text().splitlines()]


@settings(max_examples=120)
@given(PROGRAMS, PROGRAMS, st.booleans())
def test_a_resumed_session_is_what_it_was_and_goes_on_as_if_nothing_had_happened(program, more, with_checkpoints):
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(autosave, "CHECKPOINT_EVERY", 0.0 if with_checkpoints else 1e9),
    ):
        s = new(autosave=folder)
        for action in program:
            s = act(s, action) if action[0] != "branch" else s
        s.settle()
        again = resumed(folder)
        assert state_of(again) == state_of(s)
        assert again.log.records == s.log.records
        for action in more:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "autosave stopped.*another session")
                act(s, action)
            act(again, action)
        assert state_of(again) == state_of(s)
        for _ in range(len(s.timeline.redoable)):
            s.redo()
            again.redo()
        while s.timeline.undoable:
            s.undo()
            again.undo()
            assert state_of(again) == state_of(s)
        again.settle()
        once_more = resumed(folder)
        assert state_of(once_more) == state_of(s)


def test_a_command_is_on_disk_when_it_is_acknowledged(tmp_path):
    s = new(autosave=tmp_path / "a")
    for k in range(20):
        s.run(1)
        s.submit(C.Edit(0, [float(k)]))
        last = records_of(tmp_path / "a")[-1]
        assert last["command"]["fields"]["values"] == [float(k)]
    s.undo()
    assert records_of(tmp_path / "a")[-1] == {"event": "undo", "step": 20}


def test_coming_back_takes_no_step_again_that_led_to_the_checkpoint(tmp_path):
    s = new(autosave=tmp_path)
    s.run(199)
    s._autosave._checkpoint_at = 0.0
    s.run(1)
    s._autosave._checkpoint_at = math.inf
    s.submit(C.Edit(0, [1.0]))
    s.run(1)
    with mock.patch.object(sd.Session, "step", autospec=True, side_effect=sd.Session.step) as steps:
        again = resumed(tmp_path)
    assert steps.call_count == 1
    assert state_of(again) == state_of(s)
    assert torch.equal(again.sequence_at(100), s.sequence_at(100))


def test_a_line_torn_off_in_mid_write_is_dropped_and_said(tmp_path):
    s = new(autosave=tmp_path)
    s.submit(C.Freeze(1, 2))
    s.submit(C.Freeze(3, 4))
    s.settle()
    log = tmp_path / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])
    with pytest.warns(UserWarning, match="torn off in mid-write .* and is dropped; it had not been acknowledged"):
        again = sd.resume(tmp_path, Level(), data=data())
    assert again.frozen == [[1, 2, None, 0]]
    again.submit(C.Freeze(5, 6))
    assert resumed(tmp_path).frozen == [[1, 2, None, 0], [5, 6, None, 0]]


@pytest.mark.parametrize("harm", [lambda content: content[:50], lambda content: content[:-9] + b"123456789"])
def test_a_spoiled_checkpoint_costs_time_but_nothing_else(tmp_path, harm):
    with mock.patch.object(autosave, "CHECKPOINT_EVERY", 0.0):
        s = new(autosave=tmp_path)
        s.run(30)
        s.submit(C.Freeze(1, 2))
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.warns(UserWarning, match="is of no use, all steps are taken again"):
        again = sd.resume(tmp_path, Level(), data=data())
    assert state_of(again) == state_of(s)


def test_a_directory_is_not_written_over(tmp_path):
    new(autosave=tmp_path).submit(C.Freeze(1, 2))
    with pytest.raises(ValueError, match=r"holds an autosaved session already; go on with it by sd.resume"):
        new(autosave=tmp_path)
    with pytest.raises(FileNotFoundError, match="holds no autosaved session"):
        sd.resume(tmp_path / "nowhere", Level())


def test_of_two_sessions_the_one_that_came_later_goes_on_and_the_other_says_so(tmp_path):
    s = new(autosave=tmp_path)
    s.run(3)
    again = resumed(tmp_path)
    with pytest.warns(UserWarning, match="autosave stopped, .*: another session has gone on with"):
        s.submit(C.Freeze(1, 2))
    again.submit(C.Freeze(3, 4))
    assert resumed(tmp_path).frozen == [[3, 4, None, 0]]


def test_another_model_is_refused_and_what_is_on_disk_stays(tmp_path):
    new(autosave=tmp_path).submit(C.Freeze(1, 2))
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    other = Level()
    with torch.no_grad():
        other.head.bias.add_(1e-3)
    with pytest.raises(ValueError, match="the model is not that of the log"):
        sd.resume(tmp_path, other, data=data())
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_where_the_disk_is_full_that_is_said_and_the_run_goes_on(tmp_path):
    s = new(autosave=tmp_path)
    s.run(2)
    full = mock.patch.object(autosave.os, "fsync", side_effect=OSError(28, "No space left on device"))
    with full, pytest.warns(UserWarning, match="autosave stopped, .* is not on disk: .* No space left on device"):
        s.submit(C.Freeze(1, 2))
    assert "No space left" in s.unsaved
    s.run(3)
    assert (s.step_count, s.frozen) == (5, [[1, 2, None, 0]])


def test_nothing_is_left_running(tmp_path):
    s = new(autosave=tmp_path)
    s.run(50)
    s.settle()
    assert not [thread for thread in threading.enumerate() if thread.name == "seqdream-autosave" and thread.is_alive()]


def test_a_whole_dream_can_be_autosaved(tmp_path):
    result = sd.dream(Level(), sd.objectives.Logit(0), data=data(), steps=7, autosave=tmp_path, progress=False)
    assert state_of(sd.resume(tmp_path, Level(), data=data())) == state_of(result.session)


@pytest.mark.parametrize("kind", ["move_point", "edit"])
def test_the_page_hears_of_a_command_when_it_is_on_disk(tmp_path, kind):
    w = sd.SeqDream(Level(), sd.objectives.Logit(0), data=data(), autosave=tmp_path, threads=1, driver="thread")
    told, there = threading.Event(), []

    def send(message, buffers=None):
        if message["kind"] == "acknowledgement":
            there.extend(
                record["command"]["type"] for record in records_of(tmp_path) if record.get("event") == "command"
            )
            told.set()

    w.send = send
    w.play()
    command = {"index": 3, "value": 1.0} if kind == "move_point" else {"start": 3, "values": [1.0]}
    w._handle_custom_msg({"kind": "command", "id": 1, "command": {"type": kind, **command}}, [])
    assert told.wait(30)
    w.pause()
    assert there == [kind]
    session, steps = w.session, w.step_count
    w.close()
    session.settle()
    again = sd.SeqDream(session=resumed(tmp_path))
    assert again.step_count == steps
    assert state_of(again.session) == state_of(session)
    again.close()


def test_a_widget_says_that_it_is_no_longer_saved(tmp_path):
    w = sd.SeqDream(Level(), sd.objectives.Logit(0), data=data(), autosave=tmp_path, threads=1)
    resumed(tmp_path)
    with pytest.warns(UserWarning, match="another session has gone on"):
        w.submit(C.Freeze(1, 2))
    w.step(2)
    assert "autosave stopped" in w.error
    w.close()


def test_a_write_that_failed_leaves_the_log_as_it_was_and_is_not_tried_again(tmp_path):
    s = new(autosave=tmp_path)
    s.submit(C.Freeze(1, 2))
    before, sync, calls = (tmp_path / "log.jsonl").read_bytes(), autosave.os.fsync, []

    def fails_once(file):
        calls.append(file)
        if len(calls) == 1:
            s._autosave.wake()  # more comes while the disk is full
            raise OSError(28, "No space left on device")
        sync(file)

    with mock.patch.object(autosave.os, "fsync", fails_once), pytest.warns(UserWarning, match="autosave stopped"):
        s.submit(C.Edit(0, [1.0]))
    assert (tmp_path / "log.jsonl").read_bytes() == before
    assert resumed(tmp_path).frozen == [[1, 2, None, 0]]


def test_a_log_that_becomes_another_one_while_it_is_resumed_is_left_as_it_is(tmp_path):
    new(autosave=tmp_path / "this").settle()
    other = new(autosave=tmp_path / "other", seed=1)
    other.run(2)
    other.settle()
    owner = (tmp_path / "this" / autosave.OWNER).read_text()

    def changes_hands(directory, mark=None):
        if mark is None:
            (directory / autosave.LOG).write_bytes((tmp_path / "other" / autosave.LOG).read_bytes())
        return autosave.claimed(directory, mark)

    with (
        mock.patch.object(resuming, "claimed", changes_hands),
        pytest.raises(ValueError, match="has become another log meanwhile; try again"),
    ):
        resumed(tmp_path / "this")
    assert (tmp_path / "this" / autosave.OWNER).read_text() == owner
    assert records_of(tmp_path / "this") == records_of(tmp_path / "other")


def test_of_two_factories_of_one_name_each_is_asked_for(tmp_path):
    s = new(autosave=tmp_path, optimizer=lambda params, lr: torch.optim.SGD(params, lr=lr))
    s.submit(C.SetOptimizer(lambda params, lr: torch.optim.SGD(params, lr=2 * lr)))
    s.run(3)
    names = sorted(s.log.objects)
    assert len(names) == 2
    with pytest.raises(ValueError, match="#2"):
        sd.resume(tmp_path, Level(), data=data(), objects={names[0]: s.log.objects[names[0]]})
    again = resumed(tmp_path, objects=s.log.objects)
    assert torch.equal(again.sequence, s.sequence)


class Counting(torch.optim.SGD):
    """Remembers more than torch's form for that holds."""

    count = 0

    def step(self, closure=None):
        self.count += 1
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data -= 0.01 * self.count * parameter.grad


def test_an_optimizer_with_a_memory_of_its_own_comes_back_by_its_steps(tmp_path):
    with mock.patch.object(autosave, "CHECKPOINT_EVERY", 0.0):
        s = new(autosave=tmp_path, optimizer=Counting)
        s.run(5)
        s.submit(C.Edit(0, [1.0]))
    again = resumed(tmp_path, objects=s.log.objects)
    s.run(5)
    again.run(5)
    assert s.unsaved.startswith("autosave stopped") or not s.unsaved
    assert torch.equal(again.sequence, s.sequence)


def test_the_number_of_threads_comes_back(tmp_path):
    s = new(autosave=tmp_path)
    s.threads = 2
    s.run(3)
    assert resumed(tmp_path).threads == 2


def test_a_page_that_cannot_be_told_holds_nobody_up(tmp_path):
    def gone():
        raise ConnectionError("closed")

    s = new(autosave=tmp_path)
    s.when_kept(gone)
    s.submit(C.Freeze(1, 2))
    assert records_of(tmp_path)[-1]["command"]["type"] == "freeze"


def test_where_there_are_no_threads_what_happens_is_written_all_the_same(tmp_path):
    s = new(autosave=tmp_path)
    with mock.patch.object(autosave.threading.Thread, "start", side_effect=RuntimeError("can't start new thread")):
        s.submit(C.Freeze(1, 2))
    assert records_of(tmp_path)[-1]["command"]["type"] == "freeze"


def test_a_checkpoint_of_other_lines_is_of_no_use(tmp_path):
    for seed, folder in enumerate("ab"):
        with mock.patch.object(autosave, "CHECKPOINT_EVERY", 0.0):
            s = new(autosave=tmp_path / folder, seed=seed)
            s.run(30)
            s.submit(C.Freeze(1, 2))
    (tmp_path / "b" / "checkpoint.safetensors").write_bytes((tmp_path / "a" / "checkpoint.safetensors").read_bytes())
    with pytest.warns(UserWarning, match="of no use, all steps are taken again: it belongs to other lines"):
        again = sd.resume(tmp_path / "b", Level(), data=data())
    assert state_of(again) == state_of(s)
