"""What a page reads beside the curve: where the gradient pushes, the ghost of an edit, the verdict, the nearest."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest
import torch

import seqdream_widget as sd
from seqdream_widget import protocol, verdicts
from seqdream_widget.verdicts import Verdict, Verdicts
from tests.unit.programs import Level, data, new

C = sd.commands


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


# ---- where the gradient pushes --------------------------------------------------------------------------------------


def plain(**settings):
    return sd.Session(Level(), sd.objectives.Logit("high"), data=data(), seed=3, **settings)


def test_the_push_is_the_gradient_of_score_minus_penalties_at_the_sequence_before_the_step():
    s = plain(regularizers=[sd.regularizers.L2(0.1)])
    assert s.push is None
    s.run(4)
    x = s.sequence_at(3).requires_grad_()
    total = s.scene.probe(x).logits[0, 1] - 0.1 * sd.regularizers.L2().value(x, None)[0]
    (expected,) = torch.autograd.grad(total, x)
    assert torch.allclose(s.push, expected, atol=1e-6)


def test_frozen_samples_are_not_pushed_and_a_return_or_a_reset_forgets_the_push():
    s = plain()
    s.submit(C.Freeze(2, 5))
    s.run(3)
    assert (s.push[0, 0, 2:5] == 0).all()
    assert (s.push[0, 0, 5:] != 0).all()
    s.restore(1)
    assert s.push is None
    s.run(1)
    assert s.push is not None
    s.submit(C.Reset())
    assert s.push is None


# ---- the sequence before the latest edit ----------------------------------------------------------------------------


def test_before_any_edit_there_is_no_ghost_of_one():
    s = new()
    s.run(2)
    s.submit(C.SetLearningRate(0.01))
    assert s.before_edit is None
    assert protocol.before_edit(s) == {}


def test_the_ghost_is_the_sequence_just_before_the_latest_edit_steps_since_or_not():
    s = new()
    s.run(3)
    before = s.sequence
    s.submit(C.Edit(2, [5.0]))
    s.run(4)
    s.submit(C.SetRegularizer("l2", enabled=False))
    assert torch.equal(s.before_edit, before)
    later = s.sequence
    s.submit(C.Edit(2, [6.0]))
    assert torch.equal(s.before_edit, later)
    assert np.array_equal(protocol.before_edit(s)["before_edit"], later[0])
    s.undo()
    assert torch.equal(s.before_edit, before)
    for _ in range(2):
        s.undo()
    assert s.before_edit is None
    for _ in range(3):
        s.redo()
    assert torch.equal(s.before_edit, later)


def test_moves_of_one_gesture_are_one_edit_and_their_ghost_is_from_before_the_first():
    s = new()
    s.run(3)
    before = s.sequence
    for value in (1.0, 2.0, 3.0):
        s.submit(C.MovePoint(4, value, 3, gesture=7))
        s.run(2)
    s.submit(C.Release(7))
    s.run(2)
    assert torch.equal(s.before_edit, before)
    s.submit(C.MovePoint(4, 0.0, 3, gesture=8))
    assert not torch.equal(s.before_edit, before)


def test_a_reset_ends_the_ghost_and_its_undo_brings_it_back():
    s = new()
    before = s.sequence
    s.submit(C.Edit(2, [5.0]))
    s.submit(C.Reset())
    assert s.before_edit is None
    s.undo()
    assert torch.equal(s.before_edit, before)


# ---- the verdict ----------------------------------------------------------------------------------------------------


@pytest.fixture
def judged():
    return []


def test_a_verdict_is_what_plausibility_says_of_the_sequence_now(judged):
    s = new()
    s.run(5)
    live = Verdicts(s, judged.append)
    live.want()
    until(lambda: judged)
    live.close()
    said = sd.plausibility(Level(), data(), s.sequence, "high")
    (verdict,) = judged
    assert verdict.step == 5
    assert (verdict.judged.verdict, verdict.reason, verdict.judged.failing) == (said.verdict, said.reason, said.failing)
    for name, figure in said.figures.items():
        assert verdict.judged.figures[name].value == pytest.approx(figure.value, nan_ok=True), name
        assert verdict.judged.figures[name].band == pytest.approx(figure.band, nan_ok=True), name
    assert verdict.judged.nearest == said.nearest


def test_without_data_there_is_none_and_the_reason_is_said(judged):
    s = sd.Session(Level(), sd.objectives.Logit(0), length=12)
    live = Verdicts(s, judged.append)
    live.want()
    until(lambda: judged)
    live.close()
    header, arrays = protocol.verdict(judged[0], None)
    assert (header["verdict"], arrays) == (None, {})
    assert header["reason"] == "not judged: this run has no real data to compare with; give data="


def test_what_was_told_is_not_told_again_unless_a_page_asks_anew(judged):
    s = new()
    live = Verdicts(s, judged.append)
    live.want()
    until(lambda: judged)
    live.want()
    until(lambda: live._thread is None)
    assert len(judged) == 1
    live.want(anew=True)
    until(lambda: len(judged) == 2)
    s.submit(C.SetObjective(sd.objectives.Logit("low")))
    live.want()
    until(lambda: len(judged) == 3)
    live.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "seqdream-verdict"]


def test_a_run_that_is_judged_all_along_comes_to_the_same_bits(judged, monkeypatch):
    monkeypatch.setattr(verdicts, "SHORTEST", 0.0)
    monkeypatch.setattr(verdicts, "SHARE", 1.0)
    alone, watched = new(), new()
    alone.run(300)
    live = Verdicts(watched, judged.append)

    def follow(session):
        live.want()
        time.sleep(0.0005)  # time for the judge

    watched.run(300, callback=follow)
    live.close()
    assert len(judged) > 5
    assert torch.equal(alone.sequence, watched.sequence)
    assert np.array_equal(alone.history["score"], watched.history["score"], equal_nan=True)


class Remembering(Level):
    """Leaves something behind: it may not be called by two threads at once."""

    def forward(self, x):
        self.last = x.flatten(1)
        time.sleep(0)
        return super().forward(self.last[:, None])


def test_a_model_that_leaves_something_behind_is_judged_between_two_steps(judged):
    s = sd.Session(Remembering(), sd.objectives.Logit("high"), data=data(), seed=3)
    assert not s.scene.probe.reentrant
    assert new().scene.probe.reentrant
    live = Verdicts(s, judged.append)
    s.run(50, callback=lambda _: live.want())
    until(lambda: judged)
    live.close()
    alone = sd.Session(Remembering(), sd.objectives.Logit("high"), data=data(), seed=3)
    alone.run(50)
    assert torch.equal(alone.sequence, s.sequence)


def test_figures_travel_with_value_band_and_whether_they_fail_as_plain_json():
    s = new()
    s.submit(C.Edit(0, [40.0, -40.0] * 6))
    judged = sd.plausibility(Level(), data(), s.sequence, "high")
    header, arrays = protocol.verdict(Verdict(0, judged, judged.reason), data())
    assert json.loads(json.dumps(header, allow_nan=False)) == header
    told = {figure["name"]: figure for figure in header["figures"]}
    assert header["verdict"] == "outside"
    assert [name for name, figure in told.items() if figure["fails"]] == [n for n in told if n in judged.failing]
    assert told["roughness"]["value"] == judged.figures["roughness"].value
    assert (told["roughness"]["low"], told["roughness"]["high"]) == judged.figures["roughness"].band
    assert (told["roughness"]["bound"], told["envelope_violation"]["bound"]) == ("both", "upper")
    assert told["probability"]["bound"] == "place"
    assert np.array_equal(arrays["nearest"], data().x[judged.nearest.index])
