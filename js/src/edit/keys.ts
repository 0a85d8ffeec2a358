/** The keyboard: shortcuts of the widget, and everything the pointer does without one. */

import { listen } from "../listen";
import type { View } from "../view";
import type { Gesture } from "./gesture";
import type { Hold, Tool } from "./hand";

/** One press moves a point by this part of the value axis, or by one sample; with Shift, by ten of them. */
const PRESS = 1 / 100;
const LARGE = 10;

/** Controls that have a use of their own for the space bar or for letters. */
const OWNS_SPACE = "button, input, select, textarea, summary, a[href]";
const OWNS_LETTERS = "select, textarea, input:not([type=range], [type=radio], [type=checkbox])";

const TOOLS: Readonly<Record<string, Tool>> = {
  d: "drag",
  p: "draw",
  b: "brush",
  f: "freeze",
  z: "zoom",
};
const ARROWS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];

export function keysOn(view: View, signal: AbortSignal): void {
  const { root, store, hand, caret } = view;
  let gesture: Gesture | null = null;
  let hold: Hold = "around";

  const letGo = (): void => {
    const held = gesture;
    if (held === null) return;
    // First: whoever loses the focus by it asks again.
    gesture = null;
    view.letGo(held);
    view.hold(null);
  };

  const goBack = (key: string, isShifted: boolean): boolean => {
    if (key !== "z" && key !== "y") return false;
    letGo();
    view.goBack(key === "y" || isShifted ? "redo" : "undo");
    return true;
  };

  /** A held key is one gesture until it is let go. */
  const nudge = (index: number, { key, shiftKey, altKey }: KeyboardEvent): void => {
    if (view.pointer?.isBusy) return;
    const isAlong = key === "ArrowLeft" || key === "ArrowRight";
    const wished = isAlong ? "level" : altKey ? "alone" : "around";
    if (hold !== wished) letGo();
    hold = wished;
    gesture ??= hand.take(index, hold);
    if (gesture === null) return;
    const size = (key === "ArrowUp" || key === "ArrowRight" ? 1 : -1) * (shiftKey ? LARGE : 1);
    const { low, high } = view.chart.range;
    if (isAlong) gesture.moveTo(gesture.index + size, gesture.value);
    else gesture.moveTo(gesture.index, gesture.value + size * PRESS * (high - low));
    view.hold(gesture);
  };

  const restore = (): boolean => {
    if (gesture === null) return false;
    gesture.cancel();
    gesture = null;
    view.hold(null);
    return true;
  };

  const onPoint = (event: KeyboardEvent, index: number): boolean => {
    const { key } = event;
    if (ARROWS.includes(key)) {
      nudge(index, event);
      return true;
    }
    if (event.altKey) return false;
    if (key === "Escape") return restore();
    if (key === "Enter") {
      letGo();
      view.type(index);
    } else if (key === "Delete" || key === "Backspace") view.togglePoint(index, null);
    else if (key === "n") view.addPointAfter(index);
    else return false;
    return true;
  };

  /** Keys for what is in focus on the chart. */
  const onChart = (event: KeyboardEvent, target: Element): boolean => {
    const point = target.getAttribute("data-index");
    if (point !== null) return onPoint(event, Number(point));
    return target.matches(".seqdream-caret") && !event.altKey && caret.key(event);
  };

  /** Zoom and pan: + - 0 with any tool, arrows with the zoom. */
  const look = ({ key }: KeyboardEvent, target: Element): boolean => {
    const zoom = { "+": -1, "=": -1, "-": 1, "0": 0 }[key];
    const pan = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (zoom !== undefined) view.zoom(zoom);
    else if (pan !== undefined && view.tool.value === "zoom" && !target.matches("input"))
      view.pan(pan);
    else return false;
    return true;
  };

  const shortcut = (event: KeyboardEvent, target: Element): boolean => {
    const { pointer } = view;
    if (event.altKey) return false;
    if (event.key === "Escape" && pointer?.isBusy) {
      pointer.cancel();
      return true;
    }
    if (event.key === " ") {
      if (target.matches(OWNS_SPACE) || event.repeat) return false;
      view.togglePlay();
      return true;
    }
    if (target.matches(OWNS_LETTERS)) return false;
    if (event.key === "Escape" && view.cancelZoom()) return true;
    if (look(event, target)) return true;
    const key = event.key.toLowerCase();
    const tool = TOOLS[key];
    if (key === "?") view.isHelping.value = true;
    else if (event.shiftKey) return false;
    else if (tool !== undefined) view.pick(tool);
    else if (key === "e") hand.snap(!hand.isSnapping.value);
    else if (key === "c") view.keep();
    else if (key !== "s") return false;
    else if (!view.isPlaying()) store.stepOnce();
    return true;
  };

  const keydown = (event: KeyboardEvent): void => {
    // The notebook has shortcuts on the same keys.
    event.stopPropagation();
    const { target, key } = event;
    if (view.isReadOnly || !(target instanceof Element) || target.closest("dialog")) return;
    const isText = target.matches(OWNS_LETTERS);
    if ((key === "[" || key === "]") && !isText) {
      // Whatever else is pressed: on many keyboards these need AltGr, which counts as Ctrl and Alt.
      hand.widen(gesture, key === "]");
      event.preventDefault();
      return;
    }
    const isDone =
      event.ctrlKey || event.metaKey
        ? !event.altKey && goBack(key.toLowerCase(), event.shiftKey)
        : onChart(event, target) || shortcut(event, target);
    if (isDone) event.preventDefault();
  };
  const keyup = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (ARROWS.includes(event.key)) letGo();
  };
  const focusout = (): void => {
    letGo();
    caret.leave();
  };
  listen(root, { keydown, keyup, focusout }, { signal });
}
