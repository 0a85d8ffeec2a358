/** Score and regularizers over the steps. */

import type { History } from "../history";
import { AXIS_WIDTH, paintGrid, paintLabels } from "./axes";
import { clipped, type Pen } from "./canvas";
import { trace } from "./layers";
import { Plot } from "./plot";
import { extent, type Range } from "./range";
import { Linear, marks } from "./scale";
import { type ColourName, type Theme, termColour, termDash } from "./theme";

const MARGINS = { top: 4, right: 10, bottom: 26, left: AXIS_WIDTH };
/** Pixels between two marks of an axis. */
const SPACING = { step: 90, score: 34 };

/** Half the width of the mark of a deed, in pixels. */
const DEED = 4;

export interface Term {
  readonly name: string;
  /** Its place among all regularizers, which gives it its colour. */
  readonly position: number;
}

interface Line {
  readonly values: readonly number[];
  readonly scale: Linear;
  readonly colour: ColourName;
  readonly width: number;
  readonly dash: readonly number[];
}

/** A term in parts of its own largest size: terms differ by orders of magnitude. */
export function normalised(values: readonly number[]): number[] {
  let most = 0;
  for (const value of values) {
    if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  }
  const scale = most > 0 ? 1 / most : 0;
  return values.map((value) => value * scale);
}

function roomy(range: Range | null): Range {
  const { low, high } = range ?? { low: 0, high: 1 };
  const span = high - low || Math.max(1e-6, Math.abs(high));
  return { low: low - 0.06 * span, high: high + 0.1 * span };
}

/** The first step is counted 1; the axis begins where the dream did. */
function stepsShown(steps: readonly number[]): Range {
  const { low, high } = extent(steps) ?? { low: 0, high: 0 };
  const first = low <= 1 ? 0 : low;
  return { low: first, high: Math.max(high, first + 10) };
}

export class TimelineChart {
  readonly #plot: Plot;
  #steps = new Linear({ low: 0, high: 10 }, 0, 1);

  constructor(host: HTMLElement, theme: Theme) {
    this.#plot = new Plot(host, theme, MARGINS);
  }

  get over(): HTMLElement {
    return this.#plot.over;
  }

  xOf(step: number): number {
    return this.#steps.of(step);
  }

  stepAt(x: number): number {
    return this.#steps.at(x);
  }

  resize(width: number, height: number): void {
    this.#plot.resize(width, height);
  }

  /** `deeds` are steps to mark: someone did something there. */
  paint(history: History, terms: readonly Term[], deeds: readonly number[] = []): void {
    const pen = this.#plot.begin();
    if (pen === null) return;
    this.#steps = new Linear(stepsShown(history.steps), 0, pen.width);
    const column = (name: string) => history.columns.get(name) ?? [];
    const terrain = terms.map(({ name }) => normalised(column(name)));
    const isSigned = terrain.some((values) => values.some((value) => value < 0));
    const parts = new Linear({ low: isSigned ? -1.1 : -0.06, high: 1.1 }, pen.height, 0);
    const range = extent(column("score"));
    const scores = new Linear(roomy(range), pen.height, 0);
    const across = marks(this.#steps, pen.width, SPACING.step, true);
    // Before the first step there is no score, and no scale of it.
    const up = range === null ? [] : marks(scores, pen.height, SPACING.score);
    paintGrid(pen, [], up);
    paintLabels(pen, across, up);
    const lines = terms.map(({ position }, at) => ({
      values: terrain[at] ?? [],
      scale: parts,
      colour: termColour(position),
      width: 1.25,
      dash: termDash(position),
    }));
    const score = {
      values: column("score"),
      scale: scores,
      colour: "dream",
      width: 1.75,
      dash: [],
    };
    clipped(pen, () => {
      for (const line of [...lines, score as Line]) this.#paintLine(pen, history.steps, line);
      this.#paintDeeds(pen, deeds);
    });
  }

  destroy(): void {
    this.#plot.remove();
  }

  #paintDeeds({ context, height, colours }: Pen, deeds: readonly number[]): void {
    context.beginPath();
    for (const step of deeds) {
      const x = this.#steps.of(step);
      context.moveTo(x - DEED, height);
      context.lineTo(x, height - 2 * DEED);
      context.lineTo(x + DEED, height);
    }
    context.fillStyle = colours.edit;
    context.fill();
  }

  #paintLine({ context, colours }: Pen, steps: readonly number[], line: Line): void {
    const xOf = (row: number) => this.#steps.of(steps[row] ?? Number.NaN);
    const yOf = (value: number) => line.scale.of(value);
    context.beginPath();
    trace(context, line.values, { xOf, yOf });
    context.strokeStyle = colours[line.colour];
    context.lineWidth = line.width;
    context.lineJoin = "round";
    context.setLineDash([...line.dash]);
    context.stroke();
    context.setLineDash([]);
  }
}
