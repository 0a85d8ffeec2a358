"""The chart: zoom and pan, the units of the data, long sequences, and nothing left behind."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.bench import MACHINE, Bench, painted, wait_until_painted
from tests.browser.test_accessibility import violations

LONG = """
import numpy as np, torch
from torch import nn
import seqdream_widget as sd

torch.manual_seed(0)
model = nn.Sequential(nn.Conv1d(2, 4, 64, stride=32), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
time = 100_000
x = np.stack([np.sin(np.arange(time) * k / time) for k in (20, 40)])[None].repeat(2, 0)
data = sd.SequenceDataset(x, [0, 1], channel_names=["pressure", "flow"], sample_rate=1000, unit=["bar", "l/s"],
                          scale=([3, 10], [0.5, 2]))
start = data.x[0].numpy().copy()
start[0, 12_345] = 8
w = sd.SeqDream(model, sd.objectives.Logit(0), data=data, start=start, threads=1, learning_rate=1e-3)
w"""

# What a widget leaves open: listeners of what is on the page or outlives it, observers, frames that were asked for.
# Only what comes from a module that anywidget made, whose address is a blob.
COUNTER = """
window.leftovers = { listeners: [], observers: new Set(), frames: new Set() };
{
  const isOurs = () => new Error().stack.includes("blob:");
  const { listeners, observers, frames } = window.leftovers;
  const add = EventTarget.prototype.addEventListener, remove = EventTarget.prototype.removeEventListener;
  EventTarget.prototype.addEventListener = function (type, heard, options) {
    if (isOurs()) listeners.push({ target: this, type, heard, signal: options?.signal });
    return add.call(this, type, heard, options);
  };
  EventTarget.prototype.removeEventListener = function (type, heard, options) {
    const at = listeners.findIndex((one) => one.target === this && one.type === type && one.heard === heard);
    if (at >= 0) listeners.splice(at, 1);
    return remove.call(this, type, heard, options);
  };
  for (const name of ["ResizeObserver", "IntersectionObserver", "MutationObserver"]) {
    window[name] = class extends window[name] {
      observe(...all) { if (isOurs()) observers.add(this); return super.observe(...all); }
      disconnect() { observers.delete(this); return super.disconnect(); }
    };
  }
  const request = requestAnimationFrame, cancel = cancelAnimationFrame;
  window.requestAnimationFrame = (draw) => {
    const ours = isOurs();
    const handle = request((now) => { frames.delete(handle); draw(now); });
    if (ours) frames.add(handle);
    return handle;
  };
  window.cancelAnimationFrame = (handle) => { frames.delete(handle); cancel(handle); };
}
"""
LEFT = """() => {
  const { listeners, observers, frames } = window.leftovers;
  const open = listeners.filter(({ target, signal }) =>
    !signal?.aborted && !(target instanceof AbortSignal) && (!(target instanceof Node) || target.isConnected));
  return [open.map(({ target, type }) => `${target.constructor.name} ${type}`).sort(), observers.size, frames.size];
}"""


@pytest.fixture
def long(lab, page):
    bench = Bench(lab, page, "long.ipynb", LONG)
    yield bench
    bench.close()
    assert page.errors == []


def shown(bench) -> list[int]:
    """Say which samples the view has told the kernel that it shows."""
    (window,) = bench.python("[[v.start, v.stop, v.stride] for v in w._pages._views.windows(overview=False)]")
    return window


def sweep(bench, first: float, last: float) -> None:
    """Zoom to a stretch of what is seen, from one share of the width to another."""
    bench.root.focus()
    bench.page.keyboard.press("z")
    box = bench.root.locator(".seqdream-chart .seqdream-area").bounding_box()
    y = box["y"] + 40
    bench.page.mouse.move(box["x"] + first * box["width"], y)
    bench.page.mouse.down()
    bench.page.mouse.move(box["x"] + last * box["width"], y, steps=4)
    bench.page.mouse.up()


def settle(bench) -> None:
    """Wait until the control points lie where the last frame has them: half a second without a change."""
    points, before = bench.root.locator("[data-index]"), None
    while before != (now := points.evaluate_all("points => points.map(({ dataset }) => dataset.index)")):
        before = now
        bench.page.wait_for_timeout(500)


def dragged(bench, handle, by: float) -> int:
    """Drag a control point, and return its sample; the page then shows the value that Python holds."""
    index = int(handle.get_attribute("data-index"))
    before = bench.python(f"w.sequence[0, 0, {index}].item()")
    x, y = bench.middle(handle)
    bench.page.mouse.move(x, y)
    bench.page.mouse.down()
    bench.page.mouse.move(x, y - by, steps=6)
    bench.page.mouse.up()
    bench.python.until(f"abs(w.sequence[0, 0, {index}].item() - {before}) > 0.05 and not w.session.gestures")
    held = bench.python(f"w.sequence[0, 0, {index}].item()")
    moved = bench.root.locator(f"[data-index='{index}']")
    expect(moved).to_have_attribute("aria-valuenow", f"{held:.4f}")
    return index


def test_a_long_sequence_is_zoomed_and_panned_to_a_spike_of_one_sample(long):
    page, python = long.page, long.python
    python.until("len(w._pages._views._known) == 1")
    start, stop, stride = shown(long)
    assert (start, stop) == (0, 100_000)
    assert stride > 1
    sweep(long, 0.11, 0.14)
    python.until("w._pages._views.windows(overview=False)[0].stride < 16")
    sweep(long, 0.43, 0.47)
    python.until("w._pages._views.windows(overview=False)[0].stride == 1")
    start, stop, _ = shown(long)
    assert start <= 12_345 < stop
    expect(long.root.get_by_role("button", name="Show all")).to_be_visible()
    page.keyboard.press("d")
    spike = long.root.locator("[data-index='12345']")
    assert float(spike.get_attribute("aria-valuenow")) == pytest.approx(8, abs=1e-3)
    assert dragged(long, spike, by=-60) == 12_345

    page.keyboard.press("z")
    page.keyboard.press("ArrowRight")
    python.until(f"w._pages._views.windows(overview=False)[0].start > {start}")
    page.keyboard.press("-")
    page.keyboard.press("0")
    python.until("w._pages._views.windows(overview=False)[0].stop == 100_000")


def test_far_out_what_is_dragged_while_it_dreams_is_a_sample_that_is_known_exactly(long):
    long.play.click()
    long.run(5)
    long.drag(4, by=40)
    long.pause.click()
    long.python.until("not w.playing")
    expect(long.root).to_have_attribute("data-painted-step", str(long.python("w.step_count")))
    settle(long)
    assert dragged(long, long.root.locator("[data-index]").nth(4), by=50) % shown(long)[2] == 0


def test_on_a_finer_screen_the_whole_chart_is_painted_as_fine(bench):
    sheet, page = bench.root.locator(".seqdream-chart canvas"), bench.page
    width, empty = sheet.evaluate("canvas => canvas.width"), painted(sheet, "surface")
    screen = {**page.viewport_size, "deviceScaleFactor": 2, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", screen)
    page.wait_for_function("window.devicePixelRatio === 2")
    # What has the chart painted, and changes nothing that it shows.
    bench.root.focus()
    page.keyboard.press("b")
    page.wait_for_function("width => document.querySelector('.seqdream-chart canvas').width === width", arg=2 * width)
    assert painted(sheet, "surface") > 3 * empty
    assert painted(sheet, "dream") > 0


def test_the_charts_follow_the_theme_and_stay_charts_where_a_person_has_chosen_few_colours(bench):
    page = bench.page
    bench.play.click()
    bench.run(20)
    bench.halt()
    charts = [bench.root.locator(f".seqdream-{name} canvas") for name in ("chart", "push", "timeline")]
    for surface in ("#101418", "#fdf6e3"):
        # Not by a theme of JupyterLab, which lays everything out again. Of another surface no pixel has this colour.
        name_it = "surface => document.documentElement.style.setProperty('--jp-layout-color0', surface)"
        page.evaluate(name_it, surface)
        for chart in charts:
            wait_until_painted(chart, "surface", share=0.3)
        wait_until_painted(charts[0], "dream")
        # From here on all that CSS paints has one colour.
        page.emulate_media(forced_colors="active")


def test_what_the_browser_took_away_and_gave_back_blank_is_painted_anew(bench):
    """As when the processor for graphics starts anew, after a laptop has slept."""
    bench.play.click()
    bench.run(20)
    bench.halt()
    charts = [bench.root.locator(f".seqdream-{name} canvas") for name in ("chart", "push", "timeline")]
    for chart in charts:
        wait_until_painted(chart, "surface", share=0.3)
    before = [chart.screenshot() for chart in charts]
    for chart in charts:
        chart.evaluate("canvas => canvas.getContext('2d').reset()")
        assert painted(chart, "surface") == 0
    charts[0].evaluate("canvas => canvas.dispatchEvent(new Event('contextrestored'))")
    for chart, picture in zip(charts, before, strict=True):
        wait_until_painted(chart, "surface", share=0.3)
        assert chart.screenshot() == picture


def test_nothing_is_left_of_fifty_displays(lab, page):
    page.add_init_script(COUNTER)
    bench = Bench(lab, page, "fifty.ipynb", LONG.replace("100_000", "500").replace("12_345", "123"), "w.pause()")
    counted = []
    for number in range(50):
        page.evaluate("number => document.querySelector('.seqdream')?.setAttribute('data-display', number)", number)
        page.evaluate(
            "() => { const notebook = window.jupyterapp.shell.currentWidget.content; notebook.activeCellIndex = 0; }"
        )
        if number:
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
            expect(page.locator(f".seqdream[data-display='{number}']")).to_have_count(0, timeout=60_000)
        expect(page.locator(".seqdream .seqdream-chart canvas")).to_have_count(1, timeout=60_000)
        expect(page.locator(".seqdream[data-drawn='0']")).to_have_count(0)
        if number in (1, 49):
            page.wait_for_function("() => window.leftovers.frames.size === 0")
            counted.append(page.evaluate(LEFT))
    assert json.dumps(counted[0]) == json.dumps(counted[1])
    assert counted[0][1] > 0, "the observers of the one view that there is are not counted"
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(page.locator(".seqdream")).to_have_count(0)
    # The host calls what cleans up only after it has taken the view from the page.
    page.wait_for_function("() => window.leftovers.observers.size === 0")
    listeners, observers, frames = page.evaluate(LEFT)
    assert (listeners, observers, frames) == ([], 0, 0)
    bench.close()


def test_channels_are_seen_together_taken_in_hand_and_set_in_their_own_units(lab, page):
    bench = Bench(lab, page, "machine.ipynb", MACHINE, "w")
    root = bench.root
    root.scroll_into_view_if_needed()
    rows = root.get_by_role("radiogroup", name="Channel in hand").get_by_role("radio")
    expect(rows).to_have_count(4)
    expect(root.get_by_role("radio", name="pressure")).to_be_checked()
    rows.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(root.get_by_role("radio", name="temperature")).to_be_checked()
    expect(root.get_by_role("combobox", name="Channel", exact=True)).to_have_value("1")
    bench.play.click()
    bench.run(20)
    bench.halt()
    point = bench.handle(5)
    expect(point).to_have_attribute("aria-valuetext", re.compile(r"s · .* °C"))
    bench.python("1", setup="before = w.sequence.clone()")
    index = int(point.get_attribute("data-index"))
    point.focus()
    page.keyboard.press("Enter")
    root.get_by_role("textbox", name=f"Value at sample {index}").fill("63.5")
    page.keyboard.press("Enter")
    typed = f"w.sequence[0, 1, {index}].item() * 4 + 61"
    assert bench.python.until(f"abs({typed} - 63.5) < 1e-3 and {typed}") == pytest.approx(63.5, abs=1e-3)
    assert bench.python("[c for c in range(4) if (w.sequence[0, c] != before[0, c]).any()]") == [1]
    page.mouse.move(*bench.middle(root.locator(".seqdream-area").first))
    expect(root.locator(".seqdream-readout")).to_have_text(re.compile(r"^[\d.]+ s · [\d.]+ °C$"))
    flow = root.locator(".seqdream-row-names").get_by_text("flow", exact=True)
    page.mouse.click(*bench.middle(flow))
    expect(root.get_by_role("radio", name="flow")).to_be_checked()
    bench.drag(4, by=40)
    bench.python.until("[c for c in range(4) if (w.sequence[0, c] != before[0, c]).any()] == [1, 3]")
    assert violations(page) == []
    root.get_by_role("checkbox", name="all 4 below").uncheck()
    expect(rows).to_have_count(0)
    bench.close()
    assert page.errors == []
