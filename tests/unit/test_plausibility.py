"""Where a dream lies among real sequences: every figure counted by hand, every verdict for its reason."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.population import Population
from seqdream_widget.probe import Probe
from seqdream_widget.ties import ties_between
from tests.models import make

FIGURES = [
    "probability",
    "embedding_distance",
    "neighbour_distance",
    "spectrum_distance",
    "roughness",
    "amplitude",
    "envelope_violation",
    "noise_stability",
]


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def network(channels: int, length: int, n_classes: int = 2, seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * length, 4), nn.Tanh(), nn.Linear(4, n_classes)).eval()


def labelled(model: nn.Module, x: np.ndarray, names: tuple[str, ...] = ("a", "b")) -> sd.SequenceDataset:
    """Return data that the model is right about."""
    with torch.no_grad():
        y = model(torch.tensor(x, dtype=torch.float32)).argmax(dim=1)
    return sd.SequenceDataset(x, y, names)


class MeanDecides(nn.Module):
    """Three logits of the mean of a sequence: low is class 0, high is class 1, class 2 is as likely everywhere."""

    def __init__(self, third: float) -> None:
        super().__init__()
        self.head = nn.Linear(1, 3)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[-4.0], [4.0], [0.0]]))
            self.head.bias.copy_(torch.tensor([0.0, 0.0, third]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.mean(dim=2))


def low_and_high(count: int = 20) -> sd.SequenceDataset:
    """`count` noisy sequences around -1 and as many around 1, each with a wiggle."""
    random = np.random.default_rng(0)
    centre = np.repeat([-1.0, 1.0], count)[:, None]
    wiggle = np.sin(np.arange(30) + random.uniform(0, 6, size=(2 * count, 1)))
    x = centre + wiggle + 0.1 * random.normal(size=(2 * count, 30))
    return sd.SequenceDataset(x, np.repeat([0, 1], count), ["low", "high", "never"])


# ---- the figures ------------------------------------------------------------------------------------------------


def counted(model: nn.Sequential, data: sd.SequenceDataset, x: np.ndarray, target: int):
    """Return value and band of every figure, member by member, in NumPy and float64."""

    def run(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            features = model[:-1](torch.tensor(rows, dtype=torch.float32))
            return features.double().numpy(), model[-1](features).double().numpy()

    def probability(logits: np.ndarray) -> np.ndarray:
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (odds / odds.sum(axis=1, keepdims=True))[:, target]

    rows = data.x.double().numpy()
    every = np.abs(np.fft.rfft(rows))
    floor = 1e-3 * np.sqrt((every**2).mean(axis=(0, 2)))[:, None]
    noise = torch.randn(16, *rows.shape[1:], generator=torch.Generator().manual_seed(0)).double().numpy()

    def log_spectrum(one: np.ndarray) -> np.ndarray:
        return np.log(np.sqrt(np.abs(np.fft.rfft(one)) ** 2 + floor**2))

    def figures(one: np.ndarray, others: np.ndarray) -> dict[str, float]:
        (feature,), logits = run(one[None])
        features, _ = run(others)
        low, high = np.quantile(others, [0.005, 0.995], axis=0)
        amplitude = one.std(axis=1).mean()
        noisy = run(one + 0.05 * amplitude * noise)[1].argmax(axis=1)
        return {
            "probability": float(probability(logits)[0]),
            "embedding_distance": float(np.linalg.norm(feature - features.mean(axis=0))),
            "neighbour_distance": float(np.sort(np.linalg.norm(features - feature, axis=1))[:5].mean()),
            "spectrum_distance": float(
                np.sqrt(((log_spectrum(one) - np.mean([log_spectrum(o) for o in others], axis=0)) ** 2).mean())
            ),
            "roughness": float(np.abs(np.diff(one)).mean()),
            "amplitude": float(amplitude),
            "envelope_violation": float(((one < low) | (one > high)).mean()),
            "noise_stability": float((noisy == logits.argmax()).mean()),
        }

    members = rows[(data.y.numpy() == target) & (run(rows)[1].argmax(axis=1) == target)]
    if len(members) < 3:
        return None
    real = [figures(one, np.delete(members, index, axis=0)) for index, one in enumerate(members)]
    bands = {name: np.quantile([figure[name] for figure in real], [0.05, 0.95]) for name in FIGURES}
    return figures(x, members), bands


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(6, 24),
    channels=st.integers(1, 2),
    length=st.integers(2, 12),
    target=st.integers(0, 1),
)
@settings(max_examples=40)
def test_every_figure_and_its_band_is_what_counting_gives(seed, n, channels, length, target):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, channels, length)).astype(np.float32)
    model = network(channels, length, seed=seed)
    data = sd.SequenceDataset(x, random.integers(0, 2, n), ["a", "b"])
    dream = (1.2 * random.normal(size=(channels, length))).astype(np.float32)
    expected = counted(model, data, dream.astype(np.float64), target)
    judged = sd.plausibility(model, data, dream, target)
    assert list(judged.figures) == FIGURES
    if expected is None:
        return
    for name, (value, band) in {name: (expected[0][name], expected[1][name]) for name in FIGURES}.items():
        np.testing.assert_allclose(judged.figures[name].value, value, rtol=1e-3, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(judged.figures[name].band, band, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("name", "target"), [("forda", 0), ("forda", 1), ("ecg5000", 0), ("ecg5000", 1)])
def test_of_unseen_real_members_about_nine_in_ten_are_in_each_band(name, target):
    demo = sd.load_demo(name)
    odd = torch.arange(len(demo.data)) % 2 == 1
    known = sd.SequenceDataset(demo.data.x[~odd], demo.data.y[~odd], demo.data.class_names)
    others = demo.data.x[odd & (demo.data.y == target)]
    with torch.no_grad():
        others = others[demo.model(others).argmax(dim=1) == target][:60]
    judged = sd.plausibility(demo.model, known, others, target)
    for figure in FIGURES:
        assert sum(one.figures[figure].inside for one in judged) / len(judged) > 0.75, figure


def test_small_distances_between_large_features_are_not_lost_to_rounding():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3, 3), nn.Linear(3, 2)).eval()
    with torch.no_grad():
        model[1].weight.copy_(torch.eye(3))
        model[1].bias.fill_(1e4)
        model[2].weight.zero_()
        model[2].weight[0, 0] = 1.0
        model[2].bias.zero_()
    x = np.random.default_rng(0).normal(size=(60, 3))
    judged = sd.plausibility(model, sd.SequenceDataset(x, [0] * 60, ["a", "b"]), x[7], "a")
    assert judged.nearest.index == 7
    assert judged.nearest.distance < 1e-2
    five = np.sort(np.linalg.norm(x - x[7], axis=1))[:5].mean()
    assert judged.figures["neighbour_distance"].value == pytest.approx(five, abs=1e-2)


# ---- the verdicts -----------------------------------------------------------------------------------------------


def test_a_verdict_is_the_first_that_fits(demo):
    population = Population.of(Probe(demo.model, 1, 500), demo.data)
    members = population.members(0)
    features = members.features.numpy()
    count = len(features)
    loo = [np.linalg.norm(features[i] - np.delete(features, i, axis=0).mean(axis=0)) for i in range(count)]
    median, edge, end = np.quantile(loo, [0.5, 0.9, 1.0])
    likely = np.quantile(members.probability.numpy(), 0.25)
    tried = torch.cat([members.x[:40], demo.data.x[demo.data.y == 1][:3], 4 * members.x[:3]])
    verdicts = sd.plausibility(demo.model, demo.data, tried, "normal")
    with torch.no_grad():
        taken_for = demo.model(tried).argmax(dim=1).tolist()
    for judged, taken in zip(verdicts, taken_for, strict=True):
        figure = judged.figures
        others = all(figure[name].inside for name in FIGURES[2:])
        away = figure["embedding_distance"].value
        if others and away <= median and figure["probability"].value >= likely:
            expected = "centered"
        elif others and edge <= away <= end and taken == 0:
            expected = "rim"
        else:
            expected = "outside"
        assert judged.verdict == expected
        assert bool(judged.failing) == (expected == "outside")
        assert {name for name in FIGURES[2:] if not figure[name].inside} <= set(judged.failing)
    assert {judged.verdict for judged in verdicts} == {"centered", "rim", "outside"}


def test_a_point_where_a_line_between_two_classes_crosses_their_border_is_on_it(demo):
    probe = Probe(demo.model, 1, 500)
    ties = ties_between(probe, Population.of(probe, demo.data), (0, 1)).x[:24]
    judged = sd.plausibility(demo.model, demo.data, ties, ("normal", "abnormal"))
    assert sum(one.verdict == "border" for one in judged) > len(judged) / 2
    assert judged == sd.plausibility(demo.model, demo.data, ties, (1, 0))


def test_what_is_no_member_but_tied_is_on_the_border_whichever_class_is_asked_for(demo):
    probe = Probe(demo.model, 1, 500)
    ties = ties_between(probe, Population.of(probe, demo.data), (0, 1)).x[:16]
    pair = sd.plausibility(demo.model, demo.data, ties, (0, 1))
    for one, other in zip(pair, sd.plausibility(demo.model, demo.data, ties, "normal"), strict=True):
        assert other.verdict == one.verdict or (one.verdict, other.verdict) == ("border", "rim")


def test_a_sequence_of_one_class_is_not_on_the_border_and_the_reason_says_where_it_leans(demo):
    judged = sd.plausibility(demo.model, demo.data, demo.data.x[3], ("normal", "abnormal"))
    assert judged.verdict == "outside"
    assert judged.reason == 'the model leans to "abnormal": 0.991 against 0.00895'


def test_without_sixteen_ties_the_border_is_not_judged():
    data = low_and_high()
    between = 0 * data.x[0]
    assert sd.plausibility(MeanDecides(-9.0), data, between, ("low", "high")).verdict is not None
    judged = sd.plausibility(MeanDecides(1.0), data, between, ("low", "high"))
    assert judged.verdict is None
    assert judged.reason.startswith("0 of 64 lines between real members cross their border where both lead; 16 are")
    judged = sd.plausibility(MeanDecides(1.0), data, between, ("low", "never"))
    assert judged.verdict is None
    assert judged.reason.startswith('"never" has 0 real members that the model recognizes')


def test_with_fewer_than_fifteen_members_the_figures_are_given_and_no_verdict():
    model, data = MeanDecides(-9.0), low_and_high(14)
    judged = sd.plausibility(model, data, data.x[0], "low")
    assert judged.verdict is None
    assert judged.reason == '"low" has 14 real members that the model recognizes; 15 are needed'
    assert all(np.isfinite([figure.value, *figure.band]).all() for figure in judged.figures.values())
    data = low_and_high(15)
    assert sd.plausibility(model, data, data.x[0], "low").verdict is not None


def test_members_are_those_that_the_model_recognizes_and_no_others():
    data = low_and_high(15)
    mislabelled = sd.SequenceDataset(data.x, [1] + [0] * 14 + [1] * 15, data.class_names)
    assert "14 real members" in sd.plausibility(MeanDecides(-9.0), mislabelled, data.x[0], "low").reason


@pytest.mark.parametrize("count", [0, 1])
def test_a_class_with_no_member_to_compare_with_has_no_bands(count):
    data = low_and_high(20)
    keep = torch.cat([torch.arange(count), torch.arange(20, 40)])
    data = sd.SequenceDataset(data.x[keep], data.y[keep], data.class_names)
    judged = sd.plausibility(MeanDecides(-9.0), data, data.x[-1], "low")
    assert judged.verdict is None
    assert not any(figure.inside for figure in judged.figures.values())
    assert "too few to tell" in repr(judged)
    assert judged.nearest.label == "high"


def test_a_constant_class_is_in_its_own_middle():
    data = low_and_high()
    x = data.x.clone()
    x[:20] = x[0]
    constant = sd.SequenceDataset(x, data.y, data.class_names)
    judged = sd.plausibility(MeanDecides(-9.0), constant, x[0], "low")
    assert judged.failing == ()
    assert "outside" in repr(sd.plausibility(MeanDecides(-9.0), constant, 2 * x[0], "low"))


def test_a_model_whose_answer_is_not_finite_is_said_to_have_none():
    class Overflows(MeanDecides):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) / (x.abs().amax(dim=2) < 100)

    data = low_and_high()
    judged = sd.plausibility(Overflows(-9.0), data, 1000 * data.x[0], "low")
    assert judged.verdict == "outside"
    assert judged.reason.startswith("the model's answer is not finite; ")


# ---- what is given, what comes back -----------------------------------------------------------------------------


def test_one_dream_gives_one_answer_and_a_batch_a_list(demo):
    model, data = demo.model, demo.data
    one = sd.plausibility(model, data, data.x[3])
    assert isinstance(one, sd.Plausibility)
    assert one.nearest.index == 3
    assert one.nearest.label == "abnormal"
    for same in (data.x[3, 0], data.x[3, 0].tolist(), data.x[3].numpy(), data.x[3:4]):
        assert sd.plausibility(model, data, same) == one
    batch = sd.plausibility(model, data, data.x[:3])
    assert [judged.nearest.index for judged in batch] == [0, 1, 2]


def test_a_dream_is_judged_by_its_own_class_and_data(demo):
    objective = sd.objectives.Logit("normal") + sd.objectives.Diversity()
    result = sd.dream(demo.model, objective, data=demo.data, batch_size=2, steps=5, progress=False)
    assert result.plausibility == sd.plausibility(demo.model, demo.data, result.sequence, "normal")
    alone = sd.dream(demo.model, sd.objectives.Logit(0), length=500, steps=1, progress=False)
    assert alone.plausibility is None


def test_another_penultimate_layer_gives_other_distances(demo):
    def dreamed(features: str | None) -> float:
        session = sd.Session(demo.model, sd.objectives.Prototype(0), data=demo.data, features=features, start=4)
        session.run(1)
        return session.history["score"][0]

    usual = dreamed(None)
    assert dreamed("block2") != usual
    assert dreamed(None) == usual


@pytest.mark.parametrize("shape", [(1, 400), (2, 500), (3, 2, 500)])
def test_a_sequence_of_another_shape_is_refused_with_both_shapes(demo, shape):
    with pytest.raises(sd.ShapeError, match=rf"\({shape[-2]}, {shape[-1]}\) and the data \(1, 500\)"):
        sd.plausibility(demo.model, demo.data, torch.zeros(shape), 0)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("abnrmal", 'did you mean "abnormal"'),
        (2, "give an index from 0 to 1"),
        (True, "class True is not allowed"),
        ((0, 0), "a pair of different ones"),
        ((0, "normal"), "a pair of different ones"),
        ((0, 1, 1), "a pair of different ones"),
    ],
)
def test_what_is_no_class_is_refused(demo, target, words):
    with pytest.raises(ValueError, match=words):
        sd.plausibility(demo.model, demo.data, demo.data.x[0], target)


def test_what_is_no_data_or_no_model_is_refused_by_type(demo):
    with pytest.raises(TypeError, match=r"data is a Tensor; give sd\.SequenceDataset"):
        sd.plausibility(demo.model, demo.data.x, demo.data.x[0])
    with pytest.raises(TypeError, match="the model is a str"):
        sd.plausibility("forda", demo.data, demo.data.x[0])


def test_a_name_that_looks_like_an_integer_is_a_name():
    data = low_and_high()
    data = sd.SequenceDataset(data.x, data.y, ["1", "0", "2"])
    assert 'of "1"' in sd.plausibility(MeanDecides(-9.0), data, 5 + data.x[0], "1").reason + ' of "1"'
    low, high = (sd.plausibility(MeanDecides(-9.0), data, data.x[0], target) for target in ("1", "0"))
    assert low == sd.plausibility(MeanDecides(-9.0), data, data.x[0], 0)
    assert high == sd.plausibility(MeanDecides(-9.0), data, data.x[0], 1)
    assert low.figures["probability"].value > 0.9 > high.figures["probability"].value


def test_a_double_precision_model_gives_the_same_figures(demo):
    x = demo.data.x[:3]
    single = sd.plausibility(demo.model, demo.data, x, 0)
    double = sd.plausibility(sd.load_demo("forda").model.double(), demo.data, x, 0)
    for one, other in zip(single, double, strict=True):
        for name in FIGURES:
            assert one.figures[name].value == pytest.approx(other.figures[name].value, rel=1e-3, abs=1e-5)


def test_the_table_reads_without_a_manual(demo):
    lines = repr(sd.plausibility(demo.model, demo.data, 30 * demo.data.x[0], "normal")).splitlines()
    assert lines[0].startswith("outside: ")
    assert "unlike real members in " in lines[0]
    assert lines[1].split() == ["dream", "real", "members,", "5", "to", "95", "%"]
    assert [line[2:22].strip().replace(" ", "_") for line in lines[2:10]] == FIGURES
    assert any(line.startswith("✗ amplitude") for line in lines)
    assert lines[-1].startswith("  nearest real sequence: index ")
    population = Population.of(Probe(demo.model, 1, 500), demo.data).members(0)
    verdicts = sd.plausibility(demo.model, demo.data, population.x[:20], "normal")
    for judged in verdicts:
        assert ("✗" in repr(judged)) == (judged.verdict == "outside")


# ---- what it costs, what it leaves behind -----------------------------------------------------------------------

SEEN: list[int] = []


class Counting(nn.Module):
    """Notes, for all its copies, how many sequences it was given."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        SEEN.append(len(x))
        return self.inner(x)


def test_the_data_is_run_through_the_model_once():
    model, data = Counting(make("mlp")), sd.load_demo("forda").data
    sd.plausibility(model, data, data.x[0], 0)
    SEEN.clear()
    sd.plausibility(model, data, data.x[1], 0)
    assert sum(SEEN) == 18  # itself, and 17 for its noisy copies
    result = sd.dream(model, sd.objectives.Prototype(0), data=data, steps=2, progress=False)
    SEEN.clear()
    assert result.plausibility is not None
    assert sum(SEEN) == 18
    with torch.no_grad():
        model.inner[0].weight.mul_(2)
    SEEN.clear()
    sd.plausibility(model, data, data.x[1], 0)
    assert sum(SEEN) > len(data)


def test_model_and_random_state_are_left_as_they_were(demo):
    model = make("gru_dropout").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    sd.plausibility(model, demo.data, demo.data.x[0], 0)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_is_kept_goes_with_the_data():
    data = low_and_high()
    sd.plausibility(MeanDecides(-9.0), data, data.x[0], ("low", "high"))
    gone = weakref.ref(data)
    del data
    gc.collect()
    assert gone() is None
