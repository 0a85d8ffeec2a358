"""The Lab in a real JupyterLab: where dreams end on the map, and what a click, a lasso and a pause do."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

IMPORTS = """
import numpy as np
import seqdream_widget as sd
demo = sd.load_demo("forda")
"""
LAB = """
lab = sd.Lab(demo.model, sd.presets.centered(demo.data, "abnormal"), data=demo.data, start=3, seed=1)
w = lab.widget
lab
"""
# Where the dream is between the centres of the two classes: 0 at the first, 1 at the second; and how far from each.
PLACE = """
def place():
    a, b = (lab.map.centroids[k] for k in (0, 1))
    here = lab.map.points[-1]
    along = (here - a) @ (b - a) / ((b - a) @ (b - a))
    return [float(along), float(np.linalg.norm(here - a)), float(np.linalg.norm(here - b))]
"""


class Board:
    """The Lab of one notebook, seen from both sides."""

    def __init__(self, lab, page, name):
        lab.write(name, IMPORTS, LAB)
        self.python = lab.start(name)
        lab.open(page, name)
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        lab.run_all(page)
        self.page, self.lab, self.name = page, lab, name
        expect(page.locator(".seqdream")).to_have_count(1, timeout=90_000)
        expect(page.locator(".seqdream-lab .bqplot svg .plotarea_background")).not_to_have_count(0, timeout=90_000)
        self.python("1", setup=PLACE)
        self.python.until("all(view._view_count for view in lab.views)")
        self.map = self.view("Where the dream is")

    def view(self, title: str):
        return self.page.locator(".seqdream-lab").filter(has=self.page.get_by_role("heading", name=title, exact=True))

    def words(self, title: str) -> str:
        return self.view(title).locator(".seqdream-lab-note").inner_text()

    def press(self, name: str) -> None:
        self.page.locator(".seqdream").get_by_role("button", name=name, exact=True).click()

    def run_to(self, step: int) -> None:
        """Play up to about a step, and wait until the page says where it has paused."""
        self.press("Play")
        self.python.until(f"w.session.step_count >= {step}", seconds=120)
        self.press("Pause")
        self.python.until("not w.playing")
        steps = self.python("w.session.step_count")
        expect(self.map.locator(".seqdream-lab-note")).to_contain_text(f"Step {steps:,}:")

    def close(self) -> None:
        self.python("lab.close()")
        expect(self.page.locator(".seqdream-lab")).to_have_count(0)
        self.python.close()
        self.lab.shutdown(self.name)


@pytest.fixture
def board(lab, page):
    page.set_viewport_size({"width": 1400, "height": 2400})
    board = Board(lab, page, "lab.ipynb")
    yield board
    board.close()
    assert page.errors == []


TITLES = ["Where the dream is", "Is it plausible?", "Score and penalties", "Spectrum", "Activations"]
DRAWN = """root => [...root.querySelectorAll('path.line, path.domain, .bar, image, canvas')]
    .map(one => ['d', 'width', 'href', 'xlink:href'].map(name => one.getAttribute(name) || '').join()).join('|')
    + [...root.querySelectorAll('.seqdream-lab-note')].map(one => one.textContent).join('|')"""


def test_dreams_end_where_they_lead_and_every_view_follows_and_stops(board):
    before = {title: board.view(title).evaluate(DRAWN) for title in TITLES}
    board.press("Play")
    for title in TITLES:
        seen = set()
        end = time.monotonic() + 60
        while len(seen) < 3:  # at the start, and at two moments of the run
            seen.add(board.view(title).evaluate(DRAWN))
            assert time.monotonic() < end, f"{title} does not follow"
            board.page.wait_for_timeout(100)
        assert before[title] not in list(seen)[1:] or len(seen) > 2
    board.python.until("w.session.step_count >= 600", seconds=120)
    board.press("Pause")
    board.python.until("not w.playing")
    steps = board.python("w.session.step_count")
    expect(board.map.locator(".seqdream-lab-note")).to_contain_text(f"Step {steps:,}:")
    still = {title: board.view(title).evaluate(DRAWN) for title in TITLES}
    along, to_normal, to_abnormal = board.python("place()")
    assert to_abnormal < to_normal / 3, "centered: at the middle of its class"
    assert along == pytest.approx(1, abs=0.3)
    assert board.python("lab.plausibility.plausibility.verdict") in board.words("Is it plausible?")
    assert {title: board.view(title).evaluate(DRAWN) for title in TITLES} == still, "nothing moves after the run"

    board.python("w.session.submit(sd.commands.SetObjective(sd.presets.border(demo.data, 0, 1)))")
    board.run_to(steps + 600)
    along, *_ = board.python("place()")
    assert 0.2 < along < 0.8, "border: between the two classes"


def test_a_click_begins_there_a_lasso_makes_a_target_and_a_row_a_channel(board):
    page, python = board.page, board.python
    # A sample of "abnormal" that no other covers.
    dots = python("[[int(i), *map(float, lab.map._land.points[i])] for i in (demo.data.y == 1).nonzero()[:, 0]]")
    index = next(
        index
        for index, x, y in dots
        if python(f"float(np.sort(np.linalg.norm(lab.map._land.points - np.array([{x}, {y}]), axis=1))[1])") > 0.15
    )
    point = board.python(f"[float(v) for v in lab.map._land.points[{index}]]")
    x, y = on_page(board, point)
    page.mouse.move(x, y)
    tooltip = page.locator(".bqplot_mark_tooltip:visible").filter(has_text=re.compile(rf"sample {index}, abnormal"))
    expect(tooltip).to_be_visible()
    expect(tooltip.locator("svg path")).to_have_count(1)
    page.mouse.click(x, y)
    python.until(f"bool((w.sequence[0] == demo.data.x[{index}]).all())")
    assert python("w.session.step_count") == 0
    expect(board.view("Begin somewhere else")).to_contain_text(f"This dream began at real sample {index}, abnormal")
    board.run_to(30)
    page.locator(".seqdream").get_by_role("button", name="Undo", exact=True).click()
    python.until(f"not bool((w.session.start[0] == demo.data.x[{index}]).all())")

    board.map.get_by_role("button", name="Select with a lasso").click()
    centre = python("[float(v) for v in lab.map.centroids[0]]")
    corners = [on_page(board, [centre[0] + a, centre[1] + b]) for a, b in ((-1, -0.6), (1, -0.6), (1, 0.8), (-1, 0.8))]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    python.until("len(lab.map.selected) > 10")
    expect(board.map).to_contain_text(re.compile(r"\d+ selected: \d+ normal"))
    board.map.get_by_role("button", name="Aim at their centre").click()
    python.until("getattr(w.session.objective, 'members', None) is not None")
    assert python("list(w.session.objective.members) == list(lab.map.selected)")
    board.run_to(python("w.session.step_count") + 150)
    along, *_ = python("place()")
    assert along < 0.4, "the selected samples lie in the middle of the first class"
    board.map.get_by_role("button", name="Aim along their direction").click()
    python.until("w.session.objective.__class__.__name__ == 'Direction'")
    assert python("w.session.objective.layer") == "pool"


def test_a_row_of_activations_a_snapshot_and_a_listed_sample_do_what_they_say(board):
    python = board.python
    activations = board.view("Activations")
    activations.scroll_into_view_if_needed()
    bars = activations.locator("rect.bar")
    expect(bars).to_have_count(32)
    bars.nth(5).click(force=True)
    python.until("w.session.objective == sd.objectives.Channel('block3', 5)")

    compare = board.view("Compare")
    compare.get_by_role("button", name="Snapshot").click()
    board.run_to(python("w.session.step_count") + 20)
    expect(compare).to_contain_text("RMS difference")
    expect(compare.locator(".bqplot")).to_have_count(1)
    board.view("Begin somewhere else").get_by_role("button", name="a real sample").click()
    board.view("Begin somewhere else").get_by_role("button", name=re.compile(r"^2: ")).click()
    python.until("bool((w.sequence[0] == demo.data.x[2]).all())")


def on_page(board, point) -> tuple[float, float]:
    """Where a point of the map is on the page."""
    (x0, x1), (y0, y1) = board.python(
        "[[lab.map._scales[k].min, lab.map._scales[k].max] for k in ('x', 'y')]",
    )
    box = board.map.locator(".bqplot .plotarea_background").bounding_box()
    across, up = (point[0] - x0) / (x1 - x0), (point[1] - y0) / (y1 - y0)
    return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]
