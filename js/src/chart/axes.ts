/** The lines behind a chart and the numbers beside it. */

import { crisp, type Pen } from "./canvas";
import type { Tick } from "./scale";

/** Both charts reserve as much for their value axis, so that they stand one above the other. */
export const AXIS_WIDTH = 46;

/** Between the plotting area and the numbers. */
const GAP = { below: 7, left: 8 };

export function paintGrid(pen: Pen, across: readonly Tick[], up: readonly Tick[]): void {
  const { context, width, height, colours } = pen;
  context.beginPath();
  for (const { at } of across) {
    const x = crisp(pen, at);
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (const { at } of up) {
    const y = crisp(pen, at);
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.strokeStyle = colours.grid;
  context.lineWidth = 1 / pen.ratio;
  context.stroke();
}

export function paintLabels(pen: Pen, across: readonly Tick[], up: readonly Tick[]): void {
  const { context, width, height, colours, font } = pen;
  context.font = font;
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { at, text } of across) {
    // A number at the right end stays on the sheet; one at the left has the room of the value axis.
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(at, width + GAP.left - half), height + GAP.below);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { at, text } of up) context.fillText(text, -GAP.left, at);
}

/** The units, where there are any: of time at the right end, of the values above them. */
export function paintNames(pen: Pen, time: string, value: string): void {
  const { context, width, height, colours, font } = pen;
  context.font = font;
  context.textBaseline = "top";
  for (const [text, x, y, align] of [
    [time, width, height + GAP.below, "right"],
    [value, 4, 2, "left"],
  ] as const) {
    if (text === "") continue;
    context.textAlign = align;
    const left = align === "right" ? x - context.measureText(text).width : x;
    context.fillStyle = colours.surface;
    context.fillRect(left - 5, y - 2, context.measureText(text).width + 10, 15);
    context.fillStyle = colours.muted;
    context.fillText(text, x, y);
  }
}
