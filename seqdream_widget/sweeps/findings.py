"""What the dreams of an atlas agree on: their motifs, by class and across seeds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from seqdream_widget.parameters import Parameter, whole
from seqdream_widget.sweeps.extras import needed
from seqdream_widget.sweeps.motifs import SHARE, clustered, salient, similarity

if TYPE_CHECKING:
    from seqdream_widget.sweeps.atlas import Atlas

AXES = ("objective", "target", "start", "regularizers")


@dataclasses.dataclass(frozen=True, eq=False)
class Motifs:
    """The motifs of an atlas.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a motif, the most frequent of a class first: ``target``, ``motif`` (its number within the class),
        ``dreams``, ``share`` (of the class's), ``similarity`` (mean to the dream in the middle), ``middle`` (that
        dream's row), ``first`` and ``last`` (sample of it that the motif is at).
    labels : array of shape (dream,)
        The motif of each dream within its class; −1 for those that failed.
    """

    table: Any
    labels: Int[NDArray[np.int64], " dream"]


def width_of(atlas: Atlas, width: int | None) -> int:
    """Return how long a motif is, in samples."""
    time = atlas.sequences.shape[2]
    return max(2, time // SHARE) if width is None else whole("width", width, 2, time)


def motifs_of(atlas: Atlas, least: float, width: int | None) -> Motifs:
    """Cluster the dreams of each class by what is salient in them."""
    Parameter("least", -1.0, 1.0, (-1.0, 1.0)).check("motifs", least)
    width = width_of(atlas, width)
    good = (atlas.table["failure"] == "").to_numpy()
    labels = np.full(len(good), -1)
    rows: list[dict[str, Any]] = []
    for target in atlas.table["target"].unique():
        dreams = np.flatnonzero(good & (atlas.table["target"] == target).to_numpy())
        if not len(dreams):
            continue
        x = atlas.sequences[dreams]
        alike = similarity(x, width)
        labels[dreams], middles = clustered(alike, least)
        firsts = salient(x, width)
        for motif, middle in enumerate(middles):
            members = labels[dreams] == motif
            rows.append(
                {
                    "target": target,
                    "motif": motif,
                    "dreams": int(members.sum()),
                    "share": float(members.mean()),
                    "similarity": float(alike[middle][members].mean()),
                    "middle": int(dreams[middle]),
                    "first": int(firsts[middle]),
                    "last": int(firsts[middle]) + width - 1,
                }
            )
    columns = ("target", "motif", "dreams", "share", "similarity", "middle", "first", "last")
    return Motifs(needed("pandas").DataFrame(rows, columns=columns), labels)


def agreement_of(atlas: Atlas, least: float, width: int | None) -> Any:
    """Tell for all that is dreamed from several seeds how alike the dreams are."""
    Parameter("least", -1.0, 1.0, (-1.0, 1.0)).check("agreement", least)
    width = width_of(atlas, width)
    good = (atlas.table["failure"] == "").to_numpy()
    rows: list[dict[str, Any]] = []
    for key, group in atlas.table.groupby([*AXES], sort=False, dropna=False):
        dreams = group.index.to_numpy()[good[group.index.to_numpy()]]
        alike = similarity(atlas.sequences[dreams], width) if len(dreams) else np.empty((0, 0), dtype=np.float32)
        pairs = alike[np.triu_indices(len(dreams), 1)]
        labels, _ = clustered(alike, least)
        counts = np.bincount(labels) if len(dreams) else np.zeros(1)
        rows.append(
            {
                **dict(zip(AXES, key, strict=True)),
                "seeds": len(dreams),
                "similarity": float(pairs.mean()) if len(pairs) else np.nan,
                "least_similar": float(pairs.min()) if len(pairs) else np.nan,
                "motifs": int((counts > 0).sum()),
                "share": float(counts.max() / max(1, len(dreams))),
            }
        )
    return needed("pandas").DataFrame(rows)
