"""What takes the steps of a widget that plays; above all the event loop, with ``driver="asyncio"``."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import types

import pytest
import torch
from torch import nn

import seqdream_widget as sd
from seqdream_widget.drivers import runner_class
from tests.unit.loops import EventLoop, awaited, in_thread, until
from tests.unit.programs import Level, data

C = sd.commands


@contextlib.contextmanager
def widget(driver="asyncio"):
    """Make a widget that keeps what it tells."""
    w = sd.SeqDream(Level(), sd.objectives.Logit("high"), data=data(), threads=1, driver=driver)
    w.told = []
    w.send = lambda message, buffers=None: w.told.append(message)
    try:
        yield w
    finally:
        w.close()


def receive(w, **message):
    w._handle_custom_msg(message, [])


def answer(w, identifier):
    return next((told for told in w.told if told.get("id") == identifier), None)


# ---- which driver ----------------------------------------------------------------------------------------------------


def name_of(driver):
    return runner_class(driver).__name__


def test_a_thread_drives_unless_threads_do_not_show(monkeypatch):
    assert name_of("auto") == "ThreadRunner"
    monkeypatch.setitem(sys.modules, "marimo", types.SimpleNamespace(running_in_notebook=lambda: False))
    assert name_of("auto") == "ThreadRunner"
    monkeypatch.setitem(sys.modules, "marimo", types.SimpleNamespace(running_in_notebook=lambda: True))
    assert name_of("auto") == "LoopRunner"
    monkeypatch.delitem(sys.modules, "marimo")
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert name_of("auto") == "LoopRunner"
    assert name_of("thread") == "ThreadRunner"
    monkeypatch.delitem(sys.modules, "google.colab")
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert name_of("auto") == "LoopRunner"


@pytest.mark.parametrize("driver", ["process", None, 3, ["thread"]])
def test_another_driver_is_refused_with_what_is_allowed(driver):
    with pytest.raises(ValueError, match=r'driver = .* is not allowed; give "auto", "thread" or "asyncio"'):
        sd.SeqDream(Level(), sd.objectives.Logit(1), data=data(), driver=driver)


def test_without_an_event_loop_play_says_what_to_do_and_steps_can_be_taken():
    with widget() as w:
        for play in (w.play, lambda: setattr(w, "playing", True)):
            with pytest.raises(
                RuntimeError, match=r'none runs here; take steps with w.step\(100\), or make .*"thread"'
            ):
                play()
            assert not w.playing
        receive(w, kind="play")
        assert "none runs here" in w.told[-1]["reason"]
        w.step(7)
        w.session.run(3)
        assert w.step_count == 10


# ---- on the loop's own thread: cells, and messages of the front end --------------------------------------------------


def test_play_and_pause_from_the_loop_itself():
    async def notebook():
        with widget() as w:
            w.play()
            assert w.session.step_count == 0
            await awaited(lambda: w.session.step_count > 50)
            assert w.playing
            assert w.status == "dreaming"
            assert threading.active_count() == threads
            w.pause()
            assert not w.playing
            steps = w.session.step_count
            assert (w.step_count, w.status) == (steps, f"paused at step {steps:,}")
            await asyncio.sleep(0.05)
            assert w.session.step_count == steps
            frames = [told for told in w.told if told["kind"] == "frame"]
            assert frames[-1]["step"] == steps
            alone = sd.Session(Level(), sd.objectives.Logit("high"), data=data())
            alone.run(steps)
            assert torch.equal(alone.sequence, w.sequence)

    threads = threading.active_count()
    asyncio.run(notebook())


def test_a_command_on_the_loop_is_carried_out_and_acknowledged_at_once():
    async def notebook():
        with widget() as w:
            w.play()
            await awaited(lambda: w.session.step_count > 10)
            steps = w.session.step_count
            receive(w, kind="command", id=4, command={"type": "edit", "start": 2, "values": [2.5]})
            assert answer(w, 4)["step"] == steps + 1
            assert w.sequence[0, 0, 2] == 2.5
            assert w.submit(C.Freeze(5, 7)) == steps + 1
            assert w.frozen == []  # the traits follow twice a second
            with pytest.raises(ValueError, match="sample 6 is frozen"):
                w.submit(C.Edit(6, [1.0]))
            with pytest.raises(RuntimeError, match="running already; pause it first"):
                w.session.run(1)
            with pytest.raises(RuntimeError, match="running already; pause it first"):
                w.session.undo()
            await awaited(lambda: w.session.step_count > steps + 5)
            w.pause()
            assert w.frozen == [[5, 7, None, 0]]
            w.session.undo()
            assert w.session.frozen == []

    asyncio.run(notebook())


def test_messages_and_the_trait_play_and_pause():
    async def notebook():
        with widget() as w:
            receive(w, kind="play")
            await awaited(lambda: w.session.step_count > 5)
            receive(w, kind="pause")
            assert not w.playing
            w.playing = True
            await awaited(lambda: w.session.step_count > 10)
            w.playing = False
            assert w.status.startswith("paused")
            w.set_state({"playing": True})
            await awaited(lambda: w.playing)
            w.set_state({"playing": False})
            assert not w.playing
            steps = w.session.step_count
            receive(w, kind="step", count=12)
            await awaited(lambda: not w._runner.playing)
            assert w.session.step_count == steps + 12

    asyncio.run(notebook())


def test_steps_in_a_cell_are_waited_for_also_while_it_plays():
    async def notebook():
        with widget() as w:
            w.step(20)
            assert (w.session.step_count, w.playing) == (20, False)
            w.play()
            await awaited(lambda: w.session.step_count > 30)
            steps = w.session.step_count
            w.step(15)
            assert w.session.step_count == steps + 15
            await asyncio.sleep(0.05)
            assert (w.session.step_count, w.playing) == (steps + 15, False)

    asyncio.run(notebook())


def test_play_right_after_pause_goes_on_as_one_run():
    async def notebook():
        with widget() as w:
            w.play()
            for _ in range(20):
                w.pause()
                w.play()
            await awaited(lambda: w.session.step_count > 20)
            running = [task for task in asyncio.all_tasks() if task.get_name() == "seqdream"]
            assert len(running) == 1

    asyncio.run(notebook())


@pytest.mark.parametrize("driver", ["thread", "asyncio"])
def test_an_observer_may_submit_pause_and_step_between_two_steps(driver):
    async def notebook():
        with widget(driver) as w:

            def look(change):
                if change["new"] == 0:
                    return
                done.append(w.submit(C.Edit(0, [1.0])))
                if len(done) == 1:
                    w.step(5)
                else:
                    w.pause()

            done = []
            w.observe(look, "step_count")
            w.play()
            await awaited(lambda: len(done) == 2 and w.status.startswith("paused"))
            assert not w.playing
            assert w.session.step_count == done[0] - 1 + 5

    asyncio.run(notebook())


@pytest.mark.parametrize("driver", ["thread", "asyncio"])
def test_an_observer_may_close_the_widget_that_plays(driver):
    async def notebook():
        with widget(driver) as w:
            w.observe(lambda change: w.close(), "step_count")
            w.play()
            await awaited(lambda: not w._runner.playing and w.status.endswith("closed"))
            assert w.error == ""

    asyncio.run(notebook())


def test_several_widgets_play_at_once_whatever_drives_them():
    async def notebook():
        with widget() as one, widget() as two, widget("thread") as three:
            for w in (one, two, three):
                w.play()
            await awaited(lambda: min(w.session.step_count for w in (one, two, three)) > 40)
            for w in (one, two, three):
                w.pause()
            steps = max(w.session.step_count for w in (one, two, three))
            for w in (one, two, three):
                if steps > w.session.step_count:
                    w.step(steps - w.session.step_count)
            assert torch.equal(one.sequence, two.sequence)
            assert torch.equal(one.sequence, three.sequence)

    asyncio.run(notebook())


def test_a_widget_made_while_another_plays_on_a_thread_leaves_that_one_alone():
    class Normed(nn.Module):
        """Waits, while it is traced for folding its BatchNorm, for the other to take a few steps."""

        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(40, 2))

        def forward(self, x):
            if isinstance(x, torch.fx.Proxy):
                seen.append(one.session.step_count)
                until(lambda: one.session.step_count > seen[-1] + 3)
            return self.layers(x)

    seen = []
    with widget("thread") as one:
        one.play()
        sd.Session(Normed(), sd.objectives.Logit(1), data=data())
        steps = one.session.step_count
        until(lambda: one.session.step_count > steps + 3)
        assert one.playing
    assert len(seen) == 1
    assert one.error == ""


def test_a_widget_closed_while_it_plays_takes_no_further_step():
    async def notebook():
        with widget() as w:
            w.play()
            await awaited(lambda: w.session.step_count > 5)
            w.close()
            steps = w.session.step_count
            await asyncio.sleep(0.05)
            assert w.session.step_count == steps
            assert not [task for task in asyncio.all_tasks() if task.get_name() == "seqdream"]
            with pytest.raises(RuntimeError, match="closed; make a new one"):
                w.play()

    asyncio.run(notebook())


def test_a_loop_that_ends_while_it_plays_leaves_a_paused_widget_that_says_why():
    async def notebook():
        w.play()
        await awaited(lambda: w.session.step_count > 5)

    async def another():
        w.play()
        await awaited(lambda: w.session.step_count > steps + 5)
        w.pause()

    with widget() as w:
        asyncio.run(notebook())
        steps = w.session.step_count
        assert not w.playing
        assert w.status == f"paused at step {steps}: its task was cancelled"
        asyncio.run(another())


# ---- from other threads, as subshells do -----------------------------------------------------------------------------


def test_while_a_cell_keeps_the_loop_busy_other_threads_are_answered():
    loop, busy, go_on = EventLoop(), threading.Event(), threading.Event()
    w = loop.do(lambda: sd.SeqDream(Level(), sd.objectives.Logit("high"), data=data(), threads=1, driver="asyncio"))
    try:
        w.play()

        def cell():
            busy.set()
            assert go_on.wait(30)

        in_thread(lambda: loop.do(cell))
        assert busy.wait(30)
        steps = w.session.step_count
        assert in_thread(lambda: w.submit(C.Edit(0, [2.0]))).result(10) == steps + 1
        assert w.sequence[0, 0, 0] == 2.0
        in_thread(w.pause).result(10)
        assert w.status == (f"paused at step {steps}" if steps else "ready")
        in_thread(lambda: w.step(5)).result(10)
        assert w.session.step_count == steps + 5
        in_thread(w.close).result(10)
    finally:
        go_on.set()
        loop.close()
