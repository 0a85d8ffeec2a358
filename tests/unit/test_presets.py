"""Recipes that get there: what they bring, what gives way to what, and that they arrive."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

import seqdream_widget as sd
from seqdream_widget.commands import Command
from seqdream_widget.objectives import Boundary, Crossing, Logit, Prototype, Rim
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers import L2, DataEnvelope, Roughness, Standardize
from tests.models import make
from tests.unit.test_plausibility import MeanDecides, low_and_high

NAMES = ["spectral_prior", "roughness", "data_envelope", "standardize"]


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def small() -> sd.SequenceDataset:
    data = sd.load_demo("forda").data
    return sd.SequenceDataset(data.x[:60], data.y[:60], data.class_names)


def test_a_preset_brings_objective_regularizers_learning_rate_and_its_data(demo):
    session = sd.Session(demo.model, sd.presets.centered(demo.data, "abnormal"))
    assert session.data is demo.data
    assert session.objective == Prototype(1)
    assert [regularizer.name for regularizer in session.regularizers] == NAMES
    assert session.learning_rate == 0.05


def test_what_the_caller_gives_goes_before_what_the_preset_brings(demo):
    own, other = Roughness(3.0), small()
    session = sd.Session(
        demo.model,
        sd.presets.rim(demo.data, "normal"),
        data=other,
        learning_rate=0.01,
        optimizer="sgd",
        regularizers=[L2(0.5), own],
    )
    assert session.data is other
    assert session.learning_rate == 0.01
    assert [regularizer.name for regularizer in session.regularizers] == [*NAMES, "l2"]
    assert session.regularizers[1] is own
    assert session.objective == Rim(0)


def test_regularizers_are_checked_before_they_are_merged(demo):
    preset = sd.presets.centered(demo.data, 0)
    with pytest.raises(ValueError, match='two regularizers are named "roughness"'):
        sd.Session(demo.model, preset, regularizers=[Roughness(), Roughness()])
    with pytest.raises(TypeError, match="no regularizer"):
        sd.Session(demo.model, preset, regularizers=["roughness"])


def test_each_preset_is_made_of_what_its_name_says(demo):
    presets, data = sd.presets, demo.data
    assert presets.border(data, "normal", 1).objective == Boundary("normal", 1) + Crossing("normal", 1)
    assert presets.extreme("abnormal").objective == Logit("abnormal")
    assert presets.extreme("abnormal").regularizers == ()
    assert repr(presets.rim(data, "normal")) == "Preset(name='rim', targets=('normal',))"


def test_a_preset_compares_with_the_classes_it_is_about_and_no_others(demo):
    spectral, roughness, envelope, standardize = sd.presets.centered(demo.data, "normal").regularizers
    normal = demo.data.only("normal")
    for regularizer in (spectral, roughness, envelope, standardize):
        assert torch.equal(regularizer.data.x, normal.x)
    assert set(sd.presets.border(demo.data, 0, 1).regularizers[0].data.y.tolist()) == {0, 1}


# ---- as a command -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", [False, True])
def test_as_one_command_the_presets_settings_win_and_the_runs_other_regularizers_stay(demo, wire):
    own = [L2(0.5), Roughness(3.0, enabled=False)]
    session = sd.Session(demo.model, Logit(0), data=demo.data, learning_rate=0.2, regularizers=own)
    session.run(2)
    before = session.sequence
    command = sd.commands.SetObjective(sd.presets.centered(demo.data, "abnormal"))
    if wire:
        message = {
            "type": "set_objective",
            "objective": {"type": "preset", "name": "centered", "targets": ["abnormal"]},
        }
        command = Command.from_json(json.loads(json.dumps(message)))
    assert session.submit(command) == 3
    assert torch.equal(session.sequence, before)
    assert session.objective == Prototype(1)
    assert session.learning_rate == 0.05
    found = {regularizer.name: regularizer for regularizer in session.regularizers}
    assert list(found) == ["l2", "roughness", "spectral_prior", "data_envelope", "standardize"]
    assert found["l2"] is own[0]
    assert found["roughness"].enabled
    assert found["roughness"].weight == 10
    session.run(2)
    assert session.history["data_envelope"][2] > 0


def test_from_the_wire_and_in_code_a_preset_gives_the_same_bits(demo):
    def dreamed(objective: object) -> torch.Tensor:
        session = sd.Session(demo.model, Logit(0), data=demo.data)
        session.submit(Command.from_json({"type": "set_objective", "objective": objective}))
        session.run(3)
        return session.sequence

    there = dreamed({"type": "preset", "name": "border", "targets": [0, 1]})
    assert torch.equal(
        there, sd.dream(demo.model, sd.presets.border(demo.data, 0, 1), steps=3, progress=False).sequence
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "unknown preset"),
        ({"name": "centred", "targets": [0]}, 'did you mean "centered"'),
        ({"name": ["centered"], "targets": [0]}, "unknown preset"),
        ({"name": {}, "targets": [0]}, "unknown preset"),
        ({"name": "centered"}, "give a list of 1 class"),
        ({"name": "centered", "targets": 0}, "targets = 0 is not allowed"),
        ({"name": "centered", "targets": "normal"}, "targets = 'normal' is not allowed"),
        ({"name": "centered", "targets": [0, 1]}, "give a list of 1 class"),
        ({"name": "centered", "targets": [True]}, "give a list of 1 class"),
        ({"name": "centered", "targets": [0.0]}, "give a list of 1 class"),
        ({"name": "border", "targets": [0]}, "give a list of 2 class"),
        ({"name": "border", "targets": [0, [1]]}, "give a list of 2 class"),
        ({"name": "extreme", "targets": []}, "give a list of 1 class"),
        ({"name": "extreme", "targets": [0], "data": 1}, "preset has no field 'data'"),
    ],
)
def test_a_malformed_message_is_refused_with_its_fault(fields, words):
    with pytest.raises(ValueError, match=words):
        Command.from_json({"type": "set_objective", "objective": {"type": "preset", **fields}})


@pytest.mark.parametrize(
    ("name", "targets", "words"),
    [
        ("centered", ["nrmal"], 'did you mean "normal"'),
        ("centered", [7], "give an index from 0 to 1"),
        ("extreme", [-1], "give an index from 0 to 1"),
        ("border", [1, 1], "both classes are 1; give two different ones"),
        ("border", ["normal", 0], "give two different ones"),
    ],
)
def test_a_message_about_no_such_class_is_refused_and_changes_nothing(demo, name, targets, words):
    session = sd.Session(demo.model, Logit(0), data=demo.data)
    message = {"type": "set_objective", "objective": {"type": "preset", "name": name, "targets": targets}}
    with pytest.raises(ValueError, match=words):
        session.submit(Command.from_json(message))
    assert session.objective == Logit(0)
    assert session.regularizers == ()


def test_without_data_a_preset_from_the_wire_is_refused_with_the_remedy():
    session = sd.Session(make("mlp"), Logit(0), length=500)
    message = {"type": "set_objective", "objective": {"type": "preset", "name": "rim", "targets": [0]}}
    with pytest.raises(ValueError, match="rim goes by real data and this run has none; give data="):
        session.submit(Command.from_json(message))
    assert Preset.from_json({"type": "logit", "target": 0}) is None


# ---- what is no preset ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "compose",
    [
        lambda preset: preset + Logit(0),
        lambda preset: Logit(0) + preset,
        lambda preset: Logit(0) - preset,
        lambda preset: 2 * preset,
        lambda preset: preset * 2,
        lambda preset: -preset,
        lambda preset: preset - preset,
    ],
)
def test_a_preset_does_not_compose_and_says_what_does(demo, compose):
    preset = sd.presets.centered(demo.data, 0)
    with pytest.raises(TypeError, match=r"the preset centered does not compose; its objective does: preset\.objective"):
        compose(preset)
    assert str(preset.objective + Logit(1)) == "Prototype(target=0) + Logit(target=1)"


def test_a_class_that_cannot_be_gone_by_is_refused(demo):
    with pytest.raises(ValueError, match='did you mean "normal"'):
        sd.presets.centered(demo.data, "nrmal")
    with pytest.raises(ValueError, match='"never" has no members'):
        sd.presets.rim(low_and_high(), "never")
    with pytest.raises(ValueError, match="both classes are 'normal'; give two different ones"):
        sd.presets.border(demo.data, "normal", 0)
    with pytest.raises(TypeError, match=r"data is a str; give sd\.SequenceDataset"):
        sd.presets.centered("abnormal", demo.data)


# ---- they arrive ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", ["normal", "abnormal"])
def test_centered_ends_in_the_middle_of_the_class_and_extreme_does_not(demo, cls):
    preset = sd.presets.centered(demo.data, cls)
    arrived = sd.dream(demo.model, preset, batch_size=2, steps=400, progress=False)
    assert [judged.verdict for judged in arrived.plausibility] == ["centered", "centered"]
    extreme = sd.dream(demo.model, sd.presets.extreme(cls), data=demo.data, steps=100, progress=False)
    assert extreme.plausibility.verdict == "outside"
    assert {"spectrum_distance", "roughness"} <= set(extreme.plausibility.failing)


def test_rim_ends_at_the_edge_and_border_between_the_classes(demo):
    rim = sd.dream(demo.model, sd.presets.rim(demo.data, "normal"), steps=400, progress=False)
    assert rim.plausibility.verdict == "rim"
    border = sd.dream(demo.model, sd.presets.border(demo.data, 0, 1), steps=400, progress=False)
    assert border.plausibility.verdict == "border"


class Unit(nn.Module):
    """A model for the same sequences in another unit."""

    def __init__(self, inner: nn.Module, factor: float) -> None:
        super().__init__()
        self.inner, self.factor = inner, factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x / self.factor)


@pytest.mark.parametrize("factor", [1e-4, 2.0**10])
def test_a_preset_arrives_in_any_unit(demo, factor):
    data = sd.SequenceDataset(demo.data.x * factor, demo.data.y, demo.data.class_names)
    preset = sd.presets.centered(data, "normal")
    assert preset.learning_rate == pytest.approx(0.05 * factor, rel=0.2)
    result = sd.dream(Unit(demo.model, factor), preset, steps=300, progress=False)
    assert result.plausibility.verdict == "centered"


@pytest.mark.parametrize("length", [2, 3])
@pytest.mark.parametrize("name", ["centered", "rim", "border"])
def test_a_preset_runs_on_sequences_of_a_few_samples(length, name):
    short = low_and_high()
    data = sd.SequenceDataset(short.x[:, :, 3 : 3 + length], short.y, short.class_names)
    targets = ["low", "high"] if name == "border" else ["low"]
    result = sd.dream(MeanDecides(-9.0), getattr(sd.presets, name)(data, *targets), steps=5, progress=False)
    assert result.sequence.isfinite().all()


def test_a_preset_runs_on_a_class_whose_members_are_all_the_same():
    data = low_and_high()
    x = data.x.clone()
    x[:20] = x[0] + 0.3
    same = sd.SequenceDataset(x, data.y, data.class_names)
    result = sd.dream(MeanDecides(-9.0), sd.presets.centered(same, "low"), steps=5, progress=False)
    assert result.sequence.isfinite().all()
    flat = sd.SequenceDataset(
        torch.where(data.y == 0, -1.0, 1.0)[:, None, None].expand(-1, 1, 30), data.y, ["a", "b", "c"]
    )
    result = sd.dream(MeanDecides(-9.0), sd.presets.centered(flat, "a"), steps=5, progress=False)
    assert result.sequence.isfinite().all()


def test_the_weights_of_a_preset_are_shares_of_what_members_do(demo):
    """A dream as far off as the median member pays nothing; one that is off by its whole amplitude pays 100."""
    preset = sd.presets.centered(demo.data, "normal")
    members = demo.data.members(0)
    spectral, _, envelope, _ = preset.regularizers
    assert (spectral.value(members, None) == 0).float().mean() > 0.45
    assert isinstance(envelope, DataEnvelope)
    far = members[:1] + 100 * torch.sign(members[:1])
    each = envelope.weight * envelope.value(far, None)
    assert each.item() == pytest.approx(100 * 100**2, rel=0.1)
    assert isinstance(preset.regularizers[3], Standardize)
