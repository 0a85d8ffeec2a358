/** The pointer on the main chart: mouse, pen or finger, with whatever tool is in the hand. */

import { brushed, sampleNear } from "../chart/geometry";
import type { SequenceChart } from "../chart/sequence";
import type { View } from "../view";
import type { Gesture } from "./gesture";
import type { Hold } from "./hand";
import { between, drawn } from "./kernel";
import type { Stroke } from "./stroke";

/** How near a press has to be to take the curve: a mouse is exact, a finger is not. */
const MOUSE = 8;
const REACH: Readonly<Record<string, number>> = { mouse: MOUSE, pen: 12, touch: 18 };
/** Control points so near to a mouse stay where they are. */
const NEAR = 24;
/** A control point is taken from a little farther. */
const POINT = 4;
/** While it dreams a point moves on as one aims: it is missed by so much less in height. */
const HASTE = 3;
/** A press that moves less than this is a click. */
const SLACK = 2;
/** Two clicks within so many milliseconds are a double one. */
const TWICE = 400;

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** What the pointer does from press to release. */
interface Action {
  moveTo(spots: readonly Spot[], hasMoved: boolean): void;
  end(): void;
  cancel(): void;
}

function distance(one: Spot, other: Spot): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function holdOf(event: PointerEvent): Hold {
  return event.altKey ? "alone" : event.shiftKey ? "level" : "around";
}

export class Pointer {
  readonly #view: View;
  readonly #chart: SequenceChart;
  #action: Action | null = null;
  #gesture: Gesture | null = null;
  #from: Spot = { x: 0, y: 0 };
  #hasMoved = false;
  #click: (Spot & { readonly time: number }) | null = null;
  #pointer: number | null = null;
  /** Where it hovers; control points near it stay where they are. */
  #hovers: number | null = null;

  constructor(view: View, chart: SequenceChart, signal: AbortSignal) {
    this.#view = view;
    this.#chart = chart;
    const { over } = chart;
    over.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    over.addEventListener("pointermove", (event) => this.#move(event), { signal });
    over.addEventListener("pointerup", (event) => this.#up(event), { signal });
    over.addEventListener("pointercancel", () => this.cancel(), { signal });
    over.addEventListener("lostpointercapture", () => this.#end(), { signal });
    over.addEventListener("pointerleave", () => this.#leave(), { signal });
    over.addEventListener("touchstart", (event) => this.#touch(event), { signal, passive: false });
    over.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
  }

  get isBusy(): boolean {
    return this.#pointer !== null;
  }

  /** Whether a hand may be about to take hold there. */
  isNear(index: number): boolean {
    return this.#hovers !== null && Math.abs(this.#chart.xOf(index) - this.#hovers) < NEAR;
  }

  /** Escape: everything as before the press. */
  cancel(): void {
    this.#action?.cancel();
    this.#action = null;
    this.#end();
  }

  #at(event: MouseEvent): Spot {
    const box = this.#chart.over.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** The control point under a position. */
  #pointAt(spot: Spot, reach: number): number | null {
    const chart = this.#chart;
    const haste = this.#view.isPlaying() ? HASTE : 1;
    let best: { index: number; distance: number } | null = null;
    for (const index of this.#view.points()) {
      const [x, y] = [chart.xOf(index), chart.yOf(chart.values[index] ?? Number.NaN)];
      const away = Math.hypot(x - spot.x, (y - spot.y) / haste);
      if (away <= reach + POINT && away < (best?.distance ?? Number.POSITIVE_INFINITY)) {
        best = { index, distance: away };
      }
    }
    return best?.index ?? null;
  }

  /** The sample under a position: a control point first, then the curve itself. */
  #sampleAt(spot: Spot, reach: number): number | null {
    const chart = this.#chart;
    const point = this.#pointAt(spot, reach);
    const index = point ?? sampleNear(chart.values, chart, spot.x, spot.y, reach);
    return index === null || this.#view.hand.isFrozen(index) ? null : index;
  }

  #down(event: PointerEvent): void {
    const isOnButton =
      event.target instanceof Element && event.target.closest("button, input") !== null;
    if (event.button !== 0 || this.isBusy || isOnButton || this.#view.isReadOnly) return;
    // The default would take the focus away again.
    event.preventDefault();
    const spot = this.#at(event);
    this.#from = spot;
    this.#hasMoved = false;
    this.#view.caret.leave();
    this.#action = this.#begin(event, spot);
    if (this.#action === null) {
      this.#view.root.focus({ preventScroll: true });
      return;
    }
    this.#pointer = event.pointerId;
    this.#chart.over.setPointerCapture(event.pointerId);
  }

  /** A finger that has taken hold does not scroll the page; it comes after its pointer. */
  #touch(event: TouchEvent): void {
    if (this.isBusy && event.cancelable) event.preventDefault();
  }

  #begin(event: PointerEvent, spot: Spot): Action | null {
    switch (this.#view.hand.tool.value) {
      case "drag":
        return this.#take(event, spot);
      case "draw":
        return this.#draw(spot);
      default:
        return this.#brush(spot);
    }
  }

  #take(event: PointerEvent, spot: Spot): Action | null {
    const reach = REACH[event.pointerType] ?? MOUSE;
    const index = this.#sampleAt(spot, reach);
    if (this.#isSecond(spot, reach)) {
      this.#click = null;
      this.#view.togglePoint(this.#pointAt(spot, reach), index);
      return null;
    }
    if (index === null) return null;
    const { hand } = this.#view;
    const gesture = hand.take(index, holdOf(event));
    if (gesture === null) return null;
    this.#gesture = gesture;
    if (!this.#view.focusPoint(index)) this.#view.root.focus({ preventScroll: true });
    this.#view.hold(gesture);
    return {
      moveTo: (spots, hasMoved) => hasMoved && this.#dragTo(gesture, spots),
      end: () => this.#view.letGo(gesture),
      cancel: () => gesture.cancel(),
    };
  }

  /** The second of two clicks on one spot. */
  #isSecond(spot: Spot, reach: number): boolean {
    const click = this.#click;
    return (
      click !== null && performance.now() - click.time < TWICE && distance(click, spot) <= reach
    );
  }

  #dragTo(gesture: Gesture, spots: readonly Spot[]): void {
    const spot = spots.at(-1);
    if (spot === undefined) return;
    const { grip } = gesture;
    const chart = this.#chart;
    const { low, high } = chart.range;
    // By how far the hand went, so that a press beside the point does not make it jump.
    const value = grip.from + chart.valueAt(spot.y) - chart.valueAt(this.#from.y);
    const index = grip.index + chart.indexAt(spot.x) - chart.indexAt(this.#from.x);
    gesture.moveTo(index, between(value, low, high));
    this.#view.hold(gesture);
  }

  #draw(spot: Spot): Action {
    this.#view.root.focus({ preventScroll: true });
    const pen = this.#view.hand.pen();
    this.#view.drawWith(pen);
    let last = spot;
    const line = (to: Spot) => {
      this.#line(pen, last, to);
      last = to;
    };
    return {
      moveTo: (spots, hasMoved) => hasMoved && spots.forEach(line),
      end: () => {
        pen.release();
        if (!pen.isUntouched) this.#view.hand.say("Drawn");
      },
      cancel: () => pen.cancel(),
    };
  }

  #line(pen: Stroke, from: Spot, to: Spot): void {
    const { hand } = this.#view;
    const chart = this.#chart;
    const { low, high } = chart.range;
    const place = ({ x, y }: Spot) => ({
      index: between(Math.round(chart.indexAt(x)), 0, chart.time - 1),
      value: between(chart.valueAt(y), low, high),
    });
    const { start, values } = drawn(place(from), place(to));
    pen.add({ start, values: values.map((value, at) => hand.limited(start + at, value)) });
    this.#view.drawWith(pen);
  }

  #brush(spot: Spot): Action {
    this.#view.root.focus({ preventScroll: true });
    const chart = this.#chart;
    const first = chart.indexAt(spot.x);
    const kind = this.#view.hand.kindAt(Math.round(first));
    return {
      moveTo: (spots) => {
        const to = spots.at(-1) ?? spot;
        if (this.#view.brush.value === null && Math.abs(to.x - spot.x) <= SLACK) return;
        const stretch = brushed(first, chart.indexAt(to.x), chart.time);
        this.#view.brush.value = { ...stretch, thaws: kind === "unfreeze" };
      },
      end: () => {
        const stretch = this.#view.brush.value;
        if (stretch !== null) void this.#view.hand.apply(kind, stretch.start, stretch.stop);
      },
      cancel: () => undefined,
    };
  }

  #move(event: PointerEvent): void {
    const spot = this.#at(event);
    this.#hovers = event.pointerType === "touch" ? null : spot.x;
    if (event.pointerId !== this.#pointer) {
      this.#hover(event, spot);
      return;
    }
    this.#hasMoved ||= distance(spot, this.#from) > SLACK;
    // A fast pen is heard more often than the page draws.
    const heard = event.getCoalescedEvents?.() ?? [];
    const spots = heard.length > 0 ? heard.map((one) => this.#at(one)) : [spot];
    this.#action?.moveTo(spots, this.#hasMoved);
  }

  #hover(event: PointerEvent, spot: Spot): void {
    if (this.isBusy || this.#view.hand.tool.value !== "drag" || event.pointerType === "touch")
      return;
    const isNear = !this.#view.isReadOnly && this.#sampleAt(spot, MOUSE) !== null;
    this.#chart.over.classList.toggle("is-grabbable", isNear);
  }

  #leave(): void {
    this.#hovers = null;
  }

  #up(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    this.#click = this.#hasMoved ? null : { ...this.#at(event), time: performance.now() };
    this.#end();
  }

  #end(): void {
    if (this.#pointer === null) return;
    const { over } = this.#chart;
    const [pointer, action] = [this.#pointer, this.#action];
    this.#pointer = null;
    this.#action = null;
    this.#gesture = null;
    if (over.hasPointerCapture(pointer)) over.releasePointerCapture(pointer);
    action?.end();
    this.#view.brush.value = null;
    this.#view.drawWith(null);
    this.#view.hold(null);
  }

  #wheel(event: WheelEvent): void {
    const gesture = this.#gesture;
    if (gesture === null) return;
    event.preventDefault();
    this.#view.hand.widen(gesture, event.deltaY < 0);
    this.#view.hold(gesture);
  }
}
