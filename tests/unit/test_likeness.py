"""Penalties that compare with real data: small where a dream is like it, and never a trap at zero."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.commands import Command
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import DataEnvelope, Penalty, Range, Regularizer, Roughness, SpectralPrior
from tests.models import make

LIKENESS = [SpectralPrior, Range, DataEnvelope, Roughness]


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


@pytest.fixture(scope="module")
def noise(demo):
    return torch.randn(8, 1, demo.data.length, generator=torch.Generator().manual_seed(0))


def small(seed: int = 0, length: int = 12) -> sd.SequenceDataset:
    """Two channels of different size, three classes of which the last has no members."""
    x = np.random.default_rng(seed).normal(size=(10, 2, length)).cumsum(axis=2) * [[[1.0], [30.0]]]
    return sd.SequenceDataset(x, [0] * 5 + [1] * 5, ["up", "down", "never"])


@pytest.mark.parametrize("penalty", [SpectralPrior(), DataEnvelope(), Roughness()])
def test_real_sequences_are_liker_to_real_data_than_noise_of_their_amplitude(demo, noise, penalty):
    reference = Reference.of(demo.data)
    real, other = (penalty.value(x, reference) for x in (demo.data.x, noise))
    assert real.median() < 0.2 * other.median()


def test_no_real_value_is_out_of_range(demo):
    reference = Reference.of(demo.data)
    assert not Range().value(demo.data.x, reference).any()
    assert Range().value(2 * demo.data.x[:5], reference).all()


@pytest.mark.parametrize("penalty", [SpectralPrior(0.1), Range(10.0), DataEnvelope(10.0), Roughness(100.0)])
def test_a_dream_that_is_held_to_a_class_becomes_liker_to_it(demo, penalty):
    model, objective = make("cnn"), sd.objectives.Logit(0)
    penalty = penalty.changed(None, {"target": "normal"})
    start = 3 * np.random.default_rng(0).normal(size=500)
    result = sd.dream(
        model,
        objective,
        data=demo.data,
        start=start,
        steps=100,
        regularizers=[penalty],
        learning_rate=0.1,
        progress=False,
    )
    term = result.history[penalty.name]
    assert term[-1] < 0.7 * term[0]


@given(seed=st.integers(0, 1000), target=st.sampled_from([None, 0, "down"]))
@settings(max_examples=30, deadline=None)
def test_each_is_the_formula_it_says(seed, target):
    data = small()
    rows = data.x.numpy().astype(np.float64)
    members = rows if target is None else rows[data.y.numpy() == (1 if target == "down" else 0)]
    x = np.random.default_rng(seed).normal(size=(3, 2, 12)) * [[[3.0], [90.0]]]

    def value(penalty):
        return penalty.value(torch.tensor(x), Reference.of(data))

    power = np.abs(np.fft.rfft(members)) ** 2
    floor = 1e-3 * np.sqrt(power.mean(axis=(0, 2)))[:, None]
    log, mean = (np.log(np.abs(np.fft.rfft(y)) ** 2 + floor**2) / 2 for y in (x, members))
    expected = ((log - mean.mean(axis=0)) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(value(SpectralPrior(target=target)), expected, rtol=1e-4)

    low, high = members.min(axis=(0, 2))[:, None], members.max(axis=(0, 2))[:, None]
    expected = (np.maximum(x - high, 0) ** 2 + np.maximum(low - x, 0) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(value(Range(target=target)), expected, rtol=1e-4)

    low, high = np.quantile(members, [0.005, 0.995], axis=0)
    expected = (np.maximum(x - high, 0) ** 2 + np.maximum(low - x, 0) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(value(DataEnvelope(target=target)), expected, rtol=1e-4)

    own, real = np.abs(np.diff(x)).mean(axis=2), np.abs(np.diff(members)).mean(axis=(0, 2))
    np.testing.assert_allclose(value(Roughness(target=target)), ((own / real - 1) ** 2).sum(axis=1), rtol=1e-4)


ALL = [make_one for make_one in Regularizer.types.values() if issubclass(make_one, Penalty)]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("length", [2, 12])
def test_the_gradient_of_a_penalty_is_that_of_its_value(kind, length):
    reference = Reference(small(length=length))
    start = torch.randn(2, 2, length, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = (start * torch.tensor([[3.0], [90.0]], dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: kind().value(y, reference), (x,))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("members", [[[0.0] * 8, [0.0] * 8], [[1.0] * 8, [3.0] * 8]])
@pytest.mark.parametrize("level", [0.0, 2.0])
def test_a_flat_dream_and_flat_data_are_no_trap(kind, members, level):
    x = torch.full((1, 1, 8), level, requires_grad=True)
    value = kind().value(x, Reference(sd.SequenceDataset(members, [0, 1])))
    (gradient,) = torch.autograd.grad(value.sum(), x)
    assert value.isfinite().all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("kind", LIKENESS)
def test_a_preset_made_on_a_train_split_keeps_to_it_in_a_run_on_another(demo, kind):
    train = sd.SequenceDataset(0.1 * demo.data.x[:40], demo.data.y[:40], demo.data.class_names)
    held = kind(target="abnormal", data=train, name="held")
    plain = kind(target="abnormal", name="plain")
    session = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, start=1, regularizers=[held, plain])
    session.run(1)
    x = demo.data.x[1:2]
    for penalty, data in ((held, train), (plain, demo.data)):
        expected = float(penalty.weight * kind(target=1).value(x, Reference(data)))
        assert session.history[penalty.name][0] == pytest.approx(expected, rel=1e-5)
    assert session.history["held"][0] > session.history["plain"][0]
    alone = sd.Session(demo.model, sd.objectives.Logit(0), length=500, start=x[0], regularizers=[held])
    alone.run(1)
    assert alone.history["held"][0] == session.history["held"][0]


def test_data_is_not_part_of_what_a_penalty_looks_like():
    assert SpectralPrior(2.0, "up", data=small()) == SpectralPrior(2.0, "up")
    assert repr(SpectralPrior(2.0, "up", data=small())) == repr(SpectralPrior(2.0, "up"))


def test_statistics_are_shared_while_somebody_holds_them_and_go_with_the_data():
    data = small()
    reference = Reference.of(data)
    assert Reference.of(data) is reference
    assert reference.members("down") is reference.members(1)
    watch = weakref.ref(data)
    del data, reference
    gc.collect()
    assert watch() is None


class TestWhatIsRefused:
    def run(self, penalty, **settings):
        settings = {"data": small(), **settings}
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(24, 3))
        return sd.Session(model, sd.objectives.Logit(0), regularizers=[penalty], **settings)

    @pytest.mark.parametrize("kind", LIKENESS)
    def test_before_the_first_step_whatever_cannot_be_compared_with(self, kind):
        with pytest.raises(ValueError, match='unknown class "dwn"; known: "up", "down", "never"; did you mean "down"'):
            self.run(kind(target="dwn"))
        with pytest.raises(ValueError, match="class 7 is not allowed; give an index from 0 to 2"):
            self.run(kind(target=7))
        with pytest.raises(
            ValueError, match='class "never" has no members in the data to compare with; give data that'
        ):
            self.run(kind(target="never"))
        with pytest.raises(ValueError, match="compares with real data and this run has none; give data="):
            self.run(kind(), data=None, length=12, channels=2)
        with pytest.raises(sd.ShapeError, match=r"shape \(2, 9\) and the run of \(2, 12\) \(channels, samples\)"):
            self.run(kind(data=small(length=9)))

    def test_no_data_is_needed_for_a_range_that_is_given_or_a_penalty_that_is_off(self):
        off = SpectralPrior(enabled=False)
        for penalty in (Range(low=-1, high=1), off):
            self.run(penalty, data=None, length=12, channels=2).run(1)
        session = self.run(off, data=None, length=12, channels=2)
        with pytest.raises(ValueError, match="spectral_prior compares with real data and this run has none"):
            session.submit(sd.commands.SetRegularizer("spectral_prior", enabled=True))

    @pytest.mark.parametrize("target", [True, 1.5, -1, [0], {"a": 1}])
    def test_a_target_that_is_no_class(self, target):
        with pytest.raises(ValueError, match="is not allowed; give the index or the name of a class"):
            Roughness(target=target)
        message = {"type": "set_regularizer", "name": "roughness", "parameters": {"target": target}}
        with pytest.raises(ValueError, match="is not allowed; give the index or the name of a class"):
            self.run(Roughness()).submit(Command.from_json(message))

    def test_data_off_the_wire_and_data_that_is_none(self):
        message = {"type": "set_regularizer", "name": "roughness", "parameters": {"data": [[1, 2]]}}
        with pytest.raises(ValueError, match='unknown parameter "data"; known: "weight", "target"'):
            self.run(Roughness()).submit(Command.from_json(message))
        with pytest.raises(TypeError, match=r"data is a list; give sd.SequenceDataset\(x, y\)"):
            Roughness(data=[[1, 2]])

    def test_a_range_upside_down(self):
        with pytest.raises(ValueError, match="Range: low = 2 is above high = 1; swap them"):
            Range(low=2, high=1)

    def test_another_class_is_taken_on_between_two_steps(self):
        session = self.run(Roughness(target="up"), start=0)
        session.run(1)
        session.submit(sd.commands.SetRegularizer("roughness", target="down"))
        session.run(1)
        x = session.sequence_at(1)
        expected = float(Roughness(target=1).value(x, Reference(small())))
        assert session.history["roughness"][1] == pytest.approx(expected, rel=1e-4)
        with pytest.raises(ValueError, match="has no members"):
            session.submit(sd.commands.SetRegularizer("roughness", target="never"))
