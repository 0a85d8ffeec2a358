"""One notebook with one widget, seen from both sides."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

IMPORTS = """
import numpy as np
import threading
import seqdream_widget as sd
demo = sd.load_demo("forda")
"""
WIDGET = """
w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=3, seed=1,
                regularizers=[sd.regularizers.L2(1e-3)])
w
"""
MACHINE = """
import numpy as np, torch
import seqdream_widget as sd
names, units = ("pressure", "temperature", "vibration", "flow"), ("bar", "°C", "mm/s", "l/min")
rng = np.random.default_rng(0)
t = np.arange(240) / 240
pump, leak = np.sin(14 * np.pi * t), np.clip((t - 0.55) * 6, 0, 1) * np.exp(-3 * np.clip(t - 0.7, 0, 1))
kinds = {"healthy": 0.0, "leaking": 1.0}
x = np.stack([
    [pump - 1.6 * lost, t + 0.9 * lost, rng.normal(size=240) * (0.4 + lost), pump / 2 - lost]
    for lost in (*[0 * leak] * 30, *[leak] * 30)
]) + rng.normal(size=(60, 4, 240)) / 8
labels = [kind for kind in kinds for _ in range(30)]
data = sd.SequenceDataset(x.astype(np.float32), labels, channel_names=names, sample_rate=20.0, unit=units,
                          scale=((4.2, 61.0, 2.1, 118.0), (0.3, 4.0, 0.6, 9.0)))
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(960, 2))
means = torch.tensor(np.stack([x[:30].mean(0), x[30:].mean(0)]).reshape(2, -1) / 60).float()
model[1].load_state_dict({"weight": means, "bias": torch.zeros(2)})
w = sd.SeqDream(model, sd.presets.centered(data, "leaking"), data=data, start=3, threads=1)
"""


COUNT_PIXELS = """(canvas, colour) => {
  const probe = document.createElement("span");
  probe.style.color = `var(--sd-${colour})`;
  probe.style.forcedColorAdjust = "none";
  canvas.closest(".seqdream").append(probe);
  const pixel = new OffscreenCanvas(1, 1).getContext("2d");
  pixel.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pixel.fillRect(0, 0, 1, 1);
  const bits = (context, width, height) => new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const [wanted] = bits(pixel, 1, 1);
  return bits(canvas.getContext("2d"), canvas.width, canvas.height).filter((bit) => bit === wanted).length;
}"""


class Bench:
    """One notebook with one widget, seen from both sides."""

    def __init__(self, lab, page, name, *cells):
        lab.write(name, *cells)
        python = lab.start(name)
        lab.open(page, name)
        lab.run_all(page)
        root = page.locator(".seqdream")
        expect(root).to_have_count(1, timeout=60_000)
        self._take(lab, page, name, root, python)

    @classmethod
    def of(cls, lab, page, name, root) -> Bench:
        """Take one of the views of a notebook that is open."""
        bench = cls.__new__(cls)
        bench._take(lab, page, name, root, lab.kernel(name))
        return bench

    def _take(self, lab, page, name, root, python) -> None:
        self.lab, self.page, self.name, self.root, self.python = lab, page, name, root, python
        self.play, self.pause = self.button("Play"), self.button("Pause")
        expect(self.play).to_be_enabled()

    @property
    def drawn_step(self) -> int:
        return int(self.root.get_attribute("data-painted-step"))

    def run(self, steps: int) -> None:
        """Let the painted dream advance by so many steps."""
        goal = self.drawn_step + steps
        end = time.monotonic() + 60
        while self.drawn_step < goal:
            assert time.monotonic() < end, f"stuck at step {self.drawn_step}"
            time.sleep(0.05)

    def halt(self) -> int:
        """Pause, wait until the page shows the last step, and return its number."""
        self.pause.click()
        self.python.until("not w.playing")
        steps = self.python("w.session.step_count")
        expect(self.root).to_have_attribute("data-painted-step", str(steps))
        self.counts(steps)
        return steps

    def counts(self, steps: int) -> None:
        """Wait until the toolbar says so many steps."""
        said = f"step {steps:,}".replace(",", "\N{THIN SPACE}")
        expect(self.root.locator(".seqdream-step")).to_have_text(said)

    def picture(self) -> bytes:
        return self.root.locator(".seqdream-chart canvas").screenshot()

    def points(self) -> dict[str, str]:
        """The values of the control points as they are drawn, by sample."""
        return self.root.evaluate(
            "root => Object.fromEntries([...root.querySelectorAll('[role=slider][data-index]')]"
            ".map(point => [point.dataset.index, point.getAttribute('aria-valuenow')]))"
        )

    def shows(self, sequence: list[float]) -> bool:
        """Tell whether the control points that are drawn are those of a sequence."""
        drawn = self.points()
        return bool(drawn) and drawn == {index: f"{sequence[int(index)]:.4f}" for index in drawn}

    def agrees(self) -> list[float]:
        """Wait until the page shows the very sequence that Python holds, and return it."""
        self.root.scroll_into_view_if_needed()  # out of sight nothing is painted
        end = time.monotonic() + 30
        while not self.shows(held := self.python("w.sequence[0, 0].tolist()")):
            assert time.monotonic() < end, f"the page shows {self.points()}"
            time.sleep(0.05)
        return held

    def button(self, name: str):
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def status(self):
        return self.root.locator(".seqdream-status")

    def drag(self, number: int, by: float, steps: int = 8) -> None:
        """Drag the curve up where a control point is, or was a moment ago, and let go."""
        x, y = self.middle(self.handle(number))
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x, y - by, steps=steps)
        self.page.mouse.up()

    def save(self) -> dict:
        """Save the notebook and return it as it is on disk."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return self.lab.read(self.name)

    def handle(self, number: int):
        return self.root.get_by_role("slider", name=re.compile("Control point at sample")).nth(number)

    def middle(self, locator) -> tuple[float, float]:
        box = locator.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def brush(self, first: float, last: float) -> None:
        """Drag across the chart from one share of its width to another."""
        box = self.root.locator(".seqdream-area").first.bounding_box()
        y = box["y"] + box["height"] * 0.9
        self.page.mouse.move(box["x"] + first * box["width"], y)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + (first + last) / 2 * box["width"], y, steps=4)
        self.page.mouse.move(box["x"] + last * box["width"], y, steps=4)
        self.page.mouse.up()

    def add(self, group: str, name: str) -> None:
        """Give the run a regularizer that it does not have."""
        add(self.root, group, name)

    def choose(self, picker: str, name: str) -> None:
        """Choose a class by typing its name."""
        box = self.root.get_by_role("combobox", name=picker)
        box.click()
        box.press_sequentially(name)
        box.press("Enter")

    def close(self) -> None:
        self.python("w.close()")
        self.python.close()
        self.lab.shutdown(self.name)


def painted(canvas, colour: str) -> int:
    """Count the pixels of a canvas that have a colour of the theme."""
    return canvas.evaluate(COUNT_PIXELS, colour)


def wait_until_painted(canvas, colour: str, share: float = 0.0) -> None:
    """Wait until more than so large a part of a canvas has a colour of the theme."""
    has_it = f"([canvas, colour, share]) => ({COUNT_PIXELS})(canvas, colour) > share * canvas.width * canvas.height"
    canvas.page.wait_for_function(has_it, arg=[canvas.element_handle(), colour, share])


def add(root, group: str, name: str) -> None:
    root.locator("summary", has_text=group).click()
    root.get_by_role("button", name=name, exact=True).click()
