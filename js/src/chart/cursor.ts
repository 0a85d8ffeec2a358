/** What is under the pointer: when, and how much. */

import type { SequenceChart } from "./sequence";

export class Cursor {
  readonly #chart: SequenceChart;
  readonly #line = document.createElement("div");
  readonly #text = document.createElement("div");
  #x: number | null = null;

  constructor(chart: SequenceChart, signal: AbortSignal) {
    this.#chart = chart;
    this.#line.className = "seqdream-cursor";
    this.#text.className = "seqdream-readout";
    this.#text.setAttribute("aria-hidden", "true");
    const { over } = chart;
    over.append(this.#line, this.#text);
    over.addEventListener("pointermove", (event) => this.#move(event), { signal });
    over.addEventListener("pointerleave", () => this.#leave(), { signal });
    this.place();
  }

  #move(event: PointerEvent): void {
    // A finger hides what it points at.
    if (event.pointerType === "touch") return;
    this.#x = event.clientX - this.#chart.over.getBoundingClientRect().left;
    this.place();
  }

  #leave(): void {
    this.#x = null;
    this.place();
  }

  /** Says what is there now. */
  place(): void {
    const [chart, x] = [this.#chart, this.#x];
    const index = x === null ? -1 : chart.snap(Math.round(chart.indexAt(x)));
    const isThere = index >= 0 && index < chart.time;
    this.#line.hidden = this.#text.hidden = !isThere;
    if (!isThere) return;
    this.#line.style.transform = `translateX(${Math.round(chart.xOf(index))}px)`;
    this.#text.textContent = chart.words(index, chart.values[index] ?? Number.NaN);
  }
}
