"""What is exact, and stays so whatever writes the sequence, whatever moves it and whatever is done to it.

A few optimizers stand for all that can move sequences; `make exactness` tries every one.
"""

from __future__ import annotations

import functools
import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.optimizers import OPTIMIZERS, chosen
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.reference import Members
from seqdream_widget.regularizers import Projection, Regularizer
from seqdream_widget.threads import intra_op_threads

C = sd.commands
LENGTH, CHANNELS, RATE = 23, 2, 0.05
FORMS = list(Parameterization.types)


def usable(batch_size: int) -> list[str]:
    names = []
    for name in OPTIMIZERS:
        try:
            chosen(name, RATE, torch.zeros(batch_size, 1, 4))
        except ValueError:
            continue
        names.append(name)
    return names


ALL_ALONE, ALL_TOGETHER = usable(1), usable(2)
# One that remembers by sample, one that remembers nothing, one that asks for the gradient many times a step.
ALONE = ALL_ALONE if "EXACTNESS" in os.environ else ["adam", "sgd", "lbfgs"]
TOGETHER = [name for name in ALONE if name in ALL_TOGETHER]


@functools.cache
def data(length: int = LENGTH, channels: int = CHANNELS) -> sd.SequenceDataset:
    noise = torch.randn(40, channels, length, generator=torch.Generator().manual_seed(0))
    return sd.SequenceDataset(noise.cumsum(dim=2) / 3, [index % 2 for index in range(40)], ["up", "down"])


@functools.cache
def model(length: int, channels: int, dtype: torch.dtype) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Flatten(), nn.Linear(channels * length, 8), nn.Tanh(), nn.Linear(8, 2)
        return nn.Sequential(*layers).to(dtype)


def session(
    length: int = LENGTH, channels: int = CHANNELS, dtype: torch.dtype = torch.float32, **settings
) -> sd.Session:
    settings = {"data": data(length, channels), "learning_rate": RATE, **settings}
    return sd.Session(model(length, channels, dtype), sd.objectives.Logit("up"), **settings)


def projections() -> list[Regularizer]:
    """Every projection there is, with its defaults, in every fourth step."""
    kinds = [kind for kind in Regularizer.types.values() if issubclass(kind, Projection)]
    return [kind().changed(None, {"every": 4}) for kind in kinds]


def test_all_of_torchs_optimizers_can_be_used_but_those_that_cannot_move_sequences():
    assert set(OPTIMIZERS) - set(ALL_ALONE) <= {"sparseadam", "muon"}
    assert set(ALL_ALONE) - set(ALL_TOGETHER) == {"lbfgs", "adafactor"}
    assert {"adam", "adamw", "sgd", "rmsprop", "adagrad", "rprop"} <= set(ALL_TOGETHER)


@pytest.mark.parametrize("optimizer", ALONE)
@pytest.mark.parametrize("form", FORMS)
def test_frozen_samples_are_bit_identical_after_500_steps_under_everything(form, optimizer):
    # Twenty evaluations a step would take their time: two show the same.
    given = functools.partial(torch.optim.LBFGS, max_iter=2) if optimizer == "lbfgs" else optimizer
    s = session(parameterization=form, optimizer=given, regularizers=projections())
    s.run(2)
    s.submit(C.Freeze(4, 9, channel=1))
    s.submit(C.Freeze(15, 18))
    frozen = s._dreamer.frozen
    before = s.sequence
    s.run(500)
    assert torch.equal(s.sequence[frozen], before[frozen])
    assert (s.sequence != before)[~frozen].any()


@given(
    form=st.sampled_from(FORMS),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 30)),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    steps=st.integers(0, 4),
    draw=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_an_edit_is_held_by_every_parameterization_and_reaches_nothing_else(form, shape, dtype, steps, draw):
    batch_size, channels, length = shape
    s = session(length, channels, dtype, parameterization=form, batch_size=batch_size)
    s.run(steps)
    before = s.sequence
    start = draw.draw(st.integers(0, length - 1))
    values = draw.draw(st.lists(st.floats(-1000, 1000, width=32), min_size=1, max_size=length - start))
    channel, dream = draw.draw(st.integers(0, channels - 1)), draw.draw(st.integers(0, batch_size - 1))
    s.submit(C.Edit(start, values, channel=channel, dream=dream))
    after = s.sequence
    assert np.abs(after[dream, channel, start : start + len(values)].numpy() - values).max() <= 1e-5
    after[dream, channel, start : start + len(values)] = before[dream, channel, start : start + len(values)]
    assert torch.equal(after, before)


@pytest.mark.parametrize("form", FORMS)
def test_an_edited_sample_moves_under_adam_as_one_that_has_just_begun(form):
    s = session(parameterization=form, seed=4)
    s.run(200)
    s.submit(C.Edit(10, [2.0, 2.5], channel=0))
    edited = s.sequence
    begun = session(parameterization=form, start=edited)
    s.run(1)
    begun.run(1)
    where = (0, 0, slice(10, 12))
    assert torch.equal(s.sequence[where], begun.sequence[where])
    assert not torch.equal(s.sequence[where], edited[where])


@pytest.mark.parametrize("optimizer", ALONE)
@pytest.mark.parametrize("form", FORMS)
def test_freezing_and_unfreezing_change_no_bit(form, optimizer):
    s = session(parameterization=form, optimizer=optimizer, regularizers=[sd.regularizers.GaussianBlur(every=3)])
    s.run(7)
    for command in (C.Freeze(3, 9), C.Unfreeze(5, 7), C.Unfreeze(0, LENGTH)):
        before = s.sequence
        s.submit(command)
        assert torch.equal(s.sequence, before)
        s.run(4)
        assert not torch.equal(s.sequence, before)


@pytest.mark.parametrize("optimizer", TOGETHER)
@pytest.mark.parametrize("form", FORMS)
def test_a_dreams_bits_do_not_depend_on_its_neighbours(form, optimizer):
    """Neither on where they begin, nor on what is done to them."""
    start = data().x[:3].clone()
    alike = session(start=start, batch_size=3, parameterization=form, optimizer=optimizer, regularizers=projections())
    start[1] *= -5
    other = session(start=start, batch_size=3, parameterization=form, optimizer=optimizer, regularizers=projections())
    alike.run(10)
    other.run(5)
    other.submit(C.Edit(3, [9.0, -9.0], channel=0, dream=1))
    other.submit(C.Freeze(8, 12, dream=1))
    other.run(3)
    other.submit(C.Unfreeze(8, 12, dream=1))
    other.run(2)
    for dream in (0, 2):
        assert torch.equal(alike.sequence[dream], other.sequence[dream])
    assert not torch.equal(alike.sequence[1], other.sequence[1])


@pytest.mark.parametrize("form", FORMS)
def test_what_is_frozen_does_not_bend_its_neighbours_through_a_projection_that_changes_nothing(form):
    settings = {"parameterization": form, "start": "zeros", "optimizer": "sgd", "learning_rate": 0.5}
    plain = session(**settings)
    projected = session(regularizers=[sd.regularizers.Clamp(low=-1e6, high=1e6)], **settings)
    for s in (plain, projected):
        s.submit(C.Freeze(8, 12))
        s.run(100)
    assert torch.allclose(projected.sequence, plain.sequence, atol=1e-4)
    assert plain.sequence[0, :, :8].abs().max() > 0.1


@pytest.mark.parametrize("optimizer", ALONE)
@pytest.mark.parametrize("form", FORMS)
def test_what_a_hand_holds_is_still_and_does_not_jump_when_it_lets_go(form, optimizer):
    s = session(parameterization=form, optimizer=optimizer, regularizers=[sd.regularizers.GaussianBlur(every=2)])
    s.run(5)
    s.submit(C.MovePoint(12, 3.0, radius=4, channel=1, gesture=1))
    held = s.sequence[0, 1, 9:16]
    s.run(10)
    assert torch.equal(s.sequence[0, 1, 9:16], held)
    s.submit(C.Release(1))
    s.run(1)
    assert torch.equal(s.sequence[0, 1, 9:16], held)
    s.run(1)
    assert not torch.equal(s.sequence[0, 1, 9:16], held)


class Tearing(Projection, abstract=True):
    """Changes nothing until it raises."""

    def apply(self, x, reference):
        if self.enabled:
            raise ValueError("torn")
        return x


@pytest.mark.parametrize("optimizer", ALONE)
@pytest.mark.parametrize("form", FORMS)
def test_a_step_that_fails_leaves_everything_as_it_was(form, optimizer):
    settings = {"parameterization": form, "optimizer": optimizer, "seed": 2}
    blur = sd.regularizers.GaussianBlur(every=1)
    healthy = session(regularizers=[blur], **settings)
    torn = session(regularizers=[blur, Tearing(name="tearing", enabled=False)], **settings)
    for s in (healthy, torn):
        s.run(4)
        s.submit(C.Freeze(3, 6))
    torn.submit(C.SetRegularizer("tearing", enabled=True))
    before = torn.sequence
    for _ in range(2):
        with pytest.raises(sd.StepError, match="tearing raised ValueError: torn"):
            torn.run(1)
    assert torn.step_count == 4
    assert torch.equal(torn.sequence, before)
    torn.submit(C.SetRegularizer("tearing", enabled=False))
    healthy.run(6)
    torn.run(6)
    assert torch.equal(torn.sequence, healthy.sequence)


class Wandering(torch.optim.Optimizer):
    """Keeps what it remembers in every place but the one meant for it."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr, "momentum": [0.0]})
        self.count = 0

    def step(self, closure=None):
        self.count += 1
        self.state["steps taken"] = {"pace": torch.tensor(float(self.count))}
        for group in self.param_groups:
            group["momentum"][0] += 0.1
            for theta in group["params"]:
                size = group["lr"] * self.state["steps taken"]["pace"] * group["momentum"][0]
                theta.data -= size * theta.grad.sign()


def test_the_undo_of_a_step_is_exact_wherever_an_optimizer_keeps_its_state():
    healthy = session(optimizer=Wandering)
    torn = session(optimizer=Wandering, regularizers=[Tearing(name="tearing")])
    with pytest.raises(sd.StepError, match="torn"):
        torn.run(1)
    torn.submit(C.SetRegularizer("tearing", enabled=False))
    torn.run(3)
    healthy.run(3)
    assert torch.equal(torn.sequence, healthy.sequence)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("other", FORMS)
def test_a_change_of_parameterization_changes_no_bit_and_begins_the_optimizer_anew(form, other):
    s = session(parameterization=form, seed=3)
    s.run(20)
    before, random_state = s.sequence, s._dreamer.generators[0].get_state()
    s.submit(C.SetParameterization(other))
    assert torch.equal(s.sequence, before)
    assert torch.equal(s._dreamer.generators[0].get_state(), random_state)
    begun = session(parameterization=other, start=before)
    s.run(5)
    begun.run(5)
    assert torch.equal(s.sequence, begun.sequence)


@pytest.mark.parametrize("optimizer", ALONE)
def test_a_change_of_optimizer_changes_no_bit_and_begins_it_anew(optimizer):
    s = session(seed=3)
    s.run(20)
    before, random_state = s.sequence, s._dreamer.generators[0].get_state()
    s.submit(C.SetOptimizer(optimizer))
    assert torch.equal(s.sequence, before)
    assert torch.equal(s._dreamer.generators[0].get_state(), random_state)
    begun = session(optimizer=optimizer, start=before)
    s.run(5)
    begun.run(5)
    assert torch.equal(s.sequence, begun.sequence)


def test_statistics_of_real_data_do_not_depend_on_how_many_threads_run_then():
    x = torch.randn(300, 1, 600, generator=torch.Generator().manual_seed(0))
    found = []
    for threads in (1, 2):
        with intra_op_threads(threads):
            members = Members(x.clone())
            names = ("mean", "amplitude", "roughness", "floor", "log_spectrum")
            found.append([getattr(members, name) for name in names] + [members.spectrum_spread])
            assert torch.get_num_threads() == threads
    assert all(torch.equal(torch.as_tensor(one), torch.as_tensor(other)) for one, other in zip(*found, strict=True))
