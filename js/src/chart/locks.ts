/** A lock on every frozen segment: what it is, and the way to undo it. */

import { LOCK } from "../panels/icons";
import type { Frozen } from "../protocol";
import { div, set, svg } from "./elements";
import type { SequenceChart } from "./sequence";

function lockIcon(): SVGElement {
  const icon = svg("svg", "seqdream-icon");
  const path = svg("path", "");
  set(icon, { viewBox: "0 0 16 16", "aria-hidden": "true" });
  set(path, { d: LOCK });
  icon.append(path);
  return icon;
}

function keyOf({ start, stop, channel, dream }: Frozen): string {
  return [start, stop, channel ?? "all", dream].join(" ");
}

export interface Locks {
  readonly element: HTMLElement;
  update(bands: readonly Frozen[]): void;
}

export function locksOn(chart: SequenceChart, onUnlock: (band: Frozen) => void): Locks {
  const element = div("seqdream-locks");
  const buttons = new Map<string, HTMLButtonElement>();

  const add = (band: Frozen): HTMLButtonElement => {
    const button = document.createElement("button");
    const name = `Unfreeze samples ${band.start} to ${band.stop - 1}`;
    set(button, { type: "button", class: "seqdream-lock", "aria-label": name, title: name });
    button.append(lockIcon());
    button.addEventListener("click", () => onUnlock(band));
    buttons.set(keyOf(band), button);
    element.append(button);
    return button;
  };
  const update = (bands: readonly Frozen[]): void => {
    const keys = new Set(bands.map(keyOf));
    for (const [key, button] of buttons) {
      if (keys.has(key)) continue;
      button.remove();
      buttons.delete(key);
    }
    for (const band of bands) {
      const button = buttons.get(keyOf(band)) ?? add(band);
      const middle = chart.xOf((band.start + band.stop - 1) / 2);
      button.style.transform = `translateX(${Math.round(middle - 12)}px)`;
    }
  };
  return { element, update };
}
