/** The dream and its control points, on a sheet of their own: 30 times a second only this is painted. */

import { clipped, Sheet } from "./canvas";
import type { Scale } from "./geometry";
import { paintLine } from "./layers";
import type { Plot } from "./plot";

/** Radius of a control point. */
const POINT = 5;
const THICKNESS = 2.25;
/** A control point at the very edge is seen whole. */
const BLEED = POINT + 2;

export type Curve = (values: Float32Array, points: readonly number[]) => void;

/** Paints the curve of a scale on a plot, again and again. */
export function curveOn(plot: Plot, scale: Scale): Curve {
  const margins = { top: BLEED, right: BLEED, bottom: BLEED, left: BLEED };
  const sheet = new Sheet(plot.over, "seqdream-curve", margins);
  return (values, points) => {
    const pen = plot.pen(sheet);
    if (pen === null) return;
    const { context, colours } = pen;
    clipped(pen, () => paintLine(pen, values, scale, colours.dream, THICKNESS));
    context.beginPath();
    for (const index of points) {
      const value = values[index] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const [x, y] = [scale.xOf(index), scale.yOf(value)];
      context.moveTo(x + POINT, y);
      context.arc(x, y, POINT, 0, 2 * Math.PI);
    }
    context.strokeStyle = colours.dream;
    context.fillStyle = colours.surface;
    context.fill();
    context.lineWidth = 2;
    context.stroke();
  };
}
