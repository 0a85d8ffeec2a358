"""What each parameterization is for, and that it is the mathematics it says it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.parameterizations import Form, Parameterization
from seqdream_widget.parameterizations.spline import Spline, SplineForm
from seqdream_widget.spectrum import coefficients, magnitudes
from tests.models import make

C, P = sd.commands, sd.parameterizations
QUIET = {"steps": 30, "progress": False}


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def bound(name: str, x: torch.Tensor, data: sd.SequenceDataset | None) -> Form:
    s = sd.Session(linear(x), sd.objectives.Logit(0), data=data, start=x, parameterization=name, batch_size=len(x))
    return s._dreamer.iterate.form


def linear(x: torch.Tensor) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(x[0].numel(), 2)).to(x.dtype)


@pytest.mark.parametrize("name", Parameterization.types)
@pytest.mark.parametrize("family", ["resnet", "lstm"])
def test_the_score_rises_under_every_parameterization(demo, name, family):
    objective = sd.objectives.Margin(1)
    result = sd.dream(make(family), objective, data=demo.data, start=3, parameterization=name, **QUIET)
    assert result.history["score"][-1] > result.history["score"][0]
    assert result.session.parameterization == Parameterization.types[name]()


@given(
    name=st.sampled_from([name for name in Parameterization.types if name != "magnitude_fourier"]),
    length=st.integers(2, 70),
    channels=st.integers(1, 3),
    with_data=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_what_can_be_written_is_encoded_exactly_and_the_rest_is_left_out(name, length, channels, with_data, seed):
    x = torch.randn(2, channels, length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    data = sd.SequenceDataset(x.cumsum(dim=2), [0, 1]) if with_data else None
    form = bound(name, x.float(), data)
    written = form.decode(form.encode(x.float()))
    assert torch.allclose(form.decode(form.encode(written)), written, atol=1e-4)
    left = x.float() - written
    assert torch.allclose(form.decode(form.encode(left)), torch.zeros_like(left), atol=1e-4)
    assert written.shape == x.shape
    if name != "spline":
        assert torch.allclose(written, x.float(), atol=1e-5)


class TestFourier:
    def test_what_the_data_lacks_is_slow_to_move(self, demo):
        session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, parameterization="fourier", start=3)
        session.run(20)
        moved = coefficients(session.sequence - session.start).abs()[0, 0]
        real = magnitudes(demo.data.x)[0]
        assert moved[real < real.quantile(0.2)].max() < 0.1 * moved[real > real.quantile(0.9)].mean()

    @pytest.mark.parametrize("length", [2, 3, 10, 501])
    def test_without_data_a_coefficient_of_magnitude_one_each_makes_a_mean_square_of_one(self, length):
        form = bound("fourier", torch.zeros(1, 1, length), None)
        theta = torch.zeros(1, 1, length // 2 + 1, 2)
        theta[..., 0] = 1.0
        assert float(form.decode(theta).square().mean()) == pytest.approx(1.0, rel=1e-5)

    def test_a_channel_that_is_flat_in_the_data_can_be_moved_too(self):
        x = torch.randn(4, 2, 20, generator=torch.Generator().manual_seed(0))
        x[:, 1] = 0.0
        data = sd.SequenceDataset(x, [0, 1, 0, 1])
        result = sd.dream(
            linear(x), sd.objectives.Logit(0), data=data, start="zeros", parameterization="fourier", **QUIET
        )
        assert result.sequence[0, 1].abs().max() > 0.1


class TestMagnitudeFourier:
    @pytest.mark.parametrize("length", [20, 21])
    @pytest.mark.parametrize("optimizer", ["adam", "sgd"])
    def test_the_magnitudes_stay_those_of_the_class(self, length, optimizer):
        x = torch.randn(6, 2, length, generator=torch.Generator().manual_seed(0))
        x[3:] *= 4
        data = sd.SequenceDataset(torch.cat([x[:1].expand(3, -1, -1), x[3:]]), [0, 0, 0, 1, 1, 1])
        s = sd.Session(
            linear(x),
            sd.objectives.Logit(1),
            data=data,
            start=0,
            optimizer=optimizer,
            parameterization=P.MagnitudeFourier(target=0),
        )
        s.run(100)
        assert torch.allclose(magnitudes(s.sequence), magnitudes(x[:1]), atol=1e-4)
        assert (s.sequence - s.start).abs().max() > 0.1
        assert s.residual.abs().max() < 1e-5

    def test_it_says_what_it_needs(self, demo):
        with pytest.raises(
            ValueError, match="takes its magnitudes from data and this run has none; give data=, or use"
        ):
            sd.dream(demo.model, sd.objectives.Logit(0), length=500, parameterization="magnitude_fourier")
        data = sd.SequenceDataset(demo.data.x[:4], [0, 0, 0, 0], ["normal", "abnormal"])
        settings = {"data": data, "parameterization": P.MagnitudeFourier("abnormal")}
        with pytest.raises(ValueError, match='the data has no member of class "abnormal"; give another target'):
            sd.dream(demo.model, sd.objectives.Logit(0), **settings)
        settings["parameterization"] = P.MagnitudeFourier("abnrmal")
        with pytest.raises(ValueError, match=r'unknown class "abnrmal".*did you mean "abnormal"'):
            sd.dream(demo.model, sd.objectives.Logit(0), **settings)
        with pytest.raises(ValueError, match=r"target = 1\.5 is not allowed; give a class as index or name"):
            P.MagnitudeFourier(1.5)


class TestSpline:
    @pytest.mark.parametrize(
        ("length", "every"), [(2, 8), (3, 1), (9, 8), (10, 8), (50, 1), (500, 8), (300, 1), (1500, 5), (901, 3)]
    )
    def test_encoding_is_the_least_squares_fit_also_where_it_is_done_in_windows(self, length, every):
        like = torch.zeros(1, 1, length, dtype=torch.float64)
        form = SplineForm(every, like)
        x = torch.randn(like.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        theta = form.encode(x)
        columns = form.decode(torch.eye(theta.shape[2], dtype=torch.float64)[:, None])[:, 0].T
        expected, *_ = np.linalg.lstsq(columns.numpy(), x[0, 0].numpy(), rcond=None)
        assert np.allclose(theta[0, 0].numpy(), expected, atol=1e-10)

    def test_straight_lines_and_what_is_smoother_than_the_knots_are_written_without_residual(self):
        t = torch.arange(200, dtype=torch.float64)
        x = torch.stack([3 - 0.1 * t, torch.sin(2 * torch.pi * t / 100)])[:, None]
        form = SplineForm(10, x)
        error = (form.decode(form.encode(x)) - x).abs().amax(dim=(1, 2))
        assert error[0] < 1e-10
        assert error[1] < 1e-2

    def test_a_hundred_thousand_samples_take_no_more_memory_than_their_number(self):
        x = torch.randn(1, 1, 100_000, generator=torch.Generator().manual_seed(0))
        form = Spline(every=8).bind(x, None)
        assert sum(matrix.numel() for matrix in form._inverses) < 200_000
        written = form.decode(form.encode(x))
        assert torch.allclose(form.decode(form.encode(written)), written, atol=1e-5)
        assert 0 < float(written.square().mean()) < 0.3

    def test_the_dream_bends_between_knots_only(self, demo):
        result = sd.dream(
            demo.model, sd.objectives.Logit(1), data=demo.data, start="zeros", parameterization=P.Spline(10), **QUIET
        )
        third = result.sequence[0, 0].double().diff(n=4).abs()
        inside = torch.arange(len(third)) % 10 < 7
        assert third[inside].max() < 0.01 * third[~inside].max()


class TestOnTheWire:
    @pytest.mark.parametrize("given", [P.Samples(), P.Fourier(), P.MagnitudeFourier("up"), P.Spline(every=5)])
    def test_a_parameterization_survives_it(self, given):
        command = C.Command.from_json({"type": "set_parameterization", "parameterization": given.to_json()})
        assert command == C.SetParameterization(given)

    @pytest.mark.parametrize(
        ("message", "words"),
        [
            ({"parameterization": "fuorier"}, 'unknown parameterization "fuorier".*did you mean "fourier"'),
            (
                {"parameterization": {"type": "spline", "every": 0}},
                "every = 0 is not allowed; give a whole number from 1",
            ),
            ({"parameterization": {"type": "spline", "evry": 2}}, 'did you mean "every"'),
            ({"parameterization": 5}, "a parameterization is an object with a type, not 5"),
            ({}, "a parameterization is an object with a type, not None"),
            ({"parameterization": "spline", "now": 1}, "set_parameterization has no field 'now'"),
        ],
    )
    def test_a_bad_one_is_refused_in_words(self, message, words):
        with pytest.raises(ValueError, match=words):
            C.Command.from_json({"type": "set_parameterization", **message})

    def test_a_name_is_enough(self):
        message = {"type": "set_parameterization", "parameterization": "spline"}
        assert C.Command.from_json(message) == C.SetParameterization(P.Spline())


def test_what_is_no_parameterization_is_refused(demo):
    with pytest.raises(TypeError, match=r"5 is no parameterization; give a name or e\.g\."):
        sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, parameterization=5)
    s = sd.Session(demo.model, sd.objectives.Logit(0), length=500)
    before = s.sequence
    with pytest.raises(ValueError, match="magnitude_fourier takes its magnitudes from data"):
        s.submit(C.SetParameterization("magnitude_fourier"))
    assert torch.equal(s.sequence, before)
    assert s.parameterization == P.Samples()


def test_a_reset_goes_back_to_the_start_and_keeps_parameterization_and_optimizer(demo):
    s = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, start=3)
    s.submit(C.SetParameterization("spline"))
    s.submit(C.SetOptimizer("rmsprop"))
    s.run(3)
    s.submit(C.Reset())
    assert torch.equal(s.sequence, demo.data.x[3:4])
    assert s.parameterization == P.Spline()
    assert s.optimizer == "rmsprop"


def test_a_model_in_half_precision_dreams_in_frequencies_too():
    x = torch.zeros(1, 1, 16)
    result = sd.dream(
        linear(x).bfloat16(), sd.objectives.Logit(0), start=x, learning_rate=0.5, parameterization="fourier", **QUIET
    )
    assert result.history["score"][-1] > result.history["score"][0]
