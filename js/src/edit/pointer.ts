/** The pointer on the main chart: mouse, pen or finger, with whatever tool is in the hand. */

import { brushed, sampleNear } from "../chart/geometry";
import type { SequenceChart } from "../chart/sequence";
import { listen } from "../listen";
import type { View } from "../view";
import type { Gesture } from "./gesture";
import type { Hold } from "./hand";
import { between, drawn } from "./kernel";

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
  moveTo(spots: readonly Spot[]): void;
  end(): void;
  cancel(): void;
}

function distance(one: Spot, other: Spot): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function holdOf(event: PointerEvent): Hold {
  return event.altKey ? "alone" : event.shiftKey ? "level" : "around";
}

/** Something in the chart has a use of its own for a press. */
export function isOnButton({ target }: Event): boolean {
  return target instanceof Element && target.closest("button, input") !== null;
}

export interface Pointer {
  /** It is down. */
  readonly isBusy: boolean;
  /** Whether a hand may be about to take hold there. */
  isNear(index: number): boolean;
  /** Escape: everything as before the press. */
  cancel(): void;
}

export function pointerOn(view: View, chart: SequenceChart, signal: AbortSignal): Pointer {
  const { over } = chart;
  const { hand } = view;
  let action: Action | null = null;
  let gesture: Gesture | null = null;
  let from: Spot = { x: 0, y: 0 };
  let hasMoved = false;
  let click: (Spot & { readonly time: number }) | null = null;
  let held: number | null = null;
  /** Where it hovers; control points near it stay where they are. */
  let hovers: number | null = null;

  const at = (event: MouseEvent): Spot => {
    const box = over.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  /** The control point under a position. */
  const pointAt = (spot: Spot, reach: number): number | null => {
    const haste = view.isPlaying() ? HASTE : 1;
    let best: { index: number; distance: number } | null = null;
    for (const index of view.points()) {
      const [x, y] = [chart.xOf(index), chart.yOf(chart.values[index] ?? Number.NaN)];
      const away = Math.hypot(x - spot.x, (y - spot.y) / haste);
      if (away <= reach + POINT && away < (best?.distance ?? Number.POSITIVE_INFINITY)) {
        best = { index, distance: away };
      }
    }
    return best?.index ?? null;
  };

  /** The sample under a position: a control point first, then the curve itself. */
  const sampleAt = (spot: Spot, reach: number): number | null => {
    const index = pointAt(spot, reach) ?? sampleNear(chart.values, chart, spot.x, spot.y, reach);
    return index === null || hand.isFrozen(index) ? null : index;
  };

  /** The second of two clicks on one spot. */
  const isSecond = (spot: Spot, reach: number): boolean =>
    click !== null && performance.now() - click.time < TWICE && distance(click, spot) <= reach;

  const dragTo = (held: Gesture, spot: Spot): void => {
    const { low, high } = chart.range;
    // By how far the hand went, so that a press beside the point does not make it jump.
    const value = held.grip.from + chart.valueAt(spot.y) - chart.valueAt(from.y);
    const index = held.grip.index + chart.indexAt(spot.x) - chart.indexAt(from.x);
    held.moveTo(index, between(value, low, high));
    view.hold(held);
  };

  const take = (event: PointerEvent, spot: Spot): Action | null => {
    const reach = REACH[event.pointerType] ?? MOUSE;
    const index = sampleAt(spot, reach);
    if (isSecond(spot, reach)) {
      click = null;
      view.togglePoint(pointAt(spot, reach), index);
      return null;
    }
    const taken = index === null ? null : hand.take(index, holdOf(event));
    if (index === null || taken === null) return null;
    gesture = taken;
    if (!view.focusPoint(index)) view.focus();
    view.hold(taken);
    return {
      moveTo: (spots) => hasMoved && dragTo(taken, spots.at(-1) ?? spot),
      end: () => view.letGo(taken),
      cancel: () => taken.cancel(),
    };
  };

  const draw = (spot: Spot): Action => {
    view.focus();
    const pen = hand.pen();
    view.drawWith(pen);
    let last = spot;
    const place = ({ x, y }: Spot) => ({
      index: between(Math.round(chart.indexAt(x)), 0, chart.time - 1),
      value: between(chart.valueAt(y), chart.range.low, chart.range.high),
    });
    const line = (to: Spot) => {
      pen.add(hand.allowed(drawn(place(last), place(to))));
      view.drawWith(pen);
      last = to;
    };
    return {
      moveTo: (spots) => hasMoved && spots.forEach(line),
      end: () => {
        pen.release();
        if (!pen.isUntouched) hand.say("Drawn");
      },
      cancel: () => pen.cancel(),
    };
  };

  const brush = (spot: Spot): Action => {
    view.focus();
    const { brush } = view;
    const first = chart.indexAt(spot.x);
    const kind = hand.kindAt(Math.round(first));
    return {
      moveTo: (spots) => {
        const to = spots.at(-1) ?? spot;
        if (brush.value === null && Math.abs(to.x - spot.x) <= SLACK) return;
        const stretch = brushed(first, chart.indexAt(to.x), chart.time);
        brush.value = { ...stretch, thaws: kind === "unfreeze" };
      },
      end: () => {
        const stretch = brush.value;
        if (stretch !== null) void hand.apply(kind, stretch.start, stretch.stop);
      },
      cancel: () => undefined,
    };
  };

  const begin = (event: PointerEvent, spot: Spot): Action | null => {
    const tool = hand.tool.value;
    if (tool === "drag") return take(event, spot);
    return tool === "draw" ? draw(spot) : brush(spot);
  };

  const end = (): void => {
    if (held === null) return;
    const [pointer, ended] = [held, action];
    held = action = gesture = null;
    if (over.hasPointerCapture(pointer)) over.releasePointerCapture(pointer);
    ended?.end();
    view.brush.value = null;
    view.drawWith(null);
    view.hold(null);
  };
  const cancel = (): void => {
    action?.cancel();
    action = null;
    end();
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || held !== null || isOnButton(event) || view.isReadOnly) return;
    // The default would take the focus away again.
    event.preventDefault();
    from = at(event);
    hasMoved = false;
    view.caret.leave();
    action = begin(event, from);
    if (action === null) {
      view.focus();
      return;
    }
    held = event.pointerId;
    over.setPointerCapture(held);
  };

  const hover = (event: PointerEvent, spot: Spot): void => {
    if (held !== null || hand.tool.value !== "drag" || event.pointerType === "touch") return;
    const isNear = !view.isReadOnly && sampleAt(spot, MOUSE) !== null;
    over.classList.toggle("is-grabbable", isNear);
  };

  const move = (event: PointerEvent): void => {
    const spot = at(event);
    hovers = event.pointerType === "touch" ? null : spot.x;
    if (event.pointerId !== held) {
      hover(event, spot);
      return;
    }
    hasMoved ||= distance(spot, from) > SLACK;
    // A fast pen is heard more often than the page draws.
    const heard = event.getCoalescedEvents?.() ?? [];
    action?.moveTo(heard.length > 0 ? heard.map(at) : [spot]);
  };

  const handlers = {
    pointerdown: down,
    pointermove: move,
    pointerup: (event: PointerEvent) => {
      if (event.pointerId !== held) return;
      click = hasMoved ? null : { ...at(event), time: performance.now() };
      end();
    },
    pointercancel: cancel,
    lostpointercapture: end,
    pointerleave: () => {
      hovers = null;
    },
  };
  // A finger that has taken hold does not scroll the page; it comes after its pointer.
  const touchstart = (event: TouchEvent) => {
    if (held !== null && event.cancelable) event.preventDefault();
  };
  const wheel = (event: WheelEvent) => {
    if (gesture === null) return;
    event.preventDefault();
    hand.widen(gesture, event.deltaY < 0);
    view.hold(gesture);
  };
  listen(over, handlers, { signal });
  listen(over, { touchstart }, { signal, passive: false });
  // What is held may have been carried over the edge of the chart.
  listen(view.root, { wheel }, { signal, passive: false });

  return {
    get isBusy() {
      return held !== null;
    },
    isNear: (index) => hovers !== null && Math.abs(chart.xOf(index) - hovers) < NEAR,
    cancel,
  };
}
