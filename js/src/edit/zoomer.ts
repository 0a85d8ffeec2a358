/** Zoom and pan by wheel, pinch and drag. */

import type { SequenceChart } from "../chart/sequence";
import { panned, zoomed } from "../chart/zoom";
import { listen } from "../listen";
import type { View } from "../view";
import { isOnButton } from "./pointer";

/** Of the wheel's own pixels: so many show twice as much. */
const DOUBLE = 240;
/** A drag shorter than this many pixels is a click. */
const SLACK = 4;
/** Two clicks within so many milliseconds are a double one. */
const TWICE = 400;

export interface Zoomer {
  /** Escape: nothing is zoomed. */
  cancel(): boolean;
}

export function zoomerOn(view: View, chart: SequenceChart, signal: AbortSignal): Zoomer {
  const { over } = chart;
  let drag: { readonly pointer: number; readonly from: number } | null = null;
  let clicked = Number.NEGATIVE_INFINITY;

  const cancel = (): boolean => {
    const wasBusy = drag !== null;
    drag = null;
    chart.showBrush(null);
    return wasBusy;
  };
  const xOf = (event: MouseEvent) => event.clientX - over.getBoundingClientRect().left;
  const isTool = () => view.tool.value === "zoom";
  const pan = (from: number, to: number) =>
    view.look(panned(chart.visible, chart.indexAt(from) - chart.indexAt(to), chart.time));

  const wheel = (event: WheelEvent): void => {
    // While a sample is held, the wheel is its reach.
    if (view.pointer?.isBusy) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch comes as a wheel with Ctrl.
    if (event.ctrlKey || event.metaKey || (isTool() && event.deltaX === 0 && !event.shiftKey)) {
      event.preventDefault();
      const factor = 2 ** ((event.deltaY * unit) / DOUBLE);
      view.look(zoomed(chart.visible, chart.indexAt(xOf(event)), factor, chart.time));
      return;
    }
    const sideways = (event.deltaX || (event.shiftKey ? event.deltaY : 0)) * unit;
    if (sideways === 0 || !view.isZoomed) return;
    event.preventDefault();
    pan(sideways, 0);
  };
  const pointerdown = (event: PointerEvent): void => {
    if (!isTool() || event.button !== 0 || isOnButton(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    view.focus();
    drag = { pointer: event.pointerId, from: xOf(event) };
    over.setPointerCapture(event.pointerId);
  };
  const pointermove = (event: PointerEvent): void => {
    if (drag?.pointer !== event.pointerId) return;
    event.stopImmediatePropagation();
    const [from, to] = [drag.from, xOf(event)];
    if (event.shiftKey) {
      pan(from, to);
      drag = { pointer: event.pointerId, from: to };
    } else {
      chart.showBrush(Math.abs(to - from) > SLACK ? [from, to] : null);
    }
  };
  const pointerup = (event: PointerEvent): void => {
    if (drag?.pointer !== event.pointerId) return;
    event.stopImmediatePropagation();
    const [from, to] = [drag.from, xOf(event)];
    cancel();
    if (!event.shiftKey && Math.abs(to - from) > SLACK) {
      const ends = [chart.indexAt(from), chart.indexAt(to)] as const;
      view.look({ low: Math.min(...ends), high: Math.max(...ends) });
    } else if (performance.now() - clicked < TWICE) {
      view.look(null);
    }
    clicked = performance.now();
  };
  listen(over, { wheel }, { signal, capture: true, passive: false });
  const handlers = { pointerdown, pointermove, pointerup, pointercancel: cancel };
  listen(over, handlers, { signal, capture: true });
  return { cancel };
}
