/** What lies over the curves and can be touched: control points, locks, the hand's traces. */

import type { Gesture } from "../edit/gesture";
import { between, raisedCosine } from "../edit/kernel";
import type { Frozen } from "../protocol";
import { div, set, svg } from "./elements";
import { valueField } from "./field";
import { locksOn } from "./locks";
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

export interface Overlay {
  update(state: OverlayState): void;
  /** Whether there is such a point to go to. */
  focusPoint(index: number): boolean;
  focusCaret(): void;
  /** The control point in focus. */
  focused(): number | null;
  /** Asks for the value of a control point. */
  type(index: number): void;
}

export function overlayOn(chart: SequenceChart, events: OverlayEvents): Overlay {
  const { over } = chart;
  const layer = svg("svg", "seqdream-overlay");
  const bump = svg("path", "seqdream-bump");
  const tether = svg("line", "seqdream-tether");
  const chosen = svg("rect", "seqdream-brush");
  const ring = svg("circle", "seqdream-grip");
  const group = svg("g", "seqdream-points");
  const tip = div("seqdream-tip");
  const mark = div("seqdream-caret");
  const field = valueField();
  const locks = locksOn(chart, events.unlock);
  const handles = new Map<number, Handle>();
  ring.setAttribute("r", "7");
  set(mark, { role: "slider", tabindex: 0 });
  layer.append(chosen, bump, tether, group, ring);
  over.append(mark, layer, locks.element, tip, field.element);
  for (const kind of ["focusin", "focusout"]) group.addEventListener(kind, events.touched);

  const focusPoint = (index: number): boolean => {
    const handle = handles.get(index);
    handle?.point.focus({ preventScroll: true });
    return handle !== undefined;
  };

  const focusCaret = (): void => {
    mark.focus({ preventScroll: true });
  };

  /** The control point in focus. */
  const focused = (): number | null => {
    const index = group.querySelector(":focus")?.getAttribute("data-index");
    return index == null ? null : Number(index);
  };

  /** Asks for the value of a control point. */
  const type = (index: number): void => {
    const { values, units, channel } = chart;
    const value = values[index] ?? 0;
    const shown = units.value(value, channel);
    const x = between(chart.xOf(index) + 12, 0, over.clientWidth - FIELD.width);
    const y = between(chart.yOf(value) - 38, 0, over.clientHeight - FIELD.height);
    const name = `Value at sample ${index}`;
    field.open(name, String(Number(shown.toPrecision(4))), [x, y], (typed) => {
      focusPoint(index);
      if (typed !== null) events.set(index, units.modelValue(typed, channel));
    });
  };

  const handleOf = (index: number): Handle => {
    const known = handles.get(index);
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
    const after = [...handles.keys()].filter((other) => other > index);
    const next = handles.get(Math.min(...after))?.hit ?? null;
    group.insertBefore(handle.hit, next);
    group.insertBefore(handle.point, next);
    handles.set(index, handle);
    return handle;
  };

  const placePoints = ({ points, held, isAtRest, isReading }: OverlayState): void => {
    for (const [index, { hit, point }] of handles) {
      if (points.includes(index)) continue;
      hit.remove();
      point.remove();
      handles.delete(index);
    }
    const { low, high } = chart.range;
    for (const index of points) {
      const isNew = !handles.has(index);
      const { hit, point } = handleOf(index);
      if (!isAtRest && !isReading && !isNew && held === null && !point.matches(":focus")) continue;
      const value = chart.values[index] ?? Number.NaN;
      const x = chart.xOf(index).toFixed(1);
      const y = (Number.isFinite(value) ? chart.yOf(value) : -100).toFixed(1);
      set(hit, { cx: x, cy: y });
      set(point, { cx: x, cy: y });
      point.classList.toggle("is-held", held?.grip.index === index);
      if (isAtRest || isNew) {
        set(point, {
          "aria-valuemin": low.toFixed(3),
          "aria-valuemax": high.toFixed(3),
          "aria-valuenow": Number.isFinite(value) ? value.toFixed(4) : 0,
          "aria-valuetext": chart.words(index, value),
        });
      }
    }
  };

  const placeHeld = (held: Gesture | null): void => {
    for (const part of [tether, ring]) part.style.display = held ? "" : "none";
    tip.hidden = held === null;
    if (held === null) return;
    const { index, value, radius, grip } = held;
    const [x, y] = [chart.xOf(index), chart.yOf(value)];
    set(ring, { cx: x.toFixed(1), cy: y.toFixed(1) });
    const [x2, y2] = [chart.xOf(grip.index), chart.yOf(grip.from)];
    set(tether, { x1: x, x2, y1: y, y2 });
    tip.textContent = `${chart.words(index, value)} · r ${radius}`;
    const isRoomRight = x + 20 + tip.offsetWidth < over.clientWidth;
    const left = isRoomRight ? x + 18 : x - 18 - tip.offsetWidth;
    const top = Math.min(Math.max(0, y - 36), over.clientHeight - 30);
    tip.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  };

  /** How far the hand reaches, or would. */
  const placeBump = ({ held, reach }: OverlayState): void => {
    const index = held?.index ?? focused();
    bump.style.display = index === null ? "none" : "";
    bump.classList.toggle("is-waiting", held === null);
    if (index === null) return;
    const radius = held?.radius ?? reach;
    const floor = over.clientHeight;
    const pieces = 32;
    const outline = Array.from({ length: pieces + 1 }, (_, piece) => {
      const distance = radius * ((2 * piece) / pieces - 1);
      const x = chart.xOf(index + distance);
      return `${x.toFixed(1)} ${(floor - BUMP * raisedCosine(distance, radius)).toFixed(1)}`;
    });
    set(bump, { d: `M${outline.join("L")}Z` });
  };

  const placeBrush = (brush: OverlayState["brush"]): void => {
    chosen.style.display = brush === null ? "none" : "";
    if (brush === null) return;
    const left = chart.xOf(brush.start - 0.5);
    const right = chart.xOf(brush.stop - 0.5);
    set(chosen, {
      x: left,
      y: 0,
      width: Math.max(1, right - left),
      height: over.clientHeight,
    });
    chosen.classList.toggle("is-thawing", brush.thaws);
  };

  const placeCaret = (caret: CaretState | null): void => {
    mark.hidden = caret === null;
    if (caret === null) return;
    const { index, value, text } = caret;
    mark.style.transform = `translateX(${Math.round(chart.xOf(index))}px)`;
    mark.style.setProperty(
      "--sd-pen",
      value === null ? "-99px" : `${Math.round(chart.yOf(value))}px`,
    );
    set(mark, {
      "aria-label": value === null ? "Brush" : "Pen",
      "aria-valuemin": 0,
      "aria-valuemax": chart.time - 1,
      "aria-valuenow": index,
      "aria-valuetext": text,
    });
  };
  const update = (state: OverlayState): void => {
    placePoints(state);
    placeHeld(state.held);
    placeBump(state);
    placeBrush(state.brush);
    placeCaret(state.caret);
    locks.update(state.frozen);
  };
  return { update, focusPoint, focusCaret, focused, type };
}
