"""Where straight lines between real members of two classes cross their border."""

from __future__ import annotations

import torch

from seqdream_widget.population import Population, Ties
from seqdream_widget.probe import Probe
from seqdream_widget.threads import intra_op_threads

LINES = 64
BISECTIONS = 16


def ties_between(probe: Probe, population: Population, classes: tuple[int, int]) -> Ties:
    """Draw 64 lines between random members of two classes (seed 0) and find where they cross the border, by bisection.

    Found once for a population, the same for either order. Each class has at least one member.
    """
    pair = min(classes), max(classes)
    if pair not in population.ties:
        population.ties[pair] = _found(probe, population, pair)
    return population.ties[pair]


def _found(probe: Probe, population: Population, classes: tuple[int, int]) -> Ties:
    groups = [population.members(index) for index in classes]
    random = torch.Generator().manual_seed(0)
    drawn = [torch.randint(len(group), (LINES,), generator=random) for group in groups]
    a, b = (group.x[rows].to(probe.device, probe.sequence_dtype) for group, rows in zip(groups, drawn, strict=True))
    low, high = torch.zeros(LINES, 1, 1).to(a), torch.ones(LINES, 1, 1).to(a)
    first, second = classes
    with torch.no_grad(), intra_op_threads(1):
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            logits = probe(torch.lerp(a, b, middle)).logits
            first_leads = (logits[:, first] > logits[:, second])[:, None, None]
            low, high = torch.where(first_leads, middle, low), torch.where(first_leads, high, middle)
        ties = torch.lerp(a, b, (low + high) / 2)
        activity = probe(ties)
    leading = activity.logits.topk(2, dim=1).indices.sort(dim=1).values.cpu()
    both_lead = (leading == torch.tensor(classes)).all(dim=1)
    ends = [
        group.take(torch.bincount(rows, minlength=len(group)).nonzero()[:, 0])
        for group, rows in zip(groups, drawn, strict=True)
    ]
    return Ties(ties.float().cpu()[both_lead], activity.features.float().cpu()[both_lead], (ends[0], ends[1]))
