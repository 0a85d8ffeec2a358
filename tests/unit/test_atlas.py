"""What the dreams of an atlas agree on, and that seeds agree on what was planted."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from benchmarks.planted import correlations
from seqdream_widget.sweeps.motifs import clustered, salient, similarity

G, R = sd.objectives, sd.regularizers


@pytest.fixture(scope="module")
def planted():
    demo = sd.load_demo("shortcut")
    atlas = sd.sweep(
        demo.model,
        data=demo.data,
        objectives=[G.Logit("triggered"), G.Logit("plain")],
        regularizers=[[R.L2(0.05), R.TotalVariation(0.05)]],
        seeds=range(40),
        steps=300,
        progress=False,
    )
    return demo, atlas


def test_nine_of_ten_seeds_show_what_was_planted_and_one_motif_holds_them(planted):
    demo, atlas = planted
    truth = demo.truth
    triggered = (atlas.table["target"] == "triggered").to_numpy()
    found = correlations(atlas.sequences[triggered, 0], truth.motif)[:, truth.start]
    assert (found >= 0.9).mean() >= 0.9
    motifs = atlas.motifs()
    first = motifs.table[(motifs.table["target"] == "triggered") & (motifs.table["motif"] == 0)].iloc[0]
    assert first["share"] >= 0.9
    assert first["first"] < truth.start + 15 < first["last"]
    assert correlations(atlas.sequences[first["middle"], 0], truth.motif).argmax() == truth.start
    agreement = atlas.agreement().set_index("target")
    assert agreement.loc["triggered", "share"] >= 0.9
    assert agreement.loc["triggered", "similarity"] >= 0.9
    assert list(agreement["seeds"]) == [40, 40]


def test_with_nothing_to_hold_them_dreams_fall_into_more_motifs(planted):
    demo, held = planted
    free = sd.sweep(
        demo.model, data=demo.data, objectives=[G.Logit("plain")], seeds=range(40), steps=20, progress=False
    )
    mine, other = free.agreement().iloc[0], held.agreement().iloc[1]
    assert mine["similarity"] < other["similarity"]
    assert mine["motifs"] > other["motifs"]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    channels=st.integers(1, 3),
    kinds=st.integers(1, 4),
    width=st.integers(6, 20),
    size=st.floats(3.0, 30.0),
)
def test_likeness_is_symmetric_and_bounded_and_clusters_come_largest_first_with_a_member_in_the_middle(
    seed, channels, kinds, width, size
):
    random = np.random.default_rng(seed)
    shapes = random.normal(size=(kinds, channels, width))
    shapes *= np.hanning(width + 2)[1:-1]
    x = 0.01 * random.normal(size=(4 * kinds, channels, 90))
    which = np.repeat(np.arange(kinds), 4)
    for row, kind in enumerate(which):
        at = random.integers(0, 90 - width)
        x[row, :, at : at + width] += size * shapes[kind]
    x = x.astype(np.float32)
    alike = similarity(x, width)
    assert np.array_equal(alike, alike.T)
    assert (np.abs(alike) <= 1 + 1e-5).all()
    labels, middles = clustered(alike)
    counts = np.bincount(labels)
    assert (np.diff(counts) <= 0).all()
    assert all(labels[middle] == number for number, middle in enumerate(middles))


def test_what_is_flat_is_like_nothing():
    x = np.zeros((2, 1, 30), dtype=np.float32)
    assert similarity(x, 5).tolist() == [[0, 0], [0, 0]]
    assert salient(x, 5).tolist() == [0, 0]
    assert clustered(similarity(x, 5))[0].tolist() == [0, 1]


def test_dreams_that_failed_show_no_motif_and_bounds_are_said(planted):
    _, atlas = planted
    table = atlas.table.copy()
    table.loc[3, "failure"] = "no"
    broken = sd.Atlas(table, atlas.sequences, atlas.seconds, atlas.origin)
    assert broken.motifs().labels[3] == -1
    assert broken.agreement()["seeds"].tolist() == [39, 40]
    for name, call in (("least", {"least": 2}), ("width", {"width": 1})):
        with pytest.raises(ValueError, match=f"{name} = . is not allowed"):
            atlas.motifs(**call)
        with pytest.raises(ValueError, match=f"{name} = . is not allowed"):
            atlas.agreement(**call)


def test_the_plots_show_every_verdict_and_motif(planted):
    mpl.use("agg")
    _, atlas = planted
    left, right = atlas.plot_verdicts().axes
    assert [text.get_text() for text in left.get_yticklabels()] == [
        "Logit(target='plain')",
        "Logit(target='triggered')",
    ]
    named = [text.get_text() for text in right.get_legend().get_texts()]
    assert set(named) == set(atlas.table["verdict"].dropna())
    axes = atlas.plot_motifs(most=2).axes
    titles = [axis.get_title() for axis in axes if axis.get_title()]
    assert titles[0].startswith("triggered: ")
    assert titles[0].endswith(" of 40")
