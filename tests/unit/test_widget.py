"""The widget without a browser: play, steer, observe, and leave nothing behind."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import ipywidgets
import pytest
import torch
from torch import nn

import seqdream_widget as sd
from seqdream_widget import pages
from seqdream_widget.pacer import Pacer
from tests.unit.loops import EventLoop, until

C = sd.commands


@pytest.fixture
def told():
    return []


@pytest.fixture(params=["thread", "asyncio"])
def w(told, request):
    """A widget with either driver; the tests speak to it from a thread on which no event loop runs."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.Tanh(), nn.Flatten(), nn.Linear(160, 2))
    settings = {"length": 40, "regularizers": [sd.regularizers.L2()], "threads": 1, "driver": request.param}
    loop = EventLoop()
    widget = loop.do(lambda: sd.SeqDream(model, sd.objectives.Logit(0), **settings))
    widget.send = lambda message, buffers=None: told.append(message)
    yield widget
    widget.close()
    loop.close()


def receive(widget, **message):
    widget._handle_custom_msg(message, [])


def kinds(told):
    return [message["kind"] for message in told]


def widget_instances():
    return ipywidgets.widgets.widget._instances


def dream_threads():
    return [thread for thread in threading.enumerate() if thread.name == "seqdream"]


def at_rest(widget):
    return not widget._runner.playing and not dream_threads()


def test_play_runs_in_the_background_and_pause_stops_at_a_step(w):
    w.play()
    until(lambda: w.session.step_count > 20)
    assert w.playing
    w.pause()
    assert not w.playing
    steps = w.session.step_count
    assert w.step_count == steps
    assert w.status == f"paused at step {steps:,}"
    assert at_rest(w)
    time.sleep(0.05)
    assert w.session.step_count == steps


def test_step_takes_so_many_steps_and_reset_goes_back(w):
    start = w.sequence
    w.step(10)
    assert w.step_count == 10
    assert len(w.probabilities) == 2
    assert w.score == w.session.history["score"][-1]
    w.reset()
    assert w.step_count == 0
    assert w.status == "ready"
    assert torch.equal(w.sequence, start)


def test_a_played_run_has_the_bits_of_a_headless_one(w):
    w.play()
    until(lambda: w.session.step_count > 20)
    w.pause()
    steps = w.session.step_count
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.Tanh(), nn.Flatten(), nn.Linear(160, 2))
    headless = sd.dream(
        model, sd.objectives.Logit(0), length=40, regularizers=[sd.regularizers.L2()], steps=steps, progress=False
    )
    assert torch.equal(w.sequence, headless.sequence)


def test_every_step_reaches_the_front_end_once_and_the_last_frame_always(w, told):
    receive(w, kind="hello", protocol=1)
    w.play()
    until(lambda: w.session.step_count > 200)
    w.pause()
    frames = [message for message in told if message["kind"] == "frame"]
    rows = sum(next(a["shape"][0] for a in frame["arrays"] if a["name"] == "steps") for frame in frames)
    assert rows == w.session.step_count
    assert frames[-1]["step"] == w.session.step_count
    numbers = [message["number"] for message in told]
    assert numbers == sorted(set(numbers))
    assert kinds(told)[0] == "snapshot"


def test_a_command_during_a_run_is_acknowledged_with_its_step(w, told):
    w.play()
    until(lambda: w.session.step_count > 10)
    receive(w, kind="command", id=5, command={"type": "move_point", "index": 20, "value": 2.5, "gesture": 1})
    until(lambda: "acknowledgement" in kinds(told))
    (ack,) = [message for message in told if message["kind"] == "acknowledgement"]
    until(lambda: w.session.step_count >= ack["step"])
    w.pause()
    assert ack["id"] == 5
    assert w.session.sequence_at(ack["step"])[0, 0, 20] == 2.5
    assert w.session.sequence_at(ack["step"] - 1)[0, 0, 20] != 2.5


CENTERED = {"type": "set_objective", "objective": {"type": "preset", "name": "centered", "targets": [1]}}


def test_a_preset_pressed_while_it_runs_says_what_it_does_and_the_dream_goes_on(told):
    demo = sd.load_demo("forda")
    w = sd.SeqDream(demo.model, sd.objectives.Logit(0), data=demo.data, start=3, threads=1)
    w.send = lambda message, buffers=None: told.append(message)
    w.play()
    until(lambda: w.session.step_count > 3)
    receive(w, kind="command", id=5, command=CENTERED)
    until(lambda: "acknowledgement" in kinds(told))
    (step,) = [message["step"] for message in told if message["kind"] == "acknowledgement"]
    until(lambda: w.session.step_count > step + 5)
    words = "centre of abnormal, kept plausible by spectral prior, roughness, data envelope and standardize"
    assert w.status == f"dreaming: {words}"
    assert [m["settings"]["status"] for m in told if m["kind"] == "settings"][-1] == w.status
    w.pause()
    assert w.session.objective == sd.objectives.Prototype(1)
    assert len(w.session.history["score"]) == w.session.step_count
    w.close()


def test_a_preset_without_data_is_refused_in_words(w, told):
    receive(w, kind="command", id=5, command=CENTERED)
    assert kinds(told) == ["refusal"]
    assert told[0]["reason"] == "centered goes by real data and this run has none; give data="
    assert w.session.objective == sd.objectives.Logit(0)


def test_a_new_objective_is_said_while_paused(w):
    receive(w, kind="command", id=5, command={"type": "set_objective", "objective": {"type": "margin", "target": 1}})
    assert w.status == "ready: margin of class 1"


def test_a_command_from_a_cell_during_a_run_goes_through_the_same_inbox(w, told):
    w.play()
    until(lambda: w.session.step_count > 10)
    step = w.session.submit(C.Freeze(5, 9))
    assert step > 10
    with pytest.raises(ValueError, match="sample 6 is frozen"):
        w.session.submit(C.Edit(6, [1.0]))
    with pytest.raises(RuntimeError, match="running already; pause it first"):
        w.session.run(1)
    w.pause()
    assert w.frozen == [[5, 9, None, 0]]
    assert [m["settings"]["frozen"] for m in told if m["kind"] == "settings"][-1] == [[5, 9, None, 0]]


def test_what_is_done_to_the_session_while_paused_is_shown(w, told):
    w.session.run(4)
    w.session.submit(C.Edit(0, [3.0]))
    assert kinds(told)[-2:] == ["frame", "settings"]
    assert w.step_count == 4


def test_many_commands_racing_the_run_are_each_applied_once_in_order(w):
    w.play()
    for k in range(500):
        receive(w, kind="command", id=k, command={"type": "edit", "start": 0, "values": [float(k)]})
    w.pause()
    w.session.submit(C.Freeze(0, 1))
    assert abs(float(w.sequence[0, 0, 0]) - 499.0) < 1.0


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "command", "id": 3, "command": {"type": "freeze", "start": 0, "stop": 99}},
        {"kind": "command", "id": 3, "command": {"type": "edit", "start": 0, "values": ["<script>"]}},
        {"kind": "command", "id": {"a": 1}, "command": {}},
    ],
)
def test_a_bad_message_is_refused_in_words_and_changes_nothing(w, told, message):
    before = w.sequence
    w._handle_custom_msg(message, [])
    assert kinds(told) == ["refusal"]
    assert told[0]["reason"]
    assert torch.equal(w.sequence, before)
    w.step(1)
    assert w.step_count == 1


def test_a_model_that_raises_mid_run_stops_it_with_the_error_in_words(told):
    class Moody(nn.Module):
        calls = 0

        def forward(self, x):
            Moody.calls += 1
            if Moody.calls > 20:
                raise RuntimeError("out of paper")
            return torch.cat([x.sum(dim=2), -x.sum(dim=2)], dim=1)

    widget = sd.SeqDream(Moody(), sd.objectives.Logit(0), length=10, threads=1)
    widget.play()
    until(lambda: widget.error)
    assert "the model raised RuntimeError: out of paper; the step was undone" in widget.error
    assert widget.status.startswith("stopped at step")
    until(lambda: at_rest(widget))
    assert not widget.playing
    Moody.calls = 0
    widget.step(3)
    assert widget.error == ""
    widget.close()


def test_the_playing_trait_can_be_set_and_linked(w):
    button = ipywidgets.ToggleButton()
    ipywidgets.link((w, "playing"), (button, "value"))
    button.value = True
    until(lambda: w.session.step_count > 5)
    assert w.playing
    button.value = False
    until(lambda: at_rest(w))
    until(lambda: not w.playing)


def test_an_observer_can_stop_the_run(w):
    def stop(change):
        if change["new"] >= 5:
            w.playing = False

    w.observe(stop, "step_count")
    w.playing = True
    until(lambda: at_rest(w))
    assert w.session.step_count >= 5


def test_readers_during_a_run_find_every_step_complete(w):
    w.play()
    for _ in range(2000):
        steps = w.session.step_count
        assert w.session.sequence_at(steps).isfinite().all()
        assert len(w.session.history["score"]) >= steps
    w.pause()


def test_the_front_end_can_set_nothing_but_whether_it_plays(w):
    w.set_state({"step_count": 77, "status": "<b>hi</b>", "playing": "yes", "frozen": [[1, 2]]})
    assert (w.step_count, w.status, w.playing, w.frozen) == (0, "ready", False, [])
    w.set_state({"playing": True})
    until(lambda: w.session.step_count > 3)
    w.set_state({"playing": False})
    until(lambda: at_rest(w))


def test_a_step_that_goes_wrong_raises_in_the_cell_that_asked_for_it(w):
    w.session._dreamer.scene.probe._arrange = None
    with pytest.raises(sd.StepError, match="the model raised TypeError"):
        w.step(3)
    assert w.status == "stopped at step 0"
    with pytest.raises(ValueError, match="count = 0 is not allowed; give a whole number from 1 to 10,000"):
        w.step(0)


def test_a_closed_widget_says_so(w):
    w.close()
    with pytest.raises(RuntimeError, match="closed; make a new one"):
        w.play()


def test_of_several_dreams_the_first_is_shown_and_the_others_go_along():
    demo = sd.load_demo("forda")
    settings = {"data": demo.data, "batch_size": 2, "seed": 3}
    widget = sd.SeqDream(demo.model, sd.objectives.Logit(1), threads=1, **settings)
    headless = sd.dream(demo.model, sd.objectives.Logit(1), steps=3, progress=False, **settings)
    widget.step(3)
    assert torch.equal(widget.sequence, headless.sequence)
    assert widget.score == headless.history["score"][0, -1]
    widget.submit(C.Freeze(10, 20, dream=1))
    assert widget.frozen == [[10, 20, None, 1]]
    widget.close()


@pytest.mark.parametrize("make", [sd.SeqDream, sd.Lab])
def test_a_closed_widget_and_its_session_are_let_go(make):
    demo = sd.load_demo("forda")

    def shown_and_closed():
        shown = make(demo.model, sd.objectives.Logit(1), data=demo.data)
        widget = getattr(shown, "widget", shown)
        widget.play()
        until(lambda: widget.session.step_count > 2)
        widget.snapshot()
        shown.close()
        return [weakref.ref(one) for one in (shown, widget, widget.session)]

    left = shown_and_closed()
    gc.collect()
    assert [one() for one in left] == [None] * 3


def test_close_leaves_no_thread(w):
    w.play()
    until(lambda: w.session.step_count > 2)
    w.close()
    assert at_rest(w)


def test_a_run_that_nobody_watches_any_more_waits_for_a_view_and_loses_nothing(w, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.3)
    receive(w, kind="hello", protocol=1)
    w.play()
    until(lambda: at_rest(w))
    until(lambda: "goes on when a view of it opens again" in w.status)
    steps = w.session.step_count
    assert steps > 0
    receive(w, kind="receipt", number=1)
    until(lambda: w.session.step_count > steps)
    until(lambda: at_rest(w))
    receive(w, kind="pause")
    receive(w, kind="hello", protocol=1)
    assert at_rest(w)


def test_one_step_asked_of_a_waiting_run_is_one_step(w, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.3)
    receive(w, kind="hello", protocol=1)
    w.play()
    until(lambda: "goes on when a view of it opens again" in w.status)
    until(lambda: at_rest(w))
    steps = w.session.step_count
    receive(w, kind="step", count=1)
    until(lambda: w.session.step_count == steps + 1)
    until(lambda: at_rest(w))
    assert w.session.step_count == steps + 1


def test_play_right_after_pause_goes_on(w):
    w.play()
    for _ in range(20):
        w._runner.pause(wait=False)
        w.play()
    steps = w.session.step_count
    until(lambda: w.session.step_count > steps + 5)
    assert w.playing
    assert len(dream_threads()) <= 1


def test_steps_that_were_counted_out_are_taken_whether_anyone_watches_or_not(w, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.1)
    receive(w, kind="hello", protocol=1)
    w.step(1500)
    assert w.session.step_count == 1500


def test_any_word_of_the_front_end_shows_that_it_is_there(w, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.5)
    receive(w, kind="hello", protocol=1)
    w.play()
    for _ in range(8):
        time.sleep(0.2)
        receive(w, kind="hello", protocol=1)
    assert w.playing


def test_a_run_that_never_had_a_view_goes_on_without_one(w, monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.3)
    w.play()
    time.sleep(1.0)
    assert w.playing


def test_a_new_view_lets_go_of_what_a_vanished_pointer_held(w):
    receive(w, kind="command", id=1, command={"type": "move_point", "index": 20, "value": 2.5, "gesture": 1})
    assert w.session.gestures == (1,)
    receive(w, kind="hello", protocol=1)
    assert w.session.gestures == ()


def test_the_text_of_a_widget_is_short(w):
    w.step(3)
    assert repr(w) == "SeqDream(step=3, status='paused at step 3')"


class Clock:
    def __init__(self):
        self.now = 100.0
        self.sent = []

    def __call__(self):
        return self.now


def drive(pacer, clock, seconds, lag=None):
    """Let time pass in steps of 1 ms; the front end reports twice a second what it painted `lag` ago."""
    sent = clock.sent
    before = len(sent)
    for tick in range(int(seconds * 1000)):
        clock.now += 0.001
        if pacer.due():
            sent.append((len(sent), clock.now))
            pacer.sent(len(sent) - 1)
        if lag is not None and tick % 500 == 499:
            painted = [number for number, when in sent if when <= clock.now - lag]
            if painted:
                pacer.reported(painted[-1])
    return [when for _, when in sent[before:]]


def test_frames_come_at_most_thirty_a_second_and_nearly_so():
    clock = Clock()
    sent = drive(Pacer(30, clock=clock), clock, 4, lag=0.02)
    assert 115 <= len(sent) <= 121


def test_a_slow_front_end_gets_fewer_frames_and_a_recovered_one_more_again():
    clock = Clock()
    pacer = Pacer(30, clock=clock)
    drive(pacer, clock, 10, lag=1.5)
    slow = pacer.interval
    assert slow > 0.1
    drive(pacer, clock, 10, lag=0.02)
    assert pacer.interval == pytest.approx(1 / 30)


def test_a_silent_front_end_gets_two_frames_a_second_but_the_run_goes_on():
    clock = Clock()
    sent = drive(Pacer(30, clock=clock), clock, 13)
    assert len([when for when in sent if when > 104]) == pytest.approx(18, abs=2)
