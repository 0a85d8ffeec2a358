"""A sweep that is killed at any moment goes on to the same table. `make test-sweep-crash` kills ten."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seqdream_widget as sd

G, R = sd.objectives, sd.regularizers
KILLS = int(os.environ.get("KILLS", "2"))


def dreamed(folder: Path | None) -> sd.Atlas:
    demo = sd.load_demo("shortcut")
    return sd.sweep(
        demo.model,
        data=demo.data,
        objectives=[G.Logit(0), G.Margin(1)],
        regularizers=[[R.L2(0.05), R.Noise(0.1)]],
        seeds=range(40),
        steps=60,
        batch=4,
        directory=folder,
        progress=False,
    )


@pytest.fixture(scope="module")
def whole():
    return dreamed(None)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_sweep_that_was_killed_goes_on_to_the_same_table(seed, tmp_path, whole):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    folder = tmp_path / "s"
    process = context.Process(target=dreamed, args=(folder,))
    process.start()
    while not folder.exists():
        time.sleep(0.005)
    time.sleep(random.Random(seed).uniform(0, 0.5))
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "it was done before"
    before = {path.name: path.read_bytes() for path in folder.glob("batch-*")}
    atlas = dreamed(folder)
    pd.testing.assert_frame_equal(atlas.table, whole.table, check_exact=True)
    assert np.array_equal(atlas.sequences, whole.sequences)
    assert len(before) < 20
    assert all((folder / name).read_bytes() == content for name, content in before.items()), "nothing twice"
