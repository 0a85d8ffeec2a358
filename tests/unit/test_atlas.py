"""What the dreams of an atlas agree on, and that seeds agree on what was planted."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from benchmarks.planted import correlations
from seqdream_widget.sweeps.motifs import aligned, clustered, salient, similarity

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


def alike_at_best(one, other):
    """Return the best correlation of a shape with any shift of another within silence; loops, as one reads them."""
    width = one.shape[1]
    one = one - one.mean(axis=1, keepdims=True)
    full = np.linalg.norm(other - other.mean(axis=1, keepdims=True))
    padded = np.pad(other, ((0, 0), (width, width)))
    best = -1.0
    for shift in range(2 * width + 1):
        window = padded[:, shift : shift + width]
        window = window - window.mean(axis=1, keepdims=True)
        best = max(best, (one * window).sum() / np.linalg.norm(one) / max(np.linalg.norm(window), full / 2))
    return best


def distinct(shapes):
    """Leave out shapes that are like one before them."""
    kept = []
    for shape in shapes:
        if all(max(alike_at_best(shape, one), alike_at_best(one, shape)) < 0.6 for one in kept):
            kept.append(shape)
    return kept


@settings(max_examples=60, deadline=None)
@example(seed=1045, channels=2, kinds=2, width=20, size=3.0)  # one motif lies at the very beginning
@example(seed=693708, channels=1, kinds=2, width=6, size=5.0)  # noise, made as large, looks like either
@given(
    seed=st.integers(0, 1_000_000),
    channels=st.integers(1, 3),
    kinds=st.integers(1, 4),
    width=st.integers(6, 20),
    size=st.floats(3.0, 30.0),
)
def test_a_motif_is_found_again_wherever_it_is_and_each_kind_is_a_cluster(seed, channels, kinds, width, size):
    random = np.random.default_rng(seed)
    shapes = distinct(random.normal(size=(kinds, channels, width)) * np.hanning(width + 2)[1:-1])
    which = random.permutation(np.repeat(np.arange(len(shapes)), np.arange(len(shapes), 0, -1) + 1))
    x = 0.01 * random.normal(size=(len(which), channels, 90))
    for row, kind in enumerate(which):
        at = random.integers(0, 90 - width + 1)
        x[row, :, at : at + width] += size * shapes[kind]
    alike = similarity(x.astype(np.float32), width)
    same = which[:, None] == which
    assert alike[same].min() >= 0.9
    assert (alike[~same] < 0.8).all()
    labels, middles = clustered(alike)
    assert np.array_equal(labels, which), "the kinds are numbered by how many dreams have them"
    assert list(which[middles]) == list(range(len(shapes)))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1_000_000), amount=st.floats(0.2, 50.0), width=st.integers(2, 30), dreams=st.integers(2, 9))
def test_likeness_knows_neither_amplitude_nor_offset_nor_order(seed, amount, width, dreams):
    random = np.random.default_rng(seed)
    x = np.convolve(random.normal(size=dreams * 60), np.hanning(9), "same").reshape(dreams, 1, 60).astype(np.float32)
    alike = similarity(x, width)
    assert np.array_equal(alike, alike.T)
    assert (np.abs(alike) <= 1 + 1e-5).all()
    assert np.diag(alike) == pytest.approx(1, abs=1e-5)
    other = x.copy()
    other[0] = amount * x[0]
    other[1] += np.float32(0.5)
    assert similarity(other, width) == pytest.approx(alike, abs=1e-3)
    order = random.permutation(dreams)
    assert similarity(x[order], width) == pytest.approx(alike[np.ix_(order, order)], abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 1_000_000), dreams=st.integers(1, 40), least=st.floats(-0.9, 0.99))
def test_every_member_is_like_its_middle_and_none_that_comes_later_is(seed, dreams, least):
    random = np.random.default_rng(seed)
    alike = random.uniform(-1, 1, size=(dreams, dreams)).astype(np.float32)
    alike = np.maximum(alike, alike.T)
    np.fill_diagonal(alike, 1)
    labels, middles = clustered(alike, least)
    assert (np.diff(np.bincount(labels)) <= 0).all()
    for number, middle in enumerate(middles):
        assert labels[middle] == number
        assert (alike[middle, labels == number] >= np.float32(least)).all()
        assert (alike[middle, labels > number] < np.float32(least)).all()


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
    left, _ = atlas.plot_verdicts().axes
    assert [text.get_text() for text in left.get_yticklabels()] == [
        "Logit(target='plain')",
        "Logit(target='triggered')",
    ]
    (legend,) = left.figure.legends
    assert {text.get_text() for text in legend.get_texts()} == set(atlas.table["verdict"].dropna())
    axes = [axis for axis in atlas.plot_motifs(most=2).axes if axis.get_title()]
    assert axes[0].get_title().startswith("triggered: ")
    first = atlas.motifs().table.iloc[0]
    assert f"{first['dreams']} of 40\ndream {first['middle']}, samples {first['first']} to" in axes[0].get_title()
    curves = np.array([line.get_ydata() for line in axes[0].lines])
    assert curves.shape == (first["dreams"], 25)
    assert curves.std(axis=1) == pytest.approx(1, abs=1e-3)
    assert (curves @ curves[-1] / 25 >= 0.8).all(), "all lie on the one in the middle"


def test_what_is_alike_is_laid_on_each_other_wherever_it_was():
    x = np.zeros((3, 2, 50), dtype=np.float32)
    shape = np.array([[1, 3, -2, 2], [0, 1, 2, -1]])
    for row, at in enumerate((0, 21, 46)):
        x[row, :, at : at + 4] = (row + 1) * shape
    assert (aligned(x, 4, 1) == np.arange(1, 4)[:, None, None] * shape).all()
