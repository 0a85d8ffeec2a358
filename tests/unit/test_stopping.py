"""In a batch one dream that goes wrong stops alone; its neighbours do not notice."""

from __future__ import annotations

import functools
from typing import ClassVar

import numpy as np
import pytest
import torch

import seqdream_widget as sd
from seqdream_widget.optimizers import Adam
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.regularizers import L2, GaussianBlur, Noise, RandomReinitialization

C = sd.commands


class Trap(sd.regularizers.Penalty, abstract=True):
    """Not finite for the dreams that are in it."""

    caught: ClassVar[set[int]] = set()

    def value(self, x, reference):
        rows = torch.tensor([dream in self.caught for dream in range(len(x))])
        return torch.where(rows, torch.nan, 0.01 * x.square().sum(dim=(1, 2)))


@pytest.fixture(autouse=True)
def empty():
    Trap.caught = set()


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def batch(demo, count=3, **settings):
    regularizers = [Trap(name="trap"), L2(), Noise(), GaussianBlur(every=3), RandomReinitialization(every=4)]
    settings = {"batch_size": count, "regularizers": regularizers, "seed": 1, **settings}
    return sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, **settings)


def memory(session: sd.Session) -> dict[str, torch.Tensor]:
    """What the optimizer remembers of each number."""
    iterate = session._dreamer.iterate
    return {name: value.clone() for name, value in iterate.optimizer.state[iterate.theta].items() if value.ndim}


@pytest.mark.parametrize("form", Parameterization.types)
@pytest.mark.parametrize("optimizer", ["adam", functools.partial(torch.optim.SGD, momentum=0.9), "rprop"])
def test_the_dream_stops_as_it_was_and_the_others_go_on_to_the_same_bits(demo, optimizer, form):
    settings = {"optimizer": optimizer, "parameterization": form}
    healthy, run = batch(demo, **settings), batch(demo, **settings)
    healthy.run(12)
    run.run(5)
    before, remembered = run.sequence[1], memory(run)
    stream = run._dreamer.generators[1].get_state()
    Trap.caught = {1}
    run.run(7)
    assert run.stopped == {
        1: "trap is not finite at step 6; the step was undone. Lower the learning rate or the weights, or reset"
    }
    assert torch.equal(run.sequence[1], before)
    assert all(torch.equal(memory(run)[name][1], value[1]) for name, value in remembered.items())
    assert torch.equal(run._dreamer.generators[1].get_state(), stream)
    for dream in (0, 2):
        assert torch.equal(run.sequence[dream], healthy.sequence[dream])
        for name in healthy.history:
            if name != "step":
                assert np.array_equal(run.history[name][dream], healthy.history[name][dream])
    for name in healthy.history:
        if name != "step":
            assert np.isfinite(run.history[name][1, :5]).all()
            assert np.isnan(run.history[name][1, 5:]).all()


def test_it_stays_stopped_when_its_numbers_are_well_again_until_a_reset(demo):
    run = batch(demo)
    Trap.caught = {0}
    run.run(2)
    Trap.caught = set()
    run.run(2)
    assert list(run.stopped) == [0]
    assert torch.equal(run.sequence[0], run.start[0])
    run.submit(C.Reset())
    assert run.stopped == {}
    run.run(4)
    healthy = batch(demo)
    healthy.run(4)
    assert torch.equal(run.sequence, healthy.sequence)


def test_the_last_dream_stops_the_run_and_its_step_is_undone(demo):
    run = batch(demo)
    Trap.caught = {0}
    run.run(3)
    Trap.caught = {0, 2}
    run.run(3)
    before = run.sequence
    Trap.caught = {0, 1, 2}
    with pytest.raises(sd.StepError, match=r"^trap is not finite at step 7; the step was undone"):
        run.run(3)
    assert list(run.stopped) == [0, 2]
    assert run.step_count == 6
    assert torch.equal(run.sequence, before)
    Trap.caught = {0, 2}
    run.run(3)
    assert run.step_count == 9


@pytest.mark.parametrize("count", [1, 3])
def test_where_no_dream_is_left_nothing_has_changed(demo, count):
    run = batch(demo, count)
    Trap.caught = set(range(count))
    with pytest.raises(sd.StepError, match="trap is not finite at step 1"):
        run.run(1)
    assert run.stopped == {}
    assert torch.equal(run.sequence, run.start)
    Trap.caught = set()
    healthy = batch(demo, count)
    for one in (run, healthy):
        one.run(5)
    assert torch.equal(run.sequence, healthy.sequence)


def test_a_gradient_that_is_not_finite_is_named_by_the_term_that_it_is_of(demo):
    class Norm(sd.regularizers.Penalty, abstract=True):
        def value(self, x, reference):
            return x.square().sum(dim=(1, 2)).sqrt()

    start = demo.data.x[:2].clone()
    start[0] = 0
    shaping = sd.regularizers.NormalizeGradient()
    run = batch(demo, 2, start=start, regularizers=[Norm(name="norm"), shaping])
    run.run(5)
    assert run.stopped[0].startswith("the gradient of norm is not finite at step 1")
    assert not run.sequence[0].any()
    assert run.history["score"][1].shape == (5,)
    assert np.isfinite(run.history["score"][1]).all()


def test_an_update_that_throws_a_dream_out_of_range_stops_it_alone(demo):
    class Throws(Adam):
        def step(self, closure=None):
            super().step(closure)
            theta = self.param_groups[0]["params"][0]
            if float(self.state[theta]["mean_weight"].max()) > 1 - 0.9**3.5:
                with torch.no_grad():
                    theta[2] = torch.inf

    run, healthy = batch(demo, optimizer=Throws), batch(demo)
    run.run(3)
    before = run.sequence[2]
    run.run(5)
    healthy.run(8)
    assert run.stopped == {2: run.stopped[2]}
    assert run.stopped[2].startswith("the sequence is not finite at step 4")
    assert torch.equal(run.sequence[2], before)
    assert torch.equal(run.sequence[:2], healthy.sequence[:2])


def test_a_stopped_dream_keeps_what_is_frozen_and_can_still_be_edited(demo):
    run = batch(demo)
    run.submit(C.Freeze(10, 20, dream=1))
    Trap.caught = {1}
    run.run(2)
    run.submit(C.Edit(100, [4.0], dream=1))
    run.run(3)
    assert float(run.sequence[1, 0, 100]) == 4.0
    assert torch.equal(run.sequence[1, :, 10:20], run.start[1, :, 10:20])
    assert list(run.stopped) == [1]
