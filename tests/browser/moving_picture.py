"""The moving picture of the README: a real dream in a real JupyterLab, steered by hand, as it happened.

python -m tests.browser.moving_picture
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.jupyter import Lab, chromium

PATH = Path(__file__).parents[2] / "docs" / "images" / "steered.webp"
MOST_BYTES = 1_500_000
PACE = 0.12
"""Seconds between two frames."""
CELL = """
import seqdream_widget as sd
demo = sd.load_demo("ecg5000")
w = sd.SeqDream(demo.model, sd.objectives.Logit("PVC"), data=demo.data, start=0, learning_rate=0.0008,
                regularizers=[sd.regularizers.TotalVariation(0.02), sd.regularizers.Standardize()])
w.step(2)
w
"""
# A browser without a screen has a pointer that nobody sees.
POINTER = """() => {
  const arrow = document.createElement("div");
  arrow.innerHTML = '<svg width="22" height="22" viewBox="0 0 22 22"><path d="M3 2v15l4-4 3 7 3-1-3-7h6z" '
    + 'fill="#111" stroke="#fff" stroke-width="1.5"/></svg>';
  arrow.style.cssText = "position:fixed;z-index:99999;pointer-events:none;left:-50px;top:-50px";
  document.body.append(arrow);
  addEventListener("pointermove", ({ clientX, clientY }) => {
    arrow.style.left = `${clientX - 3}px`; arrow.style.top = `${clientY - 2}px`;
  }, { capture: true });
}"""


class Camera:
    """Takes pictures of the widget, each with when it was taken."""

    def __init__(self, page: Page, root: Locator) -> None:
        self._page, self._root = page, root
        box, size = root.bounding_box(), page.viewport_size
        assert box
        assert size
        # All that is below it too: it grows when there is something to say.
        self._clip: FloatRect = {
            "x": box["x"],
            "y": box["y"],
            "width": box["width"],
            "height": size["height"] - box["y"],
        }
        self.height = box["height"]
        self.frames: list[tuple[float, bytes]] = []
        self._at = (0.0, 0.0)

    def shoot(self) -> None:
        if self.frames and (left := self.frames[-1][0] + PACE - time.monotonic()) > 0:
            time.sleep(left)
        self.frames.append((time.monotonic(), self._page.screenshot(type="png", clip=self._clip)))
        box = self._root.bounding_box()
        assert box
        self.height = max(self.height, box["height"])

    def watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.shoot()

    def move(self, x: float, y: float, frames: int = 6) -> None:
        """Move the pointer as a hand does, in some frames."""
        from_x, from_y = self._at
        for number in range(1, frames + 1):
            share = number / frames
            share = share * share * (3 - 2 * share)
            self._page.mouse.move(from_x + share * (x - from_x), from_y + share * (y - from_y))
            self.shoot()
        self._at = (x, y)

    def press(self, locator: Locator) -> None:
        self.move(*middle(locator))
        self._page.mouse.down()
        self._page.mouse.up()
        self.shoot()


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def act(page: Page, camera: Camera, root: Locator) -> None:
    """Play, drag a control point while it runs, freeze a stretch, and send the rest to another class."""
    camera.watch(0.6)
    camera.press(root.get_by_role("button", name="Play", exact=True))
    camera.watch(2.5)
    points = root.locator("[role=slider][data-index]")
    x, y = middle(points.nth(points.count() // 2))
    camera.move(x, y)
    page.mouse.down()
    camera.move(x + 2, y - 90, frames=12)
    camera.watch(0.8)
    page.mouse.up()
    camera.watch(2.0)
    camera.press(root.get_by_role("radio", name="Freeze", exact=True))
    box = root.locator(".seqdream-area").first.bounding_box()
    assert box
    y = box["y"] + box["height"] * 0.85
    camera.move(box["x"] + 0.02 * box["width"], y)
    page.mouse.down()
    camera.move(box["x"] + 0.36 * box["width"], y, frames=10)
    page.mouse.up()
    camera.watch(0.6)
    target = root.get_by_role("combobox", name="Target class")
    camera.press(target)
    target.press_sequentially("supra")
    camera.watch(0.3)
    target.press("Enter")
    camera.watch(3.5)
    camera.press(root.get_by_role("button", name="Pause", exact=True))
    camera.watch(0.5)


def written(camera: Camera, path: Path) -> None:
    """Write what was taken as one picture, at its pace, as high as the widget was at its highest."""
    pictures: list[Image.Image] = []
    for _, content in camera.frames:
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        pictures.append(picture.crop((0, 0, picture.width, min(picture.height, math.ceil(camera.height)))))
    times = [when for when, _ in camera.frames]
    lasting = [round(1000 * (after - before)) for before, after in itertools.pairwise(times)]
    for quality in (75, 60, 45, 30):
        content = io.BytesIO()
        pictures[0].save(
            content,
            format="WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=[*lasting, 1500],
            loop=0,
            quality=quality,
            method=4,
        )
        if len(content.getvalue()) <= MOST_BYTES:
            path.write_bytes(content.getvalue())
            return
    raise ValueError(f"{len(pictures)} frames do not fit into {MOST_BYTES:,} bytes")


def main() -> None:
    with contextlib.closing(Lab()) as lab, chromium() as browser:
        lab.write("moving.ipynb", CELL)
        page = browser.new_page(viewport={"width": 1130, "height": 1000})
        lab.open(page, "moving.ipynb")
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        lab.run_all(page)
        root = page.locator(".seqdream")
        expect(root).to_have_count(1, timeout=60_000)
        page.wait_for_selector(".seqdream[data-painted-step]")
        root.scroll_into_view_if_needed()
        page.evaluate(POINTER)
        camera = Camera(page, root)
        act(page, camera, root)
        written(camera, PATH)
        page.close()
    print(f"{len(camera.frames)} frames, {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
