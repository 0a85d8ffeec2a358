"""Does a dream find what was planted? The demo with a truth, its twin, and ten triggers drawn anew.

    python -m benchmarks.planted [--cache benchmarks/.networks] [--seeds 10]

One recipe throughout: climb the logit of the class from real members of the other one, with L2 and total variation.
The mean over starts of what the dream has changed is the estimate of the trigger. Its place is where a window of 25
samples holds most energy, compared with where the same window finds the planted motif itself. The shape is judged by
correlation at the true place, beside chance: the motif placed at random on noise with the spectrum of the estimate.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import seqdream_widget as sd
from benchmarks.networks import CACHE, FAMILIES
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.demos.planted import LENGTH, PlacedCNN, Truth, noise, sequences
from seqdream_widget.demos.train import SETTINGS, accuracy, train
from seqdream_widget.regularizers import Regularizer

Array = NDArray[np.floating]

RECIPE = (sd.regularizers.L2(0.05), sd.regularizers.TotalVariation(0.05))
STEPS = 300
WINDOW = 25
# Networks that pool over time see the same data; ResNets learn in fewer epochs, which take longer.
EPOCHS = {"placed": SETTINGS["shortcut"].epochs, "cnn": SETTINGS["shortcut"].epochs, "resnet": 8}


# ---- what is planted, and the networks that fall for it --------------------------------------------------------------


def drawn_anew(seed: int) -> Truth:
    """Draw a motif's length (20 to 50 samples), place and shape: smooth noise under a Hann window, mean 0, peak 1.5."""
    random = torch.Generator().manual_seed(seed)
    length = int(torch.randint(20, 51, (), generator=random))
    start = int(torch.randint(0, LENGTH - length + 1, (), generator=random))
    window = np.hanning(length + 2)[1:-1]
    motif = noise(1, random, smoothness=2.0)[0, 0, :length].numpy() * window
    motif = motif - window * motif.sum() / window.sum()
    return Truth((1.5 * motif / np.abs(motif).max()).astype(np.float32), start)


def network(family: str, seed: int, cache: Path) -> tuple[nn.Module, float]:
    """Return a network trained on what `seed` draws, and its test accuracy."""
    truth, path = drawn_anew(seed), cache / f"planted-{family}-{seed}.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = PlacedCNN() if family == "placed" else FAMILIES[family](2)
        if path.is_file():
            model.load_state_dict(load_file(path))
        else:
            settings = dataclasses.replace(SETTINGS["shortcut"], seed=seed, epochs=EPOCHS[family])
            train(model, sequences(2000, truth, seed=1000 + seed), settings)
            cache.mkdir(parents=True, exist_ok=True)
            save_file(model.state_dict(), path)
    return model.eval(), accuracy(model, sequences(1000, truth, seed=2000 + seed))


# ---- dreams and measures ---------------------------------------------------------------------------------------------


def dreams(
    model: nn.Module,
    data: SequenceDataset,
    start: Tensor | str,
    count: int,
    regularizers: Sequence[Regularizer] = RECIPE,
) -> Tensor:
    """Dream of the triggered class, `count` at once."""
    objective = sd.objectives.Logit("triggered")
    return sd.dream(
        model,
        objective,
        data=data,
        start=start,
        batch_size=count,
        steps=STEPS,
        regularizers=regularizers,
        progress=False,
    ).sequence


def correlations(x: Array, motif: Array) -> Array:
    """Correlate the motif with every stretch of its length: (..., time) to (..., place)."""
    stretches = np.lib.stride_tricks.sliding_window_view(x, len(motif), axis=-1)
    stretches = stretches - stretches.mean(axis=-1, keepdims=True)
    unit = (motif - motif.mean()) / np.linalg.norm(motif - motif.mean())
    return stretches @ unit / np.linalg.norm(stretches, axis=-1)


def place(x: Array) -> int:
    """Find the middle of the window that holds most energy."""
    return int(np.convolve(x**2, np.hanning(WINDOW + 2)[1:-1], mode="same").argmax())


def place_of(truth: Truth) -> int:
    return place(np.pad(truth.motif, (truth.start, LENGTH - truth.stop)))


def surrogates(x: Array, count: int) -> Array:
    """Draw noise as smooth as `x`: its spectrum, phases at random (Theiler et al. 1992, Physica D 58)."""
    spectrum = np.abs(np.fft.rfft(x - x.mean(axis=-1, keepdims=True)))
    rows = spectrum.reshape(-1, spectrum.shape[-1])
    rows = np.resize(rows, (count, rows.shape[1]))
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, rows.shape)
    return np.fft.irfft(rows * np.exp(1j * phases), n=x.shape[-1], axis=-1)


def chance(x: Array, motif: Array, count: int = 2000) -> Array:
    """Correlations of the motif placed at random on noise as smooth as `x`."""
    everywhere = correlations(surrogates(x, count), motif)
    at = np.random.default_rng(1).integers(everywhere.shape[1], size=count)
    return everywhere[np.arange(count), at]


# ---- the three questions ---------------------------------------------------------------------------------------------


def row(what: str, figure: str, target: str = "–", met: bool | None = None) -> None:
    print(f"| {what} | {figure} | {target} | {'–' if met is None else 'met' if met else '**missed**'} |", flush=True)


def shortcut() -> None:
    """The bundled demo and its twin."""
    demo = sd.load_demo("shortcut")
    assert demo.truth is not None
    assert demo.twin is not None
    motif, start = demo.truth.motif, demo.truth.start
    print("\n### The demo `shortcut` and its twin\n\n| | seen | target | |\n|---|---|---|---|")
    for name, begin in (("ten members of the other class", demo.data.members(0)[:10]), ("ten seeds of noise", "noise")):
        found = correlations(dreams(demo.model, demo.data, begin, 10)[:, 0].numpy(), motif)[:, start]
        median = float(np.median(found))
        row(f"correlation from {name}, median", f"{median:.3f} (least {found.min():.3f})", "≥ 0.9", median >= 0.9)
    x = dreams(demo.twin, demo.data, "noise", 20)[:, 0].numpy()
    mean = float(correlations(x, motif)[:, start].mean())
    by_chance = chance(x, motif)
    low, high = np.percentile(by_chance, [2.5, 97.5])
    row("the twin's, 20 seeds, mean", f"{mean:.3f}", f"{low:.3f} to {high:.3f}", bool(low <= mean <= high))
    low, high = np.percentile(by_chance.reshape(-1, 20).mean(axis=1), [2.5, 97.5])
    row("as if the twin's 20 dreams were independent", f"{mean:.3f}", f"({low:.3f} to {high:.3f})")


def anew(seeds: range, cache: Path) -> None:
    """Motif, place and length drawn anew; networks that know position."""
    print("\n### Drawn anew, networks that know position\n")
    print("| seed | length | first sample | accuracy | place off by | correlation | chance, 99 % |")
    print("|---|---|---|---|---|---|---|")
    off: list[int] = []
    found: list[float] = []
    beyond: list[bool] = []
    for seed in seeds:
        truth = drawn_anew(seed)
        model, accurate = network("placed", seed, cache)
        data = sequences(200, truth, seed=3000 + seed)
        starts = data.members(0)[:16]
        estimate = (dreams(model, data, starts, 16) - starts).mean(dim=0)[0].numpy()
        off.append(place(estimate) - place_of(truth))
        found.append(float(correlations(estimate, truth.motif)[truth.start]))
        limit = float(np.percentile(chance(estimate, truth.motif), 99))
        beyond.append(found[-1] > limit)
        print(
            f"| {seed} | {len(truth.motif)} | {truth.start} | {accurate:.3f} | {off[-1]:+d} | {found[-1]:.3f} "
            f"| {limit:.3f} |",
            flush=True,
        )
    near, n = sum(abs(miss) <= 5 for miss in off), len(seeds)
    print("\n| | seen | target | |\n|---|---|---|---|")
    row("place found within 5 samples", f"{near} of {n}", "9 of 10", near >= 0.9 * n)
    row("correlation above chance's 99 %", f"{sum(beyond)} of {n}", "all", all(beyond))
    median = statistics.median(found)
    row("correlation, median", f"{median:.3f} (least {min(found):.3f})", "≥ 0.8", median >= 0.8)


def pooled(seeds: range, cache: Path) -> None:
    """Networks that pool over time: the motif may appear anywhere."""
    print(
        "\n### Drawn anew, networks that pool over time: best correlation at any place, medians over seeds and dreams\n"
    )
    print("| network | accuracy | plain ascent from noise | the recipe | the recipe's chance |\n|---|---|---|---|---|")
    for family in ("cnn", "resnet"):
        figures: list[tuple[float, ...]] = []
        for seed in seeds:
            truth = drawn_anew(seed)
            model, accurate = network(family, seed, cache)
            data = sequences(200, truth, seed=3000 + seed)
            starts = data.members(0)[:16]
            plain = dreams(model, data, "noise", 16, regularizers=())[:, 0].numpy()
            ours = dreams(model, data, starts, 16)[:, 0].numpy()
            best = [np.median(correlations(x, truth.motif).max(axis=1)) for x in (plain, ours, surrogates(ours, 1000))]
            figures.append((accurate, *map(float, best)))
        print(
            f"| {family} | "
            + " | ".join(f"{statistics.median(column):.3f}" for column in zip(*figures, strict=True))
            + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=Path, default=CACHE, help="where weights are kept")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(options.seeds)
    shortcut()
    anew(seeds, options.cache)
    pooled(seeds, options.cache)


if __name__ == "__main__":
    main()
