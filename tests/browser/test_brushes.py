"""Every brush, by pointer and by keyboard: what is drawn, and what Python holds."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.hand import one_deed, remember, said, take, taken_back

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
    take(hand, "Brush")
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
    take(hand, "Brush")
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
