"""What streaming costs: the same gradient loop bare, in the widget, and feeding a bqplot line.

    python -m benchmarks.streaming [--rounds 5] [--seconds 6] [--alternating 120]

Everything runs in one kernel with JupyterLab open in a real browser throughout, with the same number of threads, in
interleaved turns; medians are printed. The speed of a shared machine drifts from second to second: turns are short,
each is compared with what stood right beside it, and there are many. Drags are made with the real pointer while the
dream streams; the time from the move that leaves the browser to its acknowledgement stands beside a bare echo of a few
bytes.

Widget and bqplot line are also compared within one run that goes on: every 0.4 seconds the other one is fed, in random
order. What comes and goes on the machine meets both alike then, and a difference of a few percent shows.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import time

import torch
from playwright.sync_api import Page, expect

from benchmarks.page import ECHO, ECHO_CLASS, SNIFFER, dragged
from tests.browser.jupyter import Kernel, Lab, chromium

SETUP = (
    ECHO_CLASS
    + """
import random, threading, time
import bqplot, torch
import seqdream_widget as sd
from seqdream_widget.threads import intra_op_threads

THREADS, RATE = 1, 30.0
demo = sd.load_demo("forda")
SETTINGS = dict(data=demo.data, start=3, threads=THREADS,
                regularizers=[sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(1e-2)])
OBJECTIVE = sd.objectives.Logit("abnormal")

def loop(seconds, each=lambda session: None):
    "The same loop as the widget's, on a thread of its own; returns steps per second."
    session, rate = sd.Session(demo.model, OBJECTIVE, **SETTINGS), []
    def work():
        with intra_op_threads(THREADS):
            for _ in range(20):
                session.step()
            begin = time.perf_counter()
            while time.perf_counter() - begin < seconds:
                session.step()
                each(session)
            rate.append((session.step_count - 20) / (time.perf_counter() - begin))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return rate[0]

due = 0.0

def push(session):
    global due
    now = time.perf_counter()
    if now >= due:
        due = max(due + 1 / RATE, now - 0.5 / RATE)
        line.y = session.sequence[0, 0].numpy()

def feed_bqplot(seconds):
    return loop(seconds, push)

class Alternating(sd.SeqDream):
    "Streams; where `turns` are there, feeds the bqplot line in every other one instead."
    turns = None
    def stepped(self):
        if self.turns is not None and self.turns.now(self.session.step_count) == "bqplot":
            push(self.session)
        else:
            super().stepped()

class Turns:
    "Times short turns; of each pair a random one is first. The beginning of a turn does not count."
    LONG, BEGINNING = 0.4, 0.1
    def __init__(self):
        self.rates, self._left, self._who, self._end, self._since = [], [], "", 0.0, None
        self._pair = -1
    def now(self, steps):
        now = time.perf_counter()
        if now >= self._end:
            if self._since is not None:
                begun, before = self._since
                self.rates.append((self._pair, self._who, (steps - before) / (now - begun)))
            if not self._left:
                self._left, self._pair = random.sample(["widget", "bqplot"], 2), self._pair + 1
            self._who, self._end, self._since = self._left.pop(), now + self.LONG, None
        elif self._since is None and now >= self._end - self.LONG + self.BEGINNING:
            self._since = now, steps
        return self._who
"""
)
WIDGET = """w = Alternating(demo.model, OBJECTIVE, **SETTINGS)
w"""
BQPLOT = """scale_x, scale_y = bqplot.LinearScale(), bqplot.LinearScale()
line = bqplot.Lines(x=range(500), y=demo.data.x[3, 0].numpy(), scales={"x": scale_x, "y": scale_y})
axes = [bqplot.Axis(scale=scale_x), bqplot.Axis(scale=scale_y, orientation="vertical")]
bqplot.Figure(marks=[line], axes=axes)"""
TURNS = 4  # of each, in one round of drags

COUNT_BQPLOT = """() => {
  let isDirty = false;
  new MutationObserver(() => {
    if (isDirty) return;
    isDirty = true;
    requestAnimationFrame(() => { isDirty = false; window.bench.bqplot += 1; });
  }).observe(document.querySelector(".bqplot path.line"), { attributes: true, attributeFilter: ["d"] });
}"""


def streamed(page: Page, python: Kernel, seconds: float) -> tuple[float, float]:
    """Play for a while; return steps per second and frames drawn per second."""
    root = page.locator(".seqdream")
    root.scroll_into_view_if_needed()
    root.get_by_role("button", name="Play", exact=True).click()
    python.until("w.session.step_count > 20 and w.playing")
    told = "[w.session.step_count, time.perf_counter()]"
    drawn = int(root.get_attribute("data-drawn") or 0)
    steps, begin = python(told)
    time.sleep(seconds)
    more_steps, end = python(told)
    frames = int(root.get_attribute("data-drawn") or 0) - drawn
    root.get_by_role("button", name="Pause", exact=True).click()
    python.until("not w.playing")
    python("w.reset()")
    return (more_steps - steps) / (end - begin), frames / (end - begin)


def fed_bqplot(page: Page, python: Kernel, seconds: float) -> tuple[float, float]:
    page.locator(".bqplot").first.scroll_into_view_if_needed()
    before = page.evaluate("window.bench.bqplot")
    rate = python(f"feed_bqplot({seconds})")
    page.wait_for_timeout(300)
    return rate, (page.evaluate("window.bench.bqplot") - before) / seconds


def turn(page: Page, python: Kernel, seconds: float) -> tuple[float, ...]:
    """One turn of each: bare, widget, bqplot, with the bare loop in halves around the widget."""
    before = python(f"loop({seconds / 2})")
    steps, drawn = streamed(page, python, seconds)
    after = python(f"loop({seconds / 2})")
    return (before + after) / 2, steps, drawn, *fed_bqplot(page, python, seconds)


def alternated(page: Page, python: Kernel, seconds: float) -> tuple[list[float], list[float]]:
    """Feed widget and bqplot line by turns of one run.

    Return the ratio of steps per second of each pair of turns, and the frames per second that each of the two has drawn
    in its turns.
    """
    page.locator(".bqplot").first.scroll_into_view_if_needed()
    root = page.locator(".seqdream")
    root.get_by_role("button", name="Play", exact=True).click()
    python.until("w.session.step_count > 20 and w.playing")
    drawn = "[Number(document.querySelector('.seqdream').dataset.drawn), window.bench.bqplot]"
    before = page.evaluate(drawn)
    python("0", setup="w.turns = Turns()")
    time.sleep(seconds)
    rates = python("w.turns.rates")
    after = page.evaluate(drawn)
    python("0", setup="w.turns = None")
    root.get_by_role("button", name="Pause", exact=True).click()
    python.until("not w.playing")
    python("w.reset()")
    pairs: dict[int, dict[str, float]] = {}
    for number, who, rate in rates:
        pairs.setdefault(number, {})[who] = rate
    ratios = [pair["widget"] / pair["bqplot"] for pair in pairs.values() if len(pair) == 2]
    return ratios, [(end - begin) / (seconds / 2) for begin, end in zip(before, after, strict=True)]


def measure(rounds: int, seconds: float, alternating: float) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}

    def note(**measured: float) -> None:
        for name, value in measured.items():
            figures.setdefault(name, []).append(value)

    lab = Lab()
    lab.write("bench.ipynb", SETUP, WIDGET, BQPLOT, ECHO)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1400})
        page.add_init_script(SNIFFER)
        lab.open(page, "bench.ipynb")
        lab.run_all(page)
        expect(page.locator(".seqdream")).to_have_count(1, timeout=60_000)
        page.wait_for_selector("#bench-echo", state="attached", timeout=60_000)
        page.wait_for_selector(".bqplot path.line", state="attached", timeout=60_000)
        page.evaluate(COUNT_BQPLOT)
        python = lab.kernel("bench.ipynb")
        for number in range(rounds):
            for _ in range(TURNS):
                bare, steps, drawn, bqplot_steps, bqplot_drawn = turn(page, python, seconds / TURNS)
                note(bare=bare, streamed=steps, drawn=drawn, share=steps / bare)
                note(bqplot=bqplot_steps, bqplot_drawn=bqplot_drawn, bqplot_share=bqplot_steps / bare)
                note(against_bqplot=steps / bqplot_steps)
            delays, echoes = dragged(page, python, 3.0)
            note(drag=statistics.median(delays), echo=statistics.median(echoes))
            recent = {name: statistics.median(values[-TURNS:]) for name, values in figures.items()}
            print(
                f"round {number + 1}: " + ", ".join(f"{name} {value:.3g}" for name, value in recent.items()), flush=True
            )
        figures["alternating"], figures["alternating_drawn"] = alternated(page, python, alternating)
        python.close()
    lab.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--alternating", type=float, default=120.0)
    options = parser.parse_args()
    figures = measure(options.rounds, options.seconds, options.alternating)
    median = {name: statistics.median(values) for name, values in figures.items()}
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}"
    )
    print(
        f"FordA ResNet, length 500, 1 thread, 30 frames/s pushed; median of {options.rounds * TURNS} interleaved turns"
    )
    print("|  | steps/s | of the bare loop | frames drawn/s |")
    print("|---|---|---|---|")
    print(f"| bare loop | {median['bare']:.0f} | 100 % | – |")
    print(f"| widget | {median['streamed']:.0f} | {median['share']:.0%} | {median['drawn']:.1f} |")
    print(f"| bqplot line | {median['bqplot']:.0f} | {median['bqplot_share']:.0%} | {median['bqplot_drawn']:.1f} |")
    lower, _, upper = statistics.quantiles(figures["against_bqplot"], n=4)
    print(
        f"\nwidget / bqplot steps/s, pair by pair: {median['against_bqplot']:.3f} "
        f"(middle half {lower:.3f} to {upper:.3f}, widget ahead in "
        f"{sum(ratio > 1 for ratio in figures['against_bqplot'])} of {len(figures['against_bqplot'])})"
    )
    logs = [math.log(ratio) for ratio in figures["alternating"]]
    error = statistics.stdev(logs) / len(logs) ** 0.5
    widget_frames, bqplot_frames = figures["alternating_drawn"]
    print(
        f"the same in one run, changing every 0.4 s: {math.exp(statistics.mean(logs)):.3f} ± {error:.3f} "
        f"(mean and its standard error, {len(logs)} pairs; "
        f"frames drawn/s in their turns: {widget_frames:.0f} and {bqplot_frames:.0f})"
    )
    print(f"drag to acknowledgement {median['drag']:.0f} ms, bare echo {median['echo']:.0f} ms, both while streaming")


if __name__ == "__main__":
    main()
