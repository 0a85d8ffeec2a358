"""Gradient shaping: dream by dream, after the mask, on the gradient of the sequence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.parameterizations import Form, Parameterization
from seqdream_widget.regularizers import BlurGradient, ClipGradient, GaussianBlur, Moment, NormalizeGradient
from tests.models import make

SHAPINGS = [NormalizeGradient(), ClipGradient(0.01), BlurGradient(2.0)]


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def session(demo, *regularizers, **settings) -> sd.Session:
    settings = {"start": 3, "optimizer": "sgd", "learning_rate": 1.0, **settings}
    return sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, regularizers=regularizers, **settings)


def updates(run: sd.Session) -> torch.Tensor:
    before = run.sequence
    run.run(1)
    return run.sequence - before


def norms(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1).norm(dim=1)


def test_a_normalized_step_has_the_learning_rate_as_its_root_mean_square(demo):
    steps = updates(session(demo, NormalizeGradient(), learning_rate=0.25, batch_size=3, start="noise"))
    assert steps.square().mean(dim=(1, 2)).sqrt().tolist() == pytest.approx([0.25] * 3, rel=1e-3)


def test_a_clipped_step_is_never_longer_and_short_ones_stay(demo):
    plain = updates(session(demo, batch_size=4, start="noise"))
    middle = float(norms(plain).median())
    clipped = updates(session(demo, ClipGradient(middle), batch_size=4, start="noise"))
    assert norms(clipped).tolist() == pytest.approx(norms(plain).clamp(max=middle).tolist(), rel=1e-3)
    assert (norms(plain) > middle).any()


def test_a_blurred_step_is_the_blur_of_the_plain_one(demo):
    plain, blurred = updates(session(demo)), updates(session(demo, BlurGradient(3.0)))
    assert torch.allclose(blurred, GaussianBlur(sigma=3.0).apply(plain, Moment()), atol=1e-6)


@pytest.mark.parametrize("shaping", SHAPINGS)
def test_its_value_is_the_norm_after_over_the_norm_before(demo, shaping):
    run = session(demo, shaping)
    length = float(norms(updates(run)))
    history = run.history
    assert history[shaping.name][0] * history["grad_norm"][0] == pytest.approx(length, rel=1e-3)
    run.submit(sd.commands.SetRegularizer(shaping.name, enabled=False))
    assert float(norms(updates(run))) == pytest.approx(history["grad_norm"][1], rel=1e-3)
    assert np.isnan(history[shaping.name][1])


def test_they_act_in_the_listed_order(demo):
    one = updates(session(demo, NormalizeGradient(), ClipGradient(0.5)))
    other = updates(session(demo, ClipGradient(0.5), NormalizeGradient()))
    assert float(norms(one)) == pytest.approx(0.5, rel=1e-3)
    assert float(norms(other)) == pytest.approx(500**0.5, rel=1e-3)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_no_blur_carries_the_gradient_into_frozen_samples_or_out_of_them(demo, optimizer):
    run = session(demo, BlurGradient(5.0), optimizer=optimizer)
    run.submit(sd.commands.Freeze(100, 160))
    before = run.sequence
    run.run(20)
    moved = (run.sequence != before)[0, 0]
    assert not moved[100:160].any()
    assert moved[:100].all()
    assert moved[160:].all()


@given(
    scale=st.sampled_from([1e-30, 1e-12, 1.0, 1e12, 1e30]),
    seed=st.integers(0, 99),
    neighbour=st.sampled_from([0.0, 1.0, float("nan"), float("inf")]),
)
def test_a_gradient_of_any_size_is_normalized_alone(scale, seed, neighbour):
    gradient = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(seed)) * scale
    gradient[1] = neighbour
    shaped = NormalizeGradient().shape(gradient)
    assert float(shaped[0].square().mean().sqrt()) == pytest.approx(1.0, rel=1e-4)
    assert torch.nn.functional.cosine_similarity(shaped[0].flatten(), (gradient[0] / scale).flatten(), dim=0) > 0.9999


@pytest.mark.parametrize("shaping", SHAPINGS)
@pytest.mark.parametrize("length", [2, 30])
def test_no_gradient_stays_none(shaping, length):
    assert not shaping.shape(torch.zeros(2, 3, length)).any()


def test_where_the_sequence_is_decoded_it_is_the_sequences_gradient_that_is_shaped():
    class HalfForm(Form):
        def encode(self, x):
            return x / 2

        def decode(self, theta):
            return 2 * theta

    class Doubled(Parameterization, abstract=True):
        def bind(self, like, scene):
            return HalfForm()

    settings = {"length": 50, "optimizer": "sgd", "learning_rate": 0.5, "seed": 2}
    runs = [
        sd.Session(
            make("cnn"), sd.objectives.Logit(0), regularizers=[NormalizeGradient()], parameterization=p, **settings
        )
        for p in ("samples", Doubled())
    ]
    for run in runs:
        run.submit(sd.commands.Freeze(5, 9))
    plain, doubled = map(updates, runs)
    # θ gets twice the gradient of x, and x twice the step of θ.
    assert torch.allclose(doubled, 4 * plain, atol=1e-5)
    assert not doubled[..., 5:9].any()
    assert runs[0].history["grad_norm"] == pytest.approx(runs[1].history["grad_norm"])
