"""The shelf: moments that were kept, in Python and as a page asks for them."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import torch

import seqdream_widget as sd
from seqdream_widget import protocol, shelf
from tests.unit.programs import Level, data, new, state_of
from tests.unit.wire import unpacked

C = sd.commands


@pytest.fixture
def told():
    return []


@pytest.fixture
def w(told):
    widget = sd.SeqDream(session=new())
    widget.send = lambda message, buffers=None: told.append((message, buffers))
    yield widget
    widget.close()


def receive(widget, **message):
    widget._handle_custom_msg(message, [])


def of_kind(told, kind):
    return [message for message, _ in list(told) if message["kind"] == kind]


def arrays(told, kind):
    return unpacked(*[one for one in list(told) if one[0]["kind"] == kind][-1])


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


# ---- in Python ------------------------------------------------------------------------------------------------------


def test_a_snapshot_tells_step_sequence_score_and_what_was_climbed(w):
    w.step(7)
    kept = w.snapshot()
    w.session.submit(C.Edit(0, [9.0]))
    w.step(3)
    assert w.snapshots[0] is kept
    assert len(w.snapshots) == 1
    assert (kept.number, kept.kind, kept.step, kept.objective) == (1, "snapshot", 7, "logit of high")
    assert torch.equal(kept.sequence, w.session.sequence_at(7))
    assert kept.score == w.session.history["score"][6]
    said = sd.plausibility(Level(), data(), kept.sequence, "high")
    assert (kept.plausibility.verdict, kept.plausibility.reason) == (said.verdict, said.reason)
    assert repr(kept).startswith("Snapshot(1, 'snapshot', step=7")


def test_a_return_to_a_snapshot_is_exact_undoable_and_keeps_what_is_left(w):
    w.step(5)
    w.session.submit(C.Edit(3, [2.0]))
    w.session.submit(C.Freeze(0, 2))
    kept, then = w.snapshot(), state_of(w.session)
    w.step(6)
    w.session.submit(C.SetOptimizer("sgd"))
    w.step(2)
    left = state_of(w.session)
    w.recall(kept)
    assert state_of(w.session) == then
    assert w.status == "paused at step 5: restored"
    assert [one.kind for one in w.snapshots] == ["snapshot", "left"]
    w.session.undo()
    assert state_of(w.session) == left
    w.session.redo()
    assert state_of(w.session) == then
    w.step(6)
    w.session.submit(C.SetOptimizer("sgd"))
    w.step(2)
    assert state_of(w.session) == left


def test_two_lines_can_be_gone_on_with_in_turn(w):
    w.step(4)
    fork = w.snapshot()
    w.session.submit(C.SetObjective(sd.objectives.Logit("low")))
    w.step(5)
    one = state_of(w.session)
    w.recall(fork)
    w.step(9)
    other = state_of(w.session)
    w.recall(w.snapshots[1])
    assert state_of(w.session) == one
    w.recall(w.snapshots[2])
    assert state_of(w.session) == other
    assert [snapshot.step for snapshot in w.snapshots] == [4, 9, 13]


def test_a_snapshot_from_before_a_reset_is_still_there(w):
    w.step(6)
    kept, then = w.snapshot(), state_of(w.session)
    w.reset()
    w.step(3)
    w.recall(kept)
    assert state_of(w.session) == then


def test_a_branch_of_a_snapshot_is_a_session_of_its_own(w):
    w.step(5)
    kept = w.snapshot()
    w.step(5)
    other = kept.branch()
    assert other.step_count == 5
    assert torch.equal(other.sequence, kept.sequence)
    other.run(5)
    assert torch.equal(other.sequence, w.sequence)
    other.submit(C.Edit(0, [3.0]))
    other.run(2)
    assert w.session.step_count == 10
    assert sd.replay(other.log, Level(), data=data()).divergence is None


def test_a_log_with_returns_replays_to_the_same_bits_and_one_that_lies_is_refused(w):
    w.step(4)
    w.session.submit(C.Edit(2, [1.5]))
    kept = w.snapshot()
    w.step(3)
    w.reset()
    w.step(2)
    w.recall(kept)
    w.step(2)
    log = w.session.log
    again = sd.replay(log, Level(), data=data())
    assert again.divergence is None
    assert state_of(again) == state_of(w.session)
    (event,) = [record for record in log.records if record.get("event") == "return"]
    assert event["step"] == 4
    for change, words in (({"moment": 10**6}, "there is no moment 1000000"), ({"step": 3}, "is not after step 3")):
        with pytest.raises(ValueError, match=words):
            sd.replay(sd.log.Log([r | change if r is event else r for r in log.records], log.tensors), Level(), data())


def test_autosave_keeps_a_return(tmp_path):
    w = sd.SeqDream(session=new(autosave=tmp_path / "a"))
    w.step(4)
    kept = w.snapshot()
    w.step(3)
    w.recall(kept)
    w.step(2)
    held = state_of(w.session)
    w.session.settle()
    w.close()
    assert state_of(sd.resume(tmp_path / "a", Level(), data())) == held


def test_what_is_kept_already_is_given_again(w):
    w.step(3)
    assert w.snapshot() is w.snapshot()
    w.step(1)
    w.session.undo() if w.session.timeline.undoable else None
    w.session.restore(3)
    assert w.snapshot() is w.snapshots[0]


def test_the_shelf_is_bounded_and_says_so(w, monkeypatch):
    monkeypatch.setattr(shelf, "MOST", 3)
    for _ in range(3):
        w.step(1)
        w.snapshot()
    w.step(1)
    with pytest.raises(ValueError, match="the shelf is full: 3 of at most 3 snapshots; take one away first"):
        w.snapshot()
    w.recall(w.snapshots[0])  # what is left has no room, and is brought back by an undo
    assert [one.kind for one in w.snapshots] == ["snapshot"] * 3
    w.snapshots.discard(w.snapshots[1])
    w.snapshots.discard(3)
    with pytest.raises(ValueError, match="there is no snapshot 3 on the shelf"):
        w.snapshots.discard(3)
    w.step(1)
    w.recall(w.snapshots[0])
    w.step(2)
    w.recall(w.snapshots[0])
    assert [one.kind for one in w.snapshots] == ["snapshot", "left", "left"]
    w.step(1)
    assert w.snapshot().kind == "snapshot"
    assert [one.kind for one in w.snapshots] == ["snapshot", "left", "snapshot"]
    w.close()
    assert len(w.snapshots) == 0


def test_large_sequences_are_fewer():
    s = sd.Session(Level(), sd.objectives.Logit(0), length=12)
    kept = shelf.Shelf(s)
    kept._make_room(shelf.MOST_BYTES // 2)
    for _ in range(2):
        s.run(1)
        kept.take()
    with pytest.raises(ValueError, match="2 of at most 2"):
        kept._make_room(shelf.MOST_BYTES // 2)


# ---- as a page asks -------------------------------------------------------------------------------------------------


def test_a_page_looks_at_a_step_while_the_run_goes_on(w, told):
    w.play()
    until(lambda: w.session.step_count > 20)
    receive(w, kind="look", step=7)
    until(lambda: of_kind(told, "look"))
    assert w.playing
    assert of_kind(told, "look")[0]["step"] == 7
    w.pause()
    assert np.array_equal(arrays(told, "look")["sequence"], w.session.sequence_at(7)[0])
    receive(w, kind="look", step=10**6)
    assert "step = 1000000 is not allowed" in of_kind(told, "refusal")[-1]["reason"]


def test_a_page_returns_to_a_step_and_the_run_is_paused(w, told):
    w.play()
    until(lambda: w.session.step_count > 20)
    receive(w, kind="restore", id=4, step=9)
    assert not w.playing
    assert w.session.step_count == 9
    assert of_kind(told, "acknowledgement")[-1]["id"] == 4
    assert of_kind(told, "snapshot")[-1]["step"] == 9
    w.session.undo()
    assert w.session.step_count > 20


def test_a_page_branches_from_a_step_while_the_run_goes_on_and_recalls_the_branch(w, told):
    w.play()
    until(lambda: w.session.step_count > 20)
    receive(w, kind="branch", id=1, step=5)
    until(lambda: of_kind(told, "shelf"))
    assert w.playing
    branch = w.snapshots[0]
    assert (branch.kind, branch.step) == ("branch", 5)
    receive(w, kind="recall", id=2, snapshot=branch.number)
    assert not w.playing
    assert w.session.step_count == 5
    assert torch.equal(w.sequence, branch.sequence)
    entries = of_kind(told, "shelf")[-1]["snapshots"]
    assert [(one["snapshot"], one["kind"]) for one in entries] == [(1, "branch"), (2, "left")]


def test_the_shelf_comes_back_with_a_page_judged_and_with_small_pictures(w, told):
    receive(w, kind="hello", protocol=1)
    w.step(6)
    receive(w, kind="keep", id=1)
    until(lambda: of_kind(told, "shelf")[-1]["snapshots"][0]["verdict"])
    told.clear()
    receive(w, kind="hello", protocol=1)
    (entry,) = of_kind(told, "shelf")[-1]["snapshots"]
    kept = w.snapshots[0]
    assert entry == {
        "snapshot": 1,
        "kind": "snapshot",
        "step": 6,
        "score": kept.score,
        "verdict": kept.plausibility.verdict,
        "objective": "logit of high",
    }
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry
    assert np.array_equal(arrays(told, "shelf")["thumbnails"], kept.sequence.numpy()[:, :, None].repeat(2, axis=2))
    receive(w, kind="compare", snapshot=1)
    assert np.array_equal(arrays(told, "compare")["sequence"], kept.sequence[0])
    receive(w, kind="discard", id=9, snapshot=1)
    assert of_kind(told, "shelf")[-1]["snapshots"] == []
    receive(w, kind="compare", snapshot=1)
    assert of_kind(told, "refusal")[-1]["reason"] == "there is no snapshot 1 on the shelf"


def test_a_thumbnail_holds_every_spike_and_is_small():
    x = torch.zeros(20, 100_000)
    x[3, 54_321] = 7.0
    x[3, 99_999] = -7.0
    small = protocol.thumbnail(x)
    assert small.shape == (16, 2, 64)
    assert (small[3, 1].max(), small[3, 0].min(), small[0].any()) == (7.0, -7.0, False)


def test_a_page_is_told_verdict_and_nearest_once_and_again_when_it_comes_anew(w, told):
    receive(w, kind="hello", protocol=1)
    until(lambda: of_kind(told, "verdict"))
    first = of_kind(told, "verdict")[0]
    assert np.array_equal(arrays(told, "verdict")["nearest"], data().x[first["nearest"]["index"]])
    told.clear()
    w.play()
    until(lambda: w.session.step_count > 200 and of_kind(told, "verdict"))
    w.pause()
    until(lambda: of_kind(told, "verdict")[-1]["step"] == w.session.step_count)
    exact = sd.plausibility(Level(), data(), w.sequence, "high")
    last = of_kind(told, "verdict")[-1]
    assert (last["verdict"], last["reason"], last["nearest"]["index"]) == (
        exact.verdict,
        exact.reason,
        exact.nearest.index,
    )
    assert w.plausibility.reason == exact.reason


def test_nobody_judges_where_no_page_looks(w, told):
    w.step(5)
    w.snapshot()
    w.play()
    until(lambda: w.session.step_count > 50)
    w.pause()
    assert of_kind(told, "verdict") == []
    assert w._verdicts._thread is None
