"""What a person comes back to: undo and redo, another view, a restarted kernel, a notebook saved and opened again."""

from __future__ import annotations

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.bench import IMPORTS, WIDGET, Bench, add

LOST = "The kernel was restarted or has ended. Run the cell to go on."
PICTURE = ".seqdream-picture img"


@pytest.fixture
def complaints(page):
    """What the console says is wrong."""
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def test_a_drag_made_mid_run_is_undone_and_redone_as_one_by_button_and_by_key(bench):
    bench.play.click()
    bench.run(40)
    bench.drag(5, by=60)
    bench.python.until("w.session.timeline.undoable and not w.session.gestures")
    bench.run(40)
    held = bench.python("[w.session.step_count, len(w.session.timeline.undoable)]")
    assert held[1] == 1
    index = bench.python("w.session.timeline.event_at(w.session.timeline.undoable[-1].before.tick).command.index")
    expect(bench.button("Undo")).to_have_attribute("title", f"Undo: move of sample {index} (Ctrl/Cmd+Z)")

    bench.button("Undo").click()
    expect(bench.status).to_contain_text("undone")
    expect(bench.play).to_be_visible()
    before = bench.python("w.session.step_count")
    assert 40 <= before < held[0]
    expect(bench.status).to_contain_text(f"paused at step {before:,}: undone")
    bench.counts(before)
    assert bench.python("len(w.session.history['score'])") == before
    undone = bench.agrees()
    expect(bench.button("Undo")).to_be_disabled()

    bench.button("Redo").click()
    expect(bench.status).to_contain_text("redone")
    assert bench.python("w.session.step_count") >= held[0]
    assert bench.agrees() != undone
    expect(bench.button("Redo")).to_be_disabled()

    # By key, from wherever the focus is in the widget; the cell above, in which one could undo as well, stays.
    source = bench.page.locator(".jp-Cell").nth(1).locator(".cm-content").inner_text()
    bench.handle(3).focus()
    bench.page.keyboard.press("Control+z")
    expect(bench.status).to_contain_text("undone")
    assert bench.agrees() == undone
    bench.page.keyboard.press("Control+Shift+z")
    expect(bench.status).to_contain_text("redone")
    bench.button("Undo").focus()
    bench.page.keyboard.press("Meta+z")
    expect(bench.status).to_contain_text("undone")
    bench.page.keyboard.press("Control+y")
    expect(bench.status).to_contain_text("redone")
    bench.page.keyboard.press("Control+y")
    assert bench.page.locator(".jp-Cell").nth(1).locator(".cm-content").inner_text() == source

    # A new step closes the way forward.
    bench.page.keyboard.press("Control+z")
    expect(bench.status).to_contain_text("undone")
    bench.button("Step").click()
    expect(bench.button("Redo")).to_be_disabled()
    bench.agrees()


def test_an_undo_in_the_middle_of_a_drag_takes_the_drag_back(bench):
    start = bench.agrees()
    x, y = bench.middle(bench.handle(5))
    bench.page.mouse.move(x, y)
    bench.page.mouse.down()
    bench.page.mouse.move(x, y - 60, steps=6)
    bench.python.until("w.session.gestures")
    expect(bench.button("Undo")).to_be_enabled()
    bench.page.keyboard.press("Control+z")
    bench.page.mouse.move(x, y - 90, steps=3)
    bench.page.mouse.up()
    expect(bench.status).to_contain_text("undone")
    assert bench.agrees() == start
    assert bench.python("[list(w.session.gestures), len(w.session.timeline.undoable)]") == [[], 0]
    expect(bench.root.locator(".is-complaint")).to_have_count(0)


def test_what_a_cell_does_to_the_past_is_seen(bench):
    bench.python("w.session.run(20)")
    bench.python("w.session.submit(sd.commands.Freeze(100, 160))")
    bench.python("w.session.run(20)")
    lock = bench.root.get_by_role("button", name="Unfreeze samples 100 to 159")
    expect(lock).to_be_visible()
    bench.python("w.session.undo()")
    expect(lock).to_have_count(0)
    expect(bench.status).to_contain_text("paused at step 20: undone")
    bench.agrees()
    bench.python("w.session.restore(7)")
    expect(bench.status).to_contain_text("paused at step 7: restored")
    expect(bench.root).to_have_attribute("data-painted-step", "7")
    bench.agrees()
    expect(bench.button("Undo")).to_have_attribute("title", re.compile("^Undo: return to step 7 "))


def test_two_views_of_one_widget_agree_either_may_drag_and_one_goes_on_without_the_other(lab, page):
    lab.write("two.ipynb", IMPORTS, WIDGET, "w")
    lab.open(page, "two.ipynb")
    lab.run_all(page)
    views = page.locator(".seqdream")
    expect(views).to_have_count(2, timeout=60_000)
    first, second = (Bench.of(lab, page, "two.ipynb", views.nth(number)) for number in range(2))
    first.button("Step").click()
    for bench in (first, second):
        bench.root.scroll_into_view_if_needed()
        expect(bench.root).to_have_attribute("data-painted-step", "1")
    add(second.root, "projection", "Gaussian blur")
    expect(first.root.get_by_role("switch", name="Gaussian blur")).to_be_checked()

    first.play.click()
    for number, bench in enumerate((second, first), start=1):
        bench.root.scroll_into_view_if_needed()
        bench.run(20)
        bench.drag(4 + number, by=40)
        first.python.until(f"len(w.session.timeline.undoable) == {1 + number} and not w.session.gestures")
    first.halt()
    assert first.agrees() == second.agrees()
    expect(page.locator(".seqdream .is-complaint")).to_have_count(0)
    second.button("Undo").click()
    for bench in (first, second):
        expect(bench.status).to_contain_text("undone")
    assert first.agrees() == second.agrees()

    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.deleteCell(1)")
    expect(views).to_have_count(1)
    first.play.click()
    first.run(20)
    first.halt()
    first.agrees()
    assert page.errors == []
    first.python.close()
    lab.shutdown("two.ipynb")


@pytest.fixture
def abandoned(lab, page, request):
    """A widget whose kernel does not live to the end of the test."""
    bench = Bench(lab, page, f"{request.node.name}.ipynb", IMPORTS, WIDGET, "x = 'another cell'")
    yield bench
    page.goto("about:blank")
    if lab.is_running(bench.name):
        lab.shutdown(bench.name)
    assert page.errors == []


def run_again(bench):
    bench.lab.wait_for_kernel(bench.page)
    bench.lab.run_all(bench.page)
    expect(bench.status).to_contain_text("ready", timeout=60_000)
    bench.python = bench.lab.kernel(bench.name)
    bench.play.click()
    bench.run(10)


def test_a_kernel_that_is_gone_is_said_and_what_it_left_stays_to_be_read(abandoned, complaints):
    bench = abandoned
    bench.play.click()
    bench.run(60)
    bench.add("penalty", "Total variation")
    bench.python.until("len(w.session.regularizers) == 2")
    expect(bench.root.get_by_role("switch", name="Total variation")).to_be_checked()
    bench.lab.restart(bench.page)
    expect(bench.status).to_contain_text(LOST)
    step = int(bench.root.get_attribute("data-step"))
    assert step >= 60
    bench.counts(step)
    expect(bench.root.get_by_role("switch", name="Total variation")).to_be_checked()
    expect(bench.root.get_by_role("switch", name="Total variation")).to_be_disabled()
    for name in ("Play", "Step", "Reset", "Undo", "Redo"):
        expect(bench.button(name)).to_be_disabled()
    points = bench.points()
    bench.play.click(force=True)
    bench.drag(5, by=50)
    bench.handle(5).focus()
    for key in (" ", "s", "ArrowUp", "Control+z"):
        bench.page.keyboard.press(key)
    assert (bench.points(), bench.drawn_step) == (points, step)

    run_again(bench)
    os.kill(bench.python("__import__('os').getpid()"), signal.SIGKILL)
    expect(bench.status).to_contain_text(LOST)
    expect(bench.play).to_be_disabled()
    bench.page.locator(".jp-Dialog .jp-mod-accept").click(timeout=30_000)

    run_again(bench)
    bench.python.close()
    bench.page.evaluate("() => void window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    expect(bench.status).to_contain_text(LOST)
    assert complaints == []


def leave(bench):
    """Dream, save, and close everything; return the sequence as it was."""
    bench.play.click()
    bench.run(30)
    bench.halt()
    bench.python("w.session.submit(sd.commands.Freeze(100, 160))")
    drawn = bench.agrees()
    bench.python.until("'100, 160' in str(w._saved['settings']['frozen'])")
    expect(bench.root.get_by_role("button", name="Unfreeze samples 100 to 159")).to_be_visible()
    return drawn, bench.python("w.session.step_count")


def reopened(bench):
    bench.page.goto("about:blank")
    bench.python.close()
    bench.lab.shutdown(bench.name)
    bench.lab.open(bench.page, bench.name)


def test_a_notebook_saved_with_the_state_of_widgets_shows_it_without_a_kernel(abandoned):
    bench = abandoned
    bench.lab.save_widget_state(bench.page, on=True)
    try:
        drawn, steps = leave(bench)
        notebook = bench.save()
        assert "application/vnd.jupyter.widget-state+json" in notebook["metadata"]["widgets"]
        reopened(bench)
        expect(bench.root).to_have_count(1, timeout=60_000)
        expect(bench.status).to_contain_text(f"Saved state: paused at step {steps}. Run the cell to go on.")
        expect(bench.root).to_have_attribute("data-painted-step", str(steps))
        assert bench.shows(drawn)
        bench.counts(steps)
        expect(bench.root.get_by_role("button", name="Unfreeze samples 100 to 159")).to_be_visible()
        expect(bench.root.get_by_role("switch", name="L2")).to_be_checked()
        expect(bench.root.get_by_role("switch", name="L2")).to_be_disabled()
        expect(bench.play).to_be_disabled()
        expect(bench.page.locator(PICTURE)).to_be_hidden()
        bench.lab.run_all(bench.page)
        expect(bench.status).to_contain_text("ready", timeout=60_000)
        expect(bench.play).to_be_enabled()
    finally:
        bench.lab.save_widget_state(bench.page, on=False)


def test_a_notebook_saved_without_it_shows_a_still_picture(abandoned):
    bench = abandoned
    expect(bench.page.locator(PICTURE)).to_be_hidden()
    _, steps = leave(bench)
    words = f"Sequence dream, logit of abnormal: paused at step {steps}; score"
    still = bench.page.locator(PICTURE)
    expect(still).to_have_attribute("alt", re.compile(f"^{re.escape(words)}"))
    expect(still).to_be_hidden()
    # The picture is another one with each rest of the run: what is asked of an old one finds it in no cell.
    expect(bench.page.locator(".jp-Cell").filter(has=still).locator(".seqdream")).to_have_count(1)
    notebook = bench.save()
    assert "widgets" not in notebook["metadata"]
    assert [len(cell["outputs"]) for cell in notebook["cells"]] == [0, 2, 0]
    reopened(bench)
    expect(still).to_be_visible()
    expect(still).to_have_attribute("alt", re.compile(f"^{re.escape(words)}"))
    assert still.evaluate("image => image.decode().then(() => image.naturalWidth)") == 600
    expect(bench.root).to_have_count(0)


def test_a_session_and_a_log_come_back_into_a_widget(lab, page):
    cell = """
s = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=3, seed=1)
s.run(12)
s.submit(sd.commands.Freeze(100, 160))
s.run(8)
s.log.save("dream.jsonl")
w = sd.SeqDream(session=s)
w
"""
    bench = Bench(lab, page, "back.ipynb", IMPORTS, cell)
    expect(bench.status).to_contain_text("paused at step 20")
    drawn = bench.agrees()
    bench.button("Undo").click()
    expect(bench.status).to_contain_text("paused at step 12: undone")
    assert bench.python("s.step_count") == 12
    bench.agrees()

    page.evaluate(
        "source => window.jupyterapp.shell.currentWidget.content.model.sharedModel.insertCell(2, "
        "{cell_type: 'code', source})",
        "w.close()\nw = sd.SeqDream.from_log('dream.jsonl', demo.model, data=demo.data)\nw",
    )
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2 }")
    page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-cell')")
    expect(bench.status).to_contain_text("paused at step 20", timeout=60_000)
    expect(bench.root).to_have_count(1)
    assert bench.agrees() == drawn
    assert bench.python("w.session.divergence is None")
    expect(bench.button("Undo")).to_have_attribute("title", re.compile("^Undo: freeze of samples 100 to 159 "))
    bench.play.click()
    bench.run(10)
    bench.close()
    assert page.errors == []
