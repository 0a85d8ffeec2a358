"""The still picture: what it shows, to whom, and that nothing in it can do harm."""

from __future__ import annotations

import base64
import html
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget import graph, picture
from tests.fixtures.write import dreamt

SVG = "{http://www.w3.org/2000/svg}"


def session_at(x, **keywords):
    x = np.asarray(x, dtype=np.float32)
    channels, length = x.shape[-2:] if x.ndim > 1 else (1, len(x))
    model = nn.Sequential(nn.Flatten(), nn.Linear(channels * length, 2))
    return sd.Session(model, sd.objectives.Logit(0), start=x, **keywords)


def drawn(session, status="paused at step 3"):
    return ET.fromstring(picture.picture(session, status))


def of_class(root, name):
    return [element for element in root.iter() if element.get("class") == name]


def points(path):
    """Return the corners of a path of one piece, in half pixels."""
    first, rest = path.removeprefix("M").split("l")
    steps = np.array(re.findall(r"-?\d+", rest), dtype=np.int64).reshape(-1, 2)
    start = np.array(re.findall(r"-?\d+", first), dtype=np.int64)
    return np.concatenate([start[None], start + steps.cumsum(axis=0)])


def curve(session, name="dream"):
    return points(of_class(drawn(session), name)[0].get("d"))


def test_it_is_an_image_with_a_name_and_a_description():
    root = drawn(dreamt())
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "Sequence dream, logit of quiet"
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text.startswith("paused at step 3; score")
    assert "p(quiet)" in root[1].text
    seen = [text.text for text in root.iter(f"{SVG}text")]
    assert {root[0].text, *root[1].text.split("; ")} <= set(seen)


def test_it_shows_the_dream_the_start_the_real_range_and_what_is_frozen():
    session = dreamt()
    root = drawn(session)
    keys = 1
    assert len(of_class(root, "dream")) == len(of_class(root, "start")) == len(of_class(root, "band")) == 1 + keys
    assert len(of_class(root, "frozen")) == 1 + keys
    session.submit(sd.commands.Unfreeze(2, 4))
    assert of_class(drawn(session), "frozen") == []
    assert of_class(drawn(session_at(np.zeros(9))), "band") == []


def test_the_curve_runs_through_every_sample_to_half_a_pixel():
    x = np.sin(np.arange(300) / 9)
    xs, ys = curve(session_at(x)).T
    assert len(xs) == 300
    assert (np.diff(xs) > 0).all()
    scale = np.polyfit(x, ys, 1)
    assert scale[0] < 0
    assert np.abs(np.polyval(scale, x) - ys).max() <= 1
    assert (xs[0], xs[-1]) == (graph.LEFT, graph.RIGHT)
    assert ys.min() >= graph.TOP
    assert ys.max() <= graph.BOTTOM


def test_a_long_sequence_is_a_small_picture_and_loses_no_spike():
    x = np.zeros(200_000)
    x[123_456] = 7.0
    session = session_at(x)
    ys = curve(session)[:, 1]
    assert ys.min() < graph.TOP + 60
    assert len(picture.picture(session, "ready")) < 40_000


@pytest.mark.parametrize(
    "x",
    [np.zeros(2), np.full(50, -3e8), np.array([1e-30, -1e-30, 0.0]), np.linspace(-1e9, 1e9, 7), np.full(5, 1e-9)],
    ids=["zeros", "constant", "tiny", "huge", "level"],
)
def test_it_can_be_drawn_whatever_the_values(x):
    session = session_at(x)
    root = drawn(session)
    assert "nan" not in ET.tostring(root, encoding="unicode").lower()
    labels = [text.text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    assert 1 <= len(labels) <= 7


def test_what_is_not_finite_is_a_gap():
    gap, point = np.float32([0.0, 1.0, np.nan, 1.0, 0.0]), np.float32([np.nan, 1.0, np.nan])
    chart = graph.Graph(5, [gap], *graph.Quantity.of(None, 0))
    assert [len(piece) for piece in chart.line("dream", gap).pieces] == [2, 2]
    assert [len(piece) for piece in chart.line("dream", point).pieces] == [1]


def test_of_several_channels_and_dreams_it_shows_the_first_and_says_so():
    x = np.stack([np.stack([np.arange(20.0) * (c + 1) * (-1) ** b for c in range(3)]) for b in range(2)])
    session = session_at(x, batch_size=2)
    session.submit(sd.commands.Freeze(3, 5, channel=1))
    session.submit(sd.commands.Freeze(3, 5, channel=0, dream=1))
    root = drawn(session)
    assert "first of 3 channels" in [text.text for text in root.iter(f"{SVG}text")]
    assert of_class(root, "frozen") == []
    ys = curve(session)[:, 1]
    assert (np.diff(ys) < 0).all()
    session.submit(sd.commands.Freeze(3, 5))
    assert len(of_class(drawn(session), "frozen")) == 2


@given(st.text(max_size=80), st.text(min_size=1, max_size=40))
def test_names_are_text_whatever_they_are(status, name):
    data = sd.SequenceDataset(np.eye(4)[:, None], ["a", "b", "a", "b"], class_names=("\N{NO-BREAK SPACE}", "b" + name))
    session = sd.Session(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), sd.objectives.Logit(1), data=data)
    session.run(1)
    root = drawn(session, status)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "text")
    }
    markup = picture.output(session, status)["text/html"]
    assert re.fullmatch(
        r'<div class="seqdream-picture"><img src="[^"<>]*" alt="[^"<>]*" style="[^"<>]*"></div>', markup
    )


def test_as_an_output_it_is_an_image_with_its_words_beside_it():
    session = dreamt()
    markup = picture.output(session, "paused at step 3")["text/html"]
    source, words = re.search(r'src="data:image/svg\+xml;base64,([^"]*)" alt="([^"]*)"', markup).groups()
    assert base64.b64decode(source).decode() == picture.picture(session, "paused at step 3")
    assert html.unescape(words).startswith("Sequence dream, logit of quiet: paused at step 3; score")
    assert len(markup) < 10_000


def test_it_needs_nothing_from_elsewhere():
    text = picture.picture(dreamt(), "ready")
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert "<script" not in text
    assert "prefers-color-scheme:dark" in text


def test_before_the_first_step_there_is_no_score():
    assert drawn(session_at(torch.zeros(1, 1, 9)), "ready")[1].text == "ready"
