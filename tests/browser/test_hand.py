"""What a hand can do to the dream, with the pointer and with the keyboard: what is drawn, and what Python holds."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.bench import IMPORTS, WIDGET, Bench

WATCH = """
def deeds():
    return len(w.session.timeline.undoable)
def last():
    events = [e for e in w.session.timeline.events() if type(e).__name__ == "Done"]
    return events[-1]
def changed(before):
    return np.flatnonzero(w.sequence[0, 0].numpy() != before.numpy()).tolist()
"""


class Axes:
    """Where samples and values are on the page at rest, told by the control points that are drawn."""

    def __init__(self, bench):
        bench.agrees()  # a picture that is still to come may have another scale
        points = bench.root.evaluate(
            """root => {
              const box = root.querySelector(".seqdream-area").getBoundingClientRect();
              return [...root.querySelectorAll("[data-index]")].map(point => ({
                index: Number(point.dataset.index), value: Number(point.getAttribute("aria-valuenow")),
                x: box.left + Number(point.getAttribute("cx")), y: box.top + Number(point.getAttribute("cy")),
              }));
            }"""
        )
        low, high = (pick(points, key=lambda point: point["value"]) for pick in (min, max))
        first, last = points[0], points[-1]
        self._first, self._low = first, low
        self._wide = (last["x"] - first["x"]) / (last["index"] - first["index"])
        self._tall = (high["y"] - low["y"]) / (high["value"] - low["value"])

    def at(self, index: float, value: float) -> tuple[float, float]:
        x = self._first["x"] + (index - self._first["index"]) * self._wide
        return x, self._low["y"] + (value - self._low["value"]) * self._tall


@pytest.fixture
def hand(bench):
    bench.python("1", setup=WATCH)
    # A hand aims at what it sees, and the browser of a busy machine sees little.
    bench.python("w.session.submit(sd.commands.SetLearningRate(0.01))")
    return bench


def remember(bench) -> None:
    bench.python("1", setup="before, count = w.sequence[0, 0], deeds()")


def one_deed(bench) -> None:
    """Wait until exactly one more thing can be undone."""
    bench.python.until("deeds() == count + 1 and not w.session.gestures")


def taken_back(bench) -> None:
    """Undo by key: all is as it was remembered."""
    bench.root.press("Control+z")
    bench.python.until("deeds() == count and bool((w.sequence[0, 0] == before).all())")
    bench.agrees()


def indices(bench) -> list[int]:
    return sorted(map(int, bench.points()))


def path(bench, *places: tuple[float, float], hold: str | None = None) -> None:
    """Press, go from place to place, and let go."""
    mouse = bench.page.mouse
    mouse.move(*places[0])
    if hold:
        bench.page.keyboard.down(hold)
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=6)
    mouse.up()
    if hold:
        bench.page.keyboard.up(hold)


def said(bench, words: str) -> None:
    expect(bench.root.locator("[aria-live=polite]")).to_contain_text(words)


def choose(bench, tool: str) -> None:
    bench.root.get_by_role("radio", name=tool, exact=True).click()


def test_control_points_are_few_steady_and_ones_own(hand):
    first = indices(hand)
    assert 10 <= len(first) <= 24
    before = hand.python("w.sequence.tolist()")
    sequence = before[0][0]
    free = next(index for index in range(100, 400) if min(abs(index - point) for point in first) > 10)
    axes = Axes(hand)
    hand.page.mouse.dblclick(*axes.at(free, sequence[free]))
    expect(hand.root.locator(f"[data-index='{free}']")).to_have_count(1)
    said(hand, f"Control point at sample {free} added")
    hand.page.mouse.dblclick(*axes.at(free, sequence[free]))
    expect(hand.root.locator(f"[data-index='{free}']")).to_have_count(0)
    hand.handle(3).focus()
    hand.page.keyboard.press("n")
    middle = round((first[3] + first[4]) / 2)
    expect(hand.root.locator(f"[data-index='{middle}']")).to_be_focused()
    hand.page.keyboard.press("Delete")
    said(hand, f"Control point at sample {middle} removed")
    expect(hand.handle(4)).to_be_focused()
    assert indices(hand) == first
    assert hand.python("w.sequence.tolist()") == before
    assert hand.python("deeds()") == 1  # of the fixture
    seen = set()
    hand.play.click()
    for _ in range(20):
        hand.run(3)
        seen.add(tuple(indices(hand)))
    assert len(seen) <= 4
    hand.halt()
    hand.agrees()


def test_a_drag_moves_its_neighbourhood_alone_or_along_time_while_it_runs(hand):
    expect(hand.root.locator(".seqdream-invitation")).to_contain_text("Press ▶ or Space")
    hand.play.click()
    hand.run(30)
    expect(hand.root.locator(".seqdream-invitation")).to_have_count(0)
    hand.halt()

    remember(hand)  # with its neighbourhood, wider by the wheel
    hand.play.click()
    hand.run(10)
    index = indices(hand)[6]
    x, y = hand.middle(hand.root.locator(f"[data-index='{index}']"))
    hand.page.mouse.move(x, y)
    hand.page.mouse.down()
    hand.page.mouse.move(x, y - 40, steps=4)
    tip = hand.root.locator(".seqdream-tip")
    expect(tip).to_contain_text("· r 25")
    for _ in range(4):
        hand.page.mouse.wheel(0, -100)
    expect(tip).to_contain_text("· r 44")
    expect(hand.root.get_by_role("slider", name="Reach of a drag")).to_have_attribute("aria-valuetext", "44 samples")
    hand.python.until("last().command.radius == 44")
    held = hand.python("last().command.value")
    hand.run(20)
    assert hand.python(f"float(w.sequence[0, 0, {index}])") == pytest.approx(held, abs=1e-6)
    hand.page.mouse.up()
    one_deed(hand)
    hand.run(5)
    hand.halt()
    assert hand.python("deeds() == count + 1")
    hand.agrees()

    remember(hand)  # a single sample
    x, y = hand.middle(hand.handle(6))
    path(hand, (x, y), (x, y - 30), hold="Alt")
    one_deed(hand)
    assert len(hand.python("changed(before)")) == 1
    taken_back(hand)

    at = indices(hand)[8]  # along time, at its level
    level = hand.python(f"float(w.sequence[0, 0, {at}])")
    axes = Axes(hand)
    remember(hand)
    path(hand, axes.at(at, level), axes.at(at + 12, level + 0.5), hold="Shift")
    one_deed(hand)
    said(hand, f"Sample {at + 12} at")
    hand.agrees()
    assert hand.python(f"float(w.sequence[0, 0, {at + 12}])") == pytest.approx(level, abs=1e-5)
    moved = hand.python("changed(before)")
    assert min(moved) >= at + 12 - 44
    assert max(moved) <= at + 12 + 44
    expect(hand.root.locator(f"[data-index='{at + 12}']")).to_be_focused()
    taken_back(hand)


def test_the_keyboard_moves_a_point_in_every_way_and_types_its_value(hand):
    hand.root.get_by_role("slider", name="Reach of a drag").fill("0")
    hand.root.get_by_role("slider", name="Reach of a drag").fill(str(2.5))  # e^2.5: 12 samples
    index = indices(hand)[5]
    point = hand.root.locator(f"[data-index='{index}']")
    point.focus()
    expect(hand.root.locator(".seqdream-bump")).to_be_visible()
    reach = hand.root.get_by_role("slider", name="Reach of a drag")
    for key, words in (("]", "14 samples"), ("[", "12 samples")):
        hand.page.keyboard.press(key)
        expect(reach).to_have_attribute("aria-valuetext", words)
    remember(hand)
    hand.page.keyboard.press("ArrowUp")
    one_deed(hand)
    small = hand.python(f"float(w.sequence[0, 0, {index}] - before[{index}])")
    assert 0 < small < 0.2
    assert hand.python(f"set(changed(before)) == set(range({index} - 11, {index} + 12))")
    taken_back(hand)
    point.focus()
    hand.page.keyboard.press("Shift+ArrowDown")
    one_deed(hand)
    assert hand.python(f"float(w.sequence[0, 0, {index}] - before[{index}])") == pytest.approx(-10 * small, rel=1e-3)
    taken_back(hand)
    point.focus()
    hand.page.keyboard.press("Alt+ArrowUp")
    one_deed(hand)
    assert hand.python("changed(before)") == [index]
    taken_back(hand)
    point.focus()
    hand.page.keyboard.press("Shift+ArrowRight")
    one_deed(hand)
    level = hand.python(f"float(before[{index}])")
    assert hand.python(f"float(w.sequence[0, 0, {index} + 10])") == pytest.approx(level, abs=1e-5)
    expect(hand.root.locator(f"[data-index='{index + 10}']")).to_be_focused()
    taken_back(hand)


def test_escape_restores_and_enter_types_a_value_mid_run(hand):
    point = hand.handle(5)
    index = int(point.get_attribute("data-index"))
    point.focus()
    remember(hand)
    hand.page.keyboard.down("ArrowUp")
    hand.page.keyboard.down("ArrowUp")
    hand.python.until("len(changed(before)) > 0")
    hand.page.keyboard.press("Escape")
    hand.page.keyboard.up("ArrowUp")
    hand.python.until("not w.session.gestures and bool(np.allclose(w.sequence[0, 0], before, atol=1e-5))")

    hand.play.click()
    hand.run(20)
    point = hand.handle(5)
    index = int(point.get_attribute("data-index"))
    point.focus()
    remember(hand)
    hand.page.keyboard.press("Enter")
    field = hand.root.get_by_role("textbox", name=f"Value at sample {index}")
    expect(field).to_be_focused()
    field.fill("much")
    hand.page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("\N{MINUS SIGN}1,25")
    hand.page.keyboard.press("Enter")
    one_deed(hand)
    assert hand.python("(last().command.gesture > 0, deeds() == count + 1)")
    step = hand.python(
        "next(e.command for e in reversed(list(w.session.timeline.events())) "
        "if type(e).__name__ == 'Done' and type(e.command).__name__ == 'MovePoint').value"
    )
    assert step == -1.25
    said(hand, f"Sample {index} at \N{MINUS SIGN}1.25")
    expect(hand.root.locator(f"[data-index='{index}']")).to_be_focused()
    hand.page.keyboard.press("Enter")
    hand.page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(hand.root.locator(f"[data-index='{index}']")).to_be_focused()
    hand.halt()
    assert hand.python("deeds() == count + 1")
    hand.agrees()


def test_a_stretch_is_drawn_mid_run_held_under_the_pen_and_undone_as_one(hand):
    hand.python("w.session.submit(sd.commands.SetLearningRate(1e-4))")  # the axes stay where they are
    hand.play.click()
    hand.run(40)
    hand.halt()
    axes = Axes(hand)
    hand.python("w.session.submit(sd.commands.Freeze(240, 250))")
    remember(hand)
    hand.play.click()
    choose(hand, "Draw")
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


BRUSHES = {
    "erase to zero": ("erased", "np.zeros_like(old)"),
    "class mean": ("replaced by the class mean", "demo.data.only('abnormal').x[:, 0, start:stop].mean(0).numpy()"),
    "nearest real sequence": (
        "replaced by the nearest real sequence",
        "demo.data.x[sd.plausibility(demo.model, demo.data, before[None], 'abnormal').nearest.index, 0, start:stop]",
    ),
    "turn round in time": ("turned round in time", "old[::-1]"),
    "turn upside down": ("turned upside down", "2 * old.mean() - old"),
    "scale about its mean": ("scaled", "old.mean() + 2.5 * (old - old.mean())"),
    "shift": ("shifted", "old - 0.75"),
}


def stretch(bench, words: str) -> tuple[int, int]:
    """Return the stretch that the undo button names."""
    undo = bench.button("Undo")
    expect(undo).to_have_attribute("title", re.compile(f"Undo: samples .* {words}"))
    first, last = re.findall(r"\d+", undo.get_attribute("title"))[:2]
    return int(first), int(last) + 1


def test_every_brush_by_pointer_and_by_keyboard_does_what_it_says(hand):
    hand.play.click()
    hand.run(30)
    hand.halt()
    choose(hand, "Brush")
    kinds = hand.root.get_by_role("combobox", name="What the brush does")
    for label, (words, wanted) in BRUSHES.items():
        kinds.select_option(label=label)
        if label.startswith("scale"):
            hand.root.get_by_role("spinbutton", name="Factor").fill("2.5")
        if label == "shift":
            hand.root.get_by_role("spinbutton", name="By").fill("-0.75")
        for by_key in (False, True):
            remember(hand)
            if by_key:
                hand.page.keyboard.press("b")
                expect(hand.root.get_by_role("slider", name="Brush", exact=True)).to_be_focused()
                for key in ("Home", "Shift+ArrowRight", "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight"):
                    hand.page.keyboard.press(key)
                expect(hand.root.locator(".seqdream-brush")).to_be_visible()
                hand.page.keyboard.press("Enter")
            else:
                hand.brush(0.3, 0.45)
            one_deed(hand)
            start, stop = stretch(hand, words)
            assert (start, stop) == (25, 77) if by_key else abs(start - 150) + abs(stop - 225) < 10
            said(hand, f"Samples {start} to {stop - 1} {words}")
            setup = f"start, stop = {start}, {stop}; old = before[start:stop].numpy(); wanted = np.array({wanted})"
            assert hand.python("bool(np.allclose(w.sequence[0, 0, start:stop], wanted, atol=1e-4))", setup=setup), label
            assert hand.python("set(changed(before)) <= set(range(start, stop))")
            hand.agrees()
            taken_back(hand)


def test_a_brush_mid_run_is_resolved_between_two_steps_and_refused_in_words_over_frozen_samples(hand):
    choose(hand, "Brush")
    kinds = hand.root.get_by_role("combobox", name="What the brush does")
    kinds.select_option(label="nearest real sequence")
    hand.play.click()
    hand.run(30)
    remember(hand)
    hand.brush(0.5, 0.6)
    one_deed(hand)
    hand.run(10)
    assert hand.python("(type(last().command).__name__, type(last().outcome).__name__)") == ["ReplaceByNearest", "Edit"]
    at = "slice(last().command.start, last().command.stop)"
    drawn = f"demo.data.x[:, 0, {at}].numpy()"
    assert hand.python(f"bool((np.float32(last().outcome.values) == {drawn}).all(axis=1).any())")

    kinds.select_option(label="freeze")
    hand.brush(0.1, 0.2)
    hand.python.until("len(w.session.frozen) == 1")
    kinds.select_option(label="turn upside down")
    hand.brush(0.15, 0.3)
    expect(hand.root.locator(".seqdream-status")).to_contain_text(
        re.compile(r"sample \d+ is frozen; unfreeze it first")
    )
    kinds.select_option(label="unfreeze")
    hand.brush(0.05, 0.15)
    hand.python.until("w.session.frozen[0][0] > 60")
    steps = hand.halt()
    assert hand.python("w.session.step_count") == steps

    hand.page.keyboard.press("f")  # the freeze tool, by keyboard, takes its own work back
    brush = hand.root.get_by_role("slider", name="Brush", exact=True)
    expect(brush).to_be_focused()
    for key in ("End", "Enter", "Shift+ArrowLeft"):
        hand.page.keyboard.press(key)
    expect(brush).to_have_attribute("aria-valuetext", "samples 474 to 499 selected")
    hand.page.keyboard.press("Enter")
    expect(hand.root.get_by_role("button", name="Unfreeze samples 474 to 499")).to_be_visible()
    assert hand.python("[474, 500, None, 0] in w.session.frozen")
    for key in ("End", "Enter", "ArrowLeft", "Escape", "End", "Enter", "Shift+ArrowLeft", "Enter"):
        hand.page.keyboard.press(key)
    hand.python.until("[474, 500, None, 0] not in w.session.frozen")
    hand.agrees()


def test_what_is_dragged_and_drawn_keeps_within_the_class_envelope(hand):
    hand.python("1", setup="low, high = w.session.reference.envelope(1)[:, 0].numpy()")
    magnet = hand.root.get_by_role("button", name="Keep within the class envelope")
    magnet.click()
    expect(magnet).to_have_attribute("aria-pressed", "true")
    hand.play.click()
    hand.run(10)
    remember(hand)
    x, y = hand.middle(hand.handle(6))
    hand.page.mouse.move(x, y)
    hand.page.mouse.down()
    hand.page.mouse.move(x, y - 220, steps=6)
    grip = hand.root.locator(".seqdream-grip")
    expect(grip).to_be_visible()
    hand.page.mouse.up()
    one_deed(hand)
    kept = """
edits = [e.command for e in w.session.timeline.events() if type(e).__name__ == "Done" and hasattr(e.command, "values")]
over = [
    np.array(edit.values) - np.maximum(high[edit.start:edit.stop], before[edit.start:edit.stop].numpy() + 0.5)
    for edit in edits
]
"""
    assert hand.python("len(over) > 0 and float(max(one.max() for one in over)) < 1e-5", setup=kept)
    hand.halt()

    remember(hand)
    hand.page.keyboard.press("p")
    axes = Axes(hand)
    path(hand, axes.at(300, 2.6), axes.at(360, 2.6))
    one_deed(hand)
    assert hand.python("bool(np.allclose(w.sequence[0, 0, 303:358], high[303:358], atol=1e-5))")
    hand.agrees()
    taken_back(hand)
    hand.page.keyboard.press("e")
    expect(magnet).to_have_attribute("aria-pressed", "false")


def test_help_lists_the_tools_and_no_key_reaches_the_notebook(hand):
    cells = hand.page.locator(".jp-Cell")
    count = cells.count()
    hand.root.get_by_role("button", name="Help").click()
    dialog = hand.root.get_by_role("dialog", name="Tools and keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("along time, at its level")
    hand.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    hand.handle(2).focus()
    hand.page.keyboard.press("?")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    hand.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(hand.handle(2)).to_be_focused()
    for key in ("b", "a", "x", "m", "d", "d", "y", "p", "f", "Enter", "Escape", "d"):
        hand.page.keyboard.press(key)
    assert cells.count() == count
    expect(hand.root.get_by_role("radio", name="Drag", exact=True)).to_be_checked()
    assert hand.python("w.session.frozen") == []
    hand.page.keyboard.press(" ")
    expect(hand.pause).to_be_visible()
    said(hand, "Playing")
    hand.halt()


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
    choose(bench, "Draw")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y - 60, steps=5)
    bench.python.until("len(changed(before)) > 5000")
    page.keyboard.press("Escape")
    bench.python.until("not w.session.gestures and deeds() == count and changed(before) == []")
    page.mouse.up()
    bench.agrees()
    bench.close()
