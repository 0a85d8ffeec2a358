"""The figures of `docs/honesty.md`: a claimed motif beside noise as smooth, elsewhere, and on other networks.

    python -m benchmarks.honesty

It runs the code that the page shows, and asks the same of a network trained anew and of the twin that never saw the
burst. It takes a quarter of a minute, training included.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import seqdream_widget as sd
from seqdream_widget.demos.train import SETTINGS, drawn, trained

Array = NDArray[np.floating]

PAGE = Path(__file__).parents[1] / "docs" / "honesty.md"
SEED = 1
"""Of the network trained anew; the bundled one has 0."""


def shown() -> dict[str, Any]:
    """Run the first example of the page, and return its names."""
    block = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block
    names: dict[str, Any] = {}
    exec(compile(block[1], PAGE.name, "exec"), names)
    return names


def trained_anew(truth: Any) -> nn.Module:
    settings = dataclasses.replace(SETTINGS["shortcut"], seed=SEED)
    model, told = trained("shortcut", drawn("train", truth), settings)
    print(f"\nThe network trained anew, seed {SEED}: validation accuracy {told['validation_accuracy']:.3f}\n")
    return model


def correlation(a: Array, b: Array) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def main() -> None:
    torch.set_num_threads(1)
    page = shown()
    demo, motif, first, plain = page["demo"], page["motif"], page["first"], page["plain"]
    window = slice(first, first + len(motif))
    networks = {"the network": demo.model, "the network trained anew": trained_anew(demo.truth), "the twin": demo.twin}

    print("| turned to “triggered” | untouched | the claimed motif | noise: median, 95 %, 99 % | elsewhere, at most |")
    print("|---|---|---|---|---|")
    for name, model in networks.items():
        turned = page["turned"]
        noises = np.percentile([turned(model, shape, first) for shape in page["matched"]], [50, 95, 99])
        with torch.no_grad():
            untouched = float((model(plain).argmax(dim=1) == 1).float().mean())
        elsewhere = max(turned(model, motif, at) for at in page["places"])
        said = ", ".join(map(percent, noises))
        claimed = turned(model, motif, first)
        print(f"| {name} | {percent(untouched)} | {percent(claimed)} | {said} | {percent(elsewhere)} |")

    print("\n| correlation with the claimed motif, same place | |\n|---|---|")
    by_noise = [correlation(noise[window], motif) for noise in page["noise_like"](page["change"], 2000)]
    print("| noise as smooth, 95 %, 99 % |", ", ".join(f"{x:.2f}" for x in np.percentile(by_noise, [95, 99])), "|")
    changes = {}
    for name, model in networks.items():
        dreams = page["dream_from"](plain[:10], model)
        changes[name] = (dreams.sequence - plain[:10]).mean(dim=0)[0].numpy()
        verdicts = sorted({str(one.verdict) for one in dreams.plausibility})
        height = dreams.sequence.abs().amax(dim=2)
        print(
            f"| {name}'s dreams | {correlation(changes[name][window], motif):.2f}; judged {', '.join(verdicts)}; "
            f"largest value {float(height.min()):.1f} to {float(height.max()):.1f} |"
        )
    best = [
        max(correlation(noise[at : at + len(motif)], motif) for at in range(len(noise) - len(motif) + 1))
        for noise in page["noise_like"](changes["the twin"], 200)
    ]
    print(f"| noise as smooth as the twin's dream, best place, median | {np.median(best):.2f} |")

    real = demo.data.members(1).abs().amax(dim=2)
    low, middle, high = (float(real.quantile(q)) for q in (0.05, 0.5, 0.95))
    print(f"\nLargest value of a real “triggered” sequence: median {middle:.1f}, nine in ten {low:.1f} to {high:.1f}")
    transfer = sd.transfer(page["result"], demo.twin)
    print(f"sd.transfer to the twin: {percent(transfer.share)} of the dreams hold")
    without = page["result"].sequence.clone()
    without[:, 0, window] = plain[:10, 0, window]
    with torch.no_grad():
        share = float((demo.twin(without).argmax(dim=1) == 1).float().mean())
    print(f"The same dreams with samples {first} to {window.stop - 1} as they were: {percent(share)} hold on the twin")


if __name__ == "__main__":
    main()
