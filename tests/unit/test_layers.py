"""Objectives about the inside of a network: units, channels, layers, directions."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.classes import Classes
from seqdream_widget.objectives import Channel, Direction, Layer, Logit, Neuron, Objective
from seqdream_widget.probe import Activity, Probe
from seqdream_widget.scene import Scene
from tests.models import FAMILIES, make


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


@pytest.fixture(scope="module")
def scene(demo):
    return Scene(Probe(demo.model, 1, 500), Classes(("normal", "abnormal")), (1, 500))


SEEN = Activity(
    torch.zeros(2, 2),
    torch.zeros(1, 1, 2),
    torch.zeros(1, 2),
    layers={"a": torch.arange(24.0).reshape(2, 3, 4), "b": torch.zeros(2, 3)},
)


# ---- the list ---------------------------------------------------------------------------------------------------


def test_layers_lists_names_and_shapes_in_the_order_of_calls(demo):
    layers = sd.layers(demo.model, demo.data)
    names = list(layers)
    assert names[:2] == ["block1.conv1", "block1.norm1"]
    assert names[-2:] == ["pool", "classifier"]
    assert layers["block2.conv1"] == (32, 500)
    assert layers["classifier"] == (2,)
    assert "block2.conv1          Conv1d             32 × 500" in repr(layers).splitlines()


@pytest.mark.parametrize("example", [500, torch.zeros(500), np.zeros((1, 500)), torch.zeros(3, 1, 500)])
def test_layers_takes_a_length_or_a_sequence(demo, example):
    assert sd.layers(demo.model, example) == sd.layers(demo.model, demo.data)


def test_layers_changes_nothing_of_the_model(demo):
    model = make("resnet").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    sd.layers(model, demo.data)
    assert all(module.training and not module._forward_hooks for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("family", "layer", "shape"),
    [("lstm", "recurrent", (16, 500)), ("transformer", "encoder", (16, 124)), ("transformer", "stem", (16, 124))],
)
def test_the_channel_comes_first_also_where_a_network_puts_its_features_last(family, layer, shape):
    assert sd.layers(make(family), 500)[layer] == shape


def test_a_recurrent_layer_that_has_time_first_is_turned_too():
    class TimeFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent, self.head = nn.GRU(1, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.recurrent(x.permute(2, 0, 1))[0].mean(dim=0))

    assert sd.layers(TimeFirst(), 30)["recurrent"] == (4, 30)


# ---- the scores -------------------------------------------------------------------------------------------------


def test_the_scores_are_what_the_formulas_say():
    a = SEEN.layers["a"]
    assert Neuron("a", 1, time=2).score(SEEN).tolist() == [6.0, 18.0]
    assert Channel("a", 1).score(SEEN).tolist() == [5.5, 17.5]
    assert Channel("b", 1).score(SEEN).tolist() == Neuron("b", 1).score(SEEN).tolist() == [0.0, 0.0]
    torch.testing.assert_close(Layer("a").score(SEEN), a.flatten(1).square().mean(dim=1))
    torch.testing.assert_close(Direction("a", [1, 0, -1], kind="dot").score(SEEN), torch.tensor([-8.0, -8.0]))
    whole = Direction("a", np.ones((3, 4))).score(SEEN)
    expected = a.flatten(1).sum(dim=1) / (a.flatten(1).norm(dim=1) * 12**0.5)
    torch.testing.assert_close(whole, expected)


def test_a_direction_of_a_silent_layer_has_cosine_zero_and_a_finite_gradient():
    hidden = torch.zeros(1, 3, requires_grad=True)
    score = Direction("b", [0.0, 2.0, 0.0]).score(
        Activity(torch.zeros(1, 2), torch.zeros(1, 1, 2), torch.zeros(1, 2), layers={"b": hidden})
    )
    (gradient,) = torch.autograd.grad(score.sum(), hidden)
    assert score.tolist() == [0.0]
    assert gradient.isfinite().all()


vectors = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3).filter(lambda v: max(map(abs, v)) > 1e-3)


@given(vectors, st.floats(1, 9))
@settings(deadline=None)
def test_a_cosine_is_bounded_and_asks_only_for_the_direction(vector, factor):
    score = Direction("a", vector).score(SEEN)
    assert (score.abs() <= 1 + 1e-5).all()
    torch.testing.assert_close(Direction("a", [factor * v for v in vector]).score(SEEN), score, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"scripted", "traced"}))
@pytest.mark.parametrize("kind", [Layer, lambda name: Channel(name, 0), lambda name: Neuron(name, 0)])
def test_a_dream_climbs_any_layer_of_any_family(family, kind):
    model = make(family)
    name = next(iter(sd.layers(model, 500)))
    result = sd.dream(model, kind(name), length=500, steps=8, progress=False)
    assert result.history["score"][-1] > result.history["score"][0]


@pytest.mark.parametrize("name", ["block2.conv2", "block2.norm2", "block2.relu3", "block2", "pool"])
def test_a_dream_climbs_what_the_users_own_model_computes(demo, name):
    """Folded or not: the score is the activation of the user's model, BatchNorm and all."""
    kept = []
    handle = demo.model.get_submodule(name).register_forward_hook(lambda *call: kept.append(call[-1].clone()))
    session = sd.Session(demo.model, Channel(name, 5), data=demo.data, start=3)
    session.run(1)
    kept.clear()
    with torch.no_grad():
        demo.model(demo.data.x[3:4])
    handle.remove()
    assert session.history["score"][0] == pytest.approx(float(kept[0][0, 5].mean()), abs=1e-4)


def test_the_middle_is_meant_where_no_time_is_given(scene):
    assert Neuron("block1.relu3", 3).resolve(scene) == Neuron("block1.relu3", 3, time=250)
    assert Neuron("classifier", 1).resolve(scene).time is None


def test_composed_objectives_ask_for_each_layer_once(demo):
    composed = Layer("pool") + 0.5 * Channel("pool", 1) - Neuron("block1", 2) + Logit(0)
    assert composed.layers == ("pool", "block1")
    session = sd.Session(demo.model, composed, data=demo.data)
    session.run(2)
    session.submit(sd.commands.SetObjective(Layer("block3.norm3")))
    session.run(2)
    assert session.step_count == 4


# ---- over the wire, and refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "objective",
    [Neuron("pool", 3, 0), Neuron("pool", 3), Channel("pool", 1), Layer("pool"), Direction("pool", torch.randn(32))],
)
def test_an_objective_about_a_layer_goes_over_the_wire_and_back(scene, objective):
    resolved = objective.resolve(scene)
    assert Objective.from_json(json.loads(json.dumps(resolved.to_json()))) == resolved
    assert len(repr(resolved)) < 100


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        (lambda: Layer("blok1"), 'unknown layer "blok1"; known: "block1.conv1".*did you mean "block1"'),
        (lambda: Layer("pool") + Layer("nowhere"), 'unknown layer "nowhere"'),
        (lambda: Channel("pool", 32), 'channel 32 is not allowed; layer "pool" has channels 0 to 31'),
        (lambda: Neuron("block1", 16), "channel 16 is not allowed; .* 0 to 15"),
        (lambda: Neuron("block1", 0, 500), 'time 500 is not allowed; layer "block1" has times 0 to 499'),
        (lambda: Neuron("classifier", 0, 0), 'layer "classifier" has no time axis'),
        (lambda: Channel("pool", -1), "channel = -1 is not allowed; give a whole number from 0"),
        (lambda: Direction("block1", [1, 2]), "the vector has 2 numbers; .* 16 channels and 8000 activations"),
        (lambda: Direction("pool", [0, 0]), "give finite numbers that are not all zero"),
        (lambda: Direction("pool", [1, float("nan")]), "give finite numbers"),
        (lambda: Direction("pool", "concept"), "give finite numbers"),
        (lambda: Direction("pool", [1], kind="cosin"), 'unknown kind of direction "cosin".*did you mean "cosine"'),
        (lambda: Layer(3), "layer = 3 is not allowed; give a dotted name"),
    ],
)
def test_what_the_model_does_not_have_is_refused_before_the_first_step(demo, objective, words):
    with pytest.raises(ValueError, match=words):
        sd.Session(demo.model, objective(), data=demo.data)


def test_a_command_with_an_unknown_layer_is_refused_and_changes_nothing(demo):
    session = sd.Session(demo.model, Logit(0), data=demo.data)
    with pytest.raises(ValueError, match='unknown layer "nowhere"'):
        session.submit(sd.commands.SetObjective(Layer("nowhere")))
    assert session.objective == Logit(0)


def test_layers_of_torchscript_cannot_be_named():
    with pytest.raises(ValueError, match='unknown layer "recurrent"; known: none'):
        sd.Session(make("scripted"), Layer("recurrent"), length=500)
