"""Whether a finding holds on another network."""

from __future__ import annotations

import pytest
import torch

import seqdream_widget as sd
from seqdream_widget.objectives import Boundary, Crossing, Layer, Logit
from tests.models import make


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


@pytest.fixture(scope="module")
def result(demo):
    return sd.dream(demo.model, Logit("abnormal"), data=demo.data, batch_size=2, steps=30, progress=False)


def test_a_dream_holds_on_the_network_it_was_dreamed_on(demo, result):
    transfer = sd.transfer(result, demo.model)
    assert transfer.holds == (True, True)
    assert transfer.share == 1.0
    assert list(transfer.plausibility) == result.plausibility
    torch.testing.assert_close(
        transfer.probabilities, demo.model(result.sequence).softmax(dim=1).detach(), rtol=1e-4, atol=1e-6
    )


def test_on_a_network_that_gives_the_other_class_it_does_not_hold(demo, result):
    class Contrary(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = demo.model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x).flip(1)

    transfer = sd.transfer(result, Contrary())
    assert transfer.holds == (False, False)
    assert transfer.share == 0.0
    assert repr(transfer).startswith("Transfer(0 of 2 hold; ")


def test_the_shortcut_of_a_network_does_not_move_the_twin_that_never_saw_it():
    demo = sd.load_demo("shortcut")
    motif, start, target = demo.truth.motif, demo.truth.start, demo.truth.target
    other = next(name for name in demo.data.class_names if name != target)
    x = demo.data.members(demo.data.class_names.index(other))[:8].clone()
    x[:, 0, start : start + len(motif)] = torch.as_tensor(motif, dtype=torch.float32)
    planted = sd.dream(demo.model, Logit(target), data=demo.data, start=x, batch_size=8, steps=0, progress=False)
    assert sd.transfer(planted, demo.model).share > 0.8
    assert sd.transfer(planted, demo.twin).share < 0.5
    dreamed = sd.dream(demo.model, sd.presets.extreme(target), data=demo.data, steps=50, progress=False)
    assert sd.transfer(dreamed, demo.model).holds == (True,)
    assert len(sd.transfer(dreamed, demo.twin).plausibility) == 1


def test_between_two_classes_it_holds_where_both_lead(demo):
    ecg = sd.load_demo("ecg5000")
    together = Boundary(1, 0) + Crossing(1, 0)
    result = sd.dream(ecg.model, together, data=ecg.data, steps=100, progress=False)
    transfer = sd.transfer(result, ecg.model)
    leading = set(transfer.probabilities[0].topk(2).indices.tolist())
    assert transfer.holds == (leading == {0, 1},) == (True,)


def test_about_no_class_it_holds_where_the_prediction_is_the_same(demo):
    result = sd.dream(demo.model, Layer("block2"), data=demo.data, start=3, steps=2, progress=False)
    assert sd.transfer(result, demo.model).holds == (True,)


def test_without_data_there_is_no_verdict(demo):
    result = sd.dream(demo.model, Logit(0), length=500, steps=5, progress=False)
    transfer = sd.transfer(result, make("lstm"))
    assert transfer.plausibility == ()
    assert repr(transfer) in {"Transfer(0 of 1 hold)", "Transfer(1 of 1 hold)"}
    assert len(sd.transfer(result, demo.model, data=demo.data).plausibility) == 1


def test_a_network_for_other_classes_or_data_of_another_shape_is_refused(demo, result):
    three = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(500, 3))
    with pytest.raises(sd.ShapeError, match="the other network has 3 classes and the dream's 2"):
        sd.transfer(result, three)
    short = sd.SequenceDataset(demo.data.x[:, :, :400], demo.data.y, demo.data.class_names)
    with pytest.raises(sd.ShapeError, match=r"\(1, 500\) and the data \(1, 400\)"):
        sd.transfer(result, demo.model, data=short)
    with pytest.raises(TypeError, match="the model is a str"):
        sd.transfer(result, "resnet")


def test_neither_network_is_changed(demo, result):
    other = make("cnn").train()
    before = {name: value.clone() for name, value in other.state_dict().items()}
    sd.transfer(result, other)
    assert other.training
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
