"""Batches as tasks of a Dask cluster."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.devices import accelerator
from seqdream_widget.errors import shown
from seqdream_widget.sweeps.allocator import keep_freed_memory
from seqdream_widget.sweeps.grid import Grid
from seqdream_widget.sweeps.parcel import Parcel, packed, unpacked
from seqdream_widget.sweeps.studio import Outcome, Settings, Studio

RETRIES = 3
"""How often a batch is tried again whose worker raised something that no dream is to blame for."""
LOOK = 0.05
"""Seconds after which to look whether something is finished, or the sweep is to end."""
GONE = "the cluster went away before this was dreamed; sweep again to go on"


@dataclasses.dataclass(frozen=True, eq=False)
class Order:
    """What workers need: all of a sweep."""

    model: nn.Module
    data: SequenceDataset | None
    shape: tuple[int, int]
    grid: Grid
    settings: Settings


def dreamed_there(
    client: Any, order: Order, batches: Mapping[int, Sequence[int]]
) -> Iterator[tuple[int, list[Outcome] | str] | None]:
    """Have a `distributed.Client` dream batches; yield each with its number as it is finished, or with what went wrong.

    A batch whose worker is lost is dreamed again on another one. ``None`` now and then, so that one can stop; what is
    under way when this is closed is cancelled.

    Raises
    ------
    TypeError
        If `client` is none, or something cannot travel.
    """
    distributed = importlib.import_module("distributed")
    if not isinstance(client, distributed.Client):
        raise TypeError(f"client = {shown(client)} is no distributed.Client; give distributed.Client(...)")
    parcel = packed(order)
    # A task that returns it: scattered data would be lost with its workers, this is made again on another one.
    sent = client.submit(_handed_over, parcel, key=f"seqdream-parcel-{parcel.key}")
    futures: dict[Any, int] = {
        client.submit(_dream_batch, sent, dreams, retries=RETRIES, pure=False): number
        for number, dreams in batches.items()
    }
    try:
        coming = distributed.as_completed(futures)
        while not coming.is_empty():
            if not coming.has_ready():
                time.sleep(LOOK)
                yield None
                continue
            future = next(coming)
            yield futures[future], _result(future)
            future.release()
    finally:
        if client.status == "running":
            client.cancel(list(futures))


def _result(future: Any) -> list[Outcome] | str:
    if future.status == "finished":
        return cast("list[Outcome]", future.result())
    if future.status == "error":
        error = future.exception()
        return f"its batch failed on the cluster ({type(error).__name__}: {error})"
    return GONE


def _handed_over(parcel: Parcel) -> Parcel:
    return parcel


def _dream_batch(parcel: Parcel, dreams: Sequence[int]) -> list[Outcome]:
    order, studio = _studio_of(parcel)
    return studio.dream(order.grid, dreams, lambda _: None)


_making = threading.Lock()


def _studio_of(parcel: Parcel) -> tuple[Order, Studio]:
    """Return the studio for a parcel; it is set up once in a process."""
    with _making:
        return _made(parcel)


@functools.lru_cache(maxsize=2)
def _made(parcel: Parcel) -> tuple[Order, Studio]:
    keep_freed_memory()
    order = cast("Order", unpacked(parcel))
    settings = order.settings
    if settings.device is None:
        settings = dataclasses.replace(settings, device=accelerator())
    return order, Studio(order.model, order.data, order.shape, settings)
