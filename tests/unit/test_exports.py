"""A dream as files: what they hold is what Python holds, to the last digit."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from torch import nn

import seqdream_widget as sd
from seqdream_widget import exports, protocol, table
from tests.fixtures.write import dreamt

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)


def session_at(x, data=None):
    x = np.asarray(x, dtype=np.float32)
    channels, length = x.shape[-2:] if x.ndim > 1 else (1, len(x))
    return sd.Session(
        nn.Sequential(nn.Flatten(), nn.Linear(channels * length, 2)), sd.objectives.Logit(0), start=x, data=data
    )


def rows_of(session):
    return list(csv.DictReader(io.StringIO(table.csv_text(session))))


@given(arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(2, 9)), elements=FLOATS))
def test_csv_and_numpy_hold_every_digit(x):
    session = session_at(x)
    rows = rows_of(session)
    for channel, values in enumerate(x):
        assert (np.float32([row[f"channel {channel}"] for row in rows]) == values).all()
    again = eval(table.numpy_text(session), {"np": np})
    assert again.dtype == np.float32
    assert (again == (x[0] if len(x) == 1 else x)).all()


def test_the_table_tells_time_start_units_and_what_is_frozen():
    x = torch.randn(6, 2, 5)
    data = sd.SequenceDataset(
        *(x, [0, 1] * 3),
        channel_names=("flow", "pressure, inlet"),
        sample_rate=10,
        unit=("l/s", "bar"),
        scale=((1.0, 2.0), (0.5, 4.0)),
    )
    session = session_at(x[0], data)
    session.run(2)
    session.submit(sd.commands.Freeze(1, 3, channel=1))
    rows = rows_of(session)
    assert [row["seconds"] for row in rows] == ["0.0", "0.1", "0.2", "0.3", "0.4"]
    assert [row["pressure, inlet frozen"] for row in rows] == ["0", "1", "1", "0", "0"]
    assert [row["flow frozen"] for row in rows] == ["0"] * 5
    assert (np.float32([row["flow start"] for row in rows]) == session.start[0, 0].numpy()).all()
    inlet = np.float32([row["pressure, inlet in bar"] for row in rows])
    assert inlet == pytest.approx(session.sequence[0, 1].numpy() * 4 + 2)
    words = "".join(ET.fromstring(exports.exported(session, "svg", 1)).itertext())
    assert "time in s" in words
    assert "pressure, inlet · 2 of 2 channels · bar" in words


def test_the_picture_for_print_is_white_fine_and_titled(tmp_path):
    session = dreamt()
    text = session.to_svg(tmp_path / "dream.svg").read_text("utf-8")
    assert "prefers-color-scheme" not in text
    words = "".join(ET.fromstring(text).itertext())
    for word in ("Sequence dream, logit of quiet", "dream", "start", "class 5–95 %", "frozen", "sample", "step 3"):
        assert word in words
    with Image.open(session.to_png(tmp_path / "dream.png")) as image:
        assert image.size == (2400, 1280)
        assert round(image.info["dpi"][0]) == 305
        assert image.getpixel((4, 4)) == (255, 255, 255)
        colours = {colour for _, colour in image.getcolors(maxcolors=10**6)}
    assert {(11, 99, 181), (221, 233, 245), (177, 178, 179)} <= colours  # dream, band, hatching


def test_a_spike_of_a_long_sequence_is_drawn(tmp_path):
    x = np.zeros(100_000)
    x[43_210] = 5
    with Image.open(session_at(x).to_png(tmp_path / "dream.png")) as image:
        column = np.asarray(image)[256:956, round(2 * (100 + 1072 * 43_210 / 99_999)) + np.arange(-4, 5)]
    assert ((column[..., 2] > column[..., 0] + 60).any(axis=1)).mean() > 0.8


def test_a_channel_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"channel = 1 .* 0"):
        dreamt().to_svg(tmp_path / "dream.svg", channel=1)
    assert not (tmp_path / "dream.svg").exists()


@pytest.fixture
def widget():
    widget = sd.SeqDream(session=dreamt())
    widget.answers = []
    widget.send = lambda content, buffers=None: widget.answers.append(content)
    yield widget
    widget.close()


def asked(widget, **message):
    """Return what the kernel answers to a message of the page."""
    widget._handle_custom_msg({"kind": "export", "id": 5, **message}, [])
    return widget.answers[-1]


@pytest.mark.parametrize("form", protocol.FORMATS)
def test_a_page_gets_what_a_cell_would_write(widget, form):
    answer = asked(widget, format=form, channel=0)
    assert (answer["kind"], answer["id"], answer["step"]) == ("export", 5, 3)
    assert answer["text"] == exports.exported(widget.session, form)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"format": "pickle"}, 'unknown format "pickle"'),
        ({"format": None}, "unknown format"),
        ({"format": ["csv"]}, "unknown format"),
        ({"format": "svg", "channel": 1}, "channel = 1"),
        ({"format": "svg", "channel": -1}, "channel = -1"),
        ({"format": "svg", "path": "/etc/passwd"}, "no field 'path'"),
    ],
)
def test_a_page_that_asks_for_anything_else_is_refused(widget, message, reason):
    answer = asked(widget, **message)
    assert (answer["kind"], answer["id"]) == ("refusal", 5)
    assert reason in answer["reason"]


def test_what_is_too_long_for_a_browser_is_refused_with_the_way_out(widget, monkeypatch):
    monkeypatch.setattr(exports, "MOST_EXPORTED", 7)
    assert re.search(r"8 numbers .* w\.to_csv", asked(widget, format="csv")["reason"])
