"""What a dream promises: the same bits, an untouched model, and a gradient that is really climbed."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

import seqdream_widget as sd
from tests.models import FAMILIES, make

FEW = 30


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def dreamt(demo, seed=0, steps=FEW, **settings):
    settings = {"regularizers": [sd.regularizers.L2(1e-3)], **settings}
    objective = sd.objectives.Logit("abnormal")
    return sd.dream(demo.model, objective, data=demo.data, steps=steps, seed=seed, progress=False, **settings)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(demo):
    one, again, other = dreamt(demo, 5), dreamt(demo, 5), dreamt(demo, 6)
    assert torch.equal(one.sequence, again.sequence)
    assert all(np.array_equal(one.history[name], again.history[name]) for name in one.history)
    assert not torch.equal(one.sequence, other.sequence)


def test_nothing_of_the_users_is_touched(demo):
    model = make("resnet").train()
    model.register_forward_hook(lambda *_: None)
    model.block1.conv1.weight.requires_grad_(False)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    flags = [(p.requires_grad, p.grad) for p in model.parameters()]
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate(), torch.get_num_threads()
    sd.dream(model, sd.objectives.Logit(1), data=demo.data, steps=FEW, progress=False)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    assert torch.get_num_threads() == before[3]
    assert model.training
    assert len(model._forward_hooks) == 1
    assert [(p.requires_grad, p.grad) for p in model.parameters()] == flags
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_training_the_users_model_meanwhile_changes_nothing(demo):
    model = make("resnet")
    session = sd.Session(model, sd.objectives.Logit(1), data=demo.data, seed=3)
    session.run(10)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    session.run(10)
    undisturbed = sd.dream(make("resnet"), sd.objectives.Logit(1), data=demo.data, seed=3, steps=20, progress=False)
    assert torch.equal(session.sequence, undisturbed.sequence)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_score_rises_in_every_model_family(demo, family, optimizer):
    rate = 0.05 if optimizer == "adam" else 1.0
    result = sd.dream(
        make(family),
        sd.objectives.Margin(1),
        data=demo.data,
        steps=FEW,
        optimizer=optimizer,
        learning_rate=rate,
        progress=False,
    )
    assert result.history["score"][-1] > result.history["score"][0]
    assert result.sequence.shape == (1, 1, 500)
    assert result.sequence.dtype == torch.float32
    assert not result.sequence.requires_grad


def test_folding_batch_norm_keeps_the_scores(demo):
    session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=0)
    assert session._dreamer.scene.probe.folded
    session.run(1)
    with torch.no_grad():
        expected = demo.model(demo.data.x[:1])[0, 1]
    assert session.history["score"][0] == pytest.approx(float(expected), abs=1e-4)


def test_a_hand_written_loop_finds_the_same_sequence(demo):
    """The engine is the plain mathematics: torch's own Adam on the user's own model agrees."""
    x = demo.data.x[3:4].double().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=0.05)
    model = copy.deepcopy(demo.model).double()
    for _ in range(FEW):
        loss = -model(x)[:, 1].sum() + 1e-3 * x.square().sum() + 1e-2 * x.diff().abs().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    regularizers = [sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(1e-2)]
    settings = {"data": demo.data, "start": 3, "regularizers": regularizers, "steps": FEW, "progress": False}
    result = sd.dream(model, sd.objectives.Logit("abnormal"), **settings)
    assert torch.allclose(result.sequence, x.detach().float(), atol=1e-5)


def test_every_term_of_every_step_is_on_record(demo):
    regularizers = [
        sd.regularizers.L2(1e-3),
        sd.regularizers.TotalVariation(1e-2, enabled=False),
        sd.regularizers.GaussianBlur(sigma=1.0, every=10),
    ]
    history = dreamt(demo, regularizers=regularizers, start=3).history
    assert history["step"].tolist() == list(range(1, FEW + 1))
    assert {"score", "grad_norm", "l2", "gaussian_blur"} < set(history)
    assert history["l2"][0] == pytest.approx(1e-3 * float(demo.data.x[3].square().sum()), rel=1e-5)
    changed = np.flatnonzero(np.diff(history["gaussian_blur"], prepend=0.0)) + 1
    assert changed.tolist() == [10, 20, 30]
    assert history["gaussian_blur"][0] == 0.0
    assert np.allclose(history["probabilities"].sum(axis=1), 1.0, atol=1e-5)


def test_dreams_of_a_batch_have_their_own_randomness(demo):
    result = dreamt(demo, batch_size=3)
    assert result.sequence.shape == (3, 1, 500)
    assert result.history["score"].shape == (3, FEW)
    assert torch.equal(result.session.start[1], dreamt(demo, seed=1, steps=0).session.start[0])


def test_several_channels_go_through_the_whole_engine():
    model = nn.Sequential(nn.Conv1d(3, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))
    result = sd.dream(model, sd.objectives.Logit(2), channels=3, length=40, steps=FEW, progress=False)
    assert result.sequence.shape == (1, 3, 40)
    assert result.history["score"][-1] > result.history["score"][0]


@pytest.mark.parametrize("answer", [False, np.False_, torch.tensor(False), torch.tensor([False])])
def test_every_false_of_a_callback_stops_the_run_and_nothing_else_does(demo, answer):
    assert len(dreamt(demo, steps=3, callback=lambda _: answer).history["score"]) == 1
    assert len(dreamt(demo, steps=3, callback=lambda _: np.float32(0)).history["score"]) == 3


def test_a_callback_can_stop_the_run(demo):
    result = dreamt(demo, callback=lambda session: session.step_count < 7)
    assert result.session.step_count == 7


def test_a_model_that_works_in_place_reaches_neither_the_sequence_nor_the_penalties(demo):
    class InPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(500, 2)

        def forward(self, x):
            x -= x.mean(dim=-1, keepdim=True)
            return self.head(x.relu_().flatten(1))

    result = sd.dream(
        InPlace(),
        sd.objectives.Logit(0),
        data=demo.data,
        start=3,
        steps=2,
        regularizers=[sd.regularizers.L2()],
        progress=False,
    )
    assert torch.equal(result.session.start, demo.data.x[3:4])
    assert result.history["l2"][0] == pytest.approx(1e-3 * float(demo.data.x[3].square().sum()), rel=1e-5)


def test_plain_numbers_of_any_kind_and_reversed_arrays_are_taken(demo):
    x = demo.data.x[3, 0].numpy()[::-1]
    result = dreamt(demo, seed=np.int64(1), start=x, steps=2.0)
    assert torch.equal(result.session.start[0, 0], torch.tensor(x.copy()))


def test_the_two_shortest_sequences_work():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    regularizers = [sd.regularizers.TotalVariation(), sd.regularizers.GaussianBlur(sigma=3.0, every=1)]
    result = sd.dream(model, sd.objectives.Logit(0), length=2, regularizers=regularizers, steps=3, progress=False)
    assert result.sequence.shape == (1, 1, 2)


class TestWhenSomethingGoesWrong:
    def test_a_model_that_raises_is_named_and_the_step_undone(self, demo):
        class Moody(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner, self.angry = plain(), False

            def forward(self, x):
                if self.angry:
                    raise RuntimeError("no more")
                return self.inner(x)

        def plain():
            return nn.Sequential(nn.Flatten(), nn.Linear(500, 2))

        session = sd.Session(Moody(), sd.objectives.Logit(0), data=demo.data)
        session.run(5)
        before = session.sequence
        session._dreamer.scene.probe._plain.module.angry = True
        with pytest.raises(sd.StepError, match="the model raised RuntimeError: no more; the step was undone"):
            session.run(5)
        assert session.step_count == 5
        assert torch.equal(session.sequence, before)
        session._dreamer.scene.probe._plain.module.angry = False
        session.run(5)
        assert session.step_count == 10

    def test_a_term_that_is_not_finite_is_named_and_the_step_undone(self, demo):
        class Logarithm(sd.regularizers.Penalty, abstract=True):
            def value(self, x, reference):
                return x.log().sum(dim=(1, 2))

        session = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, regularizers=[Logarithm(name="bad")])
        before = session.sequence
        with pytest.raises(sd.StepError, match="bad is not finite at step 1; the step was undone"):
            session.run(1)
        assert session.step_count == 0
        assert torch.equal(session.sequence, before)

    def test_a_projection_that_raises_undoes_the_update_before_it(self, demo):
        class Broken(sd.regularizers.Projection, abstract=True):
            def apply(self, x, moment):
                raise ValueError("torn")

        healthy = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, seed=2)
        session = sd.Session(
            demo.model, sd.objectives.Logit(0), data=demo.data, seed=2, regularizers=[Broken(name="broken", every=4)]
        )
        with pytest.raises(sd.StepError, match="broken raised ValueError: torn"):
            session.run(10)
        healthy.run(3)
        assert session.step_count == 3
        assert torch.equal(session.sequence, healthy.sequence)
        session.submit(sd.commands.SetRegularizer("broken", enabled=False))
        session.run(5)
        healthy.run(5)
        assert torch.equal(session.sequence, healthy.sequence)

    @pytest.mark.parametrize(
        ("settings", "error", "words"),
        [
            ({"start": torch.zeros(300)}, sd.ShapeError, "samples does not agree .*data: 500, start: 300"),
            ({"start": "nois"}, ValueError, 'unknown start "nois".*did you mean "noise"'),
            ({"start": 5000}, ValueError, "start=5000 is not allowed; the data has samples 0 to"),
            ({"start": float("nan") * torch.ones(500)}, ValueError, "not finite"),
            ({"learning_rate": -1}, ValueError, "learning_rate = -1 is not allowed; give a number from 1e-06 to 100"),
            ({"batch_size": 0}, ValueError, "batch_size = 0 is not allowed"),
            ({"length": "20"}, ValueError, "length = '20' is not allowed"),
            ({"channels": 0}, ValueError, "channels = 0 is not allowed"),
            ({"steps": "5"}, ValueError, "steps = '5' is not allowed"),
            ({"regularizers": sd.regularizers.L2()}, TypeError, "is no list; give e.g."),
            ({"optimizer": "adamm"}, ValueError, 'unknown optimizer "adamm".*did you mean "adam"'),
            ({"learning_rat": 1}, TypeError, 'did you mean "learning_rate"'),
            (
                {"regularizers": [sd.regularizers.L2(), sd.regularizers.L2()]},
                ValueError,
                'two regularizers are named "l2"',
            ),
        ],
    )
    def test_bad_settings_are_refused_in_words(self, demo, settings, error, words):
        with pytest.raises(error, match=words):
            dreamt(demo, **settings)

    def test_an_unknown_class_is_named_with_the_known_ones(self, demo):
        with pytest.raises(ValueError, match='unknown class "abnrmal"; known: "normal", "abnormal"; did you mean'):
            sd.dream(demo.model, sd.objectives.Logit("abnrmal"), data=demo.data)
        with pytest.raises(ValueError, match="class 7 is not allowed; give an index from 0 to 1"):
            sd.dream(demo.model, sd.objectives.Logit(7), data=demo.data)

    def test_a_model_that_takes_no_such_sequence_says_what_was_tried(self, demo):
        with pytest.raises(sd.ShapeError, match=r"Tried \(N, C, T\).*Give `length` and `channels`"):
            sd.dream(flat(300), sd.objectives.Logit(0), data=demo.data)

    def test_without_data_a_length_is_needed(self, demo):
        with pytest.raises(sd.ShapeError, match="give data=, a start array, or length="):
            sd.dream(demo.model, sd.objectives.Logit(0))


def flat(length: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(length, 2))
