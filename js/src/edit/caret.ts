/** The keyboard's place on the curve: where a brush or a pen is, put down and lifted with Enter. */

import { type Signal, signal } from "@preact/signals";
import { brushed } from "../chart/geometry";
import { figure } from "../format";
import type { View } from "../view";
import { between, drawn } from "./kernel";
import type { Stroke } from "./stroke";

/** With Shift a key goes this part of the curve, or of the value axis. */
const LARGE = { time: 1 / 20, value: 1 / 10 };
const SMALL = 1 / 100;

export interface Place {
  readonly index: number;
  /** Where the pen is. */
  readonly value: number;
}

export interface Caret {
  readonly place: Signal<Place | null>;
  /** Its brush or pen is down. */
  readonly isDown: boolean;
  readonly stroke: Stroke | null;
  /** Where it is; in the middle at first. */
  at(): Place;
  /** In words. */
  text(): string;
  key(event: KeyboardEvent): boolean;
  /** The hand goes elsewhere: what was drawn stays, what was selected is let go. */
  leave(): void;
}

export function caretOf(view: View): Caret {
  const place = signal<Place | null>(null);
  let anchor: number | null = null;
  let stroke: Stroke | null = null;
  const isDown = () => anchor !== null || stroke !== null;
  const isPen = () => view.tool.value === "draw";

  const at = (): Place => {
    const { values, time } = view.chart;
    const known = place.peek();
    const index = Math.min(time - 1, known?.index ?? Math.floor(time / 2));
    return { index, value: known?.value ?? values[index] ?? 0 };
  };

  const text = (): string => {
    const { index, value } = at();
    const selected = view.brush.value;
    if (isPen()) return `sample ${index} at ${figure(value)}, pen ${isDown() ? "down" : "up"}`;
    return selected === null
      ? `sample ${index}`
      : `samples ${selected.start} to ${selected.stop - 1} selected`;
  };

  const select = (): void => {
    if (anchor === null) return;
    const thaws = view.hand.kindAt(anchor) === "unfreeze";
    view.brush.value = { ...brushed(anchor, at().index, view.chart.time), thaws };
  };

  const lift = (): void => {
    stroke = null;
    anchor = null;
    view.brush.value = null;
    place.value = at();
  };
  const leave = (): void => {
    if (!isDown()) return;
    stroke?.release();
    lift();
  };
  /** Everything as before it was put down. */
  const restore = (): boolean => {
    if (!isDown()) return false;
    stroke?.cancel();
    lift();
    return true;
  };

  const go = (by: number): void => {
    const { time, values } = view.chart;
    const from = at();
    const index = between(from.index + by, 0, time - 1);
    const to = { index, value: stroke === null ? (values[index] ?? from.value) : from.value };
    stroke?.add(view.hand.allowed(drawn(from, to)));
    view.reveal(index);
    place.value = to;
    select();
  };

  const rise = (by: number): boolean => {
    if (!isPen()) return false;
    const { low, high } = view.chart.range;
    const { index, value } = at();
    const to = { index, value: value + by * (high - low) };
    stroke?.add(view.hand.allowed(drawn(to, to)));
    place.value = stroke === null ? to : { index, value: view.hand.limited(index, to.value) };
    return true;
  };

  const press = (): void => {
    const { hand } = view;
    const here = at();
    if (isPen()) {
      if (stroke !== null) {
        leave();
        hand.say("Drawn");
        return;
      }
      stroke = hand.pen();
      stroke.add(hand.allowed(drawn(here, here)));
      place.value = here;
      return;
    }
    if (anchor === null) {
      anchor = here.index;
      select();
      return;
    }
    const { start, stop } = brushed(anchor, here.index, view.chart.time);
    const kind = hand.kindAt(anchor);
    lift();
    void hand.apply(kind, start, stop);
  };

  const key = ({ key, shiftKey }: KeyboardEvent): boolean => {
    const { time } = view.chart;
    const stride = shiftKey ? Math.max(2, Math.round(time * LARGE.time)) : 1;
    const height = shiftKey ? LARGE.value : SMALL;
    const along = { ArrowLeft: -stride, ArrowRight: stride, Home: -time, End: time }[key];
    const up = { ArrowUp: height, ArrowDown: -height }[key];
    if (up !== undefined) return rise(up);
    if (key === "Escape") return restore();
    if (along !== undefined) go(along);
    else if (key === "Enter") press();
    else return false;
    return true;
  };

  return {
    place,
    get isDown() {
      return isDown();
    },
    get stroke() {
      return stroke;
    },
    at,
    text,
    key,
    leave,
  };
}
