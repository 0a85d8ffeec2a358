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

export class Showing {
  readonly #send: (message: BrowserMessage) => void;
  readonly #views = new Map<number, Entry>();
  #isWindowed = false;

  constructor(send: (message: BrowserMessage) => void) {
    this.#send = send;
  }

  /** Whether sequences come in windows. */
  get isWindowed(): boolean {
    return this.#isWindowed;
  }

  /** A view shows samples `start` … `stop - 1` on so many pixels. */
  show(view: number, shown: Shown): void {
    const entry = this.#views.get(view);
    if (entry === undefined) {
      this.#views.set(view, { shown, said: null, when: Number.NEGATIVE_INFINITY, timer: null });
    } else {
      entry.shown = shown;
    }
    this.#say(view);
  }

  /** A message came with these windows; null where sequences are whole. */
  heard(windows: readonly Window[] | null): void {
    this.#isWindowed = windows !== null;
    if (windows === null) return;
    const now = performance.now();
    for (const [view, entry] of this.#views) {
      if (windows.some((window) => window.view === view)) continue;
      // The kernel is new, or has forgotten the view for others.
      if (now - entry.when > PATIENCE) entry.said = null;
      this.#say(view);
    }
  }

  leave(view: number): void {
    const entry = this.#views.get(view);
    if (entry === undefined) return;
    if (entry.timer !== null) clearTimeout(entry.timer);
    this.#views.delete(view);
    if (entry.said !== null) this.#send({ kind: "view", view, start: 0, stop: 1, width: 0 });
  }

  #say(view: number): void {
    const entry = this.#views.get(view);
    if (entry === undefined || !this.#isWindowed || entry.timer !== null) return;
    const { shown, said } = entry;
    const isKnown =
      said?.start === shown.start && said.stop === shown.stop && said.width === shown.width;
    if (isKnown) return;
    const rest = entry.when + INTERVAL - performance.now();
    if (rest > 0) {
      entry.timer = setTimeout(() => {
        entry.timer = null;
        this.#say(view);
      }, rest);
      return;
    }
    entry.said = shown;
    entry.when = performance.now();
    this.#send({ kind: "view", view, ...shown });
  }
}
