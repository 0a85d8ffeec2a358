"""A long run in a real kernel, streamed to a client that steers all along: does it hold?

    python -m benchmarks.soak [--steps 1000000]

The client speaks as the page does (`docs/protocol.md`): hello, receipts, commands; and it checks all the numbers that
come. The run pauses a hundred times; then a bare loop of the same mathematics is timed in the same kernel, so that a
machine that slows down slows both. Ends with a table, and with exit code 1 if something in it is not met.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.unit.wire import unpacked

SEGMENTS = 100
COMMANDS = 40  # in each segment
BARE = 0.7  # seconds of the bare loop, before and after each segment
JUDGED = 400_000  # steps from which on memory and rates are judged: by then all that is kept has reached its bounds
WAIT = 60.0
SETUP = """
import gc, json, threading, time
import ipywidgets, torch
from torch import nn
import seqdream_widget as sd

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv1d(1, 8, 9, padding=4), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 2)
).requires_grad_(False).eval()
start = torch.randn(1, 1, 64)
w = sd.SeqDream(model, sd.objectives.Logit(0), start=start, threads=1,
                regularizers=[sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(1e-2)])
x = start.clone().requires_grad_()
adam = torch.optim.Adam([x], lr=0.05)

def bare(seconds):
    "Steps per second, and per second of the processor, of a loop by hand."
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    begin, busy, steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begin < seconds:
        for _ in range(20):
            adam.zero_grad()
            loss = -model(x)[:, 0].sum() + 1e-3 * x.square().sum() + 1e-2 * x.diff(dim=2).abs().sum()
            loss.backward()
            adam.step()
        steps += 20
    torch.set_num_threads(before)
    return steps / (time.perf_counter() - begin), steps / (time.process_time() - busy)
w
"""
CLOSED = """
kept = len(w.session.history["step"]), w.session.trajectory.between(0, 10**9, 10**9).steps
w.close()
threads = [thread.name for thread in threading.enumerate() if "seqdream" in thread.name]
instances = len(ipywidgets.widgets.widget._instances)
"""


@dataclasses.dataclass
class Seen:
    """What has come to the client."""

    frames: int = 0
    rows: int = 0
    bytes: int = 0
    step: int = 0
    at: float = 0.0
    number: int = 0
    run: int = 0
    row: int = 0
    playing: bool = False
    gaps: int = 0
    refusals: list[str] = dataclasses.field(default_factory=list[str])
    open_ids: set[int] = dataclasses.field(default_factory=set[int])


class Page:
    """What the front end is to a kernel, without a browser."""

    def __init__(self) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel()
        self.client: BlockingKernelClient = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=WAIT)
        self.process = psutil.Process(self._manager.provisioner.pid)
        self.seen = Seen()
        self._told = threading.Condition()
        self._comm = ""
        self._ids = itertools.count(1)
        self._over = False
        self._receipt_at = 0.0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # ---- what comes ---------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self._over:
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Exception:  # noqa: BLE001 - nothing came; what the queue raises is its own affair
                continue
            content = message["content"]
            with self._told:
                if message["msg_type"] == "comm_open" and content["data"].get("state", {}).get("_esm"):
                    self._comm = content["comm_id"]
                elif message["msg_type"] == "comm_msg" and content["data"].get("method") == "custom":
                    self._hear(content["data"]["content"], message["buffers"])
                elif message["msg_type"] == "error":
                    self.seen.refusals.append("\n".join(content["traceback"]))
                self._told.notify_all()

    def _hear(self, told: dict[str, Any], buffers: list[Any]) -> None:
        seen = self.seen
        if told["run"] == seen.run and told["number"] != seen.number + 1:
            seen.gaps += 1
        seen.number = told["number"]
        arrays = unpacked(told, buffers)
        seen.bytes += sum(array.nbytes for array in arrays.values())
        if told["kind"] == "snapshot":
            seen.run, seen.step, seen.row = told["run"], told["step"], told["step"]
            seen.playing = told["settings"]["playing"]
        elif told["kind"] == "frame":
            steps = arrays["steps"]
            if len(steps) and not np.array_equal(steps, np.arange(seen.row + 1, told["step"] + 1)):
                seen.gaps += 1
            seen.frames, seen.rows = seen.frames + 1, seen.rows + len(steps)
            seen.step, seen.row, seen.at = told["step"], told["step"], time.monotonic()
            assert told["sequence_steps"][-1] == told["step"]
            assert np.isfinite(arrays["sequences"]).all()
        elif told["kind"] == "settings":
            seen.playing = told["settings"]["playing"]
        elif told["kind"] == "acknowledgement":
            seen.open_ids.discard(told["id"])
        elif told["kind"] == "refusal":
            seen.refusals.append(told["reason"])
            seen.open_ids.discard(told["id"])

    def until(self, condition: Any, what: str, seconds: float = WAIT) -> None:
        with self._told:
            assert self._told.wait_for(condition, seconds), f"waited in vain for {what}: {self.seen}"

    # ---- what goes ----------------------------------------------------------------------------------------------

    def send(self, **content: Any) -> None:
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": self._comm, "data": data})
        self.client.shell_channel.send(message)

    def ask(self, kind: str, **content: Any) -> None:
        """Send what is answered by an acknowledgement or a refusal."""
        identifier = next(self._ids)
        with self._told:
            self.seen.open_ids.add(identifier)
        self.send(kind=kind, id=identifier, **content)

    def receipt(self) -> None:
        """Report twice a second what was painted last."""
        if time.monotonic() >= self._receipt_at:
            self._receipt_at = time.monotonic() + 0.5
            self.send(kind="receipt", number=self.seen.number)

    def python(self, expression: str, setup: str = "") -> Any:
        """Run a cell and evaluate an expression after it."""
        value = {"value": f"json.dumps({expression})"}
        request = self.client.execute(setup, user_expressions=value, store_history=False)
        while (reply := self.client.get_shell_msg(timeout=WAIT))["parent_header"].get("msg_id") != request:
            pass
        assert reply["content"]["status"] == "ok", reply["content"]
        answer = reply["content"]["user_expressions"]["value"]
        assert answer["status"] == "ok", answer
        return json.loads(eval(answer["data"]["text/plain"]))

    def busy(self) -> float:
        """Return the seconds of the processor that the kernel has used."""
        times = self.process.cpu_times()
        return times.user + times.system

    def open(self) -> None:
        """Make the widget and show it."""
        self.python("0", SETUP)
        self.until(lambda: self._comm, "the widget")
        self.send(kind="hello", protocol=1)
        self.until(lambda: self.seen.run, "the snapshot")

    def close(self) -> None:
        self._over = True
        self._reader.join()
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def hands() -> Iterator[dict[str, Any]]:
    """What a person does, over and over: edits, drags, freezes, switches, other settings."""
    for gesture in itertools.count(1):
        index = gesture % 30
        yield {"type": "edit", "start": index, "values": [0.1, 0.2, 0.3]}
        for value in (0.2, 0.4, 0.6):
            yield {"type": "move_point", "index": index, "value": value, "radius": 5, "gesture": gesture}
        yield {"type": "release", "gesture": gesture}
        yield {"type": "freeze", "start": 40, "stop": 50}
        yield {"type": "set_regularizer", "name": "total_variation", "enabled": gesture % 2 == 0}
        yield {"type": "set_regularizer", "name": "noise", "enabled": gesture % 2 == 1, "parameters": {"amount": 0.01}}
        yield {"type": "unfreeze", "start": 40, "stop": 50}
        yield {"type": "set_learning_rate", "learning_rate": 0.05 if gesture % 2 else 0.02}


@dataclasses.dataclass
class Segment:
    """Part of the run.

    Attributes
    ----------
    rate : float
        Steps per second.
    share : float
        Of the rate of the bare loop before and after it.
    busy_share : float
        The same by processor time of the kernel: on a machine that is busy otherwise it tells more.
    memory : float
        Resident in the kernel after it, MB.
    """

    rate: float
    share: float
    busy_share: float
    memory: float


def segment(page: Page, steps: int, hand: Iterator[dict[str, Any]], number: int) -> Segment:
    """Play for so many steps with commands all along, then pause; now and then go back."""
    before = page.python(f"list(bare({BARE}))")
    first = page.seen.step
    page.send(kind="play")
    page.until(lambda: page.seen.playing and page.seen.step > first, "the first frame")
    begin_step, begin, begin_busy = page.seen.step, page.seen.at, page.busy()
    for position in range(1, COMMANDS + 1):
        target = first + steps * position // COMMANDS
        while page.seen.step < target:
            seen = page.seen.frames
            page.until(lambda seen=seen: page.seen.frames > seen, "a frame")
            page.receipt()
        page.ask("command", command=next(hand))
    taken, passed, busy = page.seen.step - begin_step, page.seen.at - begin, page.busy() - begin_busy
    page.send(kind="pause")
    page.until(lambda: not page.seen.playing and not page.seen.open_ids, "the end of the segment")
    for way in ("undo", "redo", "undo") if number % 5 == 4 else ():
        page.ask(way)
        page.until(lambda: not page.seen.open_ids, way)
    after = page.python(f"list(bare({BARE}))")
    step = page.python("w.session.step_count")
    page.until(lambda: page.seen.step == step, "the last frame")
    bare, bare_busy = (statistics.mean(rates) for rates in zip(before, after, strict=True))
    memory = page.process.memory_info().rss / 2**20
    return Segment(taken / passed, taken / passed / bare, taken / busy / bare_busy, memory)


def report(page: Page, done: list[Segment], steps: int, seconds: float) -> bool:
    """Print the table and tell whether all is met."""
    seen, tenth = page.seen, max(1, len(done) // 10)
    first, last, middle = done[:tenth], done[-tenth:], done[(len(done) - tenth) // 2 :][:tenth]
    taken = page.python("w.session.step_count")
    rows, sequences = page.python("[kept[0], len(kept[1])]", CLOSED)
    threads, widgets = page.python("[len(threads), instances]")
    grown = median(last, "memory") / median(middle, "memory") - 1
    slower = median(last, "share") / median(first, "share")
    unanswered = len(seen.refusals) + len(seen.open_ids)
    judged = steps >= JUDGED
    print("\n| what | seen | wanted | |\n|---|---|---|---|")
    line("steps of the run", f"{taken:,}", f"about {steps:,}", met=taken >= 0.98 * steps)
    line("frames, rows in them", f"{seen.frames:,}, {seen.rows:,}")
    line("gaps in the numbers of messages, or of rows", seen.gaps, 0, met=not seen.gaps)
    line("commands refused or unanswered", unanswered, 0, met=not unanswered)
    line("rows of the history, sequences kept", f"{rows:,}, {sequences:,}")
    line("memory at half, at the end (MB)", pair(middle, last, "memory", ".0f"))
    line("the one over the other", f"{grown:+.1%}", "below +2 %", met=grown < 0.02 if judged else None)
    line("steps/s, in the first and last tenth", pair(first, last, "rate", ".0f"))
    line("of the bare loop by processor time", pair(first, last, "busy_share", ".1%"))
    line("of the bare loop", pair(first, last, "share", ".1%"))
    line("the last tenth over the first", f"{slower:.1%}", "at least 95 %", met=slower >= 0.95 if judged else None)
    line("threads left after close()", threads, 0, met=not threads)
    line("widgets left after close()", widgets, 0, met=not widgets)
    print(
        f"\n{seconds / 60:.1f} minutes" + ("" if judged else f"; memory and pace are judged from {JUDGED:,} steps on")
    )
    for reason in dict.fromkeys(seen.refusals):
        print(reason)
    return not MISSED


MISSED: list[str] = []


def line(what: str, value: object, wanted: object = "", met: bool | None = None) -> None:
    if met is False:
        MISSED.append(what)
    print(f"| {what} | {value} | {wanted} | {'' if met is None else 'met' if met else 'NOT met'} |")


def median(segments: list[Segment], figure: str) -> float:
    return statistics.median(getattr(one, figure) for one in segments)


def pair(one: list[Segment], other: list[Segment], figure: str, form: str) -> str:
    return f"{median(one, figure):{form}}, {median(other, figure):{form}}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=1_000_000)
    steps = parser.parse_args().steps
    page, hand, begin = Page(), hands(), time.monotonic()
    try:
        page.open()
        done: list[Segment] = []
        for number in range(SEGMENTS):
            done.append(segment(page, steps * (number + 1) // SEGMENTS - page.seen.step, hand, number))
            one = done[-1]
            print(
                f"step {page.seen.step:,}: {one.rate:.0f} steps/s, {one.share:.1%} of the bare loop "
                f"({one.busy_share:.1%} by processor time), {one.memory:.0f} MB",
                flush=True,
            )
        is_good = report(page, done, steps, time.monotonic() - begin)
    finally:
        page.close()
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
