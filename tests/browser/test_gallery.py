"""A thousand dreams at a glance: sorted, filtered, one opened and gone on with by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations

ATLAS = """
import numpy as np
import pandas as pd
import seqdream_widget as sd
demo = sd.load_demo("shortcut")
class Fails(sd.objectives.Logit):
    def score(self, activity):
        raise ArithmeticError("no score <b>here</b>")
kept = [[sd.regularizers.L2(w)] for w in (0.01, 0.02, 0.05, 0.1)]
atlas = sd.sweep(demo.model, data=demo.data, regularizers=kept, starts=["noise", 3], seeds=range(61), steps=5,
                 objectives=[sd.objectives.Logit("plain"), sd.objectives.Logit("triggered")], progress=False)
failed = sd.sweep(demo.model, data=demo.data, objectives=[Fails(1)], seeds=range(24), steps=1, progress=False)
both = [np.concatenate([getattr(one, name) for one in (atlas, failed)]) for name in ("sequences", "seconds")]
origin = type(atlas.origin)(atlas.origin.described, atlas.origin.tensors, {},
                            *(np.pad(getattr(atlas.origin, name), (0, 24)) for name in ("recipe", "start")))
table = pd.concat([atlas.table, failed.table], ignore_index=True)
atlas = sd.Atlas(table, *both, origin, demo.model, demo.data)
"""
SHOW = """
explorer = atlas.show()
explorer
"""
BELOW = ".seqdream:not(.seqdream-gallery)"


@pytest.fixture
def scene(lab, page):
    name = "gallery.ipynb"
    lab.write(name, ATLAS, SHOW)
    lab.open(page, name)
    lab.run_all(page)
    gallery = page.locator(".seqdream-gallery")
    expect(gallery).to_have_count(1, timeout=120_000)
    python = lab.kernel(name)
    yield gallery, python
    python.close()
    assert page.errors == []


def chosen(gallery, **choices) -> None:
    for label, option in choices.items():
        gallery.get_by_role("combobox", name=label, exact=True).select_option(label=option)


def test_a_thousand_dreams_are_sorted_filtered_scrolled_and_one_is_gone_on_with(scene, page, lab):
    gallery, python = scene
    count, status = gallery.locator("output"), gallery.locator(".seqdream-gallery-status")
    assert python("len(atlas)") == 1000
    expect(count).to_have_text("1\u2009000 dreams")
    expect(at(gallery, 1)).to_have_attribute("data-dream", "0")

    chosen(gallery, Order="highest score")
    best = python("[int(i) for i in atlas.table['score'].sort_values(ascending=False, kind='stable').index[:3]]")
    for place, dream in enumerate(best, start=1):
        expect(at(gallery, place)).to_have_attribute("data-dream", str(dream))
    chosen(gallery, Class="triggered (512)")
    expect(count).to_have_text("512 of 1\u2009000 dreams")
    assert set(gallery.locator(".seqdream-tile-target").all_text_contents()) == {"triggered"}

    chosen(gallery, Verdict="failed (24)")
    expect(count).to_have_text("24 of 1\u2009000 dreams")
    at(gallery, 1).click()
    expect(status).to_contain_text("has no sequence: the objective raised ArithmeticError: no score <b>here</b>")
    assert gallery.locator("b").count() == 0
    for dark in (True, False):
        lab.theme(page, dark=dark)
        assert violations(page) == [], "failed ones, and a message"

    chosen(gallery, Verdict="every verdict", Class="every class", Order="as dreamed")
    listbox = gallery.get_by_role("listbox", name="Dreams")
    listbox.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(gallery.locator("[data-dream='999']")).to_be_visible()
    assert gallery.get_by_role("option").count() < 80, "only what is in sight is there"
    listbox.evaluate("element => element.scrollTo(0, 0)")
    go_on_by_keyboard(page, gallery, python)

    gallery.locator("[data-dream='1']").click()
    expect(status).to_contain_text("Dream 1 is open below")
    expect(page.locator(BELOW)).to_have_count(1)
    assert python("explorer.widget.session.step_count") == 0
    for dark in (True, False):
        lab.theme(page, dark=dark)
        assert violations(page) == [], "cards of every verdict, and one that is open"


def at(gallery, place):
    return gallery.locator(f"[aria-posinset='{place}']")


def go_on_by_keyboard(page, gallery, python) -> None:
    """Walk to a dream, open it, and let it run."""
    expect(at(gallery, 1)).to_have_attribute("data-dream", "0")
    at(gallery, 1).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    dream = int(gallery.locator(".seqdream-tile:focus").get_attribute("data-dream"))
    assert dream > 3
    page.keyboard.press("Enter")
    below = page.locator(BELOW)
    expect(below).to_have_count(1, timeout=30_000)
    expect(gallery.locator(f"[data-dream='{dream}']")).to_have_attribute("aria-selected", "true")
    expect(gallery.locator(".seqdream-gallery-status")).to_contain_text(f"Dream {dream} is open below")
    assert python(f"bool((explorer.widget.session.sequence[0].numpy() == atlas.sequences[{dream}]).all())")
    before = python("float(explorer.widget.session._dreamer.evaluate().values['score'][0])")
    below.get_by_role("button", name="Play", exact=True).click()
    python.until("explorer.widget.session.step_count >= 100")
    below.get_by_role("button", name="Pause", exact=True).click()
    python.until("not explorer.widget.playing")
    assert python("float(explorer.widget.session.history['score'][-1])") > before
