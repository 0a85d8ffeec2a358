"""A dream as text that other tools read: CSV and NumPy. Every digit of its float32 is there."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.graph import Quantity
from seqdream_widget.settings import channel_names

if TYPE_CHECKING:
    from seqdream_widget.session import Session


def csv_text(session: Session) -> str:
    r"""Write the first dream of a session as a table with a row for each sample.

    Columns: ``sample``; ``seconds`` where the sample rate is known; then for each channel its name with what the model
    sees, the same with `` start`` before the first step and `` frozen`` (0 or 1); where the data has a scale, the value
    in its unit as well.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> import seqdream_widget as sd
    >>> model = torch.nn.Linear(2, 2)
    >>> session = sd.Session(model, sd.objectives.Logit(0), start=np.array([0.1, -2.0]))
    >>> csv_text(session).splitlines()
    ['sample,channel 0,channel 0 start,channel 0 frozen', '0,0.1,0.1,0', '1,-2.0,-2.0,0']
    """
    now, start = session.sequence[0].numpy(), session.start[0].numpy()
    frozen = np.zeros(now.shape, dtype=np.int8)
    for first, stop, channel, dream in session.frozen:
        if dream == 0:
            frozen[slice(None) if channel is None else channel, first:stop] = 1
    columns: dict[str, list[str]] = {"sample": [str(sample) for sample in range(now.shape[1])]}
    if session.data is not None and session.data.sample_rate is not None:
        columns["seconds"] = [repr(sample / session.data.sample_rate) for sample in range(now.shape[1])]
    for channel, name in enumerate(channel_names(session)):
        columns[name] = _digits(now[channel])
        columns[f"{name} start"] = _digits(start[channel])
        columns[f"{name} frozen"] = [str(flag) for flag in frozen[channel]]
        if session.data is not None and session.data.scale is not None:
            _, value = Quantity.of(session.data, channel)
            columns[f"{name} in {value.label or 'data'}"] = _digits(now[channel] * value.factor + value.offset)
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return target.getvalue()


def numpy_text(session: Session) -> str:
    """Write the first dream of a session as Python that makes the same array: (time,), or (channel, time) of several.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> import seqdream_widget as sd
    >>> session = sd.Session(torch.nn.Linear(2, 2), sd.objectives.Logit(0), start=np.array([0.1, -2.0]))
    >>> numpy_text(session)
    'np.array([0.1, -2.0], dtype=np.float32)'
    """
    now = session.sequence[0].numpy()
    rows = [f"[{', '.join(_digits(row))}]" for row in now]
    listed = rows[0] if len(rows) == 1 else f"[{', '.join(rows)}]"
    finite = listed.replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({finite}, dtype=np.float32)"


def _digits(values: NDArray[np.float32]) -> list[str]:
    """Write numbers with as few digits as tell them apart in their type."""
    return values.astype(str).tolist()
