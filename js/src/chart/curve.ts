/** The dream and its control points: painted 30 times a second, on what stays. */

import { clipped, type Pen } from "./canvas";
import type { Scale } from "./geometry";
import { paintLine } from "./layers";

/** Radius of a control point. */
const POINT = 5;
const THICKNESS = 2.25;

export function paintCurve(
  pen: Pen,
  values: Float32Array,
  points: readonly number[],
  scale: Scale,
): void {
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
}
