"""How often the presets arrive: two data sets, four families of networks, verdicts on the test split.

    python -m benchmarks.plausibility --root ../shared/data [--cache benchmarks/.networks] [--out docs/rates.md]

Presets see the train split, verdicts use the test split. A cell is a data set, a network and a class (or a pair) with a
recall of at least 0.7 and 15 real members; classes left out are listed. Three seeds a cell, from noise, 1,000 steps.
The presets are those of the package: nothing here is tuned to a network.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

import seqdream_widget as sd
from benchmarks.networks import CACHE, DATASETS, FAMILIES, network
from seqdream_widget.judge import Judge, judge_of

SEEDS, STEPS = 3, 1000
RECALL, MEMBERS = 0.7, 15
HELD_OUT = 100  # real members judged for the ceiling, at most
TARGETS = {"centered": 0.9, "border": 0.8, "rim": 0.8}
COUNTED = ("resnet", "cnn")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one cell came to.

    Attributes
    ----------
    arrived : int
        Of the three seeds, those with the verdict.
    failing : tuple of str
        Of the others, the figures that failed, or the verdict they got instead.
    ceiling : float
        Share of held-out real members with the verdict.
    transferred : float
        Share that a second network puts into the same class, or on the same pair.
    spread : float
        Mean distance between the seeds in the penultimate layer over that between members.
    """

    kind: str
    dataset: str
    family: str
    classes: tuple[str, ...]
    arrived: int
    failing: tuple[str, ...]
    ceiling: float
    transferred: float
    spread: float

    def row(self) -> str:
        """Write it as a line of a table."""
        place = " / ".join(self.classes)
        return (
            f"| {self.dataset} | {self.family} | {self.kind} | {place} | {self.arrived} of {SEEDS} | "
            f"{self.ceiling:.0%} | {self.transferred:.0%} | {self.spread:.2f} | "
            f"{', '.join(self.failing).replace('_', ' ')} |"
        )


def usable(judge: Judge, train: Judge) -> tuple[list[int], list[str]]:
    """Return the classes that make cells, and what is to say of the others."""
    predicted, y = judge.population.probabilities.argmax(dim=1), judge.population.y
    kept: list[int] = []
    left_out: list[str] = []
    for index, name in enumerate(judge.classes.names):
        labelled = y == index
        recall = float((predicted[labelled] == index).float().mean())
        members = len(judge.population.members(index))
        if recall >= RECALL and members >= MEMBERS and len(train.population.members(index)):
            kept.append(index)
        else:
            left_out.append(f'class "{name}" (recall {recall:.2f}, {members} members)')
    return kept, left_out


def mean_distance(features: Tensor) -> float:
    return float(torch.pdist(features).mean())


@dataclasses.dataclass(frozen=True)
class Bench:
    """One network with its data, and a second one trained from another seed."""

    dataset: str
    family: str
    model: nn.Module
    second: nn.Module
    train: sd.SequenceDataset
    test: sd.SequenceDataset

    def outcome(self, kind: str, classes: tuple[int, ...]) -> Outcome:
        """Dream one cell and judge it."""
        preset = getattr(sd.presets, kind)(self.train, *classes)
        result = sd.dream(self.model, preset, data=self.test, batch_size=SEEDS, steps=STEPS, progress=False)
        judged = result.plausibility
        judge = judge_of(self.model, self.test)
        members = [judge.population.members(index) for index in classes]
        real = torch.cat([group.x for group in members])
        held_out = real[torch.linspace(0, len(real) - 1, min(HELD_OUT, len(real))).round().long()]
        ceiling = [one.verdict == kind for one in judge.judge(held_out, classes)]
        features = judge.probe(result.sequence).features
        return Outcome(
            kind,
            self.dataset,
            self.family,
            tuple(judge.classes.names[index] for index in classes),
            sum(one.verdict == kind for one in judged),
            tuple(sorted({why for one in judged if one.verdict != kind for why in one.failing or (f"{one.verdict}",)})),
            sum(ceiling) / len(ceiling),
            sd.transfer(result, self.second, data=self.test).share,
            mean_distance(features) / mean_distance(torch.cat([group.features for group in members])[::4]),
        )

    def extreme(self, target: int) -> str:
        """Say how far outside a dream of the bare logit ends, as a line of a table."""
        result = sd.dream(self.model, sd.presets.extreme(target), data=self.test, steps=STEPS, progress=False)
        judge = judge_of(self.model, self.test)
        members = judge.population.members(target)
        distance = result.plausibility.figures["embedding_distance"].value / float(members.distances.median())
        logit = float(judge.probe(result.sequence).logits[0, target])
        with torch.no_grad():
            highest = float(judge.probe(members.x).logits[:, target].max())
        name = judge.classes.names[target]
        return (
            f"| {self.dataset} | {self.family} | {name} | {result.plausibility.verdict} | {distance:,.0f} | "
            f"{logit:,.0f} | {highest:.1f} |"
        )


def rates(outcomes: list[Outcome]) -> list[str]:
    """Return one line a kind and group of networks, target and figure."""
    lines = [
        "| preset | networks | arrived | target | ceiling | transferred | spread |",
        "|---|---|---|---|---|---|---|",
    ]
    groups = {"ResNet and CNN": COUNTED, **{family: (family,) for family in FAMILIES if family not in COUNTED}}
    for kind, (name, families) in itertools.product(TARGETS, groups.items()):
        chosen = [one for one in outcomes if one.kind == kind and one.family in families]
        if not chosen:
            continue
        runs, arrived = SEEDS * len(chosen), sum(one.arrived for one in chosen)
        mean = {
            field: sum(getattr(one, field) for one in chosen) / len(chosen)
            for field in ("ceiling", "transferred", "spread")
        }
        target = f"{TARGETS[kind]:.0%}" if families == COUNTED else "70% aimed at"
        lines.append(
            f"| {kind} | {name} | {arrived} of {runs} ({arrived / runs:.0%}) | {target} | {mean['ceiling']:.0%} | "
            f"{mean['transferred']:.0%} | {mean['spread']:.2f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, required=True, help="directory of the UCR files")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the networks are kept")
    parser.add_argument("--out", type=Path, help="where the tables are written, besides the terminal")
    parser.add_argument("--only", nargs="*", help="e.g. FordA-cnn")
    options = parser.parse_args()
    torch.set_num_threads(1)
    begin = time.monotonic()
    outcomes: list[Outcome] = []
    extremes: list[str] = []
    left_out: list[str] = []
    for dataset, family in itertools.product(DATASETS, FAMILIES):
        if options.only and f"{dataset}-{family}" not in options.only:
            continue
        train, test = (sd.SequenceDataset.from_ucr(dataset, split, options.root) for split in ("train", "test"))
        model, second = (network(dataset, family, seed, root=options.root, cache=options.cache) for seed in (0, 1))
        bench = Bench(dataset, family, model, second, train, test)
        classes, others = usable(judge_of(model, test), judge_of(model, train))
        left_out += [f"- {dataset}, {family}: {other}" for other in others]
        cells = [(kind, (index,)) for kind in ("centered", "rim") for index in classes]
        cells += [("border", pair) for pair in itertools.combinations(classes, 2)]
        for kind, members in tqdm(cells, desc=f"{dataset} {family}", unit="cell"):
            outcomes.append(bench.outcome(kind, members))
        extremes += [bench.extreme(index) for index in classes]
    minutes = (time.monotonic() - begin) / 60
    told = [
        *rates(outcomes),
        "",
        "| data | network | preset | class or pair | arrived | ceiling | transferred | spread | what failed or came |",
        "|---|---|---|---|---|---|---|---|---|",
        *(outcome.row() for outcome in outcomes),
        "",
        "Left out, for a recall below 0.7 or fewer than 15 members:",
        "",
        *left_out,
        "",
        "| data | network | class | verdict of `extreme` | distance over the members' median | logit | highest real |",
        "|---|---|---|---|---|---|---|",
        *extremes,
        "",
        f"{SEEDS} seeds a cell, {STEPS:,} steps from noise; {minutes:.0f} minutes, one thread, "
        f"torch {torch.__version__}, {os.cpu_count()} cores.",
    ]
    text = "\n".join(told) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
