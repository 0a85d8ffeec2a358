"""Dreams run on an accelerator where there is one; tests of that are left out where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import seqdream_widget as sd
from seqdream_widget.devices import accelerator
from seqdream_widget.objectives import Objective
from seqdream_widget.regularizers import Regularizer

G, R = sd.objectives, sd.regularizers


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("shortcut")


def objectives(data) -> list[Objective]:
    vector = torch.ones(16)
    return [
        *(kind(1) for kind in (G.Logit, G.Margin, G.Probability, G.Prototype, G.Rim)),
        G.Boundary(0, 1) + G.Crossing(0, 1),
        G.Neuron("conv1", 2) + G.Channel("conv2", 1) + G.Layer("conv1") + G.Direction("conv2", vector),
        G.Logit(0) + 0.1 * G.Stay(data.x[3]) + G.Diversity(),
    ]


@pytest.mark.parametrize("device", ["nowhere", "meta", "cuda:99", torch.device("xpu", 77)])
def test_a_device_that_is_not_here_is_said_in_words(demo, device):
    with pytest.raises(ValueError, match=r'is not here; give one of this machine\'s \("cpu"'):
        sd.dream(demo.model, G.Logit(0), data=demo.data, device=device, steps=1, progress=False)
    with pytest.raises(ValueError, match="is not here"):
        sd.sweep(demo.model, data=demo.data, objectives=[G.Logit(0)], device=device, progress=False)


def test_the_device_is_logged_and_taken_up_again(demo):
    atlas = sd.sweep(demo.model, data=demo.data, objectives=[G.Logit(0)], steps=2, device="cpu", progress=False)
    assert list(atlas.table["device"]) == ["cpu"]
    assert np.array_equal(atlas.again(0).sequence[0], atlas.sequences[0])
    result = sd.dream(demo.model, G.Logit(0), data=demo.data, steps=2, device="cpu", progress=False)
    assert result.log.records[0]["device"] == "cpu"


@pytest.mark.accelerator
@pytest.mark.parametrize("number", range(8))
def test_a_step_there_is_the_step_here(demo, number):
    regularizers = [kind() for kind in Regularizer.types.values()]
    settings = {"data": demo.data, "batch_size": 2, "steps": 1, "progress": False, "regularizers": regularizers}
    objective = objectives(demo.data)[number]
    here, there = (sd.dream(demo.model, objective, device=device, **settings) for device in ("cpu", accelerator()))
    assert there.sequence.device.type == "cpu"
    assert (there.sequence - here.sequence).abs().max() < 1e-3
    assert there.history["score"] == pytest.approx(here.history["score"], rel=1e-3, abs=1e-3)


@pytest.mark.accelerator
@pytest.mark.parametrize("form", ["samples", "fourier", "magnitude_fourier", "spline"])
def test_edits_frozen_segments_and_the_way_back_work_there(demo, form):
    session = sd.Session(demo.model, G.Logit(1), data=demo.data, device=accelerator(), parameterization=form)
    session.run(3)
    session.submit(sd.commands.Freeze(10, 30))
    session.submit(sd.commands.MovePoint(50, 1.0, 5))
    held = session.sequence[..., 10:30]
    session.run(3)
    assert torch.equal(session.sequence[..., 10:30], held)
    again = sd.replay(session.log, demo.model, data=demo.data)
    assert torch.equal(again.sequence, session.sequence)
    session.undo()
    session.redo()
    assert torch.equal(again.sequence, session.sequence)


@pytest.mark.accelerator
def test_a_sweep_mixes_dreams_there_as_here(demo):
    settings = [[kind(name=kind.__name__) for kind in (R.L2, R.SpectralPrior, R.Noise, R.GaussianBlur)]] * 2
    given = {"data": demo.data, "objectives": objectives(demo.data)[:6], "regularizers": settings}
    here, there = (
        sd.sweep(demo.model, device=device, steps=1, seeds=range(2), progress=False, **given)
        for device in ("cpu", accelerator())
    )
    assert np.abs(here.sequences - there.sequences).max() < 1e-3
    assert set(there.table["device"]) == {str(torch.device(accelerator(), 0)), accelerator()} & set(
        there.table["device"]
    )
    assert np.array_equal(there.again(3).sequence[0], there.sequences[3])
