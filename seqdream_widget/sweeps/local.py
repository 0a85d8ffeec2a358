"""Batches side by side in this process, one a core."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from seqdream_widget.sweeps.grid import Grid
from seqdream_widget.sweeps.studio import Outcome, Studio, Tick

LOOK = 0.2
"""Seconds after which to look whether the work is to end."""


class AbandonedError(Exception):
    """The sweep has ended before this batch."""


def cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def dreamed_here(
    studio: Studio, grid: Grid, batches: Mapping[int, Sequence[int]], workers: int, tick: Tick
) -> Iterator[tuple[int, list[Outcome]] | None]:
    """Dream batches and yield each with its number as it is finished; ``None`` now and then, so that one can stop.

    Each runs in a thread of its own: what takes time are torch's operations, which let other threads run. Bits do not
    depend on how many there are. A model that is not straight-line code takes one at a time. What is under way when
    this is closed is abandoned.
    """
    if not studio.scene.probe.reentrant:
        workers = 1
    over = threading.Event()

    def ticked(dreams: int) -> None:
        if over.is_set():
            raise AbandonedError
        tick(dreams)

    with _pool(workers, over) as pool:
        numbers: dict[Future[list[Outcome]], int] = {
            pool.submit(studio.dream, grid, dreams, ticked): number for number, dreams in batches.items()
        }
        waiting = set(numbers)
        while waiting:
            done, waiting = wait(waiting, timeout=LOOK, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: numbers[one]):
                yield numbers[future], future.result()
            if not done:
                yield None


@contextlib.contextmanager
def _pool(workers: int, over: threading.Event) -> Generator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="seqdream-sweep")
    try:
        yield pool
    finally:
        over.set()
        pool.shutdown(cancel_futures=True)
