/** The dream and its control points, on a sheet of their own: 30 times a second only this is painted. */

import { clipped, type Pen, Sheet } from "./canvas";
import type { Scale } from "./geometry";
import { traceVisible } from "./layers";
import type { Plot } from "./plot";

/** Radius of a control point. */
const POINT = 5;
/** A control point at the very edge is seen whole. */
const BLEED = POINT + 2;

export class Curve {
  readonly #plot: Plot;
  readonly #scale: Scale;
  readonly #sheet: Sheet;

  constructor(plot: Plot, scale: Scale) {
    this.#plot = plot;
    this.#scale = scale;
    const margins = { top: BLEED, right: BLEED, bottom: BLEED, left: BLEED };
    this.#sheet = new Sheet(plot.over, "seqdream-curve", margins);
  }

  paint(values: Float32Array, points: readonly number[]): void {
    const pen = this.#plot.pen(this.#sheet);
    if (pen === null) return;
    const { context } = pen;
    context.strokeStyle = pen.colours.dream;
    clipped(pen, () => {
      context.beginPath();
      traceVisible(context, values, this.#scale, pen.width);
      context.lineWidth = 2.25;
      context.lineJoin = "round";
      context.stroke();
    });
    this.#paintPoints(pen, values, points);
  }

  #paintPoints({ context, colours }: Pen, values: Float32Array, points: readonly number[]): void {
    context.beginPath();
    for (const index of points) {
      const value = values[index] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const [x, y] = [this.#scale.xOf(index), this.#scale.yOf(value)];
      context.moveTo(x + POINT, y);
      context.arc(x, y, POINT, 0, 2 * Math.PI);
    }
    context.fillStyle = colours.surface;
    context.fill();
    context.lineWidth = 2;
    context.stroke();
  }
}
