"""Nobody is kept out: axe-core finds nothing to object to, light and dark, whatever is open."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.hand import take


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_violation(bench, dark):
    page = bench.page
    bench.lab.theme(page, dark=dark)
    assert violations(page) == []
    bench.python("w.session.submit(sd.commands.Freeze(100, 160))")
    for tool in ("Draw", "Brush", "Freeze", "Drag"):
        take(bench, tool)
        assert violations(page) == [], tool
    bench.add("penalty", "Total variation")
    bench.play.click()
    bench.run(20)
    bench.halt()
    bench.handle(4).focus()
    page.keyboard.press("Enter")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(bench.root.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    bench.python("w._handle_custom_msg({'kind': 'command', 'id': None, 'command': {'type': 'freeze', 'start': 3}}, [])")
    expect(bench.root).to_contain_text("id = None is not allowed")
    assert violations(page) == []
