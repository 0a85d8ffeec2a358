"""What a seat in a workshop costs: memory and processor of a student's kernel and server.

    python -m benchmarks.seat [--seconds 20] [--steps 2000] [--more 4] [--seats 30]

A real JupyterLab with the first exercise's dream in a real browser, as a student has it. What the browser takes is not
counted: it runs on the student's own machine. Memory is what a process has for itself (unique set size) and what it
shares with its likes, such as the code of torch, which thirty kernels of one machine have but once.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import time

import psutil
import torch
from playwright.sync_api import Page, expect

from tests.browser.jupyter import Kernel, Lab, chromium

PLACE = """
import os
import ipywidgets
place = ipywidgets.VBox()
place
"""
WIDGETS = """
import seqdream_widget as sd
demo = sd.load_demo("forda")
def show():
    global w
    w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5, learning_rate=0.02)
    place.children = (*place.children, w)
    return True
"""
MB = 2**20


@dataclasses.dataclass(frozen=True)
class Use:
    """What a process takes: megabytes of its own and shared ones, seconds of the processor."""

    own: float
    shared: float
    busy: float

    @classmethod
    def of(cls, process: psutil.Process) -> Use:
        memory, times = process.memory_full_info(), process.cpu_times()
        return cls(memory.uss / MB, (memory.rss - memory.uss) / MB, times.user + times.system)


class Seat:
    """A student's notebook."""

    def __init__(self, lab: Lab, page: Page) -> None:
        lab.write("seat.ipynb", PLACE)
        lab.open(page, "seat.ipynb")
        lab.run_all(page)
        page.wait_for_selector(".widget-vbox", state="attached", timeout=90_000)
        self._page = page
        self.python: Kernel = lab.kernel("seat.ipynb")
        self.kernel = psutil.Process(self.python("os.getpid()"))
        self.server = psutil.Process(self.python("os.getppid()"))
        self.shown = 0

    def show(self) -> None:
        """Show one more widget."""
        self.python("show()", "" if self.shown else WIDGETS)
        self.shown += 1
        expect(self._page.locator(".seqdream")).to_have_count(self.shown, timeout=60_000)
        self._page.locator(".seqdream").last.scroll_into_view_if_needed()

    def play(self, steps: int) -> None:
        """Play the latest widget on to a step."""
        self.python("w.play() is None")
        self.python.until(f"w.session.step_count >= {steps}", seconds=120)
        self.python("w.pause() is None")
        self.python.until("not w.playing")

    def during(self, seconds: float) -> tuple[float, float, float]:
        """Return steps a second, and the shares of a core that kernel and server take."""
        begin, kernel, server = time.monotonic(), Use.of(self.kernel), Use.of(self.server)
        steps = self.python("w.session.step_count")
        time.sleep(seconds)
        steps = self.python("w.session.step_count") - steps
        passed = time.monotonic() - begin
        return (
            steps / passed,
            (Use.of(self.kernel).busy - kernel.busy) / passed,
            (Use.of(self.server).busy - server.busy) / passed,
        )


def measure(seconds: float, steps: int, more: int, seats: int) -> None:
    lab = Lab()
    with chromium() as browser:
        seat = Seat(lab, browser.new_page(viewport={"width": 1400, "height": 1000}))
        rows = {"JupyterLab's server": Use.of(seat.server), "kernel, before the first cell": Use.of(seat.kernel)}
        seat.show()
        rows["kernel with a widget"] = Use.of(seat.kernel)
        time.sleep(5)  # the first verdict, for which all real sequences are looked at, is no rest
        _, idle, idle_server = seat.during(seconds)
        seat.play(steps)
        rows[f"the same after {steps:,} steps"] = first = Use.of(seat.kernel)
        for _ in range(more):
            seat.show()
            seat.play(steps)
        last = Use.of(seat.kernel)
        rows[f"with {1 + more} widgets of {steps:,} steps each"] = last
        server = Use.of(seat.server)
        seat.python("w.play() is None")  # the steps of this are in no row of the memory
        rate, busy, busy_server = seat.during(seconds)
        seat.python.close()
    lab.close()

    cores = os.cpu_count() or 1
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, torch {torch.__version__}\n")
    print("| memory, MB | its own | shared with others |\n|---|---|---|")
    for name, use in rows.items():
        print(f"| {name} | {use.own:.0f} | {use.shared:.0f} |")
    print(f"| each further widget | {(last.own - first.own) / more:.1f} | – |\n")
    print("| processor | steps/s | kernel | server |\n|---|---|---|---|")
    print(f"| open, at rest | – | {idle:.1%} of a core | {idle_server:.1%} |")
    print(f"| playing | {rate:.0f} | {busy:.0%} of a core | {busy_server:.0%} |\n")
    memory = seats * (first.own + server.own) + first.shared + server.shared
    print(f"{seats} seats: {memory / 1024:.1f} GB, and {seats * (idle + idle_server):.1f} cores while nobody plays.")
    each = rate / (busy + busy_server)  # steps that a core makes in a second, sending them included
    for some in (4, 8, 16, 32):
        pace = min(rate, some * each / seats)
        print(f"All {seats} playing at once on {some} cores: {pace:.0f} steps/s each.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--more", type=int, default=4)
    parser.add_argument("--seats", type=int, default=30)
    options = parser.parse_args()
    measure(options.seconds, options.steps, options.more, options.seats)


if __name__ == "__main__":
    main()
