"""What a view is sent of a long sequence."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget.windows import MOST_VIEWS, OVERVIEW, WHOLE, View, Views, Window
from tests.unit.wire import unpacked


class Slope(nn.Module):
    """Two logits of a sequence of any length."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = x.mean(dim=(1, 2))
        return torch.stack([total, -total], dim=1)


@st.composite
def looked_at(draw):
    time = draw(st.integers(1, 5000))
    start = draw(st.integers(0, time - 1))
    stop = draw(st.integers(start + 1, time))
    return time, View(1, start, stop, draw(st.integers(1, 1200)))


@given(looked_at(), st.data())
def test_a_spike_of_one_sample_is_never_lost_and_never_made_up(looked, data):
    time, view = looked
    at = data.draw(st.integers(view.start, view.stop - 1))
    for height in (9.0, -9.0):
        values = np.zeros(time, np.float32)
        values[at] = height
        columns = Window.of(view, time).columns(values)
        assert height in columns
        assert set(np.unique(columns)) <= {0.0, height}


@given(looked_at())
def test_what_is_sent_is_bounded_by_the_width_and_covers_what_is_shown(looked):
    time, view = looked
    window = Window.of(view, time)
    assert window.columns(np.zeros((2, time), np.float32)).shape[-1] <= 2 * view.width + 2
    assert window.start <= view.start < view.stop <= window.stop <= time
    assert window.stride == 1 or window.stride <= (view.stop - view.start) / view.width


@given(looked_at())
def test_columns_begin_with_samples_as_they_are(looked):
    time, view = looked
    window = Window.of(view, time)
    first = window.columns(np.arange(time, dtype=np.float32))[0]
    assert first.tolist() == list(range(window.start, window.stop, window.stride))
    assert window.start % window.stride == 0


def test_zoomed_in_far_enough_the_samples_are_sent_themselves():
    values = np.random.default_rng(0).normal(size=(3, 100_000)).astype(np.float32)
    window = Window.of(View(1, 5000, 5600, 800), 100_000)
    assert window.stride == 1
    assert np.array_equal(window.columns(values)[:, 0], values[:, 5000:5600])


def test_a_column_without_a_number_is_none_and_one_with_some_overlooks_the_rest():
    values = np.full(8, np.nan, np.float32)
    values[5] = 2.0
    first, low, high = Window(1, 0, 8, 4).columns(values)
    assert np.isnan([first[0], low[0], high[0], first[1]]).all()
    assert low[1] == high[1] == 2.0


def told(views, **arrays):
    return views.windowed({"kind": "frame"}, arrays)


def test_short_sequences_go_whole_whatever_a_view_tells():
    views = Views(WHOLE)
    assert views.hear(View(1, 0, 100, 800)) is None
    values = np.zeros((1, 2, WHOLE), np.float32)
    header, arrays = told(views, sequences=values)
    assert header == {"kind": "frame"}
    assert arrays["sequences"] is values


def test_before_a_view_tells_its_width_there_is_an_overview_of_bounded_size():
    header, arrays = told(Views(1_000_000), sequences=np.zeros((3, 1, 1_000_000), np.float32))
    assert header["windows"] == [{"view": OVERVIEW, "start": 0, "stop": 1_000_000, "stride": 512}]
    assert list(arrays) == ["sequence@0"]
    assert arrays["sequence@0"].nbytes < 32_000


def test_two_views_with_different_ranges_both_get_what_they_need():
    views = Views(100_000)
    views.hear(View(1, 0, 100_000, 700))
    views.hear(View(2, 4000, 4500, 900))
    rising = np.arange(100_000, dtype=np.float32)[None]
    _, sent = told(views, sequence=rising, envelope=np.stack([rising, rising]), steps=np.zeros(4, np.int32))
    assert set(sent) == {"sequence@1", "sequence@2", "envelope@1", "envelope@2", "steps"}
    assert sent["sequence@1"].shape == (1, 3, -(-100_000 // 128))
    assert sent["envelope@1"].shape == (2, 1, 3, -(-100_000 // 128))
    assert sent["sequence@2"][0, 0].tolist() == list(range(4000, 4500))
    views.hear(View(2, 0, 1, 0))
    assert set(told(views, sequence=rising)[1]) == {"sequence@1"}


def test_views_that_left_without_a_word_are_forgotten_for_new_ones():
    views = Views(100_000)
    for view in range(1, MOST_VIEWS + 3):
        views.hear(View(view, 0, 100, 10))
    assert [window.view for window in views.windows(overview=False)] == list(range(3, MOST_VIEWS + 3))


def test_a_view_that_shows_nothing_is_refused():
    for view in (View(0, 0, 100, 10), View(1, 100, 100, 10)):
        with pytest.raises(ValueError, match="shows nothing"):
            Views(100_000).hear(view)


def test_a_widget_sends_no_more_than_its_views_show():
    time = 100_000
    start = np.zeros(time, np.float32)
    start[12_345] = 7.0
    w = sd.SeqDream(Slope(), sd.objectives.Logit(0), start=start, threads=1)
    sent = []
    w.send = lambda content, buffers=None: sent.append((content, buffers or []))
    hear = partial(w._handle_custom_msg, buffers=[])
    hear({"kind": "hello", "protocol": 1})
    hear({"kind": "view", "view": 5, "start": 0, "stop": time, "width": 600})
    w.step(3)
    kinds = [content["kind"] for content, _ in sent]
    assert "window" in kinds
    for content, buffers in sent:
        assert sum(map(len, buffers)) < 200_000, content["kind"]
    content, buffers = next(pair for pair in reversed(sent) if pair[0]["kind"] == "frame")
    columns = unpacked(content, buffers)["sequence@5"].reshape(1, 3, -1)
    stride = content["windows"][0]["stride"]
    assert columns[0, 2, 12_345 // stride] == w.sequence[0, 0, 12_345]
    sent.clear()
    hear({"kind": "view", "view": 5, "start": 9, "stop": 9, "width": 600})
    assert sent[-1][0]["kind"] == "refusal"
    w.close()
