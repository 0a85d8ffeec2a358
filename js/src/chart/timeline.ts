/** Score and regularizers over the steps. */

import uPlot from "uplot";
import { figure, tick } from "../format";
import type { History } from "../history";
import { extent, type Range, union } from "./range";
import { AXIS_WIDTH } from "./sequence";
import { type Theme, termColour, termDash } from "./theme";

export interface Term {
  readonly name: string;
  /** Its place among all regularizers, which gives it its colour. */
  readonly position: number;
}

type Line = (number | null)[];

function gapped(values: readonly number[]): Line {
  return values.map((value) => (Number.isFinite(value) ? value : null));
}

/** A term in parts of its own largest size: terms differ by orders of magnitude. */
export function normalised(values: readonly number[]): Line {
  let most = 0;
  for (const value of values) {
    if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  }
  const scale = most > 0 ? 1 / most : 0;
  return values.map((value) => (Number.isFinite(value) ? value * scale : null));
}

function roomy(range: Range | null): [number, number] {
  const { low, high } = range ?? { low: 0, high: 1 };
  const span = high - low || Math.max(1e-6, Math.abs(high));
  return [low - 0.06 * span, high + 0.1 * span];
}

export class TimelineChart {
  readonly #host: HTMLElement;
  readonly #theme: Theme;
  #plot: uPlot | null = null;
  #terms: readonly Term[] = [];
  #hasScore = false;
  #score: [number, number] = [0, 1];
  #parts: [number, number] = [0, 1];
  #steps: [number, number] = [0, 1];
  #size = { width: 600, height: 96 };

  constructor(host: HTMLElement, theme: Theme) {
    this.#host = host;
    this.#theme = theme;
  }

  resize(width: number, height: number): void {
    if (width === this.#size.width && height === this.#size.height) return;
    this.#size = { width, height };
    this.#plot?.setSize(this.#size);
  }

  paint(history: History, terms: readonly Term[]): void {
    const plot = this.#plotFor(terms);
    const column = (name: string) => history.columns.get(name) ?? [];
    const score = column("score");
    const lines = terms.map((term) => normalised(column(term.name)));
    const scores = extent(score);
    this.#hasScore = scores !== null;
    this.#score = roomy(scores);
    const isSigned = lines.some((line) => line.some((value) => value !== null && value < 0));
    this.#parts = isSigned ? [-1.1, 1.1] : [-0.06, 1.1];
    const range = union([extent(history.steps)]) ?? { low: 0, high: 0 };
    // The first step is counted 1; the axis begins where the dream did.
    const first = range.low <= 1 ? 0 : range.low;
    this.#steps = [first, Math.max(range.high, first + 10)];
    const data = [history.steps, ...lines, gapped(score)];
    plot.batch(() => {
      plot.setData(data as uPlot.AlignedData, false);
      plot.setScale("x", { min: this.#steps[0], max: this.#steps[1] });
    });
  }

  repaint(): void {
    this.#plot?.redraw(true, true);
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** Before the first step there is no score, and no scale of it. */
  readonly #scoreTicks = (_: uPlot, ticks: number[]): string[] =>
    ticks.map((value) => (this.#hasScore ? short(value) : ""));

  #plotFor(terms: readonly Term[]): uPlot {
    const isSame =
      terms.length === this.#terms.length &&
      terms.every((term, at) => term.name === this.#terms[at]?.name);
    if (this.#plot !== null && isSame) return this.#plot;
    this.#plot?.destroy();
    this.#terms = terms;
    const empty = [[], ...terms.map(() => []), []] as unknown as uPlot.AlignedData;
    this.#plot = new uPlot(this.#options(terms), empty, this.#host);
    return this.#plot;
  }

  #options(terms: readonly Term[]): uPlot.Options {
    const { colours } = this.#theme;
    const axis: uPlot.Axis = {
      stroke: () => this.#theme.colours.muted,
      font: this.#theme.font,
      grid: { stroke: () => this.#theme.colours.grid, width: 1 },
      ticks: { show: false },
      values: (_, ticks) => ticks.map(tick),
    };
    const line = (
      stroke: keyof typeof colours,
      scale: string,
      width: number,
      dash: number[] = [],
    ) => ({
      stroke: () => this.#theme.colours[stroke],
      scale,
      width,
      dash,
      points: { show: false },
    });
    return {
      ...this.#size,
      padding: [4, 10, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => this.#steps },
        score: { range: () => this.#score },
        parts: { range: () => this.#parts },
      },
      axes: [
        { ...axis, size: 26, gap: 6, space: 90, grid: { show: false }, incrs: COUNTS },
        { ...axis, scale: "score", size: AXIS_WIDTH, gap: 8, space: 34, values: this.#scoreTicks },
      ],
      series: [
        {},
        ...terms.map(({ position }) =>
          line(termColour(position), "parts", 1.25, termDash(position)),
        ),
        line("dream", "score", 1.75),
      ],
    };
  }
}

/** The margin is narrow: a score may be of any size. */
function short(value: number): string {
  return Math.abs(value) < 1e5 ? tick(value) : figure(value);
}

/** Steps are counted: no tick at half a step. */
const COUNTS = [0, 1, 2, 3, 4, 5, 6].flatMap((power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
);
