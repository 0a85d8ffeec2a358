"""What benchmarks of a real page share: notes of messages and of painting, a bare echo, drags with the real pointer."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from tests.browser.jupyter import Kernel

ECHO_CLASS = """
import anywidget

class Echo(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      el.textContent = "echo"; el.id = "bench-echo";
      const sent = new Map();
      window.bench.echo = (id) => { sent.set(id, performance.now()); model.send({ id }); };
      model.on("msg:custom", ({ id }) => window.bench.echoes.push(performance.now() - sent.get(id)));
    } }'''
"""
ECHO = """echo = Echo()
echo.on_msg(lambda widget, content, buffers: widget.send(content))
echo"""

# Notes when a move leaves the page and when its acknowledgement arrives, and how large frames are, by looking at the
# head of each message; and when the curve is painted after a move of the pointer, and whether it is where that is.
SNIFFER = r"""
window.bench = { moves: new Map(), delays: [], echoes: [], frames: [], bqplot: 0, painted: [], late: 0, missed: 0 };
{
  const decoder = new TextDecoder("latin1");
  const head = (data) => typeof data === "string" ? data : decoder.decode(new Uint8Array(data).subarray(0, 4000));
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (!this.isSniffed) {
      this.isSniffed = true;
      this.addEventListener("message", ({ data }) => {
        const text = head(data);
        if (/"kind":\s*"frame"/.test(text)) window.bench.frames.push(data.byteLength ?? data.length);
        const found = /"kind":\s*"acknowledgement",\s*"id":\s*(\d+)/.exec(text);
        if (found && window.bench.moves.has(found[1]))
          window.bench.delays.push(performance.now() - window.bench.moves.get(found[1]));
      });
    }
    const found = /"kind":"command","id":(\d+),"command":\{"type":"move_point"/.exec(head(data));
    if (found) window.bench.moves.set(found[1], performance.now());
    return send.call(this, data);
  };

  let moved = null;
  addEventListener("pointermove", (event) => {
    if (event.buttons !== 1 || moved !== null) return;
    moved = { when: performance.now(), frames: 0, x: event.clientX, y: event.clientY };
    const count = () => { if (moved !== null) { moved.frames += 1; requestAnimationFrame(count); } };
    requestAnimationFrame(count);
  }, { capture: true });
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...path) {
    stroke.apply(this, path);
    // The control points are painted last, and nothing else with a stroke of this width.
    if (moved === null || this.lineWidth !== 2 || this.canvas.closest(".seqdream-chart") === null) return;
    const { when, frames, x, y } = moved;
    moved = null;
    window.bench.painted.push(performance.now() - when);
    // Its own frame counts as one, unless the curve was painted before the count.
    if (frames > 1) window.bench.late += 1;
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    const left = Math.round((x - box.left - 4) * ratio), top = Math.round((y - box.top - 14) * ratio);
    const { data } = this.getImageData(left, top, Math.round(8 * ratio), Math.round(28 * ratio));
    const colour = [1, 3, 5].map((at) => Number.parseInt(this.strokeStyle.slice(at, at + 2), 16));
    const isOfCurve = (at) => colour.every((value, channel) => Math.abs(data[at + channel] - value) < 24);
    if (!Array.from({ length: data.length / 4 }, (_, pixel) => 4 * pixel).some(isOfCurve)) window.bench.missed += 1;
  };
}
"""


def handle_at(page: Page, number: int = 5) -> tuple[float, float]:
    """Return where a control point is, in the middle of the page's chart."""
    box = page.locator(".seqdream [role=slider][data-index]").nth(number).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def dragged(page: Page, python: Kernel, seconds: float) -> tuple[list[float], list[float]]:
    """Drag while it streams; return the delays of moves and of bare echoes, in milliseconds."""
    root = page.locator(".seqdream")
    root.get_by_role("button", name="Play", exact=True).click()
    python.until("w.session.step_count > 50")
    page.evaluate("() => { window.bench.delays.length = window.bench.echoes.length = 0; }")
    x, y = handle_at(page)
    page.mouse.move(x, y)
    page.mouse.down()
    begin, number = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        page.mouse.move(x, y + 40 * (number % 10 - 5) / 5)
        page.wait_for_timeout(45)
        page.evaluate("id => window.bench.echo(id)", number)
        page.wait_for_timeout(45)
        number += 1
    page.mouse.up()
    page.wait_for_timeout(500)
    root.get_by_role("button", name="Pause", exact=True).click()
    python.until("not w.playing")
    python("w.reset()")
    return page.evaluate("[window.bench.delays, window.bench.echoes]")
