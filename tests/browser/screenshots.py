"""The pictures in `docs/images`: real widgets in a real JupyterLab, mid-run, most with a control point in the hand.

python -m tests.browser.screenshots [NAME ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.bench import MACHINE
from tests.browser.jupyter import Kernel, Lab, chromium
from tests.browser.test_steer import MANY

IMAGES = Path(__file__).parents[2] / "docs" / "images"
FAULT = """
import seqdream_widget as sd
demo = sd.load_demo("forda")
w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5, learning_rate=0.02,
                regularizers=[sd.regularizers.TotalVariation(0.02), sd.regularizers.L2(1e-3),
                              sd.regularizers.GaussianBlur(sigma=1.0, every=10), sd.regularizers.Standardize()])
w.step(120)
w.session.submit(sd.commands.Freeze(140, 206))
"""
MANY_CLASSES = f"""{MANY}
w = sd.SeqDream(model, sd.presets.border(data, names[3], names[17]), data=data, start=5, learning_rate=0.02)
"""
CHANNELS = f"""{MACHINE}
w.session.submit(sd.commands.Freeze(30, 60))
w.session.submit(sd.commands.Freeze(150, 176, channel=0))
"""
LONG = """
import numpy as np, torch
from torch import nn
import seqdream_widget as sd

torch.manual_seed(0)
model = nn.Sequential(nn.Conv1d(1, 4, 64, stride=32), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
time, rng = 100_000, np.random.default_rng(0)
t = np.arange(time) / time
def beats(phase):
    return np.sin(60 * t + phase) * (1 + np.sin(9 * t)) + rng.normal(size=time) / 8
x = np.stack([beats(phase) for phase in rng.normal(size=12) / 8])[:, None]
data = sd.SequenceDataset(x.astype(np.float32), ["idle", "working"] * 6, sample_rate=1000.0, unit="mV")
start = data.x[0].numpy().copy()
start[0, [20_000, 61_800]] = 6, -5
w = sd.SeqDream(model, sd.objectives.Logit("working"), data=data, start=start, threads=1, learning_rate=2e-3,
                regularizers=[sd.regularizers.L2(1e-5)])
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


@contextmanager
def shown(browser: Browser, lab: Lab, cell: str, width: int, *, dark: bool) -> Iterator[tuple[Page, Locator, Kernel]]:
    """Open a notebook whose widget is so wide, in pixels."""
    page = browser.new_page(device_scale_factor=1.5, viewport={"width": width + 200, "height": 1700})
    lab.write("picture.ipynb", f"{cell}\nw")
    lab.open(page, "picture.ipynb", dark=dark)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    lab.run_all(page)
    root = page.locator(".seqdream")
    expect(root).to_have_count(1, timeout=60_000)
    box = root.bounding_box()
    assert box
    page.set_viewport_size({"width": round(2 * width + 200 - box["width"]), "height": 1700})
    page.wait_for_function("width => Math.abs(document.querySelector('.seqdream').clientWidth - width) < 3", arg=width)
    python = lab.kernel("picture.ipynb")
    root.scroll_into_view_if_needed()
    yield page, root, python
    page.mouse.up()
    python("w.pause() is None")
    python.close()
    lab.shutdown("picture.ipynb")
    page.close()


def play(root: Locator, python: Kernel, steps: int) -> None:
    goal = python("w.step_count") + steps
    root.get_by_role("button", name="Play", exact=True).click()
    python.until(f"w.step_count >= {goal}")


def hold(page: Page, root: Locator, number: int, by: float) -> None:
    """Take a control point in the hand, and keep it."""
    # While it dreams, one may be taken away as it is looked for.
    while (box := root.locator("[role=slider][data-index]").nth(number).bounding_box()) is None:
        time.sleep(0.05)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - by, steps=6)
    time.sleep(0.8)


def dragged(page: Page, root: Locator, python: Kernel) -> None:
    play(root, python, 200)
    hold(page, root, 7, 60)


def edited(page: Page, root: Locator, python: Kernel) -> None:
    """What a person has done in the middle of a run: drawn, kept, looked back, frozen, typed."""
    play(root, python, 150)
    root.get_by_role("button", name="Snapshot", exact=True).click()
    area = root.locator(".seqdream-area").first.bounding_box()
    assert area
    root.get_by_role("radio", name="Draw", exact=True).click()
    left, top = area["x"] + 0.56 * area["width"], area["y"] + 0.45 * area["height"]
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((30, -50), (60, -70), (90, -20), (120, 40), (150, 20)):
        page.mouse.move(left + x, top + y, steps=6)
    page.mouse.up()
    python.until("not w.session.gestures")
    python.until(f"w.step_count >= {python('w.step_count') + 120}")
    root.get_by_role("radio", name="Freeze", exact=True).click()
    y = area["y"] + 0.9 * area["height"]
    page.mouse.move(area["x"] + 0.78 * area["width"], y)
    page.mouse.down()
    page.mouse.move(area["x"] + 0.88 * area["width"], y, steps=6)
    page.mouse.up()
    root.get_by_role("radio", name="Drag", exact=True).click()
    python.until(f"w.step_count >= {python('w.step_count') + 100}")
    root.get_by_role("button", name="Snapshot", exact=True).click()
    root.locator(".seqdream-card-face").first.click()
    hold(page, root, 4, -50)


def sought(page: Page, root: Locator, python: Kernel) -> None:
    """Typing a part of a name, of sixty."""
    play(root, python, 60)
    box = root.get_by_role("combobox", name="Target class")
    box.click()
    box.press_sequentially("load 3")
    time.sleep(0.5)


def turned(page: Page, root: Locator, python: Kernel) -> None:
    play(root, python, 80)
    hold(page, root, 6, 40)


Scene = Callable[[Page, Locator, Kernel], None]
SHOTS: dict[str, tuple[str, Scene, int, bool]] = {
    "widget-light": (FAULT, dragged, 1100, False),
    "widget-dark": (FAULT, dragged, 1100, True),
    "widget-480": (FAULT, dragged, 480, False),
    "widget-480-dark": (FAULT, dragged, 480, True),
    "widget-1400": (FAULT, dragged, 1400, False),
    "widget-edited": (FAULT, edited, 1100, False),
    "widget-edited-dark": (FAULT, edited, 1100, True),
    "widget-sixty-classes": (MANY_CLASSES, sought, 1100, False),
    "widget-channels": (CHANNELS, turned, 1100, False),
    "widget-channels-dark": (CHANNELS, turned, 1100, True),
    "widget-100000": (LONG, turned, 1100, False),
}


def taken(root: Locator, path: Path) -> None:
    """Take a picture of all of a widget, which may grow by a line while it is taken."""
    box = None
    while box != (box := root.bounding_box()):
        root.screenshot(path=path)


def kept(path: Path) -> None:
    """Write a picture with 256 colours, a third of its bytes: half of them its commonest, as they are."""
    picture = Image.open(path).convert("RGB")
    colours, where, counts = np.unique(
        np.asarray(picture).reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    others = np.array(picture.quantize(128, Image.Quantize.MAXCOVERAGE).getpalette()).reshape(-1, 3)
    palette = np.concatenate([colours[np.argsort(-counts)[:128]], others]).astype(float)
    # The nearest of the palette, by ‖a − b‖² = ‖a‖² − 2ab + ‖b‖².
    nearest = np.argmin((palette**2).sum(1) - 2 * colours.astype(float) @ palette.T, axis=1)
    reduced = Image.fromarray(nearest[where].reshape(picture.height, picture.width).astype(np.uint8), "P")
    reduced.putpalette(palette.astype(np.uint8).ravel().tolist())
    reduced.save(path, optimize=True)


def take_lab(page: Page, lab: Lab, name: str, width: int, *, dark: bool) -> None:
    page.set_viewport_size({"width": width, "height": 2500 if width > 1000 else 4000})
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
    wanted = sys.argv[1:] or [*SHOTS, *LAB_SHOTS, *GALLERY_SHOTS]
    lab = Lab()
    lab.write("lab.ipynb", LAB)
    lab.write("gallery.ipynb", GALLERY)
    with chromium() as browser:
        for name in filter(wanted.__contains__, SHOTS):
            cell, scene, width, dark = SHOTS[name]
            with shown(browser, lab, cell, width, dark=dark) as (page, root, python):
                scene(page, root, python)
                taken(root, IMAGES / f"{name}.png")
            kept(IMAGES / f"{name}.png")
        for name in filter(wanted.__contains__, LAB_SHOTS):
            width, dark = LAB_SHOTS[name]
            page = browser.new_page()
            take_lab(page, lab, name, width, dark=dark)
            page.close()
            kept(IMAGES / f"{name}.png")
        for name in filter(wanted.__contains__, GALLERY_SHOTS):
            width, dark = GALLERY_SHOTS[name]
            page = browser.new_page(device_scale_factor=1.5)
            take_gallery(page, lab, name, width, dark=dark)
            page.close()
            kept(IMAGES / f"{name}.png")
    lab.close()


if __name__ == "__main__":
    main()
