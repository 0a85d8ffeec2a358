/** The keyboard: shortcuts of the widget, and everything the pointer does without one. */

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

export class Keys {
  readonly #view: View;
  #gesture: Gesture | null = null;
  #hold: Hold = "around";

  constructor(view: View, signal: AbortSignal) {
    this.#view = view;
    const { root } = view;
    root.addEventListener("keydown", (event) => this.#down(event), { signal });
    root.addEventListener("keyup", (event) => this.#up(event), { signal });
    root.addEventListener("focusout", () => this.#leave(), { signal });
  }

  #down(event: KeyboardEvent): void {
    // The notebook has shortcuts on the same keys.
    event.stopPropagation();
    if (this.#view.isReadOnly || !(event.target instanceof Element)) return;
    if (event.target.closest("dialog") !== null) return;
    const isText = event.target.matches(OWNS_LETTERS);
    if ((event.key === "[" || event.key === "]") && !isText) {
      // Whatever else is pressed: on many keyboards these need AltGr, which counts as Ctrl and Alt.
      this.#view.hand.widen(this.#gesture, event.key === "]");
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      if (!event.altKey && this.#goBack(event.key.toLowerCase(), event.shiftKey))
        event.preventDefault();
      return;
    }
    if (this.#onChart(event, event.target) || this.#shortcut(event, event.target))
      event.preventDefault();
  }

  /** Keys for what is in focus on the chart. */
  #onChart(event: KeyboardEvent, target: Element): boolean {
    const point = target.getAttribute("data-index");
    if (point !== null) return this.#onPoint(event, Number(point));
    return target.matches(".seqdream-caret") && !event.altKey && this.#view.caret.key(event);
  }

  #goBack(key: string, isShifted: boolean): boolean {
    if (key !== "z" && key !== "y") return false;
    this.#letGo();
    this.#view.goBack(key === "y" || isShifted ? "redo" : "undo");
    return true;
  }

  #shortcut(event: KeyboardEvent, target: Element): boolean {
    const { store, hand } = this.#view;
    if (event.altKey) return false;
    if (event.key === "Escape" && this.#view.pointer?.isBusy) {
      this.#view.pointer.cancel();
      return true;
    }
    if (event.key === " ") {
      if (target.matches(OWNS_SPACE) || event.repeat) return false;
      this.#view.togglePlay();
      return true;
    }
    if (target.matches(OWNS_LETTERS)) return false;
    if (event.key === "Escape" && this.#view.cancelZoom()) return true;
    if (this.#look(event, target)) return true;
    if (event.key === "?") {
      this.#view.isHelping.value = true;
      return true;
    }
    if (event.shiftKey) return false;
    const key = event.key.toLowerCase();
    const tool = TOOLS[key];
    if (tool !== undefined) {
      this.#view.pick(tool);
      return true;
    }
    if (key === "e") {
      hand.snap(!hand.isSnapping.value);
      return true;
    }
    if (key === "c") {
      this.#view.keep();
      return true;
    }
    if (key !== "s") return false;
    if (!this.#view.isPlaying()) store.stepOnce();
    return true;
  }

  /** Zoom and pan: + - 0 with any tool, arrows with the zoom. */
  #look({ key }: KeyboardEvent, target: Element): boolean {
    const zoom = { "+": -1, "=": -1, "-": 1, "0": 0 }[key];
    const pan = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (zoom !== undefined) this.#view.zoom(zoom);
    else if (pan !== undefined && this.#view.tool.value === "zoom" && !target.matches("input"))
      this.#view.pan(pan);
    else return false;
    return true;
  }

  #onPoint(event: KeyboardEvent, index: number): boolean {
    if (ARROWS.includes(event.key)) {
      this.#nudge(index, event);
      return true;
    }
    if (event.altKey) return false;
    switch (event.key) {
      case "Escape":
        return this.#escape();
      case "Enter":
        this.#letGo();
        this.#view.type(index);
        return true;
      case "Delete":
      case "Backspace":
        this.#view.togglePoint(index, null);
        return true;
      case "n":
        this.#view.addPointAfter(index);
        return true;
      default:
        return false;
    }
  }

  /** A held key is one gesture until it is let go. */
  #nudge(index: number, { key, shiftKey, altKey }: KeyboardEvent): void {
    const { chart, hand } = this.#view;
    if (this.#view.pointer?.isBusy) return;
    const isAlong = key === "ArrowLeft" || key === "ArrowRight";
    const hold = isAlong ? "level" : altKey ? "alone" : "around";
    if (this.#gesture !== null && this.#hold !== hold) this.#letGo();
    this.#hold = hold;
    this.#gesture ??= hand.take(index, hold);
    const gesture = this.#gesture;
    if (gesture === null) return;
    const size = (key === "ArrowUp" || key === "ArrowRight" ? 1 : -1) * (shiftKey ? LARGE : 1);
    const { low, high } = chart.range;
    if (isAlong) gesture.moveTo(gesture.index + size, gesture.value);
    else gesture.moveTo(gesture.index, gesture.value + size * PRESS * (high - low));
    this.#view.hold(gesture);
  }

  #escape(): boolean {
    if (this.#gesture === null) return false;
    this.#gesture.cancel();
    this.#gesture = null;
    this.#view.hold(null);
    return true;
  }

  #up(event: KeyboardEvent): void {
    event.stopPropagation();
    if (ARROWS.includes(event.key)) this.#letGo();
  }

  #leave(): void {
    this.#letGo();
    this.#view.caret.leave();
  }

  #letGo(): void {
    const gesture = this.#gesture;
    if (gesture === null) return;
    // First: whoever loses the focus by it asks again.
    this.#gesture = null;
    this.#view.letGo(gesture);
    this.#view.hold(null);
  }
}
