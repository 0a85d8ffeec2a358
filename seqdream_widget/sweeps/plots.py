"""Pictures of an atlas as a whole. matplotlib is needed for these alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seqdream_widget.sweeps.extras import needed

if TYPE_CHECKING:
    from seqdream_widget.sweeps.atlas import Atlas

COLOURS = {
    "centered": "#1b7f5c",
    "rim": "#3b6fb6",
    "border": "#8a5bb0",
    "outside": "#c0603a",
    "not judged": "#9aa0a6",
    "failed": "#4a4a4a",
}


def verdicts_of(atlas: Atlas) -> Any:
    """Return each dream's verdict, "not judged" or "failed"."""
    return (
        atlas.table["verdict"]
        .astype(object)
        .where(atlas.table["verdict"].notna(), "not judged")
        .mask(atlas.table["failure"] != "", "failed")
    )


def plotted_verdicts(atlas: Atlas) -> Any:
    """Draw what share of the dreams of each objective lies where, and how certain and far out they are."""
    figure, (left, right) = needed("matplotlib.pyplot").subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    verdicts = verdicts_of(atlas)
    shares = (
        needed("pandas")
        .crosstab(atlas.table["objective"], verdicts, normalize="index")
        .reindex(columns=[name for name in COLOURS if (verdicts == name).any()])
    )
    shares = shares.loc[atlas.table["objective"].unique()[::-1]]
    begins = np.zeros(len(shares))
    for name in shares.columns:
        left.barh(shares.index, shares[name], left=begins, color=COLOURS[name], label=name)
        begins += shares[name].to_numpy()
    left.set(xlim=(0, 1), xlabel="share of dreams")
    for name in shares.columns:
        chosen = atlas.table[verdicts == name]
        right.scatter(chosen["embedding_distance"], chosen["probability"], s=10, color=COLOURS[name], label=name)
    right.set(xlabel="distance to the centre of the class, in the network's eyes", ylabel="probability of the class")
    if (atlas.table["embedding_distance"] > 0).any():
        right.set_xscale("log")
    right.legend(frameon=False)
    return figure


def plotted_motifs(atlas: Atlas, least: float, width: int | None, most: int) -> Any:
    """Draw the most frequent motifs of each class: the dream in the middle, and the others faint."""
    found = atlas.motifs(least, width)
    table = found.table[found.table["motif"] < most]
    targets = list(table["target"].unique())
    if not targets:
        raise ValueError("every dream of this atlas has failed: there is no motif to draw")
    columns = int(table["motif"].max()) + 1
    figure, axes = needed("matplotlib.pyplot").subplots(
        len(targets), columns, figsize=(3 * columns, 1.8 * len(targets)), squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for row in table.to_dict("records"):
        axis = axes[targets.index(row["target"]), row["motif"]]
        axis.set_axis_on()
        axis.axvspan(row["first"], row["last"], color="#3b6fb6", alpha=0.12, lw=0)
        same = np.flatnonzero((found.labels == row["motif"]) & (atlas.table["target"] == row["target"]).to_numpy())
        axis.plot(atlas.sequences[same[:20], 0].T, color="#9aa0a6", lw=0.5, alpha=0.5)
        axis.plot(atlas.sequences[row["middle"], 0], color="#1f2933", lw=1.2)
        axis.set_title(
            f"{row['target'] or 'no class'}: {row['share']:.0%} of {same.size / row['share']:.0f}", fontsize=9
        )
        axis.tick_params(labelsize=7)
    return figure
