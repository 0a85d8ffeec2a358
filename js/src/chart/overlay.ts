/** What lies over the curves and can be touched: control points, locks, the hand's traces. */

import type { Gesture } from "../edit/gesture";
import { between, raisedCosine } from "../edit/kernel";
import type { Frozen } from "../protocol";
import { div, set, svg } from "./elements";
import { valueField } from "./field";
import { type Locks, locksOn } from "./locks";
import type { SequenceChart } from "./sequence";

/** How high the bump stands that shows how far an edit reaches. */
const BUMP = 30;
/** Of the field for a value, in pixels. */
const FIELD = { width: 96, height: 30 };

/** Where the keyboard has its brush or (with a value) its pen. */
export interface CaretState {
  readonly index: number;
  readonly value: number | null;
  readonly text: string;
}

export interface OverlayState {
  readonly points: readonly number[];
  readonly frozen: readonly Frozen[];
  readonly held: Gesture | null;
  /** How far a hold of the control point in focus would reach. */
  readonly reach: number;
  readonly caret: CaretState | null;
  readonly brush: { readonly start: number; readonly stop: number; readonly thaws: boolean } | null;
  /** Nothing runs: screen readers hear the values now, not 30 times a second. */
  readonly isAtRest: boolean;
  /** Control points are drawn with the curve; the handles over them follow at a reader's pace. */
  readonly isReading: boolean;
}

export interface OverlayEvents {
  unlock(band: Frozen): void;
  /** A value was typed. */
  set(index: number, value: number): void;
  /** The focus has moved. */
  touched(): void;
}

interface Handle {
  readonly hit: SVGCircleElement;
  readonly point: SVGCircleElement;
}

export class Overlay {
  readonly #chart: SequenceChart;
  readonly #events: OverlayEvents;
  readonly #layer = svg("svg", "seqdream-overlay");
  readonly #bump = svg("path", "seqdream-bump");
  readonly #tether = svg("line", "seqdream-tether");
  readonly #brush = svg("rect", "seqdream-brush");
  readonly #grip = svg("circle", "seqdream-grip");
  readonly #handles = new Map<number, Handle>();
  readonly #group = svg("g", "seqdream-points");
  readonly #tip = div("seqdream-tip");
  readonly #caret = div("seqdream-caret");
  readonly #field = valueField();
  readonly #locks: Locks;

  constructor(chart: SequenceChart, events: OverlayEvents) {
    this.#chart = chart;
    this.#events = events;
    this.#locks = locksOn(chart, events.unlock);
    this.#grip.setAttribute("r", "7");
    set(this.#caret, { role: "slider", tabindex: 0 });
    this.#layer.append(this.#brush, this.#bump, this.#tether, this.#group, this.#grip);
    const { element } = this.#field;
    chart.over.append(this.#caret, this.#layer, this.#locks.element, this.#tip, element);
    for (const kind of ["focusin", "focusout"] as const) {
      this.#group.addEventListener(kind, () => events.touched());
    }
  }

  update(state: OverlayState): void {
    this.#placePoints(state);
    this.#placeHeld(state.held);
    this.#placeBump(state);
    this.#placeBrush(state.brush);
    this.#placeCaret(state.caret);
    this.#locks.update(state.frozen);
  }

  focusPoint(index: number): boolean {
    const handle = this.#handles.get(index);
    handle?.point.focus({ preventScroll: true });
    return handle !== undefined;
  }

  focusCaret(): void {
    this.#caret.focus({ preventScroll: true });
  }

  /** The control point in focus. */
  focused(): number | null {
    const index = this.#group.querySelector(":focus")?.getAttribute("data-index");
    return index == null ? null : Number(index);
  }

  /** Asks for the value of a control point. */
  type(index: number): void {
    const { over, values, units, channel } = this.#chart;
    const value = values[index] ?? 0;
    const shown = units.value(value, channel);
    const x = between(this.#chart.xOf(index) + 12, 0, over.clientWidth - FIELD.width);
    const y = between(this.#chart.yOf(value) - 38, 0, over.clientHeight - FIELD.height);
    const name = `Value at sample ${index}`;
    this.#field.open(name, String(Number(shown.toPrecision(4))), [x, y], (typed) => {
      this.focusPoint(index);
      if (typed !== null) this.#events.set(index, units.modelValue(typed, channel));
    });
  }

  #handle(index: number): Handle {
    const known = this.#handles.get(index);
    if (known !== undefined) return known;
    // The ring people aim at is larger than the dot they see.
    const handle = { hit: svg("circle", "seqdream-hit"), point: svg("circle", "seqdream-point") };
    set(handle.hit, { r: 13 });
    set(handle.point, {
      r: 5,
      role: "slider",
      tabindex: 0,
      "aria-label": `Control point at sample ${index}`,
      "aria-orientation": "vertical",
      "data-index": index,
    });
    // Tab goes through them along time.
    const after = [...this.#handles.keys()].filter((other) => other > index);
    const next = this.#handles.get(Math.min(...after))?.hit ?? null;
    this.#group.insertBefore(handle.hit, next);
    this.#group.insertBefore(handle.point, next);
    this.#handles.set(index, handle);
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
      point.classList.toggle("is-held", held?.grip.index === index);
      if (isAtRest || isNew) {
        set(point, {
          "aria-valuemin": low.toFixed(3),
          "aria-valuemax": high.toFixed(3),
          "aria-valuenow": Number.isFinite(value) ? value.toFixed(4) : 0,
          "aria-valuetext": this.#chart.words(index, value),
        });
      }
    }
  }

  #placeHeld(held: Gesture | null): void {
    for (const part of [this.#tether, this.#grip]) part.style.display = held ? "" : "none";
    this.#tip.hidden = held === null;
    if (held === null) return;
    const { over } = this.#chart;
    const { index, value, radius, grip } = held;
    const [x, y] = [this.#chart.xOf(index), this.#chart.yOf(value)];
    set(this.#grip, { cx: x.toFixed(1), cy: y.toFixed(1) });
    const [x2, y2] = [this.#chart.xOf(grip.index), this.#chart.yOf(grip.from)];
    set(this.#tether, { x1: x, x2, y1: y, y2 });
    this.#tip.textContent = `${this.#chart.words(index, value)} · r ${radius}`;
    const isRoomRight = x + 20 + this.#tip.offsetWidth < over.clientWidth;
    const left = isRoomRight ? x + 18 : x - 18 - this.#tip.offsetWidth;
    const top = Math.min(Math.max(0, y - 36), over.clientHeight - 30);
    this.#tip.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  }

  /** How far the hand reaches, or would. */
  #placeBump({ held, reach }: OverlayState): void {
    const index = held?.index ?? this.focused();
    this.#bump.style.display = index === null ? "none" : "";
    this.#bump.classList.toggle("is-waiting", held === null);
    if (index === null) return;
    const radius = held?.radius ?? reach;
    const floor = this.#chart.over.clientHeight;
    const pieces = 32;
    const outline = Array.from({ length: pieces + 1 }, (_, piece) => {
      const distance = radius * ((2 * piece) / pieces - 1);
      const x = this.#chart.xOf(index + distance);
      return `${x.toFixed(1)} ${(floor - BUMP * raisedCosine(distance, radius)).toFixed(1)}`;
    });
    set(this.#bump, { d: `M${outline.join("L")}Z` });
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

  #placeCaret(caret: CaretState | null): void {
    this.#caret.hidden = caret === null;
    if (caret === null) return;
    const { index, value, text } = caret;
    this.#caret.style.transform = `translateX(${Math.round(this.#chart.xOf(index))}px)`;
    this.#caret.style.setProperty(
      "--sd-pen",
      value === null ? "-99px" : `${Math.round(this.#chart.yOf(value))}px`,
    );
    set(this.#caret, {
      "aria-label": value === null ? "Brush" : "Pen",
      "aria-valuemin": 0,
      "aria-valuemax": this.#chart.time - 1,
      "aria-valuenow": index,
      "aria-valuetext": text,
    });
  }
}
