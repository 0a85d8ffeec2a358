"""Drawing by hand, with the pointer and with the keyboard: what is drawn, and what Python holds."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.bench import IMPORTS, Bench
from tests.browser.hand import WATCH, Axes, one_deed, path, remember, said, take, taken_back


def test_a_stretch_is_drawn_mid_run_held_under_the_pen_and_undone_as_one(hand):
    hand.python("w.session.submit(sd.commands.SetLearningRate(1e-4))")  # the axes stay where they are
    hand.play.click()
    hand.run(40)
    hand.halt()
    axes = Axes(hand)
    hand.python("w.session.submit(sd.commands.Freeze(240, 250))")
    remember(hand)
    hand.play.click()
    take(hand, "Draw")
    mouse = hand.page.mouse
    places = [axes.at(200, 0.5), axes.at(230, 1.0), axes.at(280, -0.5)]
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=8)
        time.sleep(0.1)
    hand.python.until("last().command.stop > 275")
    hand.run(15)
    drawn = hand.python("w.sequence[0, 0, 195:285].tolist()")
    hand.run(15)
    assert hand.python("w.sequence[0, 0, 202:240].tolist()") == drawn[7:45]
    assert drawn[35] == pytest.approx(1.0, abs=0.05)
    assert drawn[20] == pytest.approx(0.75, abs=0.05)
    assert drawn[75] == pytest.approx(-0.2, abs=0.06)
    mouse.up()
    one_deed(hand)
    said(hand, "Drawn")
    expect(hand.button("Undo")).to_have_attribute("title", re.compile(r"Undo: edit by hand at sample \d+"))
    frozen = "bool((w.sequence[0, 0, 240:250] == before[240:250]).all())"
    assert hand.python(frozen)
    hand.halt()
    hand.agrees()
    edits = (
        "sum(type(e).__name__ == 'Done' and type(e.command).__name__ == 'Edit' for e in w.session.timeline.events())"
    )
    assert hand.python(edits) > 2
    hand.root.press("Control+z")
    hand.python.until("deeds() == count")
    step = hand.python("w.session.step_count")
    assert hand.python(f"bool((w.sequence == w.session.sequence_at({step})).all())")


def test_the_keyboard_draws_with_its_pen(hand):
    remember(hand)
    hand.root.press("p")
    pen = hand.root.get_by_role("slider", name="Pen", exact=True)
    expect(pen).to_be_focused()
    hand.page.keyboard.press("Home")
    expect(pen).to_have_attribute("aria-valuenow", "0")
    hand.page.keyboard.press("Shift+ArrowRight")
    expect(pen).not_to_have_attribute("aria-valuenow", "0")
    start = int(pen.get_attribute("aria-valuenow"))
    hand.page.keyboard.press("Enter")
    expect(pen).to_have_attribute("aria-valuetext", re.compile("pen down"))
    hand.page.keyboard.press("Shift+ArrowUp")
    for _ in range(3):
        hand.page.keyboard.press("ArrowRight")
    level = hand.python.until(f"len(changed(before)) == 4 and float(w.sequence[0, 0, {start}])")
    assert hand.python(f"w.sequence[0, 0, {start}:{start + 4}].tolist()") == [level] * 4
    hand.page.keyboard.press("Enter")
    one_deed(hand)
    taken_back(hand)
    pen.focus()
    hand.page.keyboard.press("Enter")
    hand.page.keyboard.press("Shift+ArrowRight")
    hand.python.until("len(changed(before)) > 10")
    hand.page.keyboard.press("Escape")
    hand.python.until("not w.session.gestures and bool(np.allclose(w.sequence[0, 0], before, atol=1e-6))")


LONG = """
import torch
class Mean(torch.nn.Module):
    def forward(self, x):
        mean = x.mean(dim=(1, 2))
        return torch.stack([mean, -mean], dim=1)
noise = np.random.default_rng(0).normal(size=100_000).cumsum() / 100
w = sd.SeqDream(Mean(), sd.objectives.Logit(0), start=noise.astype(np.float32))
w
"""


def test_of_a_long_sequence_no_sample_is_set_that_the_page_does_not_have(lab, page):
    bench = Bench(lab, page, "long_hand.ipynb", IMPORTS, LONG)
    bench.python("1", setup=WATCH)
    remember(bench)
    x, y = bench.middle(bench.handle(5))
    path(bench, (x, y), (x + 40, y), hold="Shift")
    expect(bench.status).to_contain_text("Zoom in until single samples are seen")
    assert bench.python("deeds() == count")
    take(bench, "Draw")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y - 60, steps=5)
    bench.python.until("len(changed(before)) > 5000")
    page.keyboard.press("Escape")
    bench.python.until("not w.session.gestures and deeds() == count and changed(before) == []")
    page.mouse.up()
    bench.agrees()
    bench.close()
