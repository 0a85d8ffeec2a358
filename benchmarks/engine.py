"""What the engine costs beside a hand-written loop of the same mathematics.

    python -m benchmarks.engine --root ../shared/data [--cache benchmarks/.networks] [--pairs 5]

The *best* loop has frozen parameters and BatchNorm folded into the convolutions, the *usual* one has neither. Both
climb a logit with L2 and total variation under torch's Adam and keep nothing. Turns are interleaved and short, and the
ratio is the median over pairs of turns: a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.fx.experimental import optimization

import seqdream_widget as sd
from benchmarks.networks import CACHE, FAMILIES, network

LAMBDA, WEIGHT, RATE = 1e-3, 1e-2, 0.05
TURN = 1.0  # seconds, about
REGULARIZERS = (sd.regularizers.L2(LAMBDA), sd.regularizers.TotalVariation(WEIGHT))
Turn = Callable[[int], None]


def by_hand(model: nn.Module, start: torch.Tensor, target: int, *, best: bool) -> Turn:
    """Return a loop as people write it, as fast as it gets or as it usually is."""
    model = copy.deepcopy(model).eval()
    if best:
        if any(isinstance(module, nn.BatchNorm1d) for module in model.modules()):
            model = optimization.fuse(model)
        model.requires_grad_(False)
    x = start.clone().requires_grad_()
    adam = torch.optim.Adam([x], lr=RATE)

    def turn(steps: int) -> None:
        for _ in range(steps):
            adam.zero_grad()
            loss = -model(x)[:, target].sum() + LAMBDA * x.square().sum() + WEIGHT * x.diff(dim=2).abs().sum()
            loss.backward()
            adam.step()

    return turn


def seconds(turn: Turn, steps: int) -> float:
    begin = time.perf_counter()
    turn(steps)
    return time.perf_counter() - begin


def ratio(one: Turn, other: Turn, pairs: int) -> tuple[float, float]:
    """Return how many times as fast `one` is as `other`, the median over interleaved pairs, and its step in ms."""
    steps = max(5, round(TURN / (seconds(other, 20) / 20)))
    one(20)
    found: list[float] = []
    times: list[float] = []
    for _ in range(pairs):
        mine = seconds(one, steps)
        found.append(seconds(other, steps) / mine)
        times.append(1e3 * mine / steps)
    return statistics.median(found), statistics.median(times)


def line(what: str, value: float, target: float) -> None:
    print(f"| {what} | {value:.2f} | {target:.2f} | {'met' if value >= target else 'NOT met'} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, required=True, help="directory of the UCR files")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the networks are kept")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    data = sd.load_demo("forda").data
    start = data.x[:1]
    print(f"{os.cpu_count()} cores, torch {torch.__version__}, {options.pairs} pairs\n")
    print("| what | seen | target | |\n|---|---|---|---|")
    for family in FAMILIES:
        model = network("FordA", family, root=options.root, cache=options.cache)
        torch.set_num_threads(1)
        session = sd.Session(model, sd.objectives.Logit(1), data=data, start=start, regularizers=REGULARIZERS)
        for best, target in ((True, 0.9), (False, 1.4 if family == "resnet" else 1.0)):
            hand = by_hand(model, start, 1, best=best)
            found, step = ratio(session.run, hand, options.pairs)
            name = "best" if best else "usual"
            line(f"{family}: engine over the {name} loop ({step:.2f} ms a step)", found, target)
    model = network("FordA", "resnet", root=options.root, cache=options.cache)
    one, many = (
        sd.Session(model, sd.objectives.Logit(1), data=data, batch_size=size, regularizers=REGULARIZERS, threads=2)
        for size in (1, 64)
    )
    found, _ = ratio(
        lambda steps: many.run(max(1, steps // 16)), lambda steps: one.run(4 * max(1, steps // 16)), options.pairs
    )
    line("64 dreams in one batch, two threads: dreams·steps/s over those of one", found * 16, 2.5)
    torch.set_num_threads(1)
    session = sd.Session(model, sd.objectives.Logit(1), data=data, start=start, regularizers=REGULARIZERS)
    x = session.sequence
    sd.plausibility(model, data, x, 1)

    def judge(count: int) -> None:
        for _ in range(count):
            sd.plausibility(model, data, x, 1)

    found, _ = ratio(judge, lambda count: session.run(10 * count), options.pairs)
    line("plausibility: time of 10 steps over its time", found, 1.0)


if __name__ == "__main__":
    main()
