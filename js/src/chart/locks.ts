/** A lock on every frozen segment: what it is, and the way to undo it. */

import type { Frozen } from "../protocol";
import type { SequenceChart } from "./sequence";
import { set, svg } from "./svg";

function lockIcon(): SVGElement {
  const icon = svg("svg", "seqdream-icon");
  const body = svg("rect", "");
  const shackle = svg("path", "");
  set(icon, { viewBox: "0 0 16 16", "aria-hidden": "true" });
  set(body, { x: 3, y: 7, width: 10, height: 7, rx: 1.5 });
  set(shackle, { d: "M5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7" });
  icon.append(body, shackle);
  return icon;
}

function keyOf({ start, stop, channel, dream }: Frozen): string {
  return [start, stop, channel ?? "all", dream].join(" ");
}

export class Locks {
  readonly element = document.createElement("div");
  readonly #chart: SequenceChart;
  readonly #onUnlock: (band: Frozen) => void;
  readonly #buttons = new Map<string, HTMLButtonElement>();

  constructor(chart: SequenceChart, onUnlock: (band: Frozen) => void) {
    this.#chart = chart;
    this.#onUnlock = onUnlock;
    this.element.className = "seqdream-locks";
  }

  update(bands: readonly Frozen[]): void {
    const keys = new Set(bands.map(keyOf));
    for (const [key, button] of this.#buttons) {
      if (keys.has(key)) continue;
      button.remove();
      this.#buttons.delete(key);
    }
    for (const band of bands) {
      const button = this.#buttons.get(keyOf(band)) ?? this.#add(band);
      const middle = this.#chart.xOf((band.start + band.stop - 1) / 2);
      button.style.transform = `translateX(${Math.round(middle - 12)}px)`;
    }
  }

  #add(band: Frozen): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "seqdream-lock";
    const name = `Unfreeze samples ${band.start} to ${band.stop - 1}`;
    button.setAttribute("aria-label", name);
    button.title = name;
    button.append(lockIcon());
    button.addEventListener("click", () => this.#onUnlock(band));
    this.#buttons.set(keyOf(band), button);
    this.element.append(button);
    return button;
  }
}
