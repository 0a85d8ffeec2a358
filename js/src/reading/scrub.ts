/** The timeline under the hand: a hover reads, a drag looks at the past, keys do both. */

import type { TimelineChart } from "../chart/timeline";
import type { View } from "../view";

/** How far Shift and the page keys go: a part of all steps. */
const LEAP = 1 / 20;

export class Scrub {
  readonly #view: View;
  readonly #chart: TimelineChart;
  readonly #slider = document.createElement("div");
  readonly #line = document.createElement("div");
  #isDown = false;

  constructor(view: View, chart: TimelineChart, signal: AbortSignal) {
    this.#view = view;
    this.#chart = chart;
    this.#slider.className = "seqdream-scrub";
    this.#line.className = "seqdream-scrub-line";
    this.#slider.tabIndex = 0;
    this.#slider.setAttribute("role", "slider");
    this.#slider.setAttribute("aria-label", "Steps: look back");
    this.#slider.setAttribute("aria-valuemin", "0");
    this.#slider.append(this.#line);
    chart.over.append(this.#slider);
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      act: (event: HTMLElementEventMap[K]) => void,
    ) => this.#slider.addEventListener(type, act, { signal });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", () => this.#up());
    on("pointercancel", () => this.#up());
    on("pointerleave", () => {
      view.reader.hovered.value = null;
    });
    on("keydown", (event) => this.#key(event));
  }

  /** Puts the line where the eye is, and says so to those who hear. */
  place(): void {
    const { reader, store } = this.#view;
    const newest = this.#newest();
    const looked = store.beside.moment.value?.step ?? newest;
    const step = reader.step;
    this.#line.hidden = step === null;
    this.#line.dataset.looks = String(store.beside.moment.value !== null);
    if (step !== null) this.#line.style.transform = `translateX(${this.#chart.xOf(step)}px)`;
    this.#slider.setAttribute("aria-valuemax", String(newest));
    this.#slider.setAttribute("aria-valuenow", String(looked));
    const words = looked === newest ? `step ${looked}, now` : `step ${looked} of ${newest}`;
    this.#slider.setAttribute("aria-valuetext", words);
  }

  #newest(): number {
    return this.#view.store.step.value;
  }

  #stepAt(event: PointerEvent): number {
    const { left } = this.#slider.getBoundingClientRect();
    const step = Math.round(this.#chart.stepAt(event.clientX - left));
    return Math.min(this.#newest(), Math.max(0, step));
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || this.#view.store.isReadOnly.value) return;
    this.#isDown = true;
    this.#slider.setPointerCapture(event.pointerId);
    this.#view.pointer?.cancel();
    this.#view.store.beside.look(this.#stepAt(event));
  }

  #move(event: PointerEvent): void {
    const step = this.#stepAt(event);
    this.#view.reader.hovered.value = step;
    if (this.#isDown) this.#view.store.beside.look(step);
  }

  #up(): void {
    this.#isDown = false;
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#view.store.isReadOnly.value) return;
    if (!this.#act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #act({ key, shiftKey }: KeyboardEvent): boolean {
    const { beside } = this.#view.store;
    const newest = this.#newest();
    const at = beside.moment.value?.step ?? newest;
    const leap = Math.max(1, Math.round(newest * LEAP));
    const stride = shiftKey ? leap : 1;
    const go = (step: number) => beside.look(Math.min(newest, Math.max(0, step)));
    switch (key) {
      case "ArrowLeft":
      case "ArrowDown":
        go(at - stride);
        return true;
      case "ArrowRight":
      case "ArrowUp":
        go(at + stride);
        return true;
      case "PageDown":
        go(at - leap);
        return true;
      case "PageUp":
        go(at + leap);
        return true;
      case "Home":
        go(0);
        return true;
      case "End":
        go(newest);
        return true;
      case "Enter":
        this.#view.returnHere();
        return true;
      case "Escape":
        if (beside.moment.value === null) return false;
        beside.look(null);
        return true;
      default:
        return false;
    }
  }
}
