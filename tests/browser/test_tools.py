"""What all tools have in common: the envelope that they keep within, their help and their keys."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.hand import Axes, one_deed, path, remember, said, taken_back


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
