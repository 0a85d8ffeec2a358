/** What lies over the curves and can be touched: control points, locks, the hand's traces. */

import { raisedCosine } from "../edit/kernel";
import { figure } from "../format";
import type { Frozen } from "../protocol";
import { Locks } from "./locks";
import type { SequenceChart } from "./sequence";
import { set, svg } from "./svg";

/** How high the bump stands that shows how far an edit reaches. */
const BUMP = 30;

/** What the hand holds: a sample at `value`, with its neighbourhood, since it stood at `from`. */
export interface Held {
  readonly index: number;
  readonly value: number;
  readonly radius: number;
  readonly from: number;
}

export interface OverlayState {
  readonly points: readonly number[];
  readonly frozen: readonly Frozen[];
  readonly held: Held | null;
  readonly brush: { readonly start: number; readonly stop: number; readonly thaws: boolean } | null;
  /** Nothing runs: screen readers hear the values now, not 30 times a second. */
  readonly isAtRest: boolean;
  /** Control points are drawn with the curve; the handles over them follow at a reader's pace. */
  readonly isReading: boolean;
}

export class Overlay {
  readonly #chart: SequenceChart;
  readonly #layer = svg("svg", "seqdream-overlay");
  readonly #bump = svg("path", "seqdream-bump");
  readonly #tether = svg("line", "seqdream-tether");
  readonly #brush = svg("rect", "seqdream-brush");
  readonly #grip = svg("circle", "seqdream-grip");
  readonly #handles = new Map<number, { hit: SVGCircleElement; point: SVGCircleElement }>();
  readonly #group = svg("g", "seqdream-points");
  readonly #tip = document.createElement("div");
  readonly #locks: Locks;

  constructor(chart: SequenceChart, onUnlock: (band: Frozen) => void) {
    this.#chart = chart;
    this.#tip.className = "seqdream-tip";
    this.#locks = new Locks(chart, onUnlock);
    this.#grip.setAttribute("r", "7");
    this.#layer.append(this.#brush, this.#bump, this.#tether, this.#group, this.#grip);
    chart.over.append(this.#layer, this.#locks.element, this.#tip);
  }

  update(state: OverlayState): void {
    this.#placePoints(state);
    this.#placeHeld(state.held);
    this.#placeBrush(state.brush);
    this.#locks.update(state.frozen);
  }

  focusPoint(index: number): boolean {
    const handle = this.#handles.get(index);
    handle?.point.focus({ preventScroll: true });
    return handle !== undefined;
  }

  #handle(index: number) {
    let handle = this.#handles.get(index);
    if (handle === undefined) {
      // The ring people aim at is larger than the dot they see.
      handle = { hit: svg("circle", "seqdream-hit"), point: svg("circle", "seqdream-point") };
      set(handle.hit, { r: 13 });
      set(handle.point, {
        r: 5,
        role: "slider",
        tabindex: 0,
        "aria-label": `Control point at sample ${index}`,
        "aria-orientation": "vertical",
        "data-index": index,
      });
      this.#handles.set(index, handle);
      this.#group.append(handle.hit, handle.point);
    }
    return handle;
  }

  #placePoints({ points, held, isAtRest, isReading }: OverlayState): void {
    for (const [index, { hit, point }] of this.#handles) {
      if (points.includes(index)) continue;
      hit.remove();
      point.remove();
      this.#handles.delete(index);
    }
    const { low, high } = this.#chart.range;
    for (const index of points) {
      const isNew = !this.#handles.has(index);
      const { hit, point } = this.#handle(index);
      if (!isAtRest && !isReading && !isNew && held === null && !point.matches(":focus")) continue;
      const value = this.#chart.values[index] ?? Number.NaN;
      const x = this.#chart.xOf(index).toFixed(1);
      const y = (Number.isFinite(value) ? this.#chart.yOf(value) : -100).toFixed(1);
      set(hit, { cx: x, cy: y });
      set(point, { cx: x, cy: y });
      point.classList.toggle("is-held", held?.index === index);
      if (isAtRest || isNew) {
        set(point, {
          "aria-valuemin": low.toFixed(3),
          "aria-valuemax": high.toFixed(3),
          "aria-valuenow": Number.isFinite(value) ? value.toFixed(4) : 0,
          "aria-valuetext": figure(value),
        });
      }
    }
  }

  #placeHeld(held: Held | null): void {
    for (const part of [this.#bump, this.#tether, this.#grip]) {
      part.style.display = held === null ? "none" : "";
    }
    this.#tip.hidden = held === null;
    if (held === null) return;
    const { over } = this.#chart;
    const x = this.#chart.xOf(held.index);
    const y = this.#chart.yOf(held.value);
    set(this.#grip, { cx: x.toFixed(1), cy: y.toFixed(1) });
    set(this.#tether, { x1: x, x2: x, y1: y, y2: this.#chart.yOf(held.from) });
    set(this.#bump, { d: this.#bumpPath(held) });
    this.#tip.textContent = `t ${held.index} · ${figure(held.value)} · r ${held.radius}`;
    const isRoomRight = x + 20 + this.#tip.offsetWidth < over.clientWidth;
    const left = isRoomRight ? x + 18 : x - 18 - this.#tip.offsetWidth;
    const top = Math.min(Math.max(0, y - 36), over.clientHeight - 30);
    this.#tip.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  }

  #bumpPath({ index, radius }: Held): string {
    const floor = this.#chart.over.clientHeight;
    const pieces = 32;
    const outline = Array.from({ length: pieces + 1 }, (_, piece) => {
      const distance = radius * ((2 * piece) / pieces - 1);
      const x = this.#chart.xOf(index + distance);
      return `${x.toFixed(1)} ${(floor - BUMP * raisedCosine(distance, radius)).toFixed(1)}`;
    });
    return `M${outline.join("L")}Z`;
  }

  #placeBrush(brush: OverlayState["brush"]): void {
    this.#brush.style.display = brush === null ? "none" : "";
    if (brush === null) return;
    const left = this.#chart.xOf(brush.start - 0.5);
    const right = this.#chart.xOf(brush.stop - 0.5);
    set(this.#brush, {
      x: left,
      y: 0,
      width: Math.max(1, right - left),
      height: this.#chart.over.clientHeight,
    });
    this.#brush.classList.toggle("is-thawing", brush.thaws);
  }
}
