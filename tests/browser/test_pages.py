"""Pages without a kernel: by nbconvert, and by ipywidgets' own embedding."""

from __future__ import annotations

import re

import nbclient
import nbconvert
import nbformat
import pytest
from ipywidgets.embed import embed_minimal_html
from playwright.sync_api import expect

import seqdream_widget as sd
from tests.browser import cdn
from tests.browser.bench import painted

CELLS = """
import seqdream_widget as sd
demo = sd.load_demo("forda")
w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
w.step(30)
w.submit(sd.commands.Freeze(100, 160))
w
"""
SAID = "paused at step 30"


@pytest.fixture(scope="module")
def notebook():
    """A notebook that was run, and keeps the state of its widgets."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELLS)])
    nbclient.NotebookClient(notebook, timeout=120).execute()
    return notebook


def shown(page, path, text):
    """Open a page that was written; the hash by which a CDN's file is known is not that of the one served from here."""
    path.write_text(re.sub(r' integrity="[^"]*"', "", text), encoding="utf-8")
    page.goto(path.as_uri())


def is_in_its_last_state(page):
    """The widget: the curve, the frozen stretch, and in words; nothing in it can be pressed."""
    root = page.locator(".seqdream")
    expect(root).to_have_count(1, timeout=60_000)
    # Such a page has no kernel and cannot tell: it waits for one for five seconds.
    said = f"Saved state: {SAID}. Run the cell to go on."
    expect(root.locator(".seqdream-status")).to_contain_text(said, timeout=30_000)
    expect(root.get_by_role("button", name="Play", exact=True)).to_be_disabled()
    page.wait_for_selector(".seqdream[data-painted-step='30']")
    assert painted(root.locator(".seqdream-chart canvas"), "dream") > 0


def test_an_embedded_widget_shows_its_last_state(page, tmp_path):
    demo = sd.load_demo("forda")
    w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
    w.step(30)
    w.submit(sd.commands.Freeze(100, 160))
    embed_minimal_html(tmp_path / "embedded.html", views=[w])
    w.close()
    asked = cdn.serve(page)
    shown(page, tmp_path / "page.html", (tmp_path / "embedded.html").read_text("utf-8"))
    is_in_its_last_state(page)
    assert len([url for url in asked if "seqdream" in url]) == 0  # its own script is in the page
    assert page.errors == []


def test_a_converted_notebook_has_the_picture_without_a_network_and_the_widget_with_one(page, notebook, tmp_path):
    text, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    cdn.without_network(page)
    shown(page, tmp_path / "page.html", text)
    picture = page.locator(".seqdream-picture img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 500")
    expect(picture).to_have_attribute("alt", re.compile("abnormal.*30|30.*abnormal", re.DOTALL))

    page.unroute(cdn.ANYWHERE)
    cdn.serve(page)
    page.goto((tmp_path / "page.html").as_uri())
    is_in_its_last_state(page)
    expect(picture).to_be_hidden()  # it stands in for the widget, and not beside it
