"""A sweep on a real Dask cluster of two processes: the same table, to the bit, also when a worker is killed."""

from __future__ import annotations

import os
import resource
import signal
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from distributed import Client, LocalCluster
from torch import nn

import seqdream_widget as sd
from seqdream_widget.sweeps import distant, parcel, sweep

G, R = sd.objectives, sd.regularizers


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("shortcut")


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def settings(demo, **more):
    return {
        "data": demo.data,
        "objectives": [G.Logit(0), G.Prototype(1), sd.presets.centered(demo.data, 1)],
        "regularizers": [[R.L2(0.01), R.Noise(0.1)], [R.L2(0.02), R.Noise(0.2)]],
        "starts": ["noise", 3],
        "seeds": range(4),
        "steps": 8,
        "batch": 32,
        "progress": False,
        **more,
    }


def same(one: sd.Atlas, other: sd.Atlas) -> None:
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    assert np.array_equal(one.sequences, other.sequences, equal_nan=True)


def test_the_table_is_the_same_as_here_to_the_bit(demo, client):
    same(sd.sweep(demo.model, client=client, **settings(demo)), sd.sweep(demo.model, **settings(demo)))


def page_faults() -> int:
    """Count how often the system gives a page while pieces as large as activations are made and freed."""
    torch.ones(2**21)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(2**21)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_a_worker_keeps_what_a_step_has_freed_for_the_next(demo, client):
    sd.sweep(demo.model, client=client, **settings(demo))
    pages = 20 * 2**23 // resource.getpagesize()
    # Where nothing is kept it is all of them. Of its own accord the system gives a few, and more when it is busy.
    assert max(client.run(page_faults).values()) < pages / 2


def test_a_model_of_a_notebook_travels_by_its_code(client):
    class Local(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(30, 3)
            self.tied = self.layer.weight
            self.scale = torch.tensor(2.0)

        def forward(self, x):
            return self.scale * (x[:, 0] @ self.tied.T + self.layer.bias)

    @sd.objectives.base.described
    class Twice(G.Logit, abstract=True):
        def score(self, activity):
            return 2 * super(type(self), self).score(activity)

    torch.manual_seed(0)
    model = Local()
    given = {"objectives": [Twice(1)], "length": 30, "steps": 5, "seeds": range(4), "progress": False}
    same(sd.sweep(model, client=client, **given), sd.sweep(model, **given))
    again = parcel.unpacked(parcel.packed(model))
    assert again.tied is again.layer.weight
    assert torch.equal(again.layer.weight, model.layer.weight)
    assert model.layer.weight.numpy(force=True).tobytes() not in parcel.packed(model).rest


def test_when_a_worker_is_killed_in_the_middle_nothing_is_lost_or_doubled(demo, client, tmp_path, monkeypatch):
    killed = []
    kept = []
    keep = sweep.Shelf.keep

    def keeps(self, number, outcomes):
        kept.append(number)
        if not killed:
            (pid, *_) = client.run(os.getpid).values()
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        keep(self, number, outcomes)

    monkeypatch.setattr(sweep.Shelf, "keep", keeps)
    many = settings(demo, seeds=range(6), steps=20, batch=1)
    atlas = sd.sweep(demo.model, client=client, directory=tmp_path / "s", **many)
    assert killed[0] not in client.run(os.getpid).values()
    assert sorted(kept) == list(range(len(kept)))
    assert len(kept) == len(list((tmp_path / "s").glob("batch-*")))
    assert not atlas.table["failure"].any()
    same(atlas, sd.sweep(demo.model, **many))


def test_what_fails_there_is_a_row_with_its_reason(demo, client, monkeypatch):
    def broken(parcel, dreams):
        if 0 in dreams:
            raise MemoryError("too much")
        return distant._studio_of(parcel)[1].dream(distant._studio_of(parcel)[0].grid, dreams, print)

    monkeypatch.setattr(distant, "_dream_batch", broken)
    atlas = sd.sweep(demo.model, client=client, **settings(demo, batch=1))
    failed = atlas.table["failure"] != ""
    assert failed[0]
    assert not failed[1:].any()
    assert atlas.table["failure"][0] == "its batch failed on the cluster (MemoryError: too much)"


def test_what_cannot_travel_is_said(demo, client):
    class Locked(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.lock = demo.model, threading.Lock()

        def forward(self, x):
            return self.inner(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TypeError, match="cannot travel to workers"):
            sd.sweep(Locked(), client=client, **settings(demo))


def test_a_client_that_goes_away_leaves_what_is_finished(demo, tmp_path):
    kept, many = [], settings(demo, seeds=range(4), steps=20, batch=1)
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        client = Client(cluster)
        keep = sweep.Shelf.keep

        def keeps(self, number, outcomes):
            keep(self, number, outcomes)
            kept.append(number)
            if len(kept) == 2:
                client.close()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sweep.Shelf, "keep", keeps)
            atlas = sd.sweep(
                demo.model,
                client=client,
                directory=tmp_path / "s",
                **settings(demo, seeds=range(4), steps=20, batch=1),
            )
    gone = atlas.table["failure"] == distant.GONE
    assert 2 <= (~gone).sum() < len(atlas)
    same(
        sd.sweep(demo.model, directory=tmp_path / "s", **many),
        sd.sweep(demo.model, **many),
    )
