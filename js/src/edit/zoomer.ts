/** Zoom and pan by wheel, pinch and drag. */

import type { SequenceChart } from "../chart/sequence";
import { panned, zoomed } from "../chart/zoom";
import type { View } from "../view";

/** Of the wheel's own pixels: so many show twice as much. */
const DOUBLE = 240;
/** A drag shorter than this many pixels is a click. */
const SLACK = 4;
/** Two clicks within so many milliseconds are a double one. */
const TWICE = 400;

export class Zoomer {
  readonly #view: View;
  readonly #chart: SequenceChart;
  #drag: { readonly pointer: number; readonly from: number } | null = null;
  #clicked = Number.NEGATIVE_INFINITY;

  constructor(view: View, chart: SequenceChart, signal: AbortSignal) {
    this.#view = view;
    this.#chart = chart;
    const { over } = chart;
    const options = { signal, capture: true };
    over.addEventListener("wheel", (event) => this.#wheel(event), { ...options, passive: false });
    over.addEventListener("pointerdown", (event) => this.#down(event), options);
    over.addEventListener("pointermove", (event) => this.#move(event), options);
    over.addEventListener("pointerup", (event) => this.#up(event), options);
    over.addEventListener("pointercancel", () => this.cancel(), options);
  }

  /** Escape: nothing is zoomed. */
  cancel(): boolean {
    const wasBusy = this.#drag !== null;
    this.#drag = null;
    this.#chart.showBrush(null);
    return wasBusy;
  }

  #x(event: MouseEvent): number {
    return event.clientX - this.#chart.over.getBoundingClientRect().left;
  }

  get #isTool(): boolean {
    return this.#view.tool.value === "zoom";
  }

  #wheel(event: WheelEvent): void {
    // While a sample is held, the wheel is its reach.
    if (this.#view.pointer?.isBusy) return;
    const chart = this.#chart;
    const { visible, time } = chart;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch comes as a wheel with Ctrl.
    if (event.ctrlKey || event.metaKey || (this.#isTool && event.deltaX === 0 && !event.shiftKey)) {
      event.preventDefault();
      const factor = 2 ** ((event.deltaY * unit) / DOUBLE);
      this.#view.look(zoomed(visible, chart.indexAt(this.#x(event)), factor, time));
      return;
    }
    const sideways = (event.deltaX || (event.shiftKey ? event.deltaY : 0)) * unit;
    if (sideways === 0 || !this.#view.isZoomed) return;
    event.preventDefault();
    this.#view.look(panned(visible, chart.indexAt(sideways) - chart.indexAt(0), time));
  }

  #down(event: PointerEvent): void {
    const isOnButton = event.target instanceof Element && event.target.closest("button, input");
    if (!this.#isTool || event.button !== 0 || isOnButton) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#view.root.focus({ preventScroll: true });
    this.#drag = { pointer: event.pointerId, from: this.#x(event) };
    this.#chart.over.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    if (this.#drag?.pointer !== event.pointerId) return;
    event.stopImmediatePropagation();
    const [from, to] = [this.#drag.from, this.#x(event)];
    if (event.shiftKey) {
      const by = this.#chart.indexAt(from) - this.#chart.indexAt(to);
      this.#view.look(panned(this.#chart.visible, by, this.#chart.time));
      this.#drag = { pointer: event.pointerId, from: to };
    } else {
      this.#chart.showBrush(Math.abs(to - from) > SLACK ? [from, to] : null);
    }
  }

  #up(event: PointerEvent): void {
    if (this.#drag?.pointer !== event.pointerId) return;
    event.stopImmediatePropagation();
    const chart = this.#chart;
    const [from, to] = [this.#drag.from, this.#x(event)];
    this.cancel();
    if (!event.shiftKey && Math.abs(to - from) > SLACK) {
      const ends = [chart.indexAt(from), chart.indexAt(to)] as const;
      this.#view.look({ low: Math.min(...ends), high: Math.max(...ends) });
    } else if (performance.now() - this.#clicked < TWICE) {
      this.#view.look(null);
    }
    this.#clicked = performance.now();
  }
}
