"""A sweep that is killed at any moment goes on to the same table. `make test-sweep-crash` kills ten times."""

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
SEEDS = 10
BATCHES = 2 * SEEDS
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


def dreamed(folder: Path | None) -> sd.Atlas:
    demo = sd.load_demo("shortcut")
    return sd.sweep(
        demo.model,
        data=demo.data,
        objectives=[G.Logit(0), G.Margin(1)],
        regularizers=[[R.L2(0.05), R.Noise(0.1)]],
        seeds=range(SEEDS),
        steps=200,
        batch=1,
        directory=folder,
        progress=False,
    )


@pytest.fixture(scope="module")
def whole():
    return dreamed(None)


def finished(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("batch-*")}


def killed_at(moment: float, folder: Path, batch_seconds: float) -> bool:
    """Begin or go on with a sweep, and kill it where so many batches, and that share of one, are behind it."""
    process = CONTEXT.Process(target=dreamed, args=(folder,))
    process.start()
    while process.is_alive() and (not folder.exists() or len(finished(folder)) < int(moment)):
        time.sleep(0.002)
    time.sleep(moment % 1 * batch_seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL and len(finished(folder)) < BATCHES


def resumed(folder: Path, whole: sd.Atlas) -> None:
    before = finished(folder)
    atlas = dreamed(folder)
    pd.testing.assert_frame_equal(atlas.table, whole.table, check_exact=True)
    assert np.array_equal(atlas.sequences, whole.sequences)
    after = finished(folder)
    assert len(after) == BATCHES
    assert before.items() <= after.items(), "what is finished is not dreamed twice: its seconds would be others"


def test_a_sweep_that_was_killed_goes_on_to_the_same_table(tmp_path, whole):
    """One moment falls into each part of the sweep. Later than the last, it kills the sweep that goes on from there."""
    chance = random.Random(KILLS)
    # Up to the last batch but one: the last may be done before a signal comes.
    moments = [(BATCHES - 1) * (part + chance.random()) / KILLS for part in range(KILLS)]
    chance.shuffle(moments)
    folder, last, behind = tmp_path / "0", 0.0, []
    for number, moment in enumerate(moments):
        if moment < last:
            resumed(folder, whole)
            folder = tmp_path / f"{number}"
        for attempt in range(5):
            if killed_at(moment, folder, float(np.median(whole.seconds)) / 4**attempt):
                break
            # It was done just before, faster than the whole one: once more from the beginning, with less patience.
            resumed(folder, whole)
            folder = tmp_path / f"{number}, {attempt}"
        else:
            pytest.fail(f"five sweeps were done before they could be killed at {moment:.2f} of {BATCHES} batches")
        behind.append(len(finished(folder)))
        last = moment
    resumed(folder, whole)
    assert len(behind) == KILLS
    assert all(int(moment) <= done < BATCHES for moment, done in zip(moments, behind, strict=True))
    print(f"\nkilled with {', '.join(map(str, behind))} of {BATCHES} batches finished")
