"""A process that is killed at any moment loses nothing that it had acknowledged. `make test-crash` kills fifty."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import seqdream_widget as sd
from seqdream_widget import autosave
from seqdream_widget.drivers import runner_class
from seqdream_widget.events import Done, Return, Steps
from seqdream_widget.replaying import carry_out
from tests.unit.programs import OBJECTIVES, Level, data, new, state_of

C = sd.commands
KILLS = int(os.environ.get("KILLS", "6"))


def live(folder: str, seed: int, told: Connection) -> None:
    """Take steps and commands without end; say which commands were acknowledged, and at which step."""
    autosave.CHECKPOINT_EVERY = 0.02
    chance = random.Random(seed)
    session = new(autosave=folder)
    runner = runner_class("thread")(session, Quiet(), measure_threads=False)
    if seed % 2:
        runner.play()
    for k in range(10**6):
        if seed % 2:
            time.sleep(chance.random() * 0.003)
        else:
            session.run(chance.randint(0, 30))
            if chance.random() < 0.1 and session.timeline.undoable:
                session.undo()
        command = chance.choice(
            [
                C.MovePoint(4, chance.uniform(-1, 1), 3, gesture=k // 5),
                C.SetObjective(chance.choice(OBJECTIVES)),
                C.SetLearningRate(chance.uniform(0.01, 0.1)),
                C.SetOptimizer(chance.choice(["adam", "sgd"])),
                C.Edit(6, [chance.uniform(-1, 1)] * 3),
            ]
        )
        session.submit(command)
        told.send(("told", None))
        told.send((k, session.submit(C.Edit(0, [float(k)]))))


class Quiet:
    def started(self) -> None:
        pass

    def stepped(self) -> None:
        pass

    def stopped(self, reason: str, error: str) -> None:
        del reason, error


def edits_in(session: sd.Session) -> dict[int, int]:
    """The marked edits in the log, with the step before which each took effect, if nothing was taken back."""
    found, taken = {}, 0
    for event in session.timeline.events():
        if isinstance(event, Steps):
            taken += event.count
        elif isinstance(event, Done) and isinstance(event.command, C.Edit) and event.command.start == 0:
            found[int(event.command.values[0])] = taken + 1
    return found


@pytest.mark.parametrize("seed", range(KILLS))
def test_after_a_kill_all_that_was_acknowledged_is_there_and_the_run_goes_on_to_the_same_bits(seed, tmp_path):
    # A server that has imported everything forks a fresh process at once, and has no threads yet.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(str(tmp_path / "a"), seed, tells))
    process.start()
    tells.close()
    assert hears.poll(60), "the run did not begin"
    time.sleep(random.Random(seed).uniform(0, 1.5))
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    acknowledged = {}
    while hears.poll():
        try:
            k, step = hears.recv()
        except (EOFError, OSError):
            break
        if step is not None:
            acknowledged[k] = step

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torn off in mid-write")
        session = sd.resume(tmp_path / "a", Level(), data=data())
    found = edits_in(session)
    assert list(found) == list(range(len(found)))
    assert set(acknowledged) <= set(found)
    if not any(isinstance(event, Return) for event in session.timeline.events()):
        assert {k: found[k] for k in acknowledged} == acknowledged

    uninterrupted = new()
    for event in session.timeline.events():
        carry_out(uninterrupted, event)
    assert state_of(session) == state_of(uninterrupted)
    for go_on in (session, uninterrupted):
        go_on.run(20)
        go_on.submit(C.MovePoint(5, 0.5, 3))
        go_on.run(5)
        for _ in go_on.timeline.undoable[-6:]:
            go_on.undo()
    assert state_of(session) == state_of(uninterrupted)


def test_what_is_killed_has_got_somewhere(tmp_path):
    """The test above would hold of a process that does nothing; this one does much before it ends."""
    context = multiprocessing.get_context("forkserver")
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(str(tmp_path / "a"), 0, tells))
    process.start()
    for _ in range(60):
        assert hears.poll(60)
        hears.recv()
    process.kill()
    process.join()
    assert Path(tmp_path / "a" / "checkpoint.safetensors").exists()
    session = sd.resume(tmp_path / "a", Level(), data=data())
    assert len(edits_in(session)) >= 30
    assert session.step_count > 100
