"""The Lab without a front end: what its views say, how they are linked, and that nothing is left behind."""

from __future__ import annotations

import itertools
import re
import threading

import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances
from torch import nn

import seqdream_widget as sd
from seqdream_widget.lab import figures
from seqdream_widget.lab.concepts import layer_of_features
from seqdream_widget.lab.landscape import Landscape
from seqdream_widget.lab.projection import PCA
from seqdream_widget.lab.pulse import Pulse
from seqdream_widget.lab.sample import MOST
from seqdream_widget.lab.starts import numbers_in
from seqdream_widget.lab.view import STYLE
from seqdream_widget.probe import Probe
from tests.unit.programs import LENGTH, Level, data


@pytest.fixture
def w():
    widget = sd.SeqDream(Level(), sd.objectives.Logit("high"), data=data(), seed=3, regularizers=[sd.regularizers.L2()])
    yield widget
    widget.close()


def words(view) -> str:
    return view._note.value


def seen(view):
    """Have it believe that a front end shows it."""
    view._view_count = 1
    return view


# ---- linked ----------------------------------------------------------------------------------------------------------


def test_every_view_follows_a_run_on_the_thread_that_takes_its_steps_and_stops_with_it(w):
    lab = sd.Lab(widget=w)
    drawn = {}
    for view in lab.views:
        draw = view.draw

        def noted(view=view, draw=draw):
            drawn.setdefault(type(view).__name__, []).append((threading.current_thread().name, w.session.step_count))
            draw()

        view.draw = noted
        seen(view)
    drawn.clear()
    w.play()
    end = threading.Event()
    w.follow(lambda plays: end.set() if len(drawn.get("Compare", [])) > 3 or not plays else None)
    assert end.wait(30)
    w.pause()
    assert len(drawn) == len(lab.views) == 8
    for name, calls in drawn.items():
        assert {thread for thread, _ in calls} == {"seqdream"}, name
        assert calls[-1][1] == w.session.step_count, "the last state is shown when it stops"
    counts = {name: len(calls) for name, calls in drawn.items()}
    w.session.submit(sd.commands.Note("nothing plays"))
    assert {name: len(calls) for name, calls in drawn.items()} == {name: count + 1 for name, count in counts.items()}
    lab.close()


def test_a_view_that_nobody_sees_is_left_alone_and_up_to_date_when_it_is_shown(w):
    view = sd.lab.ScoreHistory(w)
    before = words(view)
    w.step(5)
    assert words(view) == before
    seen(view)
    assert words(view).startswith("Step 5: logit of high")
    w.step(5)
    assert words(view).startswith("Step 10:")


def test_views_that_cost_much_are_brought_up_to_date_less_often(monkeypatch, w):
    now = itertools.count(0.0, 0.2)

    class Slow:
        is_seen = True
        refreshed = 0

        def refresh(self):
            self.refreshed += 1

    pulse, slow = Pulse(w), Slow()
    pulse.add(slow)
    monkeypatch.setattr("seqdream_widget.lab.pulse.time.monotonic", lambda: next(now))
    for _ in range(50):
        pulse.beat(True)
    assert 2 <= slow.refreshed <= 5, "0.2 s each: a tenth of the time"
    pulse.beat(False)
    assert slow.refreshed <= 6


def test_a_view_that_fails_says_so_and_the_run_goes_on(w):
    view = seen(sd.lab.Spectrum(w))

    def fail():
        raise RuntimeError("<b>broken</b>")

    view.draw = fail
    w.step(3)
    assert w.session.step_count == 3
    assert words(view) == "RuntimeError: &lt;b&gt;broken&lt;/b&gt;"


def test_closing_the_lab_frees_every_widget(w):
    before = set(_instances)
    lab = sd.Lab(Level(), data=data())
    lab.compare.snapshot()
    lab.compare.branch()
    lab.compare.clear()
    lab.compare.snapshot()
    assert len(_instances) > len(before) + 100
    lab.close()
    assert set(_instances) == before
    alone = sd.lab.EmbeddingMap(w)
    alone.close()
    assert set(_instances) == before
    w.step(1)


# ---- the map ---------------------------------------------------------------------------------------------------------


def test_the_plane_is_that_of_greatest_variance():
    random = torch.Generator().manual_seed(0)
    features = torch.randn(200, 5, generator=random) * torch.tensor([0.1, 3.0, 0.2, 2.0, 0.1]) + 7
    plane = PCA(features)
    assert torch.allclose(plane.components @ plane.components.T, torch.eye(2), atol=1e-5)
    assert plane.components.abs().argmax(dim=1).tolist() == [1, 3]
    assert torch.allclose(plane.points(features).mean(dim=0), torch.zeros(2), atol=1e-4)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_every_point_of_the_map_is_shaded_as_the_class_that_the_classifier_gives_it(classes):
    torch.manual_seed(classes)
    model = nn.Sequential(nn.Flatten(), nn.Linear(LENGTH, 6), nn.Tanh(), nn.Linear(6, classes))
    y = torch.arange(60) % classes
    real = sd.SequenceDataset(torch.randn(60, 1, LENGTH), y, [f"class {k}" for k in range(classes)])
    session = sd.Session(model, sd.objectives.Logit(0), data=real)
    land = Landscape(session.scene)
    low, high = land.box
    leading, borders = land.regions(low, high)
    points = low + np.random.default_rng(0).random((300, 2)) * (high - low)
    plane = land.projection
    logits = model[-1](torch.tensor(points, dtype=torch.float32) @ plane.components + plane.mean).detach()
    for point, wanted in zip(points, logits.argmax(dim=1).tolist(), strict=True):
        assert [index for index, polygon in leading.items() if _inside(point, polygon)] == [wanted]
    probabilities = (logits.topk(2, dim=1).values).softmax(dim=1)[:, 0]
    for point, lead in zip(points, probabilities.tolist(), strict=True):
        if abs(lead - 0.6) > 1e-3:
            assert any(_inside(point, polygon) for polygon in borders) == (lead < 0.6)


def _inside(point, polygon) -> bool:
    ends = np.roll(polygon, -1, axis=0)
    turn = (ends[:, 0] - polygon[:, 0]) * (point[1] - polygon[:, 1]) - (ends[:, 1] - polygon[:, 1]) * (
        point[0] - polygon[:, 0]
    )
    return bool((turn >= 0).all() or (turn <= 0).all())


def test_the_way_goes_from_the_start_to_now_and_begins_again_with_the_run(w):
    view = seen(sd.lab.EmbeddingMap(w))
    w.step(40)
    place = view._land.place
    features = w.session.scene.probe(torch.cat([w.session.start, w.session.sequence])).features
    assert np.allclose(view.points[[0, -1]], place(features), atol=1e-5)
    w.session.submit(sd.commands.Edit(0, [2.0]))
    now = w.session.scene.probe(w.session.sequence).features
    assert np.allclose(view.points[-1:], place(now), atol=1e-5), "an edit while paused moves it"
    w.session.restore(10)
    then = w.session.scene.probe(w.session.sequence).features
    assert np.allclose(view.points[-1:], place(then), atol=1e-5)
    view.begin_at(4)
    assert torch.equal(w.session.sequence[0], data().x[4])
    assert len(view.points) == 1


def test_selected_samples_are_climbed_to_and_their_logs_need_no_data():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(LENGTH, 3), nn.Tanh(), nn.Linear(3, 2))
    w = sd.SeqDream(model, sd.objectives.Logit("high"), data=data())
    view = sd.lab.EmbeddingMap(w)
    chosen = [1, 3, 5, 7]
    view.select(chosen)
    assert "4 selected: 4 high" in view._chosen.value
    features = w.session.scene.probe(data().x[chosen]).features
    view.aim_at_centre()
    assert isinstance(w.session.objective, sd.objectives.Prototype)
    assert torch.allclose(w.session.objective.bound.centroid, features.mean(dim=0))
    assert "centre of 4 real sequences" in w.status
    w.step(3)
    view.aim_along()
    objective = w.session.objective
    assert isinstance(objective, sd.objectives.Direction)
    every = w.session.scene.probe(data().x).features.mean(dim=0)
    assert torch.allclose(torch.tensor(objective.vector).float(), features.mean(dim=0) - every, atol=1e-5)
    w.step(3)
    again = sd.replay(w.session.log, model, data=data())
    assert torch.equal(again.sequence, w.session.sequence)
    with pytest.raises(ValueError, match="index = 99 is not allowed"):
        view.select([99])
    w.close()


def test_where_no_layer_holds_the_features_a_direction_is_refused_in_words(w):
    view = sd.lab.EmbeddingMap(w)
    view.select([1])
    view.aim_along()
    assert "aim at the centre instead" in words(view)
    assert w.session.objective == sd.objectives.Logit(1)


def test_a_lasso_of_the_front_end_selects_what_lies_in_it(w):
    view = sd.lab.EmbeddingMap(w)
    low, high = view._real
    low.selected = np.array([0, 2])
    high.selected = np.array([1])
    assert view.selected == (0, 3, 4)
    assert view._index_of(1, {"data": {"index": 2}}) == 5
    assert view._index_of(1, {"data": {"index": 99}}) is None
    assert view._index_of(1, {}) is None
    view._show(1, {"data": {"index": 2}})
    assert "<path" in view._tooltip.value
    assert "sample 5, high (the model:" in view._tooltip.value


def test_the_layer_that_holds_the_features_is_found_or_said_to_be_missing():
    demo = sd.load_demo("forda")
    assert layer_of_features(Probe(demo.model, 1, 500)) == "pool"

    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(LENGTH, 2)

        def forward(self, x):
            return self.head(x.flatten(1).sin())

    with pytest.raises(ValueError, match="no layer of the model has the penultimate features as its output"):
        layer_of_features(Probe(Functional(), 1, LENGTH))


def test_umap_is_asked_for_by_name_and_said_to_be_missing(w, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(ImportError, match=r'pip install "seqdream_widget\[umap\]", or take "pca"'):
        sd.lab.EmbeddingMap(w, projection="umap")
    with pytest.raises(ValueError, match='did you mean "umap"'):
        sd.lab.EmbeddingMap(w, projection="umpa")


# ---- prototypes of chosen members ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([], "give 1 to 10,000 indices"),
        ("123", "give 1 to 10,000 indices"),
        ([1.5], "give a whole number"),
        ([-1], "give a whole number"),
        ([30], "there is no real sequence 30; the data has 0 to 29"),
    ],
)
def test_members_that_are_not_there_are_refused(w, members, said):
    with pytest.raises(ValueError, match=said):
        w.session.submit(sd.commands.SetObjective(sd.objectives.Prototype(members=members)))


def test_a_prototype_needs_a_class_or_members_and_members_need_data():
    with pytest.raises(ValueError, match="give a class, or members="):
        sd.objectives.Prototype()
    with pytest.raises(ValueError, match="this run has no data; give data="):
        sd.Session(Level(), sd.objectives.Prototype(members=[1]), length=LENGTH)


def test_the_members_of_a_class_chosen_by_hand_make_the_prototype_of_the_class(w):
    whole = sd.objectives.Prototype("high").resolve(w.session.scene)
    members = w.session.scene.members("test", "high").index
    by_hand = sd.objectives.Prototype(members=members).resolve(w.session.scene)
    assert torch.equal(by_hand.anchor.centroid, whole.anchor.centroid)
    assert by_hand.anchor.scale == whole.anchor.scale
    assert by_hand.targets == ()


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_without_data_the_views_that_need_it_say_so_and_the_rest_works():
    lab = sd.Lab(Level(), length=LENGTH)
    for view in lab.views:
        seen(view)
    lab.widget.step(5)
    assert "give data=" in words(lab.map)
    assert "give data=" in words(lab.plausibility)
    assert "give data=" in words(lab.spectrum)
    assert words(lab.scores).startswith("Step 5")
    assert words(lab.probabilities)
    assert words(lab.activations).startswith("Most active")
    assert list(lab.starts._pages) == ["noise or zeros", "pasted numbers", "a drawn curve"]
    assert lab.map.points.shape == (0, 2)
    lab.close()


def test_of_50_000_samples_an_even_choice_is_drawn_and_said():
    y = torch.arange(50_000) % 2
    many = sd.SequenceDataset(torch.randn(50_000, 1, LENGTH) + 2 * y[:, None, None], y, ["low", "high"])
    lab = sd.Lab(Level(), data=many)
    said = f"{MOST:,} of 50,000 real sequences are drawn"
    for view in (lab.map, lab.plausibility, lab.spectrum):
        view.refresh()
        assert said in words(view)
    assert [len(cloud.x) for cloud in lab.map._real] == [MOST // 2] * 2
    index = lab.map._index_of(1, {"data": {"index": 700}})
    lab.map.begin_at(index)
    assert torch.equal(lab.widget.sequence[0], many.x[index])
    assert many.y[index] == 1
    lab.close()


def test_a_model_without_penultimate_features_is_named_with_the_remedy():
    model = nn.Sequential(nn.Conv1d(1, 2, 3, padding=1), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    lab = sd.Lab(model, data=data())
    assert "no penultimate features" in words(lab.map)
    assert "features=" in words(lab.map)
    lab.widget.step(2)
    lab.close()
    remedied = sd.Lab(model, data=data(), features="0")
    assert len(remedied.map.points) == 1
    remedied.close()


def test_one_class_only():
    one = sd.SequenceDataset(data().x, [1] * 30, ["low", "high"])
    lab = sd.Lab(Level(), sd.objectives.Logit("high"), data=one)
    for view in lab.views:
        seen(view)
    lab.widget.step(3)
    assert list(lab.map.centroids) == [1]
    assert "from the centre of high" in words(lab.map)
    lab.widget.session.submit(sd.commands.SetObjective(sd.objectives.Logit("low")))
    assert "no real low" in words(lab.spectrum)
    assert "not judged" in words(lab.plausibility)
    lab.close()


def test_sixty_classes_with_long_names_and_a_layer_of_many_channels():
    torch.manual_seed(0)
    names = [f"class with a rather long name {k}" for k in range(60)]
    real = sd.SequenceDataset(torch.randn(120, 2, 30), torch.arange(120) % 60, names)
    model = nn.Sequential(nn.Conv1d(2, 100, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2800, 60))
    lab = sd.Lab(model, data=real)
    for view in lab.views:
        view.refresh()
    assert "48 less probable classes are not shown" in words(lab.probabilities)
    assert len(set(lab.probabilities._bars.x)) == 12
    assert "The first 64 of 100 channels are drawn" in words(lab.activations)
    lab.spectrum._menu.value = 1
    lab.close()


def test_unknown_names_are_refused(w):
    with pytest.raises(ValueError, match='did you mean "features"'):
        sd.lab.LayerActivations(w, "feature")
    with pytest.raises(TypeError, match="give the widget that it is to follow"):
        sd.lab.Spectrum(w.session)
    with pytest.raises(TypeError, match="give widget= alone"):
        sd.Lab(Level(), widget=w)
    with pytest.raises(TypeError, match="did you mean"):
        sd.Lab(Level(), dat=data())


# ---- the other views -------------------------------------------------------------------------------------------------


def test_the_panel_says_what_plausibility_says(w):
    view = seen(sd.lab.PlausibilityPanel(w))
    w.step(20)
    found = sd.plausibility(Level(), data(), w.sequence, "high")
    assert view.plausibility.figures == found.figures
    assert (found.verdict or "not judged") in words(view)
    for place, (name, figure) in enumerate(found.figures.items()):
        at = float(view._marks.x[place][0])
        low, high = figure.band
        assert (0 <= at <= 1) == (low <= figure.value <= high), name
    failing = [color == "var(--sdl-warn)" for color in view._marks.colors]
    assert failing == [name in found.failing for name in found.figures]


def test_activations_are_those_of_the_layer_and_a_click_makes_a_channel_the_objective(w):
    view = seen(sd.lab.LayerActivations(w))
    w.step(2)
    wanted = w.session.scene.probe(w.session.sequence, ("features",)).layers["features"][0]
    view.layer = "features"
    assert np.allclose(view._map.color[:, 0], wanted.detach().numpy(), atol=1e-6)
    view._clicked(None, {"data": {"index": 2}})
    assert w.session.objective == sd.objectives.Channel("features", 2)
    view.aim_at(7)
    assert "channel 7 is not allowed" in words(view)


def test_dreams_are_compared_and_branches_shown_as_they_go_on(w):
    view = seen(sd.lab.Compare(w, real=data().x[3]))
    w.step(5)
    view.snapshot()
    view.branch()
    branch = view.branches["branch at step 5"]
    w.session.submit(sd.commands.Edit(3, [2.0]))
    w.step(5)
    branch.run(7)
    view.unsteered()
    assert view.labels == ("real", "step 5", "branch at step 5", "without the hand, step 10")
    for entry, other in zip(view._entries[1:], (w.session.sequence_at(5), branch.sequence), strict=False):
        assert np.allclose(entry.line.y, other[0, 0])
        assert np.allclose(entry.gap.y[0], w.sequence[0, 0])
    for _ in range(4):
        view.snapshot()
    view.attempt(view.snapshot)
    assert "8 dreams are compared already" in words(view)
    with pytest.raises(sd.ShapeError, match="give one of that shape"):
        sd.lab.Compare(w, wrong=[1.0, 2.0])


def test_a_start_is_picked_by_name_among_samples_by_paste_and_by_hand(w):
    view = sd.lab.StartPicker(w)
    view.begin_at("zeros")
    assert not w.sequence.any()
    view.begin_at_class_mean("low")
    assert torch.allclose(w.sequence[0], data().only("low").x.mean(dim=0))
    view._filter.value = 1
    view._browse(1)
    assert view._buttons[0].description == "17: high"
    view._buttons[0].click()
    assert torch.equal(w.sequence[0], data().x[17])
    view.refresh()
    assert words(view) == "This dream began at real sample 17, high."
    view._curve.y = np.linspace(-1, 1, LENGTH)
    view._begin_at_curve(1, LENGTH)
    assert np.allclose(w.sequence[0, 0], np.linspace(-1, 1, LENGTH))
    view.begin_at(numbers_in("1 2 3"))
    assert "give one of the dream&#x27;s shape" in words(view)
    w.session.undo()
    assert torch.equal(w.sequence[0], data().x[17])


@pytest.mark.parametrize(("text", "said"), [("1, two, 3", "'two' is no number"), ("  ", "nothing was pasted")])
def test_what_is_no_number_is_named(text, said):
    with pytest.raises(ValueError, match=said):
        numbers_in(text)


# ---- colours ---------------------------------------------------------------------------------------------------------

# How a colour looks to those without one kind of cone: Machado, Oliveira, Fernandes 2009, doi 10.1109/TVCG.2009.113.
EYES = {
    "common": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
SURFACES = {"light": "#ffffff", "dark": "#111111"}


def palette(theme: str) -> list[str]:
    """The colours of the dream and of the classes, as the style sheet has them."""
    found = re.findall(r"--sdl-(?:dream|class-\d): (#[0-9a-f]{6});", STYLE.read_text())
    assert len(found) == 2 * (1 + len(figures.CLASSES))
    return found[: len(found) // 2] if theme == "light" else found[len(found) // 2 :]


def linear(color: str) -> np.ndarray:
    rgb = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]) @ rgb
    xyz = xyz / [0.9505, 1.0, 1.0888]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", SURFACES)
@pytest.mark.parametrize("eye", EYES)
def test_colours_differ_for_every_kind_of_eye_and_stand_out_from_the_page(theme, eye):
    colors = palette(theme)
    looks = [lab(np.clip(np.array(EYES[eye]) @ linear(color), 0, 1)) for color in colors]
    for (one, a), (other, b) in itertools.combinations(zip(colors, looks, strict=True), 2):
        assert np.linalg.norm(a - b) > 12, (one, other)
    luminance = np.array([0.2126, 0.7152, 0.0722])
    surface = luminance @ linear(SURFACES[theme])
    for color in colors:
        dark, light = sorted([surface, luminance @ linear(color)])
        assert (light + 0.05) / (dark + 0.05) >= 3, color


def test_classes_that_share_a_colour_differ_in_shape():
    looks = [(figures.class_color(index), figures.class_shape(index)) for index in range(12)]
    assert len(set(looks)) == 12
