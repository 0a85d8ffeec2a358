"""A finger does what a pointer does, and nothing moves under it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.bench import IMPORTS, WIDGET, Bench
from tests.browser.hand import WATCH, Axes, indices, one_deed, remember

# Every place and size that the chart has had on the page since then.
WATCH_CHART = """root => {
  const places = window.placesOfChart = new Set();
  const look = () => {
    const { top, height } = root.querySelector(".seqdream-area").getBoundingClientRect();
    places.add(`${top} ${height}`);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_finger_drags_a_point_adds_one_and_draws_and_nothing_moves_under_it(lab, browser):
    context = browser.new_context(viewport={"width": 640, "height": 1100}, has_touch=True)
    page = context.new_page()
    bench = Bench(lab, page, "touch.ipynb", IMPORTS, WIDGET)
    bench.python("1", setup=WATCH)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    bench.root.scroll_into_view_if_needed()
    bench.agrees()
    bench.root.evaluate(WATCH_CHART)
    finger = context.new_cdp_session(page)

    def touch(kind, *places):
        for at in [[{"x": x, "y": y}] for x, y in places] or [[]]:
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    size = bench.root.get_by_role("radio", name="Drag", exact=True).bounding_box()
    assert min(size["width"], size["height"]) >= 40
    remember(bench)
    index = indices(bench)[4]
    x, y = bench.middle(bench.handle(4))
    touch("touchStart", (x + 10, y + 8))
    touch("touchMove", (x + 10, y - 4), (x + 10, y - 24), (x + 10, y - 32))
    touch("touchEnd")
    one_deed(bench)
    assert bench.python(f"float(w.sequence[0, 0, {index}] - before[{index}])") > 0.1
    bench.agrees()

    axes, sequence = Axes(bench), bench.python("w.sequence[0, 0].tolist()")
    free = next(index for index in range(100, 400) if min(abs(index - point) for point in indices(bench)) > 15)
    for _ in range(2):
        page.touchscreen.tap(*axes.at(free, sequence[free]))
    expect(bench.root.locator(f"[data-index='{free}']")).to_have_count(1)

    # While it draws, everything comes that has a name above the chart, and a run begins and ends.
    bench.root.get_by_role("radio", name="Draw", exact=True).tap()
    expect(bench.root.locator(".seqdream-chart")).to_have_attribute("data-tool", "draw")
    bench.python("w.session.submit(sd.commands.SetLearningRate(1e-4))")
    bench.agrees()
    remember(bench)
    axes = Axes(bench)
    touch("touchStart", axes.at(200, 1.0))
    touch("touchMove", *(axes.at(at, 1.0) for at in range(206, 230, 6)))
    bench.python.until("deeds() == count + 1")
    bench.python("w.session.submit(sd.commands.Freeze(400, 450))")
    bench.python("w.play()")
    keys = bench.root.locator(".seqdream-keys")
    for name in ("nearest real", "before edit", "frozen"):
        expect(keys).to_contain_text(name)
    expect(bench.root.locator(".seqdream-rate")).to_be_visible()
    bench.python("w.pause()")
    expect(bench.play).to_be_visible()
    touch("touchMove", *(axes.at(at, 1.0) for at in range(230, 260, 6)))
    touch("touchEnd")
    bench.python.until("deeds() == count + 3 and not w.session.gestures")  # the freeze came between
    assert bench.python("w.sequence[0, 0, 205:250].tolist()") == pytest.approx([1.0] * 45, abs=0.02)
    bench.agrees()
    assert len(page.evaluate("() => [...window.placesOfChart]")) == 1
    bench.close()
    context.close()
