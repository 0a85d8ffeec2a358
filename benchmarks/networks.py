"""The networks of the benchmarks: four families on two data sets, trained in minutes and kept.

    python -m benchmarks.networks --root ../shared/data [--cache benchmarks/.networks] [--only FordA-cnn-0]

`network` trains once and keeps the weights. All are trained as the demos are (`seqdream_widget.demos.train`), on nine
tenths of the train split; the rest chooses the epoch, the test split is for the table that is printed.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos.resnet import ResNet
from seqdream_widget.demos.train import SETTINGS, accuracy, recalls, train

CACHE = Path(__file__).parent / ".networks"


def stem(width: int) -> nn.Sequential:
    """Two strided convolutions: what the plain CNN, the LSTM and the Transformer begin with."""
    return nn.Sequential(
        nn.Conv1d(1, 16, 8, stride=2, padding=4),
        nn.ReLU(),
        nn.Conv1d(16, width, 7, stride=2, padding=3),
        nn.ReLU(),
    )


def cnn(n_classes: int) -> nn.Module:
    """A plain CNN: three convolutions, global average pooling, no batch normalization."""
    return nn.Sequential(
        *stem(32),
        nn.Conv1d(32, 32, 5, padding=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(32, n_classes),
    )


class LSTM(nn.Module):
    """The convolutional stem, an LSTM and the mean of its outputs over time."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.stem = stem(32)
        self.recurrent = nn.LSTM(32, 32, batch_first=True)
        self.classifier = nn.Linear(32, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        hidden, _ = self.recurrent(self.stem(x).transpose(1, 2))
        return self.classifier(hidden.mean(dim=1))


class Transformer(nn.Module):
    """The convolutional stem, sinusoidal positions, two encoder layers and the mean over time."""

    def __init__(self, n_classes: int, width: int = 32, longest: int = 512) -> None:
        super().__init__()
        self.stem = stem(width)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(width), enable_nested_tensor=False)
        self.classifier = nn.Linear(width, n_classes)
        rates = torch.exp(-math.log(10_000) * torch.arange(0, width, 2) / width)
        angles = torch.arange(longest)[:, None] * rates
        self.register_buffer("positions", torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.stem(x).transpose(1, 2)
        return self.classifier(self.encoder(tokens + self.positions[: tokens.shape[1]]).mean(dim=1))


FAMILIES: dict[str, Callable[[int], nn.Module]] = {
    "resnet": lambda n_classes: ResNet(1, n_classes),
    "cnn": cnn,
    "lstm": LSTM,
    "transformer": Transformer,
}
# Half the epochs of the demo: enough for FordA, and minutes instead of an hour.
DATASETS = {"FordA": dataclasses.replace(SETTINGS["forda"], epochs=20), "ECG5000": SETTINGS["ecg5000"]}


def network(dataset: str, family: str, seed: int = 0, *, root: Path, cache: Path = CACHE) -> nn.Module:
    """Return the network in eval mode; train it first where the cache has none."""
    path = cache / f"{dataset}-{family}-{seed}.safetensors"
    data = SequenceDataset.from_ucr(dataset, "train", root)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = FAMILIES[family](data.n_classes)
        if path.is_file():
            model.load_state_dict(load_file(path))
        else:
            train(model, data, dataclasses.replace(DATASETS[dataset], seed=seed))
            cache.mkdir(parents=True, exist_ok=True)
            save_file(model.state_dict(), path)
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, required=True, help="directory of the UCR files")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the weights are kept")
    parser.add_argument("--only", nargs="*", help="e.g. FordA-cnn-0")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(
        "| data set | network | seed | parameters | test accuracy | recall of each class |\n|---|---|---|---|---|---|"
    )
    for seed, dataset, family in itertools.product((0, 1), DATASETS, FAMILIES):
        if options.only and f"{dataset}-{family}-{seed}" not in options.only:
            continue
        model = network(dataset, family, seed, root=options.root, cache=options.cache)
        test = SequenceDataset.from_ucr(dataset, "test", options.root)
        size = sum(parameter.numel() for parameter in model.parameters())
        told = ", ".join(f"{recall:.2f}" for recall in recalls(model, test))
        print(f"| {dataset} | {family} | {seed} | {size:,} | {accuracy(model, test):.3f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
