"""A model whose classes differ only in frequency is dreamed at those frequencies: a truth to measure a dream by."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import seqdream_widget as sd

BINS, LENGTH = (4, 10, 18, 28, 40), 128


def sinusoids(count: int, seed: int) -> sd.SequenceDataset:
    """Sinusoids of random phase and amplitude in noise; a class is a frequency, in cycles per sequence."""
    random = torch.Generator().manual_seed(seed)
    y = torch.arange(count) % len(BINS)
    phase = 2 * math.pi * torch.rand(count, 1, generator=random)
    amplitude = 0.5 + torch.rand(count, 1, generator=random)
    turns = torch.tensor(BINS)[y][:, None] * torch.arange(LENGTH) / LENGTH
    x = amplitude * torch.sin(2 * math.pi * turns + phase) + 0.3 * torch.randn(count, LENGTH, generator=random)
    return sd.SequenceDataset(x, y, [f"{bin_} cycles" for bin_ in BINS])


@pytest.fixture(scope="module")
def unseen() -> sd.SequenceDataset:
    return sinusoids(500, seed=1)


@pytest.fixture(scope="module")
def model() -> nn.Module:
    """A small CNN whose filters are long enough to tell neighbouring bins apart, trained for two seconds."""
    data, threads = sinusoids(1000, seed=0), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = nn.Sequential(
                nn.Conv1d(1, 16, 63, padding=31),
                nn.ReLU(),
                nn.Conv1d(16, 16, 9, padding=4),
                nn.ReLU(),
                nn.AdaptiveAvgPool1d(1),
                nn.Flatten(),
                nn.Linear(16, len(BINS)),
            )
            optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
            for _ in range(8):
                for batch in torch.randperm(len(data)).split(64):
                    optimizer.zero_grad()
                    nn.functional.cross_entropy(net(data.x[batch]), data.y[batch]).backward()
                    optimizer.step()
    finally:
        torch.set_num_threads(threads)
    return net.eval()


def peaks(x: torch.Tensor) -> list[int]:
    """Return the bin of the largest magnitude of each sequence."""
    return torch.fft.rfft(x[:, 0]).abs().argmax(dim=1).tolist()


def test_the_model_has_learned_the_frequencies(model, unseen):
    with torch.no_grad():
        assert (model(unseen.x).argmax(dim=1) == unseen.y).float().mean() > 0.95
    assert [round(sum(peaks(unseen.members(i))) / len(unseen.members(i))) for i in range(len(BINS))] == list(BINS)


@pytest.mark.parametrize(("index", "expected"), enumerate(BINS))
def test_the_spectral_peak_of_a_dream_is_at_the_frequency_of_its_class(model, unseen, index, expected):
    regularizers = [sd.regularizers.L2(1e-2), sd.regularizers.TotalVariation(1e-2)]
    centered = sd.dream(model, sd.presets.centered(unseen, index), batch_size=3, steps=300, progress=False)
    logit = sd.dream(
        model,
        sd.objectives.Logit(index),
        data=unseen,
        batch_size=3,
        steps=150,
        regularizers=regularizers,
        progress=False,
    )
    for result in (centered, logit):
        assert all(abs(peak - expected) <= 1 for peak in peaks(result.sequence))
