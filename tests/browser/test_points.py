"""Control points under the pointer and the keyboard: what is drawn, and what Python holds."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.hand import Axes, indices, one_deed, path, remember, said, taken_back


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
