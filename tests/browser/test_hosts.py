"""Notebook 7 and marimo show and steer a dream as JupyterLab does."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.bench import IMPORTS, WIDGET, Bench
from tests.browser.jupyter import Notebook
from tests.browser.marimo_host import Marimo

HOSTS = {"walk.ipynb": (Notebook, "ThreadRunner"), "walk.py": (Marimo, "LoopRunner")}


@pytest.mark.parametrize("name", HOSTS, ids=["notebook", "marimo"])
def test_a_dream_is_played_dragged_frozen_and_still_there_after_a_reload(name, page):
    kind, driver = HOSTS[name]
    host = kind()
    try:
        walk(host, page, name, driver)
    finally:
        host.close()


def walk(host, page, name, driver):
    bench = Bench(host, page, name, IMPORTS, WIDGET)
    assert bench.python("type(w._runner).__name__") == driver

    before = bench.picture()
    bench.play.click()
    bench.run(50)
    assert bench.picture() != before

    # Dragged in the middle of the run: one gesture, held until it is let go, and the dream goes on.
    index = int(bench.handle(5).get_attribute("data-index"))
    x, y = bench.middle(bench.handle(5))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=10)
    bench.python.until("w.session.gestures")
    bench.run(10)
    held = bench.python(f"float(w.sequence[0, 0, {index}])")
    bench.run(10)
    assert bench.python(f"float(w.sequence[0, 0, {index}])") == held
    page.mouse.up()
    bench.python.until("not w.session.gestures")
    bench.python.until(f"float(w.sequence[0, 0, {index}]) != {held}")

    # Frozen: not a bit of it moves while the rest does.
    bench.root.get_by_role("radio", name="Freeze", exact=True).click()
    bench.brush(0.3, 0.45)
    bench.python.until("len(w.session.frozen) == 1")
    first = bench.python("w.session.step_count")
    start, stop, _, _ = bench.python("w.session.frozen[0]")
    bench.run(40)
    same = f"(w.session.sequence_at({first}) == w.session.sequence_at({first} + 30))[0, 0]"
    assert bench.python(f"bool({same}[{start}:{stop}].all())")
    assert not bench.python(f"bool({same}[:{start}].all())")

    # Reloaded while it runs: it goes on, and the page has it all again.
    host.reload(page, name)
    root = page.locator(".seqdream")
    expect(root).to_have_count(1, timeout=60_000)
    expect(root.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=60_000)
    expect(root.get_by_role("button", name=f"Unfreeze samples {start} to {stop - 1}")).to_be_visible()
    page.wait_for_selector(".seqdream[data-painted-step]")
    bench.run(20)
    steps = bench.halt()
    assert steps > first
    bench.agrees()
    assert bench.python("w.session.run_id") == 1
    # Notebook 7 itself stumbles over a setting of JupyterLab that it does not have.
    assert [error for error in page.errors if "/static/notebook/" not in error] == []
    bench.close()
