"""Any optimizer of torch, by name or made by hand; and what cannot work is said before the first step."""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest
import torch
from torch import nn

import seqdream_widget as sd
from seqdream_widget.optimizers import factory_of

C = sd.commands


def linear() -> nn.Linear:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Linear(20, 2)


def session(**settings) -> sd.Session:
    return sd.Session(nn.Sequential(nn.Flatten(), linear()), sd.objectives.Logit(0), **{"length": 20, **settings})


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sgd", "SGD"), ("rmsprop", "RMSprop"), ("adamw", "AdamW"), ("adam_w", "AdamW"), ("NAdam", "NAdam")],
)
def test_every_optimizer_of_torch_goes_by_its_name(name, kind):
    assert factory_of(name) is getattr(torch.optim, kind)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("command", [C.Edit(3, [4.0], dream=1), C.Freeze(3, 9, dream=1), C.MovePoint(3, 2.0, dream=1)])
def test_a_dream_keeps_its_bits_whatever_is_done_to_its_neighbour_in_the_batch(optimizer, command):
    model = nn.Sequential(nn.Flatten(), linear(), nn.Tanh())
    one, other = (
        sd.Session(model, sd.objectives.Logit(0), length=20, batch_size=2, seed=0, optimizer=optimizer)
        for _ in range(2)
    )
    for s in (one, other):
        s.run(5)
    one.submit(command)
    for _ in range(300):
        one.step()
        other.step()
        assert torch.equal(one.sequence[0], other.sequence[0])
    assert not torch.equal(one.sequence[1], other.sequence[1])


def test_a_factory_is_taken_as_it_is():
    s = session(optimizer=functools.partial(torch.optim.SGD, momentum=0.9), learning_rate=0.1)
    s.run(3)
    assert s._dreamer.iterate.optimizer.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_top_of_a_parabola_in_a_few_steps_and_scores_the_first_evaluation(line_search):
    """Logit minus λ‖x‖² is highest at w / 2λ."""
    optimizer = functools.partial(torch.optim.LBFGS, line_search_fn=line_search) if line_search else "lbfgs"
    s = session(optimizer=optimizer, learning_rate=1.0, regularizers=[sd.regularizers.L2(0.1)])
    weight, bias = linear().weight[0].detach(), linear().bias[0].detach()
    first = float(s.start[0, 0] @ weight + bias)
    s.run(3)
    assert s.history["score"][0] == pytest.approx(first, abs=1e-5)
    assert torch.allclose(s.sequence[0, 0], weight / 0.2, atol=1e-4)


def test_lbfgs_sees_one_draw_of_the_transforms_in_all_evaluations_of_a_step():
    seen = []

    class Noted(sd.regularizers.Noise, abstract=True):
        def apply(self, x, moment):
            after = super().apply(x, moment)
            seen.append((after - x).detach())
            return after

    data = sd.SequenceDataset(torch.randn(4, 1, 20, generator=torch.Generator().manual_seed(0)), [0, 1, 0, 1])
    many, one = (
        session(optimizer=name, data=data, regularizers=[Noted(name="noted"), sd.regularizers.L2(0.1)])
        for name in ("lbfgs", "sgd")
    )
    many.run(1)
    assert len(seen) > 1
    assert all(torch.allclose(noise, seen[0], atol=1e-6) for noise in seen)
    many.run(1)
    assert not torch.allclose(seen[-1], seen[0], atol=1e-2)
    one.run(2)
    assert torch.equal(many._dreamer.generators[0].get_state(), one._dreamer.generators[0].get_state())


def test_lbfgs_forgets_everything_where_one_sample_is_edited():
    s = session(optimizer="lbfgs", regularizers=[sd.regularizers.L1(0.01)])
    s.run(5)
    s.submit(C.Edit(3, [1.0]))
    begun = session(optimizer="lbfgs", regularizers=[sd.regularizers.L1(0.01)], start=s.sequence)
    s.run(4)
    begun.run(4)
    assert torch.equal(s.sequence, begun.sequence)


class Greedy(torch.optim.Optimizer):
    def __init__(self, params, lr, total_steps):
        super().__init__(params, {"lr": lr})


@pytest.mark.parametrize(
    ("optimizer", "error", "words"),
    [
        ("adamm", ValueError, 'unknown optimizer "adamm".*did you mean "adam"'),
        ("sparse_adam", ValueError, 'optimizer "sparse_adam" cannot be used on sequences .*dense gradients'),
        (Greedy, ValueError, '"Greedy" cannot be used on sequences .TypeError: .*total_steps.*from .params, lr=....'),
        (lambda params: None, ValueError, "cannot be used on sequences .TypeError"),
        (lambda params, lr: None, ValueError, "made a NoneType, which is no torch.optim.Optimizer"),
        (5, TypeError, '5 is no optimizer; give a name such as "adam" or a callable'),
        (None, TypeError, "None is no optimizer"),
    ],
)
def test_what_cannot_work_is_said_at_once_and_by_the_command_too(optimizer, error, words):
    with pytest.raises(error, match=words):
        session(optimizer=optimizer)
    s = session()
    with pytest.raises(error, match=words):
        s.submit(C.SetOptimizer(optimizer))
    assert s.optimizer == "adam"


@pytest.mark.parametrize("optimizer", ["lbfgs", "adafactor"])
def test_what_would_mix_the_dreams_of_a_batch_is_refused_with_a_remedy(optimizer):
    words = f'optimizer "{optimizer}" .*would mix the 3 dreams of the batch; run one dream at a time .batch_size=1.'
    with pytest.raises(ValueError, match=words):
        session(optimizer=optimizer, batch_size=3)
    s = session(batch_size=3)
    with pytest.raises(ValueError, match=words):
        s.submit(C.SetOptimizer(optimizer))


def test_trying_an_optimizer_out_leaves_the_global_random_state_alone():
    class Restless(torch.optim.SGD):
        def step(self, closure=None):
            for theta in self.param_groups[0]["params"]:
                theta.grad += torch.randn_like(theta.grad)
            super().step()

    state = torch.get_rng_state()
    session(optimizer=Restless, batch_size=2)
    assert torch.equal(torch.get_rng_state(), state)


def test_rprop_begins_anew_with_the_step_it_began_with():
    s = session(optimizer="rprop", learning_rate=0.05, regularizers=[sd.regularizers.L2(0.1)])
    s.run(40)
    s.submit(C.Edit(4, [3.0]))
    s.run(1)
    assert float((s.sequence[0, 0, 4] - 3.0).abs()) == pytest.approx(0.05, rel=1e-4)


def test_a_command_off_the_wire_names_its_optimizer():
    assert C.Command.from_json({"type": "set_optimizer", "optimizer": "rmsprop"}) == C.SetOptimizer("rmsprop")
    for bad in (5, {"type": "adam"}, None, "__class__", ["adam"]):
        with pytest.raises(ValueError, match="optimizer"):
            C.Command.from_json({"type": "set_optimizer", "optimizer": bad})


def test_a_dream_does_without_the_compiler_of_torch():
    dreams = """
import sys
import seqdream_widget as sd
demo = sd.load_demo("forda")
w = sd.SeqDream(demo.model, sd.presets.centered(demo.data, "abnormal"), data=demo.data)
w.step(3)
w.submit(sd.commands.MovePoint(index=3, value=1.0))
w.step(3)
w.session.undo()
assert w.plausibility is not None
assert "torch._dynamo" not in sys.modules, "60 MB and a third of the start are spent"
"""
    subprocess.run([sys.executable, "-c", dreams], check=True, timeout=120)
