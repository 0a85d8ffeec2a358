"""What the engine sees of a model, whatever its family, and what the user keeps of it: everything."""

from __future__ import annotations

import copy
import random
import traceback
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import seqdream_widget as sd
from seqdream_widget.probe import Probe
from seqdream_widget.probe.network import same_draws
from seqdream_widget.probe.straight import Straight, has_one_way_through
from tests.models import FAMILIES, LSTMClassifier, PerStep, WithLock, make, with_tail

X = sd.load_demo("forda").data.x[:3]
IN_TORCHSCRIPT = {"scripted", "traced"}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def linear(outputs: int, length: int = 500) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(length, outputs))


class Applied(nn.Module):
    """A function after a model, which no list of layers shows."""

    def __init__(self, function, model=None):
        super().__init__()
        self.model = linear(2) if model is None else model
        self.function = function

    def forward(self, x):
        return self.function(self.model(x))


# ---- what is seen -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - IN_TORCHSCRIPT))
@pytest.mark.parametrize("batch", [1, 3])
def test_the_last_linear_makes_the_logits_of_the_features(family, batch):
    model = make(family).eval()
    probe = Probe(model, 1, 500)
    seen = probe(X[:batch])
    torch.testing.assert_close(model.get_submodule(probe.feature_layer)(seen.features), seen.logits)
    with torch.no_grad():
        torch.testing.assert_close(probe(X[:batch]).features, seen.features, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", sorted(IN_TORCHSCRIPT))
def test_torchscript_keeps_its_layers_to_itself_and_the_features_are_the_logits(family):
    probe = Probe(make(family), 1, 500)
    seen = probe(X)
    assert probe.feature_layer is None
    assert not probe.layers
    assert torch.equal(seen.features, seen.logits)


def test_features_can_be_the_output_of_a_layer_by_name():
    model = make("resnet").eval()
    probe = Probe(model, 1, 500, features="block1.relu1")
    kept = []
    model.block1.relu1.register_forward_hook(lambda *call: kept.append(call[-1]))
    model(X)
    torch.testing.assert_close(probe(X).features, kept[0].flatten(1), rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match=r'unknown layer "block9"; known: "block1\.conv1"'):
        Probe(model, 1, 500, features="block9")


def test_a_linear_inside_an_encoder_layer_is_not_mistaken_for_the_head():
    class Headless(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.TransformerEncoderLayer(4, 2, 2, batch_first=True)
            self.classes = nn.Parameter(torch.randn(4, 4))

        def forward(self, x):
            return self.encoder(x.unfold(1, 4, 4)).mean(dim=1) @ self.classes

    probe = Probe(Headless(), 1, 500, layout="(N, T)")
    assert probe.feature_layer is None
    assert torch.equal(probe(X).features, probe(X).logits)


def test_every_layer_is_seen_as_the_users_model_has_it_folded_or_not(demo):
    """Where folding BatchNorm would change an output, the unfolded copy answers."""
    model = copy.deepcopy(demo.model).eval()
    probe = Probe(model, 1, 500)
    assert probe.folded
    kept = {}
    for name, module in model.named_modules():
        module.register_forward_hook(lambda m, a, output, name=name: kept.__setitem__(name, output.clone()))
    logits = model(X)
    for name in probe.layers:
        seen = probe(X, (name,))
        torch.testing.assert_close(seen.layers[name], kept[name], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(seen.logits, logits, rtol=1e-4, atol=1e-4)
        assert tuple(seen.layers[name].shape[1:]) == probe.layers[name]
    together = probe(X, ("block1.norm1", "block3.relu3"))
    assert list(together.layers) == ["block1.norm1", "block3.relu3"]


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def test_what_a_layer_gave_stays_as_it_was_where_the_next_works_in_place():
    model = nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4 * 498, 2))
    assert Probe(model, 1, 500)(X, ("0",)).layers["0"].amin() < 0


def test_a_model_that_squeezes_one_sequence_away_works():
    probe = Probe(Applied(torch.squeeze), 1, 500)
    assert probe(X[:1]).logits.shape == (1, 2)


@pytest.mark.parametrize(
    ("dtype", "dreamt_in"),
    [(torch.float64, torch.float64), (torch.float16, torch.float32), (torch.bfloat16, torch.float32)],
)
@pytest.mark.parametrize("family", ["resnet", "lstm", "transformer"])
def test_a_model_of_another_precision_dreams_in_it_or_in_single_precision(family, dtype, dreamt_in):
    demo = sd.load_demo("forda")
    model = make(family).to(dtype)
    objective = sd.objectives.Logit(1) + 0.01 * sd.objectives.Neuron(next(iter(sd.layers(model, demo.data))), 0)
    result = sd.dream(model, objective, data=demo.data, steps=3, progress=False)
    assert result.session._dreamer.sequence().dtype == dreamt_in
    assert result.sequence.dtype == torch.float32
    assert result.history["score"][2] > result.history["score"][0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_model_in_half_precision_is_held_against_real_members_too(dtype):
    data = sd.load_demo("forda").data
    model = nn.Sequential(linear(8), nn.Tanh(), nn.Linear(8, 2, bias=False)).to(dtype)
    with torch.no_grad():  # both classes are recognized, whatever the first layer is
        model[2].weight.copy_(torch.tensor([[1.0], [-1.0]]).expand(2, 8))
    objective = sd.objectives.Prototype("abnormal") + sd.objectives.Logit("abnormal")
    result = sd.dream(model, objective, data=data, steps=10, progress=False)
    assert result.history["score"][-1] > result.history["score"][0]
    assert result.plausibility.nearest.label in data.class_names


def test_a_model_that_takes_channels_and_time_either_way_is_asked_about_once():
    flattened, sequences = linear(2, length=60), torch.randn(2, 3, 20)
    with pytest.warns(
        UserWarning, match=r"as \(N, C, T\) and as \(N, T, C\), and tells them apart: taken as \(N, C, T\)"
    ):
        assert Probe(flattened, 3, 20).layout == "(N, C, T)"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = Probe(flattened, 3, 20, layout="(N, T, C)")
        Probe(nn.Sequential(nn.Conv1d(3, 2, 5), nn.Flatten(), nn.Linear(32, 2)), 3, 20)
        Probe(linear(2), 1, 500)
    assert torch.allclose(named(sequences).logits, flattened(sequences.transpose(1, 2)))


def test_where_two_layouts_work_the_first_is_found_and_another_can_be_named():
    assert Probe(linear(2), 1, 500).layout == "(N, C, T)"
    assert sd.Session(linear(2), sd.objectives.Logit(0), length=500, layout="(N, T, C)").layout == "(N, T, C)"
    with pytest.raises(ValueError, match='unknown layout "NTC"; known: "'):
        Probe(linear(2), 1, 500, layout="NTC")
    with pytest.raises(sd.ShapeError, match=r"Tried \(N, C, T\): "):
        Probe(make("lstm"), 1, 500, layout="(N, C, T)")


@pytest.mark.parametrize("wrap", [torch.compile, nn.DataParallel])
def test_a_wrapped_model_is_seen_as_what_is_in_it(wrap):
    inner = make("cnn")
    wrapped = Probe(wrap(inner), 1, 500)
    assert wrapped.layers == Probe(inner, 1, 500).layers
    torch.testing.assert_close(wrapped(X).logits, inner(X))


def test_fingerprints_tell_weights_and_architectures_apart():
    assert Probe(make("cnn"), 1, 500).fingerprint == Probe(make("cnn").train(), 1, 500).fingerprint
    others = [make("cnn", seed=1), make("cnn").double(), make("lstm")]
    strides = [nn.Sequential(nn.Conv1d(1, 2, 3, stride=s), nn.AdaptiveAvgPool1d(1), nn.Flatten()) for s in (1, 2)]
    strides[1].load_state_dict(strides[0].state_dict())
    prints = {Probe(model, 1, 500).fingerprint for model in [make("cnn"), *others, *strides]}
    assert len(prints) == 6


# ---- outputs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["cnn", "lstm", "gru_dropout", "scripted"])
def test_a_softmax_at_the_end_is_said_and_its_logarithm_taken(family):
    model = with_tail(make(family), nn.Softmax(dim=1)).eval()
    with pytest.warns(UserWarning, match="ends with a softmax.*Give the model without its softmax"):
        probe = Probe(model, 1, 500)
    torch.testing.assert_close(probe(X).probabilities(), model(X if family == "cnn" else fitting(probe)))


def fitting(probe):
    return probe._arrange(X.clone())


def test_a_saturated_softmax_has_finite_logits_and_gradients():
    with pytest.warns(UserWarning, match="softmax"):
        probe = Probe(with_tail(linear(2), nn.Softmax(dim=1)), 1, 500)
    x = (1e6 * X).requires_grad_()
    logits = probe(x).logits
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert logits.isfinite().all()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("shape", ["column", "row"])
def test_one_number_means_two_classes(shape):
    model = linear(1) if shape == "column" else nn.Sequential(linear(1), nn.Flatten(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        probe = Probe(model, 1, 500)
    assert probe.n_classes == 2
    expected = torch.stack([torch.zeros(3), model(X).flatten()], dim=1)
    torch.testing.assert_close(probe(X).logits, expected)
    with pytest.warns(UserWarning, match="ends with a sigmoid"):
        squashed = Probe(nn.Sequential(model, nn.Sigmoid()), 1, 500)
    torch.testing.assert_close(squashed(X).logits, expected, rtol=1e-4, atol=1e-5)


def test_outputs_of_an_untrained_network_within_0_and_1_are_no_probabilities():
    """A recurrent network's outputs are bounded: small weights and a bias keep them within [0, 1] for any input."""
    model = make("lstm")
    with torch.no_grad():
        model.head.weight.mul_(1e-3)
        model.head.bias.copy_(torch.tensor([0.3, 0.9]))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert Probe(model, 1, 500).tail == ""


def test_log_softmax_works_as_it_is():
    model = with_tail(make("cnn"), nn.LogSoftmax(dim=1))
    torch.testing.assert_close(Probe(model, 1, 500)(X).logits, model(X))


@pytest.mark.parametrize("wrap", [lambda z: (z, None), lambda z: [z], lambda z: {"logits": z}])
def test_logits_are_found_in_tuples_lists_and_dicts(wrap):
    model = linear(2)
    torch.testing.assert_close(Probe(Applied(wrap, model), 1, 500)(X).logits, model(X))


# ---- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (with_tail(make("cnn"), nn.Sigmoid()), ValueError, "2 independent probabilities .*one label as \\(N, 1\\)"),
        (nn.Conv1d(1, 3, 5), sd.ShapeError, "a forecaster, or a classifier of every time step. Wrap the model"),
        (Applied(lambda z: z.detach()), ValueError, "no gradient .*give a model without detach"),
        (Applied(lambda z: z.argmax(dim=1)), ValueError, "no gradient .*returns int64"),
        (Applied(lambda z: z.round()), ValueError, "no gradient .*zero for every sequence"),
        (
            nn.Sequential(nn.Embedding(9, 3), nn.Flatten(), nn.Linear(1500, 2)),
            sd.ShapeError,
            "takes whole numbers .*behind the embedding",
        ),
        (linear(2, length=300), sd.ShapeError, "2x500 and 300x2.*Give `length` and `channels`"),
        (nn.Sequential(nn.Conv1d(3, 2, 9)), sd.ShapeError, "to have 3 channels, but got 1"),
        (Applied(lambda z: "logits"), sd.ShapeError, "no tensor, no tuple that begins with one"),
        (Applied(lambda z: z.sum()), sd.ShapeError, r"output of shape \(\)"),
    ],
)
def test_what_cannot_be_dreamt_of_is_refused_at_once_with_the_remedy(model, error, words):
    with pytest.raises(error, match=words):
        sd.dream(model, sd.objectives.Logit(0), length=500)


def test_a_model_that_mixes_the_sequences_of_a_batch_is_said_to():
    class TimeFirst(nn.Module):
        """Takes the batch for time: a recurrent layer without batch_first."""

        def __init__(self):
            super().__init__()
            self.recurrent, self.head = nn.RNN(1, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.recurrent(x)[0].mean(dim=1))

    with pytest.warns(UserWarning, match="depends on the others in the batch.*check that the model takes the batch"):
        Probe(TimeFirst(), 1, 500)


def test_more_outputs_than_the_data_has_classes_are_refused(demo):
    with pytest.raises(ValueError, match="the model has 12 outputs but the data has 2 classes"):
        sd.dream(linear(12), sd.objectives.Logit(0), data=demo.data)


def test_a_start_of_whole_numbers_is_taken_as_numbers(demo):
    session = sd.Session(make("cnn"), sd.objectives.Logit(0), start=np.arange(500))
    session.run(1)
    assert session.sequence.dtype == torch.float32


# ---- what stays the user's --------------------------------------------------------------------------------------


def everything_of(model):
    """All that a user could find changed: values, flags, hooks, gradients, attributes."""
    return {
        "values": {name: value.detach().clone() for name, value in model.state_dict().items()},
        "identities": [id(tensor) for tensor in (*model.parameters(), *model.buffers())],
        "training": [module.training for module in model.modules()],
        "required": [parameter.requires_grad for parameter in model.parameters()],
        "gradients": [parameter.grad for parameter in model.parameters()],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()],
        "attributes": [sorted(vars(module)) for module in model.modules()],
    }


def random_state():
    name, keys, *rest = np.random.get_state()
    return torch.get_rng_state().tolist(), name, keys.tolist(), rest, random.getstate()


def assert_same(one, other):
    for name, value in one["values"].items():
        assert torch.equal(value, other["values"][name])
    assert {**one, "values": None} == {**other, "values": None}


MODELS = {**{name: (lambda name=name: make(name)) for name in FAMILIES}, "lock": WithLock}


@pytest.mark.filterwarnings("ignore:the model cannot be copied")
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("raises", [False, True])
def test_after_a_run_the_model_and_the_random_state_are_as_before(name, raises):
    model = MODELS[name]().train()
    modules = list(model.modules())
    modules[-1].eval()
    next(model.parameters()).requires_grad_(False)
    if name not in IN_TORCHSCRIPT:
        modules[1].register_forward_hook(lambda *_: None)
    before, state = everything_of(model), random_state()

    def callback(session):
        if raises and session.step_count == 2:
            raise KeyboardInterrupt

    try:
        sd.dream(model, sd.objectives.Margin(1), length=500, steps=4, callback=callback, progress=False)
    except KeyboardInterrupt:
        assert raises
    assert_same(before, everything_of(model))
    assert random_state() == state


@pytest.mark.parametrize("name", FAMILIES)
def test_a_cell_that_trains_the_model_meanwhile_changes_nothing_in_the_run(name):
    model = make(name)
    settings = {"length": 500, "seed": 3}
    session = sd.Session(model, sd.objectives.Margin(1), **settings)
    session.run(2)
    model.train()
    # What an optimizer does, and what a training pass does to BatchNorm's statistics.
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.add_(1)
    session.run(2)
    undisturbed = sd.dream(make(name), sd.objectives.Margin(1), **settings, steps=4, progress=False)
    assert torch.equal(session.sequence, undisturbed.sequence)


def test_a_model_that_cannot_be_copied_is_borrowed_and_dreams_as_a_copy_would():
    model = WithLock()
    with pytest.warns(UserWarning, match="cannot be copied .*it is borrowed"):
        session = sd.Session(model, sd.objectives.Logit(1), length=500, seed=2)
    inner = sd.Session(model.inner, sd.objectives.Logit(1), length=500, seed=2)
    session.run(5)
    inner.run(5)
    torch.testing.assert_close(session.sequence, inner.sequence, rtol=1e-4, atol=1e-4)
    assert (model.calls, model.seen, model.last) == (0, [], None)


def test_a_borrowed_model_is_given_back_also_where_it_raises():
    class Moody(WithLock):
        angry = False

        def forward(self, x):
            result = super().forward(x)
            if self.angry:
                raise RuntimeError("no more")
            return result

    model = Moody()
    handle = model.inner.register_forward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match="borrowed"):
        session = sd.Session(model, sd.objectives.Neuron("inner.block1", 2), length=500)
    before = everything_of(model)
    model.angry = True
    with pytest.raises(sd.StepError, match="no more"):
        session.run(1)
    del model.angry
    assert_same(before, everything_of(model))
    handle.remove()
    assert not model.inner._forward_hooks


def test_a_model_with_a_weight_left_from_a_forward_pass_is_copied_all_the_same():
    """Old-style weight_norm, as in published temporal convolutional networks, keeps a tensor with a history."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        normed = nn.utils.weight_norm(nn.Conv1d(1, 4, 5))
    model = nn.Sequential(normed, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(model)
    probe = Probe(model, 1, 500)
    assert not probe.borrowed
    torch.testing.assert_close(probe(X).logits, model(X))


def test_a_model_that_draws_random_numbers_in_eval_mode_gets_the_same_ones_and_leaves_the_state(demo):
    model = Applied(lambda z: functional.dropout(z, 0.5), make("cnn"))
    state = random_state()
    with pytest.warns(UserWarning, match="draws random numbers in eval mode"):
        one = sd.dream(model, sd.objectives.Logit(1), data=demo.data, seed=1, steps=5, progress=False)
    torch.manual_seed(99)
    with pytest.warns(UserWarning, match="draws"):
        again = sd.dream(model, sd.objectives.Logit(1), data=demo.data, seed=1, steps=5, progress=False)
    assert torch.equal(one.sequence, again.sequence)
    torch.set_rng_state(torch.tensor(state[0], dtype=torch.uint8))


def test_drawing_the_same_numbers_writes_down_no_stack_for_devices_that_are_not_there(monkeypatch):
    monkeypatch.setattr(traceback, "format_stack", lambda *_: pytest.fail("a stack was written down"))
    before = torch.get_rng_state()
    with same_draws():
        one = torch.rand(3)
    with same_draws():
        assert torch.equal(torch.rand(3), one)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_dream_begins_also_where_gradients_are_switched_off():
    with torch.no_grad():
        assert Probe(LSTMClassifier(), 1, 500).n_classes == 2
        assert sd.layers(PerStep(), X)["head"] == (2, 496)


@pytest.mark.parametrize("family", FAMILIES)
def test_straight_line_code_gives_the_bits_of_the_network_or_is_not_used(family, monkeypatch):
    x = torch.randn(3, 1, 500, generator=torch.Generator().manual_seed(0), requires_grad=True)
    straight = Probe(make(family), 1, 500)
    monkeypatch.setattr("seqdream_widget.probe.probe.straightened", lambda *_: None)
    called = Probe(make(family), 1, 500)
    for layers in ((), tuple(called.layers)[:1]):
        one, other = straight(x, layers), called(x, layers)
        assert torch.equal(one.logits, other.logits)
        assert torch.equal(one.features, other.features)
        assert all(torch.equal(one.layers[name], other.layers[name]) for name in layers)
        slopes = [torch.autograd.grad(activity.logits.square().sum(), x)[0] for activity in (one, other)]
        assert torch.equal(*slopes)


class Remembers(nn.Module):
    """Carries something from one call to the next, as a recurrent network may."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(60, 2)
        self.memory = torch.zeros(1, 2)

    def forward(self, x):
        self.memory = 0.5 * self.memory[:1] + self.linear(x[:, 0])
        return self.memory


def test_a_network_that_remembers_goes_on_remembering():
    probe, x = Probe(Remembers().eval(), 1, 60), torch.randn(1, 1, 60)
    assert not isinstance(probe._answering[()][0], Straight)
    assert not torch.equal(probe(x).logits, probe(x).logits)


class Counts(nn.Module):
    calls = 0

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(60, 2)

    def forward(self, x):
        Counts.calls += 1
        return self.linear(x[:, 0])


class Chooses(Counts):
    def forward(self, x):
        return self.linear(x[:, 0]) if self.training else -self.linear(x[:, 0])


class Delegates(Counts):
    def forward(self, x):
        return self.tell(self.linear(x[:, 0]))

    def tell(self, y):
        Counts.calls += 1
        return y


class Prints(Counts):
    def forward(self, x):
        print("called")
        return self.linear(x[:, 0])


@pytest.mark.parametrize("kind", [Counts, Chooses, Delegates, Prints])
def test_code_that_may_do_something_else_in_the_next_call_is_called(kind):
    assert not has_one_way_through(kind())
    assert not isinstance(Probe(kind().eval(), 1, 60)._answering[()][0], Straight)


def test_plain_networks_run_as_straight_line_code():
    for family in ("resnet", "cnn", "lstm"):
        assert isinstance(Probe(make(family), 1, 60)._answering[()][0], Straight)


def test_a_weight_that_a_hook_computes_is_left_to_its_hook():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(nn.utils.weight_norm(nn.Conv1d(1, 4, 3)), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 58, 2))
    x = torch.randn(2, 1, 60)
    assert torch.allclose(Probe(model.eval(), 1, 60)(x).logits, model(x))
