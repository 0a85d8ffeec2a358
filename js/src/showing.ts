/** Tells the kernel what each view on this page shows of a long sequence. */

import type { BrowserMessage } from "./protocol";
import type { Window } from "./windows";

interface Shown {
  readonly start: number;
  readonly stop: number;
  readonly width: number;
}

/** Milliseconds between two words about one view, and before what was forgotten is said again. */
const INTERVAL = 60;
const PATIENCE = 1000;

interface Entry {
  shown: Shown;
  said: Shown | null;
  when: number;
  timer: ReturnType<typeof setTimeout> | null;
}

export interface Showing {
  /** Whether sequences come in windows. */
  readonly isWindowed: boolean;
  /** A view shows samples `start` … `stop - 1` on so many pixels. */
  show(view: number, shown: Shown): void;
  /** A message came with these windows; null where sequences are whole. */
  heard(windows: readonly Window[] | null): void;
  leave(view: number): void;
}

export function showing(send: (message: BrowserMessage) => void): Showing {
  const views = new Map<number, Entry>();
  let isWindowed = false;

  const say = (view: number, entry: Entry): void => {
    if (!isWindowed || entry.timer !== null) return;
    const { shown, said } = entry;
    const isKnown =
      said?.start === shown.start && said.stop === shown.stop && said.width === shown.width;
    if (isKnown) return;
    const rest = entry.when + INTERVAL - performance.now();
    if (rest > 0) {
      entry.timer = setTimeout(() => {
        entry.timer = null;
        say(view, entry);
      }, rest);
      return;
    }
    entry.said = shown;
    entry.when = performance.now();
    send({ kind: "view", view, ...shown });
  };

  return {
    get isWindowed() {
      return isWindowed;
    },
    show: (view, shown) => {
      const known = views.get(view) ?? { said: null, when: Number.NEGATIVE_INFINITY, timer: null };
      const entry = Object.assign(known, { shown });
      views.set(view, entry);
      say(view, entry);
    },
    heard: (windows) => {
      isWindowed = windows !== null;
      if (windows === null) return;
      for (const [number, entry] of views) {
        if (windows.some(({ view }) => view === number)) continue;
        // The kernel is new, or has forgotten the view for others.
        if (performance.now() - entry.when > PATIENCE) entry.said = null;
        say(number, entry);
      }
    },
    leave: (view) => {
      const entry = views.get(view);
      if (entry === undefined) return;
      clearTimeout(entry.timer ?? undefined);
      views.delete(view);
      if (entry.said !== null) send({ kind: "view", view, start: 0, stop: 1, width: 0 });
    },
  };
}
