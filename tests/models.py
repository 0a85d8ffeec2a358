"""Small networks of the families people bring: each takes (N, 1, T) unless its name says otherwise."""

from __future__ import annotations

import torch
from torch import nn

from seqdream_widget.demos.resnet import ResNet


class LSTMClassifier(nn.Module):
    """Takes (N, T, C), as recurrent networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(1, 16, batch_first=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.recurrent(x)
        return self.head(hidden.mean(dim=1))


class TransformerClassifier(nn.Module):
    """A convolutional stem, one encoder layer; returns a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(1, 16, 8, stride=4)
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        hidden = self.encoder(self.stem(x).transpose(1, 2))
        return self.head(hidden.mean(dim=1)), None


def plain_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(1, 8, 7, padding=3),
        nn.ReLU(),
        nn.Conv1d(8, 16, 5, padding=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )


def flat_mlp(length: int = 500) -> nn.Module:
    """Takes (N, T)."""
    return nn.Sequential(nn.Linear(length, 16), nn.ReLU(), nn.Linear(16, 2), nn.Flatten())


FAMILIES = {
    "resnet": ResNet,
    "cnn": plain_cnn,
    "lstm": LSTMClassifier,
    "transformer": TransformerClassifier,
    "mlp": flat_mlp,
}


def make(name: str, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return FAMILIES[name]()
