"""Small networks of the families people bring: each takes (N, 1, T) unless its name says otherwise."""

from __future__ import annotations

import threading

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


class GRUDropout(nn.Module):
    """A recurrent network with dropout, given a bare (N, T); it reads every tenth sample, since a GRU is slow."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(1, 8, num_layers=2, batch_first=True, dropout=0.5)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.ndim == 2
        hidden, _ = self.recurrent(x[:, ::10, None])
        return self.head(self.drop(hidden[:, -1]))


class PerStep(nn.Module):
    """Classifies every time step and averages the logits; returns a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 5)
        self.head = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"logits": self.head(self.conv(x).relu().transpose(1, 2)).mean(dim=1)}


class WithLock(nn.Module):
    """Cannot be copied, keeps what it saw, and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = make("resnet")
        self.lock = threading.Lock()
        self.register_buffer("calls", torch.zeros(()))
        self.seen: list[torch.Tensor] = []
        self.last: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with self.lock:
            self.calls += 1
            self.last = self.inner(x)
            self.seen.append(self.last)
            return self.last


def with_tail(model: nn.Module, tail: nn.Module) -> nn.Module:
    return nn.Sequential(model, tail)


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
    "gru_dropout": GRUDropout,
    "per_step": PerStep,
    "scripted": lambda: torch.jit.script(LSTMClassifier()),
    "traced": lambda: torch.jit.trace(plain_cnn(), torch.zeros(1, 1, 500)),
}


def make(name: str, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return FAMILIES[name]()
