"""Robustness transforms: random copies for the network's eyes, each dream's from its own stream."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import Dropout, Jitter, Moment, Noise, Regularizer, Scale, Transform, Warp

KINDS = [kind for kind in Regularizer.types.values() if issubclass(kind, Transform)]


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def moment(*seeds: int, reference: Reference | None = None) -> Moment:
    return Moment(reference, tuple(torch.Generator().manual_seed(seed) for seed in seeds))


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def session(demo, *regularizers, **settings) -> sd.Session:
    settings = {"start": 3, "seed": 5, **settings}
    return sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, regularizers=regularizers, **settings)


@given(samples=st.integers(1, 60), length=st.integers(2, 30), seed=st.integers(0, 999))
def test_jitter_is_a_shift_of_the_reflected_sequence(samples, length, seed):
    x = draw(seed, 1, 2, length)
    after = Jitter(samples).apply(x, moment(seed)).numpy()
    continued = np.pad(x.numpy(), [(0, 0), (0, 0), (samples, samples)], mode="reflect")
    shifts = [continued[..., first : first + length] for first in range(2 * samples + 1)]
    assert any(np.array_equal(after, shifted) for shifted in shifts)


def test_jitter_reaches_every_shift_it_may_and_no_other():
    x = torch.arange(20.0).expand(300, 1, 20)
    after = Jitter(2).apply(x, moment(*range(300)))
    assert set(after[:, 0, 10].tolist()) == {8.0, 9.0, 10.0, 11.0, 12.0}


@given(amount=st.floats(0, 0.9), length=st.integers(2, 200), seed=st.integers(0, 999))
def test_warped_time_never_runs_backwards_and_keeps_its_ends(amount, length, seed):
    time = torch.arange(float(length))[None, None]
    warped = Warp(amount).apply(time, moment(seed))[0, 0]
    assert warped[[0, -1]].tolist() == pytest.approx([0.0, length - 1.0], abs=1e-3)
    speed = warped.diff()
    assert ((speed >= 1 - amount - 1e-3) & (speed <= 1 + amount + 1e-3)).all()


def test_a_warp_moves_what_is_in_the_middle():
    time = torch.arange(500.0).expand(50, 1, 500)
    moved = (Warp(0.5).apply(time, moment(*range(50))) - time).abs().amax(dim=2)
    assert 5 < float(moved.median()) < 50


@given(amount=st.floats(0, 1), seed=st.integers(0, 999))
def test_scale_multiplies_by_one_factor_within_its_bounds(amount, seed):
    x = draw(seed, 1, 2, 30) + 3
    factor = Scale(amount).apply(x, moment(seed)) / x
    assert factor.flatten().tolist() == pytest.approx([float(factor[0, 0, 0])] * 60, abs=1e-3)
    assert 1 - amount - 1e-3 <= float(factor[0, 0, 0]) <= 1 + amount + 1e-3


def test_noise_is_measured_in_deviations_of_each_channel():
    x = draw(0, 200, 2, 50) * torch.tensor([[1.0], [40.0]]) + 7
    data = Reference(sd.SequenceDataset(2 * x, [0] * 200))
    for reference, deviations in ((data, [2.0, 80.0]), (None, [1.0, 40.0])):
        added = Noise(0.1).apply(x, moment(*range(200), reference=reference)) - x
        sizes = added.std(dim=(0, 2)).tolist()
        assert sizes == pytest.approx([0.1 * deviation for deviation in deviations], rel=0.05)


def test_dropout_hides_its_share_behind_the_mean_of_the_data():
    x = draw(0, 50, 2, 200) + 100
    reference = Reference(sd.SequenceDataset(x - 50, [0] * 50))
    after = Dropout(0.3).apply(x, moment(*range(50), reference=reference))
    hidden = after != x
    assert float(hidden.float().mean()) == pytest.approx(0.3, abs=0.02)
    assert torch.equal(after, torch.where(hidden, reference.mean, x))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("length", [2, 9])
def test_what_happens_to_a_dream_does_not_depend_on_its_neighbours(kind, channels, length):
    x = draw(1, 3, channels, length)
    together = kind().apply(x, moment(4, 5, 6))
    for dream in range(3):
        assert torch.equal(together[dream : dream + 1], kind().apply(x[dream : dream + 1], moment(4 + dream)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_goes_back_through_every_transform(kind):
    x = draw(1, 2, 2, 7).double().requires_grad_()
    reference = Reference(sd.SequenceDataset(draw(2, 5, 2, 7), [0] * 5))
    assert torch.autograd.gradcheck(lambda y: kind().apply(y, moment(3, 4, reference=reference)), (x,))


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_sees_the_copy_and_penalties_the_sequence(demo, kind):
    run = session(demo, kind(), sd.regularizers.L2(1.0))
    run.run(1)
    copy = kind().apply(demo.data.x[3:4], moment(5, reference=Reference.of(demo.data)))
    with torch.no_grad():
        logits = demo.model(copy)
    assert run.history["score"][0] == pytest.approx(float(logits[0, 1]), abs=1e-4)
    assert run.history["probabilities"][0] == pytest.approx(logits.softmax(dim=1)[0].tolist(), abs=1e-4)
    assert run.history["l2"][0] == pytest.approx(float(demo.data.x[3].square().sum()), rel=1e-5)
    changed = float((copy - demo.data.x[3:4]).square().mean().sqrt())
    assert run.history[kind(enabled=False).name][0] == pytest.approx(changed, rel=1e-4)


def test_every_step_draws_anew_and_a_reset_rewinds(demo):
    run = session(demo, Noise(), Jitter())
    run.run(8)
    first, values = run.sequence, run.history["noise"]
    assert len(set(values.tolist())) == 8
    run.submit(sd.commands.Reset())
    run.run(8)
    assert torch.equal(run.sequence, first)
    assert np.array_equal(run.history["noise"], values)


def test_frozen_samples_are_seen_changed_and_stay_what_they_are(demo):
    run = session(demo, Noise(1.0), Warp())
    run.submit(sd.commands.Freeze(50, 90))
    run.run(10)
    assert torch.equal(run.sequence[0, :, 50:90], demo.data.x[3, :, 50:90])


def test_measuring_how_fast_steps_are_draws_nothing(demo):
    measured, plain = session(demo, Noise(), Dropout()), session(demo, Noise(), Dropout())
    for run in (measured, plain):
        run.run(3)
        if run is measured:
            run.measure()
        run.run(3)
    assert torch.equal(measured.sequence, plain.sequence)


def test_a_failed_step_gives_its_random_numbers_back(demo):
    class Sulks(sd.regularizers.Penalty, abstract=True):
        moods: ClassVar[list[str]] = []

        def value(self, x, reference):
            if self.moods:
                raise RuntimeError(self.moods.pop())
            return x.sum(dim=(1, 2)) * 0

    plain, failing = session(demo, Noise(), Sulks(name="sulks")), session(demo, Noise(), Sulks(name="sulks"))
    plain.run(6)
    failing.run(3)
    Sulks.moods.append("not today")
    with pytest.raises(sd.StepError, match="sulks raised RuntimeError: not today"):
        failing.run(3)
    failing.run(3)
    assert torch.equal(plain.sequence, failing.sequence)


def test_a_dream_under_jitter_keeps_more_of_its_score_when_it_is_shifted(demo):
    class AtItsPlace(torch.nn.Module):
        """Looks for a steep rise at one place, and at no other."""

        def forward(self, x):
            rise = x[..., 251:260].mean(dim=(1, 2)) - x[..., 240:249].mean(dim=(1, 2))
            return torch.stack([rise, -rise], dim=1)

    def kept(*regularizers):
        regularizers = [*regularizers, sd.regularizers.L2(0.05)]
        settings = {"data": demo.data, "steps": 60, "start": "mean", "progress": False, "regularizers": regularizers}
        run = sd.dream(AtItsPlace(), sd.objectives.Logit(0), **settings)
        shifted = [AtItsPlace()(run.sequence.roll(shift, dims=2))[0, 0] for shift in range(-12, 13)]
        return float(torch.stack(shifted).mean() / shifted[12])

    assert kept(Jitter(12)) > kept() + 0.1
