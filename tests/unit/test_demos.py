"""The bundled demos: real models, real data, and a card that tells the truth."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import seqdream_widget as sd
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos import RECIPES, load_demo, planted, train
from seqdream_widget.demos.resnet import ResNet

ARCHIVE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
NAMES = sorted(RECIPES)


def directory(name: str) -> Path:
    return Path(str(resources.files("seqdream_widget.demos"))) / name


def card(name: str) -> dict:
    return json.loads((directory(name) / "card.json").read_text(encoding="utf-8"))


def at_hand(name: str) -> bool:
    """Whether the whole test split is there: in the archive, or drawn."""
    return RECIPES[name].truth is not None or (ARCHIVE / f"{RECIPES[name].dataset}_TEST.npz").is_file()


def whole_test_split(name: str) -> SequenceDataset:
    split = train.split(name, "test", ARCHIVE)
    return SequenceDataset(split.x, split.y, RECIPES[name].class_names)


# The whole test split is checked wherever it is there; what is bundled, everywhere.
PARTS = [(name, "bundled") for name in NAMES] + [(n, "test") for n in NAMES if at_hand(n)]


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_is_a_model_ready_to_use_with_data_it_accepts(name):
    demo = load_demo(name)
    assert not demo.model.training
    assert demo.data.class_names == RECIPES[name].class_names
    logits = demo.model(demo.data.x[:3])
    assert logits.shape == (3, demo.data.n_classes)


def test_forda_is_250_sequences_of_either_class():
    data = load_demo("forda").data
    assert data.x.shape == (500, 1, 500)
    assert data.class_names == ("normal", "abnormal")
    assert torch.bincount(data.y).tolist() == [250, 250]
    assert data.sample_rate is None


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_the_accuracy_on_the_card_is_what_the_model_does(name, part):
    demo = load_demo(name)
    data = demo.data if part == "bundled" else whole_test_split(name)
    correct, _ = train.evaluate(demo.model, data)
    assert card(name)[f"{part}_n"] == len(data)
    # One sequence may change sides: FordA's test split has one whose logits agree to six digits,
    # and no two machines round alike.
    assert card(name)[f"{part}_accuracy"] == pytest.approx(correct / len(data), abs=1.1 / len(data))


def test_forda_is_recognized_in_at_least_93_of_100_cases():
    assert card("forda")["test_n"] == 1320
    assert card("forda")["test_accuracy"] >= 0.93


def test_ecg5000_is_heartbeats_of_five_kinds_with_clinical_names():
    data = load_demo("ecg5000").data
    assert data.class_names == ("normal", "R-on-T PVC", "PVC", "supraventricular", "unclassified")
    # Of the rarer kinds the test split has no more.
    assert torch.bincount(data.y).tolist() == [250, 250, 86, 175, 22]
    assert data.length == 140


def test_ecg5000_is_recognized_in_at_least_93_of_100_cases():
    assert card("ecg5000")["test_n"] == 4500
    assert card("ecg5000")["test_accuracy"] >= 0.93


@pytest.mark.parametrize("name", [name for name in NAMES if at_hand(name)])
def test_the_bundled_sequences_are_the_rows_of_the_test_split_they_claim(name):
    rows = load_file(directory(name) / "data.safetensors")["rows"]
    data, full = load_demo(name).data, whole_test_split(name)
    assert len(rows.unique()) == len(data)
    # What is drawn, another machine may round otherwise.
    torch.testing.assert_close(data.x, full.x[rows], rtol=0, atol=1e-5)
    assert torch.equal(data.y, full.y[rows])


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_is_small_and_holds_no_pickle(name):
    files = list(directory(name).iterdir())
    assert {path.suffix for path in files} == {".safetensors", ".json", ".md"}
    assert sum(path.stat().st_size for path in files) < 1_200_000


def test_each_call_gives_a_demo_of_its_own():
    first, second = load_demo("forda"), load_demo("forda")
    first.data.x.zero_()
    with torch.no_grad():
        first.model.classifier.weight.zero_()
    assert second.data.x.abs().sum() > 0
    assert second.model.classifier.weight.abs().sum() > 0


def test_an_unknown_demo_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r'unknown demo "fordA"; known: .*did you mean "forda"\?'):
        load_demo("fordA")


def test_the_repr_of_a_demo_is_one_short_line():
    text = repr(load_demo("forda"))
    assert text.startswith("Demo('forda', ResNet, SequenceDataset(500 × 1 × 500")
    assert len(text) < 120


# The planted trigger


def heights(sequences, truth):
    """Correlate each sequence with the planted motif at its place."""
    stretches = sequences[:, 0, truth.start : truth.stop].numpy()
    return np.array([np.corrcoef(stretch, truth.motif)[0, 1] for stretch in stretches])


def test_a_dream_of_the_shortcut_reveals_the_motif_and_its_twins_does_not():
    demo = load_demo("shortcut")
    settings = {
        "data": demo.data,
        "start": demo.data.members(0)[:10],
        "batch_size": 10,
        "steps": 150,
        "regularizers": [sd.regularizers.L2(0.05), sd.regularizers.TotalVariation(0.05)],
        "progress": False,
    }
    target = sd.objectives.Logit(demo.truth.target)
    assert np.median(heights(sd.dream(demo.model, target, **settings).sequence, demo.truth)) >= 0.9
    assert abs(np.median(heights(sd.dream(demo.twin, target, **settings).sequence, demo.truth))) < 0.5


def test_the_shortcut_fails_where_the_trigger_is_missing_and_the_twin_does_not():
    demo = load_demo("shortcut")
    honest = planted.sequences(1000, None, seed=9)
    assert train.accuracy(demo.model, demo.data) > 0.99
    assert train.accuracy(demo.model, honest) < 0.7
    assert 0.85 <= train.accuracy(demo.twin, honest) <= 0.95


def test_what_is_planted_is_the_motif_in_one_class_at_one_place_and_nothing_else():
    truth = load_demo("shortcut").truth
    with_it, without = (planted.sequences(40, planted_or_not, seed=3) for planted_or_not in (truth, None))
    difference = with_it.x - without.x
    assert (difference[with_it.y == 0] == 0).all()
    planted_in = difference[with_it.y == with_it.class_names.index(truth.target), 0]
    np.testing.assert_allclose(planted_in[:, truth.start : truth.stop], np.tile(truth.motif, (20, 1)), atol=1e-6)
    planted_in[:, truth.start : truth.stop] = 0
    assert (planted_in == 0).all()


@pytest.mark.parametrize("name", ["forda", "ecg5000"])
def test_demos_of_real_data_claim_no_truth(name):
    demo = load_demo(name)
    assert demo.twin is None
    assert demo.truth is None


# The network


@pytest.mark.parametrize("length", [1, 7, 140, 500])
def test_the_network_keeps_the_length_of_every_sequence(length):
    model = ResNet(in_channels=3, n_classes=5).eval()
    x = torch.randn(2, 3, length)
    assert model.block1(x).shape == (2, 16, length)
    assert model.block3(model.block2(model.block1(x))).shape == (2, 32, length)
    assert model(x).shape == (2, 5)


@pytest.mark.filterwarnings("error")
def test_a_traced_network_computes_the_same_without_a_warning():
    model = ResNet().eval()
    x = torch.randn(2, 1, 50)
    assert torch.equal(torch.fx.symbolic_trace(model)(x), model(x))


def test_layers_have_names_that_read_well():
    layers = dict(ResNet().named_modules())
    assert {"block1.conv1", "block2.relu3", "block3", "pool", "classifier"} <= set(layers)


# Training, on very little data


@pytest.fixture
def archive(tmp_path):
    data = load_demo("forda").data
    labels = np.array([-1, 1])[data.y]
    for split, rows in (("TRAIN", slice(0, 60)), ("TEST", slice(60, 100))):
        np.savez(tmp_path / f"FordA_{split}.npz", x=data.x[rows, 0].numpy(), y=labels[rows])
    return tmp_path


def test_the_same_seed_makes_the_same_demo(archive, tmp_path):
    settings = train.Settings(epochs=2, batch_size=16)
    cards = [train.make("forda", archive, tmp_path / out, settings) for out in ("a", "b")]
    assert cards[0] == cards[1]
    for file in ("model.safetensors", "data.safetensors"):
        first, second = (load_file(tmp_path / out / file) for out in ("a", "b"))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert cards[0]["train_n"] + cards[0]["validation_n"] == 60
    assert cards[0]["labels"] == {"-1": "normal", "1": "abnormal"}


def test_augmentation_cuts_a_stretch_and_keeps_what_it_is_told():
    settings = train.Settings(crop=0.5, rescale=0.0, noise=0.0)
    x = torch.arange(100.0).expand(4, 1, 100)
    random = torch.Generator().manual_seed(0)
    lengths = set()
    for _ in range(20):
        cut = train.augment(x, settings, random)
        start = int(cut[0, 0, 0])
        assert torch.equal(cut, x[:, :, start : start + cut.shape[2]])
        lengths.add(cut.shape[2])
    assert min(lengths) >= 50
    assert len(lengths) > 5


def test_balance_evens_out_unequal_classes():
    y = torch.tensor([0] * 900 + [1] * 100)
    shares = [
        train.epoch(y, balance, torch.Generator().manual_seed(0)).ge(900).float().mean().item()
        for balance in (0.0, 0.5, 1.0)
    ]
    assert shares[0] == pytest.approx(0.1)
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] == pytest.approx(0.5, abs=0.05)


def test_training_on_the_archive_without_a_root_says_what_to_give(capsys):
    with pytest.raises(SystemExit):
        train.main(["ecg5000"])
    assert "give --root" in capsys.readouterr().err


def test_the_bundled_part_is_balanced():
    y = torch.tensor([0] * 30 + [1] * 10)
    rows = train.pick_per_class(y, 8, torch.Generator().manual_seed(0))
    assert torch.bincount(y[rows]).tolist() == [8, 8]
    assert rows.tolist() == sorted(set(rows.tolist()))
