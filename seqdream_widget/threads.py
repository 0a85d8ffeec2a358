"""Threads: how many torch uses inside one operation, and those of our own that work beside the notebook."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import torch

Value = TypeVar("Value")

LAST_WORK = 10.0
"""Seconds for which Python, when it ends, waits for what a thread has under way."""


def started(work: Callable[[], object], stop: Callable[[], object], name: str) -> threading.Thread:
    """Start a thread that does `work`. Where Python ends before that is done, it calls `stop` and waits for the thread.

    One that is still at work in torch when Python ends takes the process down with it.
    """

    def end() -> None:
        stop()
        thread.join(LAST_WORK)

    def until_done() -> None:
        atexit.register(end)  # here: of a thread that could not be started nothing stays behind
        try:
            work()
        finally:
            atexit.unregister(end)

    thread = threading.Thread(target=until_done, name=name, daemon=True)
    thread.start()
    return thread


@contextlib.contextmanager
def intra_op_threads(count: int) -> Generator[None]:
    """Use `count` intra-op threads on this thread, and what was before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def statistic(compute: Callable[[Any], Value]) -> functools.cached_property[Value]:
    """Make a property that is computed when first asked for, with one thread: the same bits whatever runs then."""

    @functools.wraps(compute)
    def alone(owner: object) -> Value:
        with intra_op_threads(1):
            return compute(owner)

    return functools.cached_property(alone)


def fastest_thread_count(work: Callable[[], None], rounds: int = 7) -> int:
    """Try 1, 2 and 4 intra-op threads (as far as there are cores) on `work` and return the fastest.

    More threads must be a tenth faster to be chosen: on a busy machine they cost more than they show here, since a
    small model leaves them waiting for each other.
    """
    cores = os.cpu_count() or 1
    best, best_time = 1, float("inf")
    for count in (1, 2, 4):
        if count > cores:
            break
        with intra_op_threads(count):
            work()
            times: list[float] = []
            for _ in range(rounds):
                begin = time.perf_counter()
                work()
                times.append(time.perf_counter() - begin)
        median = sorted(times)[rounds // 2]
        if median < 0.9 * best_time:
            best, best_time = count, median
    return best
