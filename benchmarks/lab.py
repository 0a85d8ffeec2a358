"""What the Lab costs: the widget alone, and the same with every view around it, in one kernel and one real browser.

    python -m benchmarks.lab [--rounds 8] [--seconds 5]

Turns of both follow each other closely, and each turn with the Lab is compared with the turns of the widget alone just
before and after it: the speed of a shared machine drifts. Each is alone on the page meanwhile: its output is scrolled
to, and closed after its turn. Views follow at their own rate, which is printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

import torch
from playwright.sync_api import Page, expect

from tests.browser.jupyter import Kernel, Lab, chromium

SETUP = """
import time
import ipywidgets
import seqdream_widget as sd
demo = sd.load_demo("forda")
SETTINGS = dict(data=demo.data, start=3, threads=1,
                regularizers=[sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(1e-2)])
place = ipywidgets.VBox()
def show(with_views):
    global w, lab, updates
    w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), **SETTINGS)
    lab, updates = (sd.Lab(widget=w) if with_views else None), [0]
    if lab is not None:
        draw = lab.scores.draw
        def counted():
            updates[0] += 1
            draw()
        lab.scores.draw = counted
    place.children = (lab or w,)
    return True
def hide():
    place.children = ()
    (lab or w).close()
    return True
place
"""


def turn(page: Page, python: Kernel, seconds: float, *, with_views: bool) -> tuple[float, float]:
    """Play for a while; return steps per second, and updates of the views per second."""
    python(f"show({with_views})")
    root = page.locator(".seqdream")
    expect(root).to_have_count(1, timeout=60_000)
    expect(page.locator(".seqdream-lab")).to_have_count(8 if with_views else 0)
    if with_views:
        python.until("all(view._view_count for view in lab.views)")
        page.locator(".seqdream-lab-map").scroll_into_view_if_needed()
    else:
        root.scroll_into_view_if_needed()
    python("w.play() is None")
    python.until("w.session.step_count > 50 and w.playing")
    told = "[w.session.step_count, updates[0], time.perf_counter()]"
    steps, updates, begin = python(told)
    time.sleep(seconds)
    more_steps, more_updates, end = python(told)
    python("w.pause() is None")
    python("hide()")
    expect(root).to_have_count(0)
    return (more_steps - steps) / (end - begin), (more_updates - updates) / (end - begin)


def measure(rounds: int, seconds: float) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {"alone": [], "lab": [], "share": [], "updates": []}
    lab = Lab()
    lab.write("bench.ipynb", SETUP)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 2400})
        lab.open(page, "bench.ipynb")
        lab.run_all(page)
        page.wait_for_selector(".widget-vbox", state="attached", timeout=90_000)
        python = lab.kernel("bench.ipynb")
        turn(page, python, 1.0, with_views=True)  # what is computed once is computed here
        before, _ = turn(page, python, seconds, with_views=False)
        for number in range(rounds):
            steps, updates = turn(page, python, seconds, with_views=True)
            after, _ = turn(page, python, seconds, with_views=False)
            alone = (before + after) / 2
            before = after
            for name, value in {"alone": alone, "lab": steps, "share": steps / alone, "updates": updates}.items():
                figures[name].append(value)
            latest = ", ".join(f"{name} {values[-1]:.3g}" for name, values in figures.items())
            print(f"round {number + 1}: {latest}", flush=True)
        python.close()
    lab.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    figures = measure(options.rounds, options.seconds)
    median = {name: statistics.median(values) for name, values in figures.items()}
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}"
    )
    print(f"FordA ResNet, length 500, 1 thread; median of {options.rounds} interleaved turns")
    print("|  | steps/s | of the widget alone | updates of the views/s |")
    print("|---|---|---|---|")
    print(f"| widget alone | {median['alone']:.0f} | 100 % | – |")
    print(f"| with the whole Lab | {median['lab']:.0f} | {median['share']:.0%} | {median['updates']:.1f} |")


if __name__ == "__main__":
    main()
