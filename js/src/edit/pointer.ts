/** The pointer on the main chart: drags the curve, or brushes what is to be frozen. */

import { brushed, sampleNear } from "../chart/geometry";
import type { SequenceChart } from "../chart/sequence";
import type { View } from "../view";
import { Gesture } from "./gesture";
import { defaultRadius, isFrozen } from "./kernel";

/** How near a press has to be to take the curve, for a mouse and for a finger. */
const REACH = { mouse: 8, touch: 16 };
/** A press that moves less than this is a click. */
const SLACK = 2;

interface Drag {
  readonly gesture: Gesture;
  readonly x: number;
  readonly y: number;
  hasMoved: boolean;
}

export class Pointer {
  readonly #view: View;
  readonly #chart: SequenceChart;
  #drag: Drag | null = null;
  #brushFrom: number | null = null;
  #pointer: number | null = null;

  constructor(view: View, chart: SequenceChart, signal: AbortSignal) {
    this.#view = view;
    this.#chart = chart;
    const { over } = chart;
    over.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    over.addEventListener("pointermove", (event) => this.#move(event), { signal });
    over.addEventListener("pointerup", (event) => this.#up(event), { signal });
    over.addEventListener("pointercancel", () => this.cancel(), { signal });
    over.addEventListener("lostpointercapture", () => this.#end(), { signal });
    over.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
  }

  get isBusy(): boolean {
    return this.#pointer !== null;
  }

  /** Escape: everything as before the press. */
  cancel(): void {
    this.#drag?.gesture.cancel();
    this.#drag = null;
    this.#brushFrom = null;
    this.#view.brush.value = null;
    this.#end();
  }

  #at(event: MouseEvent): { x: number; y: number } {
    const box = this.#chart.over.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** The sample under a position: a control point first, then the curve itself. */
  #sampleAt(x: number, y: number, reach: number): number | null {
    const chart = this.#chart;
    let best: { index: number; distance: number } | null = null;
    for (const index of this.#view.points()) {
      const distance = Math.hypot(chart.xOf(index) - x, chart.yOf(chart.values[index] ?? 0) - y);
      if (distance <= reach + 4 && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
        best = { index, distance };
      }
    }
    const index = best?.index ?? sampleNear(chart.values, chart, x, y, reach);
    if (index === null) return null;
    return isFrozen(this.#view.frozen(), index, this.#view.channel.value) ? null : index;
  }

  #down(event: PointerEvent): void {
    const isOnButton = event.target instanceof Element && event.target.closest("button") !== null;
    if (event.button !== 0 || this.isBusy || isOnButton || this.#view.isReadOnly) return;
    // The default would take the focus away again.
    event.preventDefault();
    const { x, y } = this.#at(event);
    const isTaken = this.#view.tool.value === "drag" ? this.#take(event, x, y) : this.#brush(x);
    if (!isTaken) {
      this.#view.root.focus({ preventScroll: true });
      return;
    }
    this.#pointer = event.pointerId;
    this.#chart.over.setPointerCapture(event.pointerId);
  }

  #take(event: PointerEvent, x: number, y: number): boolean {
    const index = this.#sampleAt(x, y, event.pointerType === "touch" ? REACH.touch : REACH.mouse);
    if (index === null) return false;
    const chart = this.#chart;
    const gesture = new Gesture(this.#view.store, {
      index,
      channel: this.#view.namedChannel(),
      from: chart.values[index] ?? 0,
      radius: defaultRadius(chart.time),
      time: chart.time,
    });
    this.#drag = { gesture, x, y, hasMoved: false };
    if (!this.#view.focusPoint(index)) this.#view.root.focus({ preventScroll: true });
    this.#view.hold(gesture);
    return true;
  }

  #brush(x: number): boolean {
    this.#brushFrom = x;
    this.#view.root.focus({ preventScroll: true });
    return true;
  }

  #move(event: PointerEvent): void {
    const { x, y } = this.#at(event);
    if (event.pointerId !== this.#pointer) this.#hover(event, x, y);
    else if (this.#drag !== null) this.#dragTo(this.#drag, x, y);
    else if (this.#brushFrom !== null) this.#brushTo(this.#brushFrom, x);
  }

  #dragTo(drag: Drag, x: number, y: number): void {
    drag.hasMoved ||= Math.hypot(x - drag.x, y - drag.y) > SLACK;
    if (!drag.hasMoved) return;
    const chart = this.#chart;
    const { low, high } = chart.range;
    // By how far the hand went, so that a press beside the point does not make it jump.
    const value = drag.gesture.grip.from + chart.valueAt(y) - chart.valueAt(drag.y);
    drag.gesture.moveTo(Math.min(high, Math.max(low, value)));
    this.#view.hold(drag.gesture);
  }

  #brushTo(from: number, x: number): void {
    if (this.#view.brush.value === null && Math.abs(x - from) <= SLACK) return;
    const chart = this.#chart;
    const first = chart.indexAt(from);
    const thaws = isFrozen(this.#view.frozen(), Math.round(first), this.#view.channel.value);
    this.#view.brush.value = { ...brushed(first, chart.indexAt(x), chart.time), thaws };
  }

  #hover(event: PointerEvent, x: number, y: number): void {
    if (this.isBusy || this.#view.tool.value !== "drag" || event.pointerType === "touch") return;
    const isNear = !this.#view.isReadOnly && this.#sampleAt(x, y, REACH.mouse) !== null;
    this.#chart.over.classList.toggle("is-grabbable", isNear);
  }

  #up(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    const brush = this.#view.brush.value;
    if (this.#brushFrom !== null && brush !== null) {
      const { start, stop, thaws } = brush;
      void this.#view.store.command({
        type: thaws ? "unfreeze" : "freeze",
        start,
        stop,
        channel: this.#view.namedChannel(),
      });
    }
    this.#end();
  }

  #end(): void {
    if (this.#pointer === null) return;
    const { over } = this.#chart;
    const pointer = this.#pointer;
    this.#pointer = null;
    if (over.hasPointerCapture(pointer)) over.releasePointerCapture(pointer);
    this.#drag?.gesture.release();
    this.#drag = null;
    this.#brushFrom = null;
    this.#view.brush.value = null;
    this.#view.hold(null);
  }

  #wheel(event: WheelEvent): void {
    if (this.#drag === null) return;
    event.preventDefault();
    const { gesture } = this.#drag;
    const wider = event.deltaY < 0;
    const next = gesture.radius * (wider ? 1.15 : 1 / 1.15);
    gesture.reach(wider ? Math.max(gesture.radius + 1, next) : Math.min(gesture.radius - 1, next));
    this.#view.hold(gesture);
  }
}
