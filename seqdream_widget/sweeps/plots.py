"""Pictures of an atlas as a whole. matplotlib is needed for these alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seqdream_widget.sweeps.extras import needed
from seqdream_widget.sweeps.findings import width_of
from seqdream_widget.sweeps.motifs import FLAT, aligned

if TYPE_CHECKING:
    from seqdream_widget.sweeps.atlas import Atlas

FAINT_CURVES = 40
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
    figure, (left, right) = needed("matplotlib.pyplot").subplots(1, 2, figsize=(11, 3.4), layout="constrained")
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
    right.set(xlabel="distance to the centre of the class", ylabel="probability of the class")
    if (atlas.table["embedding_distance"] > 0).any():
        right.set_xscale("log")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS), frameon=False)
    return figure


def plotted_motifs(atlas: Atlas, least: float, width: int | None, most: int) -> Any:
    """Draw the most frequent motifs of each class: that of the dream in the middle, and faint those of the others.

    Each is shifted to where it is most like the middle, and drawn about its mean in its own standard deviations: as
    motifs are compared. Channels have colours.
    """
    width = width_of(atlas, width)
    found = atlas.motifs(least, width)
    table = found.table[found.table["motif"] < most]
    targets = list(table["target"].unique())
    if not targets:
        raise ValueError("every dream of this atlas has failed: there is no motif to draw")
    columns = int(table["motif"].max()) + 1
    figure, axes = needed("matplotlib.pyplot").subplots(
        len(targets),
        columns,
        figsize=(max(5, 3 * columns), 0.4 + 1.9 * len(targets)),
        squeeze=False,
        sharex=True,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for row in table.to_dict("records"):
        axis = axes[targets.index(row["target"]), row["motif"]]
        axis.set_axis_on()
        of_class = ((atlas.table["target"] == row["target"]) & (atlas.table["failure"] == "")).to_numpy()
        same = np.flatnonzero(of_class & (found.labels == row["motif"]))
        # The one in the middle comes last, and so on top.
        shown = np.append(same[same != row["middle"]][:FAINT_CURVES], row["middle"])
        curves = aligned(atlas.sequences[shown], width, len(shown) - 1)
        curves = curves - curves.mean(axis=2, keepdims=True)
        curves = curves / np.maximum(curves.std(axis=(1, 2), keepdims=True), FLAT)
        for channel in range(curves.shape[1]):
            axis.plot(curves[:-1, channel].T, color=f"C{channel}", lw=0.6, alpha=0.25)
            axis.plot(curves[-1, channel], color=f"C{channel}", lw=1.8)
        axis.set_title(
            f"{row['target'] or 'no class'}: {row['dreams']} of {of_class.sum()}\n"
            f"dream {row['middle']}, samples {row['first']} to {row['last']}",
            fontsize="small",
        )
        axis.tick_params(labelsize="small", labelbottom=True)
    figure.supxlabel("sample of the motif", fontsize="small")
    figure.supylabel("standard deviations", fontsize="small")
    return figure
