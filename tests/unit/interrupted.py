"""A process that interrupts itself by real signals, at random moments: what `test_interrupts.py` runs.

    python -m tests.unit.interrupted

It prints as JSON what went wrong in each scene: nothing, where all that is claimed holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import seqdream_widget as sd
from seqdream_widget.events import Steps
from seqdream_widget.sweeps.sweep import INTERRUPTED
from tests.unit.programs import Level, data, new, state_of

C = sd.commands
ROUNDS = 30
chance = random.Random(0)


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def later(ready: Callable[[], bool]) -> threading.Thread:
    """Press Ctrl-C at a random moment after `ready`."""

    def press() -> None:
        while not ready():
            time.sleep(0)
        time.sleep(chance.uniform(0, 0.01))
        press_ctrl_c()

    thread = threading.Thread(target=press)
    thread.start()
    return thread


def check_whole(session: sd.Session) -> None:
    """Dreamer, history, timeline and what was published agree."""
    steps = session.step_count
    assert session._dreamer.step_count == steps
    assert len(session.history["score"]) == steps
    assert bool(torch.isfinite(torch.tensor(session.history["score"])).all())
    assert torch.equal(session.sequence, session._dreamer.sequence())
    assert session.sequence_at(steps).isfinite().all()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def check_again(session: sd.Session) -> None:
    """What happened, done again without an interrupt, comes to the same bits; and both go on alike."""
    again = sd.replay(session.log, Level(), data=data())
    assert again.divergence is None
    assert state_of(again) == state_of(session)
    again.run(20)
    session.run(20)
    assert state_of(again) == state_of(session)


def run() -> None:
    """Stop `run` thirty times: each time it returns, says so, and nothing is lost."""
    session, alone = new(), new()
    heard: list[int] = []
    for _ in range(ROUNDS):
        before = session.step_count
        pressed = later(lambda: session.step_count > before)  # noqa: B023 - joined below
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            session.run(10**9, lambda session: heard.append(session.step_count))
        pressed.join()
        (word,) = [str(warning.message) for warning in said]
        assert word == f"interrupted after step {session.step_count:,}; everything up to there is kept"
        check_whole(session)
        (steps,) = [event.count for event in session.timeline.events() if isinstance(event, Steps)]
        assert steps == session.timeline.tick == session.step_count > before
        assert torch.equal(session.sequence, session.sequence_at(steps))
    assert heard == list(range(1, session.step_count + 1))
    alone.run(session.step_count)
    assert state_of(alone) == state_of(session)
    check_again(session)


def commands() -> None:
    """Stop a hand that steers: a command is carried out whole or not at all."""
    session = new()
    for number in range(ROUNDS):
        given = 0
        pressed = later(lambda: given > 0)  # noqa: B023 - joined below
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                session.submit(C.Edit(given % 9, [float(number)]))
                session.submit(C.Freeze(9, 11) if given % 2 else C.Unfreeze(9, 11))
                given += 1
                if given > 3:
                    session.undo()
                    session.redo()
        pressed.join()
        check_whole(session)
        session.run(3)
    check_again(session)


def result() -> None:
    """An interrupted dream is a result."""
    started: list[int] = []
    pressed = later(lambda: bool(started))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        dreamt = sd.dream(
            Level(), sd.objectives.Logit("high"), data=data(), steps=10**6, callback=lambda s: started.append(1)
        )
    pressed.join()
    steps = dreamt.session.step_count
    assert 0 < steps < 10**6
    assert [str(warning.message) for warning in said] == [
        f"interrupted after step {steps:,}; everything up to there is kept"
    ]
    assert len(dreamt.history["score"]) == steps
    alone = sd.dream(Level(), sd.objectives.Logit("high"), data=data(), steps=steps, progress=False)
    assert torch.equal(alone.sequence, dreamt.sequence)


def swept() -> None:
    """An interrupted sweep is an atlas: the dreams that are not dreamed are rows that say so, and it can go on."""

    def sweep(**settings) -> sd.Atlas:
        return sd.sweep(
            Level(),
            objectives=[objective],
            data=data(),
            seeds=range(60),
            steps=200,
            batch=1,
            progress=False,
            **settings,
        )

    objective = sd.objectives.Logit("high")
    whole = sweep()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "sweep"
        pressed = later(lambda: any(directory.glob("batch-*")))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            atlas = sweep(directory=directory)
        pressed.join()
        done = (atlas.table["failure"] == "").to_numpy()
        assert 1 <= done.sum() < 60
        (message,) = said
        assert str(message.message).startswith(f"interrupted: {done.sum()} of 60 batches are finished")
        assert set(atlas.table["failure"][~done]) == {INTERRUPTED}
        assert np.array_equal(atlas.sequences[done], whole.sequences[done])
        assert np.isnan(atlas.sequences[~done]).all()
        again = sweep(directory=directory)
    assert again.table.equals(whole.table)
    assert np.array_equal(again.sequences, whole.sequences)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Stuck(Level):
    """Does not come back."""

    hangs = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        while self.hangs and not torch.is_inference_mode_enabled():
            Stuck.reached.set()
            time.sleep(0.001)
        return super().forward(x)

    reached = threading.Event()


def twice() -> None:
    """A second Ctrl-C does not wait for a step that never ends; the step is undone."""
    session, alone = (sd.Session(Stuck(), sd.objectives.Logit("high"), data=data()) for _ in range(2))
    session.run(5)
    before = state_of(session)

    def press() -> None:
        Stuck.reached.wait()
        press_ctrl_c()
        time.sleep(0.1)
        press_ctrl_c()

    Stuck.hangs = True
    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        session.run(5)
    except KeyboardInterrupt:
        Stuck.hangs = False
    else:
        raise AssertionError("it came back")
    pressing.join()
    check_whole(session)
    assert state_of(session) == before
    session.run(5)
    alone.run(10)
    assert state_of(session) == state_of(alone)


def tasks() -> None:
    """Stop `arun` as asyncio stops its tasks: between two steps."""
    session, alone = new(), new()
    for _ in range(ROUNDS):
        before = session.step_count
        pressed = later(lambda: session.step_count > before)  # noqa: B023 - joined below
        try:
            asyncio.run(session.arun())
        except KeyboardInterrupt:
            pressed.join()
        else:
            raise AssertionError("it was not interrupted")
        check_whole(session)
    alone.run(session.step_count)
    assert state_of(alone) == state_of(session)


def widget() -> None:
    """Stop a widget on an event loop where the loop ignores Ctrl-C, as a notebook's does: its status says so."""

    def press_until_paused() -> None:
        # Between two slices it is ignored, as by an idle notebook: whoever sees that it plays on, presses again.
        time.sleep(chance.uniform(0, 0.02))
        while w.playing:
            press_ctrl_c()
            stopped.wait(0.3)

    async def notebook() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for _ in range(ROUNDS):
            before = w.session.step_count
            stopped.clear()
            w.play()
            while w.session.step_count == before:
                await asyncio.sleep(0.001)
            pressing = threading.Thread(target=press_until_paused)
            pressing.start()
            while w.playing:
                await asyncio.sleep(0.001)
            stopped.set()
            pressing.join()
            assert w.status == f"paused at step {w.session.step_count:,}: interrupted"
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        signal.signal(signal.SIGINT, signal.default_int_handler)

    stopped = threading.Event()
    w = sd.SeqDream(Level(), sd.objectives.Logit("high"), data=data(), threads=1, driver="asyncio")
    asyncio.run(notebook())
    check_whole(w.session)
    before = w.session.step_count
    pressed = later(lambda: w.session.step_count > before)
    w.step(10_000)
    pressed.join()
    assert before < w.session.step_count < before + 10_000
    assert w.status == f"paused at step {w.session.step_count:,}: interrupted"
    check_whole(w.session)
    check_again(w.session)


SCENES = {scene.__name__: scene for scene in (run, commands, result, swept, twice, tasks, widget)}

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
    wrong = dict.fromkeys(SCENES, "")
    for name, scene in SCENES.items():
        try:
            scene()
        except BaseException:  # noqa: BLE001 - a stray KeyboardInterrupt is what this is about
            wrong[name] = traceback.format_exc()
    print(json.dumps(wrong))
    # And Python ends well while a widget plays on a thread: its exit code tells.
    playing = sd.SeqDream(Level(), sd.objectives.Logit("high"), data=data(), driver="thread")
    playing.play()
    while playing.session.step_count < 20:
        time.sleep(0.001)
