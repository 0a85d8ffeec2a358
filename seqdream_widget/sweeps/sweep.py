"""Many dreams in one call: a grid of objectives, starts, regularizers and seeds, as few large batches."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm

from seqdream_widget.arguments import known_data, known_model
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.encoding import Encoder, Json, fingerprint_of
from seqdream_widget.interrupts import deferred
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.log import versions
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.parameterizations import Parameterization, parameterization_of
from seqdream_widget.parameters import whole
from seqdream_widget.presets import Preset
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.session import Start
from seqdream_widget.sweeps.atlas import Atlas
from seqdream_widget.sweeps.extras import needed
from seqdream_widget.sweeps.grid import Grid, starts_of
from seqdream_widget.sweeps.local import cores, dreamed_here
from seqdream_widget.sweeps.shelf import Shelf
from seqdream_widget.sweeps.studio import Outcome, Settings, Studio, Tick, failed

INTERRUPTED = "interrupted before this was dreamed; sweep again to go on"


@known_keywords_only
def sweep(
    model: nn.Module,
    *,
    objectives: Iterable[Objective | Preset],
    data: SequenceDataset | None = None,
    starts: Iterable[Start] = ("noise",),
    regularizers: Iterable[Sequence[Regularizer]] = ((),),
    seeds: Iterable[int] = (0,),
    steps: int = 500,
    length: int | None = None,
    channels: int | None = None,
    optimizer: str | OptimizerFactory = "adam",
    learning_rate: float | None = None,
    parameterization: str | Parameterization = "samples",
    batch: int | None = None,
    threads: int = 1,
    workers: int | None = None,
    device: torch.device | str | None = None,
    layout: str | None = None,
    features: str | None = None,
    directory: str | Path | None = None,
    client: Any = None,
    progress: bool = True,
) -> Atlas:
    """Dream of every combination of objective, start, regularizers and seed, and judge each.

    Dreams that differ only in weights, targets, starts or seeds share batches. A dream's bits depend on model, data,
    recipe, start, seed, the size of a batch and `threads`, and on nothing else: not on its neighbours, on how many
    batches run side by side, on the worker, or on whether the sweep was interrupted.

    Ctrl-C ends it with a warning; what is finished by then is in the atlas. A dream that fails is a row with its
    reason.

    Parameters
    ----------
    model, data, length, channels, optimizer, learning_rate, parameterization, layout, features
        As for `Session`.
    objectives : list of Objective or Preset
        ``Diversity`` is refused: dreams of a sweep do not know of each other.
    starts : list
        Each as for `Session`, one sequence: ``"noise"``, ``"zeros"``, ``"mean"``, an index into `data`, or an array.
    regularizers : list of list of Regularizer
        A setting each; those of a preset are merged with each.
    seeds : list of int
        Each dream has a random stream of its own.
    steps : int
        At least 0.
    batch : int, optional
        Dreams in a batch, 1 or a multiple of 32; where fewer are left it is filled up. At most 64, and 1 for sequences
        of more than 2,048 samples; what makes the least work unless given.
    threads : int
        Intra-op threads of torch for each batch. Several batches side by side use the cores better.
    workers : int, optional
        Batches side by side in this process; one a core unless given.
    device : torch.device or str, optional
        Where to run; where the model is unless given. On a cluster: a worker's accelerator if it has one.
    directory : str or Path, optional
        Where finished batches are kept. The same sweep goes on from what is there; batches in which something raised
        are tried again.
    client : distributed.Client, optional
        A Dask cluster to dream on: one's own, since it is sent pickled code. Every tensor travels as safetensors.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Atlas

    Raises
    ------
    ShapeError, ValueError, TypeError
        As `Session` does, or if an axis of the grid is empty or `directory` holds another sweep.
    ImportError
        If pandas, pyarrow or distributed is needed and not there; the message says how to get it.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("shortcut")
    >>> atlas = sd.sweep(
    ...     demo.model,
    ...     data=demo.data,
    ...     objectives=[sd.objectives.Logit("plain"), sd.objectives.Logit("triggered")],
    ...     regularizers=[[], [sd.regularizers.L2(0.05)]],
    ...     seeds=range(4),
    ...     steps=5,
    ...     progress=False,
    ... )
    >>> atlas
    Atlas(16 dreams of 1 × 200 samples: plain 8, triggered 8)
    """
    needed("pandas")
    if client is not None:
        needed("distributed")
    model, data = known_model(model), None if data is None else known_data(data)
    steps = whole("steps", steps, 0, 10**9)
    settings = Settings(
        steps,
        optimizer,
        parameterization_of(parameterization),
        whole("threads", threads, 1, 256),
        None if device is None else str(device),
        layout,
        features,
    )
    workers = cores() if workers is None else whole("workers", workers, 1, 256)
    listed, shape = starts_of(starts, data, length, channels)
    studio = Studio(model, data, shape, settings)
    grid = Grid.of(objectives, listed, regularizers, seeds, studio.scene, data, learning_rate, batch)
    studio.check(grid)
    batches = grid.batches()
    shelf = None if directory is None else Shelf(Path(directory), _identity(studio, data, grid))
    found = {} if shelf is None else shelf.finished(batches)
    left = {number: dreams for number, dreams in enumerate(batches) if number not in found}
    total, done = (steps * sum(map(len, some)) for some in (batches, found.values()))
    with (
        tqdm(
            total=total, initial=done, desc="dreaming", unit="dream·step", unit_scale=True, disable=not progress
        ) as bar,
        deferred(answered=True) as interrupt,
        contextlib.closing(_finished(studio, grid, left, workers, client, model, data, bar.update)) as coming,
    ):
        for one in coming:
            if one is not None:
                number, found[number] = one
                if shelf is not None:
                    shelf.keep(number, found[number])
            if interrupt.seen and len(found) < len(batches):
                told = (
                    f"interrupted: {len(found)} of {len(batches)} batches are finished; the other dreams are rows too"
                )
                warnings.warn(told, stacklevel=3)
                break
        bar.update(total - bar.n if len(found) == len(batches) else 0)
    for number in left.keys() - found.keys():
        found[number] = _all_failed(studio, left[number], INTERRUPTED)
    outcomes = sorted(itertools.chain.from_iterable(found.values()), key=lambda outcome: outcome.dream)
    return Atlas.of(model, data, studio, grid, outcomes)


def _finished(  # noqa: PLR0917 - what a sweep has at hand
    studio: Studio,
    grid: Grid,
    left: Mapping[int, Sequence[int]],
    workers: int,
    client: Any,
    model: nn.Module,
    data: SequenceDataset | None,
    tick: Tick,
) -> Generator[tuple[int, list[Outcome]] | None]:
    """Yield each batch as it is finished, here or on the cluster; ``None`` now and then."""
    if client is None:
        yield from dreamed_here(studio, grid, left, workers, tick)
        return
    from seqdream_widget.sweeps.distant import Order, dreamed_there  # noqa: PLC0415 - cloudpickle, with distributed

    order = Order(model, data, studio.scene.shape, grid, studio.settings)
    for one in dreamed_there(client, order, left):
        if one is None:
            yield None
            continue
        number, outcomes = one
        tick(len(left[number]) * studio.settings.steps)
        yield number, _all_failed(studio, left[number], outcomes) if isinstance(outcomes, str) else outcomes


def _all_failed(studio: Studio, dreams: Sequence[int], reason: str) -> list[Outcome]:
    return [failed(dream, reason, studio.scene.shape, len(studio.scene.classes)) for dream in dreams]


def _identity(studio: Studio, data: SequenceDataset | None, grid: Grid) -> Json:
    """Return what the numbers of a sweep depend on, what people can read first."""
    encoder, settings, probe = Encoder(data), studio.settings, studio.scene.probe
    return {
        "dreams": len(grid.dreams),
        "steps": settings.steps,
        "objectives": list(dict.fromkeys(recipe.words for recipe in grid.recipes)),
        "regularizers": list(dict.fromkeys(recipe.regularizers_in_words for recipe in grid.recipes)),
        "starts": [*grid.start_names],
        "seeds": list(dict.fromkeys(dream.seed for dream in grid.dreams)),
        "model": probe.fingerprint,
        "data": None if data is None else fingerprint_of(data),
        "optimizer": encoder.encode(settings.optimizer),
        "parameterization": encoder.encode(settings.parameterization),
        "batch": grid.batch,
        "threads": settings.threads,
        "device": probe.device.type,
        "layout": probe.layout,
        "features": settings.features,
        "grid": grid.fingerprint,
        "versions": versions(),
    }
