/** The keyboard: shortcuts of the widget, and control points moved without a pointer. */

import type { View } from "../view";
import { Gesture } from "./gesture";
import { defaultRadius } from "./kernel";

/** One press moves a point by this part of the value axis; with Shift, by ten of them. */
const PRESS = 1 / 100;

/** Controls that have a use of their own for the space bar or for letters. */
const OWNS_SPACE = "button, input, select, summary, a[href]";
const OWNS_LETTERS = "select, textarea, input:not([type=range], [type=radio], [type=checkbox])";

export class Keys {
  readonly #view: View;
  #gesture: Gesture | null = null;

  constructor(view: View, signal: AbortSignal) {
    this.#view = view;
    const { root } = view;
    root.addEventListener("keydown", (event) => this.#down(event), { signal });
    root.addEventListener("keyup", (event) => this.#up(event), { signal });
    root.addEventListener("focusout", () => this.#letGo(), { signal });
  }

  #down(event: KeyboardEvent): void {
    // The notebook has shortcuts on the same keys.
    event.stopPropagation();
    if (this.#view.isReadOnly || event.altKey || !(event.target instanceof Element)) return;
    if (event.ctrlKey || event.metaKey) {
      if (this.#goBack(event.key.toLowerCase(), event.shiftKey)) event.preventDefault();
      return;
    }
    const point = event.target.getAttribute("data-index");
    const isHandled =
      point === null
        ? this.#shortcut(event, event.target)
        : this.#onPoint(event, Number(point)) || this.#shortcut(event, event.target);
    if (isHandled) event.preventDefault();
  }

  #goBack(key: string, isShifted: boolean): boolean {
    if (key !== "z" && key !== "y") return false;
    this.#letGo();
    this.#view.goBack(key === "y" || isShifted ? "redo" : "undo");
    return true;
  }

  #shortcut(event: KeyboardEvent, target: Element): boolean {
    const { store, tool } = this.#view;
    if (event.key === "Escape" && this.#view.pointer?.isBusy) {
      this.#view.pointer.cancel();
      return true;
    }
    if (event.key === " ") {
      if (target.matches(OWNS_SPACE) || event.repeat) return false;
      this.#view.togglePlay();
      return true;
    }
    if (event.shiftKey || target.matches(OWNS_LETTERS)) return false;
    switch (event.key.toLowerCase()) {
      case "s":
        if (!this.#view.isPlaying()) store.stepOnce();
        return true;
      case "c":
        this.#view.keep();
        return true;
      case "d":
        tool.value = "drag";
        return true;
      case "f":
        tool.value = "freeze";
        return true;
      default:
        return false;
    }
  }

  #onPoint(event: KeyboardEvent, index: number): boolean {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const sign = event.key === "ArrowUp" ? 1 : -1;
      this.#nudge(index, sign * PRESS * (event.shiftKey ? 10 : 1));
      return true;
    }
    if (event.key === "Escape" && this.#gesture !== null) {
      this.#gesture.cancel();
      this.#gesture = null;
      this.#view.hold(null);
      return true;
    }
    if (event.key === "Enter" && this.#view.tool.value === "freeze") {
      this.#freezeAround(index);
      return true;
    }
    return false;
  }

  /** A held key is one gesture until it is let go. */
  #nudge(index: number, part: number): void {
    const { chart, store } = this.#view;
    const { low, high } = chart.range;
    if (this.#view.pointer?.isBusy) return;
    this.#gesture ??= new Gesture(store, {
      index,
      channel: this.#view.namedChannel(),
      from: chart.values[index] ?? 0,
      radius: defaultRadius(chart.time),
      time: chart.time,
    });
    this.#gesture.moveTo(this.#gesture.value + part * (high - low));
    this.#view.hold(this.#gesture);
  }

  #freezeAround(index: number): void {
    const { time } = this.#view.chart;
    const reach = defaultRadius(time);
    void this.#view.store.command({
      type: "freeze",
      start: Math.max(0, index - reach),
      stop: Math.min(time, index + reach + 1),
      channel: this.#view.namedChannel(),
    });
  }

  #up(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") this.#letGo();
  }

  #letGo(): void {
    if (this.#gesture === null) return;
    this.#gesture.release();
    this.#gesture = null;
    this.#view.hold(null);
  }
}
