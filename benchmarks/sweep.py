"""What many dreams cost, beside single runs and on a cluster; how seeds agree; how smoothly the gallery scrolls.

    python -m benchmarks.sweep [throughput] [growth] [cluster] [stability] [gallery]

*Throughput*: 512 dreams of FordA in one sweep beside single runs of the same recipe, in turns; the ratio is the median
over five pairs of turns. A turn is short, since a step costs the same early and late. Verdicts are left out of the
single runs and are part of the sweep.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import numpy as np
import torch
from distributed import Client, LocalCluster

import seqdream_widget as sd
from benchmarks.planted import RECIPE, correlations

REGULARIZERS = [sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(1e-2)]
PAIRS, STEPS, SINGLE_STEPS = 5, 60, 400
GOAL, FRAMES, SEEDS, CLUSTER_PAIRS = 2.5, 30.0, 100, 3
WORK = 4000
"""Steps of a dream of 500 samples for each figure of growth, and worker."""


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def swept(seeds: int, steps: int, name: str = "forda", **settings: object) -> tuple[float, sd.Atlas]:
    """Sweep two classes; return dreams·steps/s and the atlas."""
    demo = sd.load_demo(name)
    objectives = [sd.objectives.Logit(0), sd.objectives.Logit(1)]
    given = {"data": demo.data, "objectives": objectives, "regularizers": [REGULARIZERS], **settings}
    begin = time.perf_counter()
    atlas = sd.sweep(demo.model, seeds=range(seeds), steps=steps, progress=False, **given)
    return len(atlas) * steps / (time.perf_counter() - begin), atlas


def single(steps: int) -> float:
    demo = sd.load_demo("forda")
    session = sd.Session(demo.model, sd.objectives.Logit(1), data=demo.data, regularizers=REGULARIZERS)
    begin = time.perf_counter()
    session.run(steps)
    return steps / (time.perf_counter() - begin)


def throughput() -> None:
    print("\n### 512 dreams of FordA beside single runs\n")
    print(
        "| single runs, steps/s | one sweep, dreams·steps/s | ratio, median of five pairs | goal |\n|---|---|---|---|"
    )
    single(50)
    ones, manys = [], []
    for _ in range(PAIRS):
        ones.append(single(SINGLE_STEPS))
        manys.append(swept(256, STEPS)[0])
    ratios = [many / one for one, many in zip(ones, manys, strict=True)]
    ratio = statistics.median(ratios)
    said = "met" if ratio >= GOAL else "**missed**"
    spread = f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    row(f"{statistics.median(ones):.0f}", f"{statistics.median(manys):.0f}", spread, f"≥ {GOAL}, {said}")


def growth() -> None:
    """How the cost of a dream's step grows with the batch, the length and the workers."""
    print("\n### What a dream's step costs, in milliseconds of this machine\n")
    print("| length | batch | workers | ms |\n|---|---|---|---|")
    model = sd.load_demo("forda").model
    given = {"objectives": [sd.objectives.Logit(1)], "regularizers": [REGULARIZERS], "progress": False}
    for length, batch, workers in (
        *((500, batch, workers) for workers in (1, 2) for batch in (1, 32, 64, 128)),
        *((length, batch, 1) for length, batch in ((125, 64), (250, 64), (1000, 64), (2000, 32), (4000, 1), (8000, 1))),
    ):
        dreams = 2 * batch * workers
        steps = max(6, round(WORK * workers * 500 / length / dreams))

        def seconds(steps: int) -> float:
            settings = {"length": length, "batch": batch, "workers": workers, "seeds": range(dreams), **given}  # noqa: B023 - called in its turn
            begin = time.perf_counter()
            sd.sweep(model, steps=steps, **settings)
            return time.perf_counter() - begin

        seconds(1)
        took = seconds(steps) - seconds(0)
        row(length, batch, workers, f"{1e3 * took / (steps * dreams):.2f}")


def cluster() -> None:
    print("\n### On a LocalCluster of two processes, beside two batches side by side in this one\n")
    print("| here, dreams·steps/s | cluster | cluster / here, median of pairs | same table | same bits |")
    print("|---|---|---|---|---|")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as processes,
        Client(processes) as client,
    ):
        swept(128, 1, client=client)  # both workers have imported everything
        pairs = [(swept(128, 40), swept(128, 40, client=client)) for _ in range(CLUSTER_PAIRS)]
    here, there = ([side[0] for side in sides] for sides in zip(*pairs, strict=True))
    (_, mine), (_, theirs) = pairs[-1]
    row(
        f"{statistics.median(here):.0f}",
        f"{statistics.median(there):.0f}",
        f"{statistics.median(far / near for near, far in zip(here, there, strict=True)):.2f}",
        mine.table.equals(theirs.table),
        np.array_equal(mine.sequences, theirs.sequences),
    )


def stability() -> None:
    print(f"\n### The demo `shortcut`: {SEEDS} seeds of noise\n")
    print("| class | seeds with the planted motif | motifs | in the largest | likeness of two |\n|---|---|---|---|---|")
    demo = sd.load_demo("shortcut")
    assert demo.truth is not None
    _, atlas = swept(SEEDS, 300, "shortcut", regularizers=[RECIPE])
    found = correlations(atlas.sequences[:, 0], demo.truth.motif)[:, demo.truth.start] >= 0.9
    for name, line in atlas.agreement().set_index("target").iterrows():
        shows = found[(atlas.table["target"] == name).to_numpy()].mean()
        row(name, f"{shows:.0%}", line["motifs"], f"{line['share']:.0%}", f"{line['similarity']:.3f}")


def gallery() -> None:
    """Frames a second while a thousand dreams are scrolled through."""
    from tests.browser.jupyter import Lab, chromium  # noqa: PLC0415 - the workers of a cluster import this module too
    from tests.browser.test_gallery import ATLAS, SHOW  # noqa: PLC0415 - the same

    print("\n### 1,000 dreams scrolled through, frames/s\n\n| median | slowest of 20 stretches | goal |\n|---|---|---|")
    lab = Lab()
    try:
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            lab.write("gallery.ipynb", ATLAS, SHOW)
            lab.open(page, "gallery.ipynb")
            lab.run_all(page)
            page.wait_for_selector(".seqdream-gallery .seqdream-tile", timeout=120_000)
            rates = page.evaluate(SCROLL)
    finally:
        lab.close()
    middle = statistics.median(rates)
    said = "met" if middle >= FRAMES else "**missed**"
    row(f"{middle:.0f}", f"{min(rates):.0f}", f"≥ {FRAMES:.0f}, {said}")


SCROLL = """async () => {
  const list = document.querySelector(".seqdream-gallery-scroll");
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const rates = [];
  const end = list.scrollHeight - list.clientHeight;
  for (let stretch = 0; stretch < 20; stretch += 1) {
    const begin = await frame();
    let last = begin;
    for (let k = 1; k <= 30; k += 1) {
      list.scrollTop = (end * (stretch + k / 30)) / 20;
      last = await frame();
    }
    rates.push(30_000 / (last - begin));
  }
  return rates;
}"""

PARTS = {part.__name__: part for part in (throughput, growth, cluster, stability, gallery)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless given")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{os.cpu_count()} cores, torch {torch.__version__}")
    for name in options.parts or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
