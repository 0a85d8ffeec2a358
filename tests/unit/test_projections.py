"""Projections by their formulas written a second way, and what they do to a run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import (
    Clamp,
    ClipSmallContribution,
    ClipSmallNorm,
    Moment,
    MovingAverage,
    Projection,
    RandomReinitialization,
    Regularizer,
    Standardize,
)
from tests.models import make


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def generators(count: int, seed: int = 0) -> tuple[torch.Generator, ...]:
    return tuple(torch.Generator().manual_seed(seed + dream) for dream in range(count))


@given(window=st.integers(1, 40), length=st.integers(2, 30), seed=st.integers(0, 99))
def test_a_moving_average_is_the_mean_of_its_window_with_the_ends_continued(window, length, seed):
    x = draw(seed, 2, 2, length)
    past = window // 2
    padded = np.pad(x.double(), [(0, 0), (0, 0), (past, window - 1 - past)], mode="edge")
    expected = np.lib.stride_tricks.sliding_window_view(padded, window, axis=2).mean(axis=-1)
    np.testing.assert_allclose(MovingAverage(window).apply(x, Moment()), expected, atol=1e-5)


@given(share=st.floats(0, 1), length=st.integers(2, 40), seed=st.integers(0, 99))
def test_clipping_sets_the_smallest_share_of_each_channel_and_nothing_else(share, length, seed):
    x, gradient = draw(seed, 2, 3, length), draw(seed + 100, 2, 3, length)
    for projection, size in (
        (ClipSmallNorm(share), x.abs()),
        (ClipSmallContribution(share), (x * gradient).abs()),
    ):
        after = projection.apply(x, Moment(gradient=gradient))
        gone = after != x
        assert torch.equal(after, torch.where(gone, 0.0, x))
        assert (gone.sum(dim=2) == round(share * length)).all()
        assert (torch.where(gone, size, -1.0).amax(2) <= torch.where(gone, torch.inf, size).amin(2)).all()


def test_with_data_clipped_samples_get_its_mean_in_their_channel():
    x = np.random.default_rng(0).normal(loc=[[[5.0], [-7.0]]], size=(20, 2, 10))
    reference = Reference(sd.SequenceDataset(x, [0] * 20))
    after = ClipSmallNorm(1.0).apply(reference.data.x[:3], Moment(reference))
    assert torch.equal(after, reference.mean.expand(3, 2, 10))


def test_what_the_network_does_not_look_at_is_clipped_first():
    class FirstHalf(torch.nn.Module):
        def forward(self, x):
            total = x[..., :25].square().sum(dim=(1, 2))
            return torch.stack([total, -total], dim=1)

    projection = ClipSmallContribution(0.5, every=1)
    result = sd.dream(
        FirstHalf(), sd.objectives.Logit(0), length=50, steps=3, regularizers=[projection], progress=False
    )
    assert (result.sequence[..., :25] != 0).all()
    assert (result.sequence[..., 25:] == 0).all()


@given(share=st.floats(0, 1), length=st.integers(2, 60), seed=st.integers(0, 999))
def test_a_redrawn_segment_is_one_stretch_of_its_share_in_all_channels(share, length, seed):
    x = torch.full((2, 3, length), 9.0)
    after = RandomReinitialization(share).apply(x, Moment(generators=generators(2, seed)))
    for dream in after != 9.0:
        assert (dream == dream[0]).all()
        where = dream[0].nonzero().flatten().tolist()
        assert len(where) == min(length, int(np.ceil(share * length)))
        assert where == list(range(where[0], where[0] + len(where))) if where else True


def test_redrawn_samples_look_like_the_data_and_are_the_dreams_own(demo):
    moment = Moment(Reference.of(demo.data), generators(40))
    x = torch.zeros(40, 1, 500)
    after = RandomReinitialization(1.0).apply(x, moment)
    assert float(after.std()) == pytest.approx(float(demo.data.x.std()), rel=0.05)
    alone = RandomReinitialization(1.0).apply(x[:1], Moment(Reference.of(demo.data), generators(1, seed=7)))
    assert torch.equal(after[7], alone[0])


def test_a_run_with_random_reinitialization_repeats_itself_and_after_a_reset_too(demo):
    def run():
        projection = RandomReinitialization(0.2, every=3)
        session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, seed=4, regularizers=[projection])
        session.run(10)
        return session

    one, other = run(), run()
    assert torch.equal(one.sequence, other.sequence)
    assert np.flatnonzero(np.diff(one.history["random_reinitialization"], prepend=0)).tolist() == [2, 5, 8]
    other.submit(sd.commands.Reset())
    other.run(10)
    assert torch.equal(one.sequence, other.sequence)


def test_projections_act_in_the_listed_order(demo):
    def last(*projections):
        session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, start=3, regularizers=projections)
        session.run(2)
        return session.sequence

    standardize, clamp = Standardize(mean=0, std=1), Clamp(low=-0.5, high=0.5)
    assert float(last(standardize, clamp).abs().max()) == 0.5
    assert float(last(clamp, standardize).std(correction=0)) == pytest.approx(1.0, rel=1e-4)


KINDS = [kind for kind in Regularizer.types.values() if issubclass(kind, Projection)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [2, 30])
def test_every_projection_takes_several_channels_batches_and_two_samples(kind, length):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2 * length, 2))
    data = sd.SequenceDataset(draw(0, 8, 2, length), [0, 1] * 4)
    run = sd.Session(model, sd.objectives.Logit(0), data=data, batch_size=3, regularizers=[kind(every=1)])
    run.run(3)
    assert run.sequence.shape == (3, 2, length)
    assert run.history[kind(enabled=False).name].shape == (3, 3)


@given(start=st.integers(0, 38), length=st.integers(1, 40))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("kind", KINDS)
def test_no_projection_moves_frozen_samples(kind, start, length):
    settings = {} if kind is not Clamp else {"low": -0.1, "high": 0.1}
    run = sd.Session(make("cnn"), sd.objectives.Logit(0), length=40, regularizers=[kind(every=1, **settings)])
    run.submit(sd.commands.Freeze(start, min(40, start + length)))
    before = run.sequence
    run.run(3)
    assert torch.equal(run.sequence[..., start : start + length], before[..., start : start + length])
