"""What the page does with a message from the kernel, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def unpacked(header: Mapping[str, Any], buffers: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    """Return the arrays behind a message by name; every byte must belong to one."""
    whole, at, arrays = b"".join(buffers), 0, {}
    for listed in header["arrays"]:
        shape = tuple(listed["shape"])
        arrays[listed["name"]] = np.frombuffer(whole, listed["dtype"], int(np.prod(shape)), at).reshape(shape)
        at += arrays[listed["name"]].nbytes
    assert at == len(whole)
    return arrays
