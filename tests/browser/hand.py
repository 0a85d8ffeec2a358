"""What a hand does to the dream in a browser, and what Python tells of it."""

from __future__ import annotations

from playwright.sync_api import expect

WATCH = """
def deeds():
    return len(w.session.timeline.undoable)
def last():
    events = [e for e in w.session.timeline.events() if type(e).__name__ == "Done"]
    return events[-1]
def changed(before):
    return np.flatnonzero(w.sequence[0, 0].numpy() != before.numpy()).tolist()
"""


class Axes:
    """Where samples and values are on the page at rest, told by the control points that are drawn."""

    def __init__(self, bench):
        bench.agrees()  # a picture that is still to come may have another scale
        points = bench.root.evaluate(
            """root => {
              const box = root.querySelector(".seqdream-area").getBoundingClientRect();
              return [...root.querySelectorAll("[data-index]")].map(point => ({
                index: Number(point.dataset.index), value: Number(point.getAttribute("aria-valuenow")),
                x: box.left + Number(point.getAttribute("cx")), y: box.top + Number(point.getAttribute("cy")),
              }));
            }"""
        )
        low, high = (pick(points, key=lambda point: point["value"]) for pick in (min, max))
        first, last = points[0], points[-1]
        self._first, self._low = first, low
        self._wide = (last["x"] - first["x"]) / (last["index"] - first["index"])
        self._tall = (high["y"] - low["y"]) / (high["value"] - low["value"])

    def at(self, index: float, value: float) -> tuple[float, float]:
        x = self._first["x"] + (index - self._first["index"]) * self._wide
        return x, self._low["y"] + (value - self._low["value"]) * self._tall


def remember(bench) -> None:
    bench.python("1", setup="before, count = w.sequence[0, 0], deeds()")


def one_deed(bench) -> None:
    """Wait until exactly one more thing can be undone."""
    bench.python.until("deeds() == count + 1 and not w.session.gestures")


def taken_back(bench) -> None:
    """Undo by key: all is as it was remembered."""
    bench.root.press("Control+z")
    bench.python.until("deeds() == count and bool((w.sequence[0, 0] == before).all())")
    bench.agrees()


def indices(bench) -> list[int]:
    return sorted(map(int, bench.points()))


def path(bench, *places: tuple[float, float], hold: str | None = None) -> None:
    """Press, go from place to place, and let go."""
    mouse = bench.page.mouse
    mouse.move(*places[0])
    if hold:
        bench.page.keyboard.down(hold)
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=6)
    mouse.up()
    if hold:
        bench.page.keyboard.up(hold)


def said(bench, words: str) -> None:
    expect(bench.root.locator("[aria-live=polite]")).to_contain_text(words)


def take(bench, tool: str) -> None:
    bench.root.get_by_role("radio", name=tool, exact=True).click()
