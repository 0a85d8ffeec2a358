"""One batch of a sweep, from its starts to its verdicts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Hashable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from seqdream_widget.classes import Classes
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.dreamer import Dreamer
from seqdream_widget.errors import StepError
from seqdream_widget.evaluation import named
from seqdream_widget.judge import Judge, Plausibility
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.probe import Probe
from seqdream_widget.reference import Reference
from seqdream_widget.scene import Scene
from seqdream_widget.sweeps.grid import Grid
from seqdream_widget.sweeps.mixture import objective_of, regularizer_of
from seqdream_widget.threads import intra_op_threads

Tick = Callable[[int], object]
"""Called with the number of dreams that have taken a step; it may raise to end the batch."""


@dataclasses.dataclass(frozen=True, eq=False)
class Settings:
    """What all dreams of a sweep have in common beside the grid."""

    steps: int
    optimizer: str | OptimizerFactory
    parameterization: Parameterization
    threads: int
    device: str | None
    layout: str | None
    features: str | None


@dataclasses.dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one dream.

    Attributes
    ----------
    dream : int
        Its number in the grid.
    sequence : array of shape (channel, time)
        float32; of a dream that stopped the last that was finite, NaN where there is none.
    score : float
        Of the objective at that sequence, without transforms.
    probabilities : array of shape (class,)
    steps : int
        Steps taken.
    plausibility : Plausibility, optional
        ``None`` without data, or where the dream failed.
    failure : str
        Why it did not come to its end; empty where it did.
    raised : bool
        Whether something raised: it may be tried again, the same numbers need not.
    device : str
        What it was dreamed on.
    seconds : float
        Its share of the time its batch took.
    """

    dream: int
    sequence: NDArray[np.float32]
    score: float
    probabilities: NDArray[np.float32]
    steps: int
    plausibility: Plausibility | None
    failure: str
    raised: bool
    device: str
    seconds: float = 0.0


class Studio:
    """Dreams batches of a grid in one process.

    Parameters
    ----------
    model : nn.Module
    data : SequenceDataset, optional
    shape : (int, int)
        Channels and samples of a dream.
    settings : Settings

    Attributes
    ----------
    scene : Scene
        Of a single dream.
    """

    def __init__(
        self,
        model: nn.Module,
        data: SequenceDataset | None,
        shape: tuple[int, int],
        settings: Settings,
    ) -> None:
        probe = Probe(model, *shape, settings.device, layout=settings.layout, features=settings.features)
        classes = Classes.of(probe.n_classes, None if data is None else data.class_names)
        reference = None if data is None else Reference.of(data)
        self.scene = Scene(probe, classes, shape, reference)
        self.settings = settings
        self._judge = None if data is None else Judge(probe, data)

    def check(self, grid: Grid) -> None:
        """Set up a batch of each structure, so that what cannot be is said early.

        Raises
        ------
        ValueError, TypeError
            If the optimizer or the parameterization cannot be used.
        """
        seen: set[Hashable] = set()
        for dreams in grid.batches():
            structure = grid.recipes[grid.dreams[dreams[0]].recipe].structure
            if structure not in seen:
                seen.add(structure)
                self._dreamer(grid, dreams)

    def dream(self, grid: Grid, dreams: Sequence[int], tick: Tick) -> list[Outcome]:
        """Dream some dreams of the grid as one batch, which is filled up to its size.

        Where something raises, those that it concerns are found by dreaming the others again without them: nothing
        of a dream depends on its neighbours.
        """
        begin = time.perf_counter()
        with intra_op_threads(self.settings.threads):
            found = self._dream(grid, dreams, tick)
        seconds = (time.perf_counter() - begin) / len(dreams)
        return [dataclasses.replace(outcome, seconds=seconds) for outcome in found]

    def _dream(self, grid: Grid, dreams: Sequence[int], tick: Tick) -> list[Outcome]:
        try:
            return self._dream_together(grid, dreams, tick)
        except StepError as error:
            parts = _parted(grid, dreams)
            if len(parts) == 1:
                return [self._failed(dream, str(error)) for dream in dreams]
        return [outcome for part in parts for outcome in self._dream(grid, part, tick)]

    def _dream_together(self, grid: Grid, dreams: Sequence[int], tick: Tick) -> list[Outcome]:
        dreamer = self._dreamer(grid, dreams)
        taken = np.full(len(dreams), self.settings.steps)
        for step in range(self.settings.steps):
            try:
                dreamer.step()
            except StepError as error:
                if not error.dreams:
                    raise
                # The last ones have stopped; the step was undone.
                dreamer.stopped = dreamer.stopped | error.dreams
            for dream in dreamer.stopped:
                if dream < len(dreams):
                    taken[dream] = min(taken[dream], step)
            tick(len(dreams))
            if len(dreamer.stopped) == grid.batch:
                break
        return self._outcomes(grid, dreams, dreamer, taken)

    def _dreamer(self, grid: Grid, dreams: Sequence[int]) -> Dreamer:
        """Set a batch up. It is filled up with copies of its first dream, which do as that does."""
        chosen = [grid.dreams[number] for number in [*dreams, *[dreams[0]] * (grid.batch - len(dreams))]]
        recipes = [grid.recipes[dream.recipe] for dream in chosen]
        generators = [torch.Generator().manual_seed(dream.seed) for dream in chosen]
        starts = [
            grid.first_sequence(dream, self.scene, generator)
            for dream, generator in zip(chosen, generators, strict=True)
        ]
        device = self.scene.probe.device
        objective, *regularizers = zip(
            *(zip(one.keys, (one.objective, *one.acting), strict=True) for one in recipes), strict=True
        )
        return Dreamer(
            dataclasses.replace(self.scene, batch_size=grid.batch),
            objective_of(objective, device),
            torch.cat(starts).to(device, self.scene.probe.sequence_dtype),
            generators,
            parameterization=self.settings.parameterization,
            optimizer=self.settings.optimizer,
            learning_rate=recipes[0].learning_rate,
            regularizers=tuple(regularizer_of(column, device) for column in regularizers),
        )

    @torch.no_grad()
    def _outcomes(self, grid: Grid, dreams: Sequence[int], dreamer: Dreamer, taken: NDArray[np.int64]) -> list[Outcome]:
        x = dreamer.sequence()
        with named("the model"):
            activity = self.scene.probe(x, dreamer.objective.layers)
        with named("the objective"):
            scores = dreamer.objective.score(activity).double().cpu().numpy()
        probabilities = activity.probabilities().float().cpu().numpy()
        sequences = x.float().cpu()
        found: list[Outcome] = []
        for row, dream in enumerate(dreams):
            recipe = grid.recipes[grid.dreams[dream].recipe]
            failure = dreamer.stopped.get(row, "")
            judged = None if failure else self._judged(sequences[[row]], recipe.objective.targets)
            found.append(
                Outcome(
                    dream,
                    sequences[row].numpy(),
                    float(scores[row]),
                    probabilities[row],
                    int(taken[row]),
                    judged,
                    failure,
                    raised=False,
                    device=str(self.scene.probe.device),
                )
            )
        return found

    def _judged(self, x: Float[Tensor, "1 channel time"], targets: tuple[int, ...]) -> Plausibility | None:
        if self._judge is None:
            return None
        with named("the model, while the dream was judged,"):
            return self._judge.judge(x, targets)[0]

    def _failed(self, dream: int, reason: str) -> Outcome:
        return failed(dream, reason, self.scene.shape, len(self.scene.classes), str(self.scene.probe.device))


def failed(dream: int, reason: str, shape: tuple[int, int], n_classes: int, device: str = "") -> Outcome:
    """Return the outcome of a dream of which there is nothing but the reason."""
    blank, none = np.full(shape, np.nan, dtype=np.float32), np.full(n_classes, np.nan, dtype=np.float32)
    return Outcome(dream, blank, np.nan, none, 0, None, reason, raised=True, device=device)


def _parted(grid: Grid, dreams: Sequence[int]) -> list[Sequence[int]]:
    """Part dreams by recipe, or, where they have one, in halves; one alone is not parted."""
    by_recipe: dict[int, list[int]] = {}
    for dream in dreams:
        by_recipe.setdefault(grid.dreams[dream].recipe, []).append(dream)
    if len(by_recipe) > 1 or len(dreams) == 1:
        return list(by_recipe.values())
    middle = len(dreams) // 2
    return [dreams[:middle], dreams[middle:]]
