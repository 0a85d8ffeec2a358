"""A kernel that is killed while a widget plays: the next one goes on from what was acknowledged."""

from __future__ import annotations

import os
import signal
import sys
import time

from tests.kernel.frontend import FrontEnd, View

SETUP = """
import torch
import seqdream_widget as sd
demo = sd.load_demo("ecg5000")
def same_bits(session):
    "Whether the session has the bits of one that was never interrupted."
    from seqdream_widget.replaying import carry_out
    alone = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, start=3)
    for event in session.timeline.events():
        carry_out(alone, event)
    return torch.equal(alone.sequence, session.sequence)
"""
MAKE = "w = sd.SeqDream(demo.model, sd.objectives.Logit(0), data=demo.data, start=3, threads=1, autosave={!r})"


def test_a_kernel_killed_mid_run_is_gone_on_from_in_the_next_one(tmp_path):
    kernel = FrontEnd(sys.executable)
    kernel.run(SETUP)
    kernel.run(MAKE.format(str(tmp_path / "dream")))
    view = View(kernel, "w")
    view.send(kind="play")
    given = {}
    for value in range(20):
        given[view.edit(10, float(value))] = float(value)
        kernel.until(lambda: len(view.heard("acknowledgement")) > len(given) // 2)
    time.sleep(1.2)  # long enough for a checkpoint
    kernel.until(lambda: view.heard("frame"))
    os.kill(kernel.manager.provisioner.process.pid, signal.SIGKILL)
    acknowledged = [given[told["id"]] for told in view.heard("acknowledgement")]
    kernel.close()
    assert len(acknowledged) > 10
    assert (tmp_path / "dream" / "checkpoint.safetensors").exists()

    kernel = FrontEnd(sys.executable)
    kernel.run(SETUP)
    kernel.run(f"w = sd.SeqDream(session=sd.resume({str(tmp_path / 'dream')!r}, demo.model, data=demo.data))")
    kept = kernel.ask("[e.command.values[0] for e in w.session.timeline.events() if hasattr(e, 'command')]")
    assert kept[: len(acknowledged)] == acknowledged
    assert kernel.ask("w.session.step_count") > 10
    assert kernel.ask("same_bits(w.session)")
    kernel.run("w.step(20)")
    assert kernel.ask("same_bits(w.session)")
    kernel.close()
