"""The pictures in `docs/images`: a real widget in a real JupyterLab, mid-run, with a control point in the hand.

python -m tests.browser.screenshots
"""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.jupyter import Lab, chromium

IMAGES = Path(__file__).parents[2] / "docs" / "images"
CELL = """
import seqdream_widget as sd
demo = sd.load_demo("forda")
w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5, learning_rate=0.02,
                regularizers=[sd.regularizers.TotalVariation(0.02), sd.regularizers.L2(1e-3),
                              sd.regularizers.GaussianBlur(sigma=1.0, every=10), sd.regularizers.Standardize()])
w.step(120)
w.session.submit(sd.commands.Freeze(140, 206))
w
"""
LAB = """
import seqdream_widget as sd
demo = sd.load_demo("forda")
lab = sd.Lab(demo.model, sd.presets.centered(demo.data, "abnormal"), data=demo.data, start=31)
lab.widget.step(12)
lab.compare.snapshot()
lab.widget.session.submit(sd.commands.SetObjective(sd.presets.border(demo.data, "normal", "abnormal")))
lab.widget.step(10)
lab
"""
GALLERY = """
import seqdream_widget as sd
demo = sd.load_demo("forda")
presets = [kind(demo.data, name) for name in demo.data.class_names for kind in (sd.presets.centered, sd.presets.rim)]
atlas = sd.sweep(demo.model, data=demo.data, objectives=[*presets, sd.objectives.Logit("abnormal")],
                 seeds=range(8), steps=300)
explorer = atlas.show()
explorer
"""
GALLERY_SHOTS = {"gallery-light": (1400, False), "gallery-dark": (1400, True), "gallery-narrow-light": (760, False)}
LAB_SHOTS = {"lab-light": (1400, False), "lab-dark": (1400, True), "lab-narrow-light": (760, False)}
SHOTS = {
    "widget-light": (1400, False),
    "widget-dark": (1400, True),
    "widget-narrow-light": (900, False),
    "widget-narrow-dark": (900, True),
}


def take(page: Page, lab: Lab, name: str, width: int, *, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 1300})
    lab.open(page, "picture.ipynb", dark=dark)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    lab.run_all(page)
    root = page.locator(".seqdream")
    expect(root).to_have_count(1, timeout=60_000)
    root.get_by_role("button", name="Play", exact=True).click()
    time.sleep(1.5)
    box = root.locator("[role=slider][data-index]").nth(7).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=6)
    time.sleep(0.6)
    root.screenshot(path=IMAGES / f"{name}.png")
    page.mouse.up()
    root.get_by_role("button", name="Pause", exact=True).click()
    lab.shutdown("picture.ipynb")


def take_lab(page: Page, lab: Lab, name: str, width: int, *, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 2400 if width > 1000 else 4000})
    lab.open(page, "lab.ipynb", dark=dark)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    lab.run_all(page)
    page.wait_for_selector(".seqdream-lab .bqplot .plotarea_background", state="attached", timeout=90_000)
    python = lab.kernel("lab.ipynb")
    python.until("all(view._view_count for view in lab.views)")
    python("lab.widget.play() is None")
    python.until("lab.widget.session.step_count > 150")
    time.sleep(0.5)
    page.locator(".jp-OutputArea-output").first.screenshot(path=IMAGES / f"{name}.png")
    python("lab.widget.pause() is None")
    python.close()
    lab.shutdown("lab.ipynb")


def take_gallery(page: Page, lab: Lab, name: str, width: int, *, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    lab.open(page, "gallery.ipynb", dark=dark)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    lab.run_all(page)
    gallery = page.locator(".seqdream-gallery")
    expect(gallery.locator("[data-dream]").first).to_be_visible(timeout=120_000)
    gallery.get_by_role("combobox", name="Order", exact=True).select_option(label="nearest to its class")
    gallery.locator("[aria-posinset='6']").click()
    expect(gallery.locator(".seqdream-gallery-status")).to_contain_text("is open below")
    page.mouse.move(0, 0)
    gallery.screenshot(path=IMAGES / f"{name}.png")
    lab.shutdown("gallery.ipynb")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    lab = Lab()
    lab.write("picture.ipynb", CELL)
    lab.write("lab.ipynb", LAB)
    lab.write("gallery.ipynb", GALLERY)
    with chromium() as browser:
        for name, (width, dark) in SHOTS.items():
            page = browser.new_page(device_scale_factor=1.5)
            take(page, lab, name, width, dark=dark)
            page.close()
        for name, (width, dark) in LAB_SHOTS.items():
            page = browser.new_page()
            take_lab(page, lab, name, width, dark=dark)
            page.close()
        for name, (width, dark) in GALLERY_SHOTS.items():
            page = browser.new_page(device_scale_factor=1.5)
            take_gallery(page, lab, name, width, dark=dark)
            page.close()
    lab.close()


if __name__ == "__main__":
    main()
