"""Out of the widget: each way of the export menu, read back and compared with what Python holds."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image
from playwright.sync_api import expect


def test_what_leaves_the_widget_is_what_python_holds(bench):
    page, root = bench.page, bench.root
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button, menu = bench.button("Export"), root.locator(".seqdream-menu")
    bench.python("w.session.submit(sd.commands.Freeze(20, 40))")
    bench.play.click()
    bench.run(20)
    step = bench.halt()
    held = np.float32(bench.python("w.sequence[0, 0].tolist()"))

    def saved(name):
        with page.expect_download() as download:
            menu.get_by_role("button", name=name).click()
        suffix = name.lower()
        assert download.value.suggested_filename == f"dream-step-{step}.{suffix}"
        expect(menu.get_by_role("status")).to_have_text(f"saved as dream-step-{step}.{suffix}")
        return download.value.path().read_bytes()

    # By key alone: the button opens the menu and leaves the focus in it, Escape closes it.
    button.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    expect(menu.get_by_role("button", name="PNG")).to_be_focused()

    rows = list(csv.DictReader(io.StringIO(saved("CSV").decode())))
    assert (np.float32([row["channel 0"] for row in rows]) == held).all()
    start = np.float32(bench.python("w.session.start[0, 0].tolist()"))
    assert (np.float32([row["channel 0 start"] for row in rows]) == start).all()
    assert [place for place, row in enumerate(rows) if row["channel 0 frozen"] == "1"] == list(range(20, 40))

    drawing = ET.fromstring(saved("SVG"))
    assert "logit of abnormal" in "".join(drawing.itertext())
    with Image.open(io.BytesIO(saved("PNG"))) as image:
        assert image.size == (2400, 1280)
        blue = [count for count, colour in image.convert("RGB").getcolors(10**6) if colour == (11, 99, 181)]
    assert blue
    assert blue[0] > 5000  # the dream is drawn

    menu.get_by_role("button", name="NumPy").click()
    expect(menu.get_by_role("status")).to_have_text("copied")
    again = eval(page.evaluate("navigator.clipboard.readText()"), {"np": np})
    assert again.dtype == np.float32
    assert (again == held).all()
    copied_by_hand_where_the_clipboard_is_denied(page, menu, held)
    saved_while_it_plays(bench, menu)


def copied_by_hand_where_the_clipboard_is_denied(page, menu, held):
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    menu.get_by_role("button", name="NumPy").click()
    field = menu.get_by_role("textbox")
    expect(field).to_be_visible()
    assert (eval(field.input_value(), {"np": np}) == held).all()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def saved_while_it_plays(bench, menu):
    page = bench.page
    bench.play.click()
    bench.run(5)
    bench.button("Export").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name="CSV").click()
    page.keyboard.press("Escape")
    bench.halt()
    told = int(download.value.suggested_filename.removeprefix("dream-step-").removesuffix(".csv"))
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    then = np.float32(bench.python(f"w.session.sequence_at({told})[0, 0].tolist()"))
    assert (np.float32([row["channel 0"] for row in rows]) == then).all()
