"""What a worker's allocator does with the memory that a step has freed and the next one needs again."""

from __future__ import annotations

import ctypes
import os

TOLD = "MALLOC_TRIM_THRESHOLD_"
"""Set by Dask to 64 kB for its workers, so that what is freed goes back to the system at once."""
TRIM, MAP = -1, -3
"""``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD`` of glibc's ``malloc.h``."""
KEPT, MAPPED = 1 << 30, 32 << 20
"""Bytes from which on free memory is given back, and from which on a piece is mapped by itself: glibc's largest."""


def keep_freed_memory() -> bool:
    """Have glibc keep what is freed where Dask has it give that back; return whether it does.

    The activations of a batch are freed after each step and asked for again by the next: were they given back, the
    system would clear tens of thousands of pages a step, which takes longer than the step.
    """
    if TOLD not in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(TRIM, KEPT)) and bool(mallopt(MAP, MAPPED))
