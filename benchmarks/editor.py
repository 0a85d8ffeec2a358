"""How the editor feels, measured in a real JupyterLab in a real browser with a real pointer.

    python -m benchmarks.editor [--rounds 3] [--seconds 4]

- from a move of the pointer to the curve painted where the pointer is: animation frames and milliseconds;
- from a move that leaves the page to its acknowledgement, while it streams at 30 frames a second, beside a bare echo of
  a few bytes in the same run;
- 10,000 and 100,000 samples: frames drawn a second, and bytes of a frame, with all in sight and zoomed in.

The speed of a shared machine drifts: compare within a run only. Without a GPU the browser paints with the processor.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Iterable

from playwright.sync_api import Page, expect

from benchmarks.page import ECHO, ECHO_CLASS, SNIFFER, dragged, handle_at
from tests.browser.jupyter import Kernel, Lab, chromium

SHORT = f"""
import seqdream_widget as sd
{ECHO_CLASS}
demo = sd.load_demo("forda")
w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=3, threads=1,
                regularizers=[sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(1e-2)])
w"""
# A network that looks at every sample and costs next to nothing: what is measured is the way to the screen.
LONG = """
import numpy as np, torch
from torch import nn
import seqdream_widget as sd

torch.manual_seed(0)
model = nn.Sequential(nn.Conv1d(1, 4, 64, stride=32), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
time = {time}
start = np.sin(np.arange(time) * 40 / time) + np.random.default_rng(0).normal(size=time) / 4
w = sd.SeqDream(model, sd.objectives.Logit(0), start=start, threads=1)
w"""
LENGTHS = (10_000, 100_000)


def moved(page: Page, moves: int) -> dict[str, list[float] | int]:
    """Drag a control point about; return milliseconds to the painted curve, and moves that took more than a frame."""
    page.evaluate("() => Object.assign(window.bench, { painted: [], late: 0, missed: 0 })")
    x, y = handle_at(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for number in range(moves):
        page.mouse.move(x, y + 30 * (number % 10 - 5) / 5)
        page.wait_for_timeout(30)
    page.mouse.up()
    return page.evaluate("({ painted, late, missed }) => ({ painted, late, missed })", page.evaluate_handle("bench"))


def drawn(page: Page, python: Kernel, seconds: float) -> tuple[float, float, list[int]]:
    """Play for a while; return frames drawn and steps taken a second, and the bytes of the frames."""
    root = page.locator(".seqdream")
    root.get_by_role("button", name="Play", exact=True).click()
    python.until("w.session.step_count > 20 and w.playing")
    page.evaluate("() => { window.bench.frames.length = 0; }")
    frames, steps, begin = int(root.get_attribute("data-drawn") or 0), python("w.session.step_count"), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    frames = int(root.get_attribute("data-drawn") or 0) - frames
    steps, passed = python("w.session.step_count") - steps, time.monotonic() - begin
    root.get_by_role("button", name="Pause", exact=True).click()
    python.until("not w.playing")
    return frames / passed, steps / passed, page.evaluate("window.bench.frames")


def opened(lab: Lab, page: Page, name: str, *cells: str) -> Kernel:
    lab.write(name, *cells)
    lab.open(page, name)
    lab.run_all(page)
    expect(page.locator(".seqdream .seqdream-chart canvas")).to_have_count(1, timeout=60_000)
    page.locator(".seqdream").scroll_into_view_if_needed()
    return lab.kernel(name)


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def short(lab: Lab, page: Page, rounds: int, seconds: float) -> None:
    python = opened(lab, page, "short.ipynb", SHORT, ECHO)
    page.wait_for_selector("#bench-echo", state="attached", timeout=60_000)
    moves, delays, echoes = [], [], []
    late = missed = 0
    for number in range(rounds):
        found = moved(page, 60)
        moves += found["painted"]
        late, missed = late + found["late"], missed + found["missed"]
        some_delays, some_echoes = dragged(page, python, seconds)
        delays, echoes = delays + some_delays, echoes + some_echoes
        told = f"drag {statistics.median(some_delays):.1f} ms, echo {statistics.median(some_echoes):.1f} ms"
        print(f"round {number + 1}: {told}", flush=True)
    echo = statistics.median(echoes)
    middle, slow = statistics.median(delays), percentile(delays, 0.95)
    print("\n500 samples, FordA ResNet")
    print(f"move to painted curve: median {statistics.median(moves):.1f} ms, 95 % {percentile(moves, 0.95):.1f} ms;")
    print(f"  of {len(moves)} moves {late} took more than one animation frame, {missed} painted elsewhere")
    print(f"drag to acknowledged while streaming ({len(delays)} moves), bare echo median {echo:.1f} ms:")
    print(f"  median {middle:.1f} ms, {middle / echo:.2f} times the echo (at most 1.5)")
    print(f"  95 % {slow:.1f} ms, {slow / echo:.2f} times the echo's median (at most 4)")
    python.close()
    lab.shutdown("short.ipynb")


def long(lab: Lab, page: Page, length: int, seconds: float) -> None:
    name = f"{length}.ipynb"
    python = opened(lab, page, name, LONG.format(time=length))
    root = page.locator(".seqdream")
    width = root.locator(".seqdream-chart .seqdream-area").bounding_box()
    assert width
    for sight in ("all", "zoomed in"):
        if sight != "all":
            root.focus()
            for _ in range(12):
                page.keyboard.press("+")
        frames, steps, sizes = drawn(page, python, seconds)
        size = f"{statistics.median(sizes):,.0f}, at most {max(sizes):,}"
        print(f"| {length:,} | {sight} | {frames:.1f} | {steps:.0f} | {size} | {4 * length:,} |", flush=True)
    found = moved(page, 40)
    took = f"median {statistics.median(found['painted']):.1f} ms, {found['late']} of {len(found['painted'])} late"
    print(f"  {length:,} samples: move to painted curve {took}", flush=True)
    python.close()
    lab.shutdown(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    lab = Lab()
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        page.add_init_script(SNIFFER)
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        short(lab, page, options.rounds, options.seconds)
        print("\n| samples | in sight | frames drawn/s | steps/s | bytes a frame | bytes of the sequence |")
        print("|---|---|---|---|---|---|")
        for length in LENGTHS:
            long(lab, page, length, options.seconds)
    lab.close()


if __name__ == "__main__":
    main()
