/** The hatching that says "frozen", drawn under the curves. */

import type uPlot from "uplot";
import type { Colours } from "./theme";

const SPACING = 8;

/** Hatches the plotting area between two canvas positions. */
export function drawHatch(plot: uPlot, left: number, right: number, colours: Colours): void {
  const { ctx } = plot;
  const { top, height } = plot.bbox;
  const ratio = plot.bbox.width / Math.max(1, plot.over.clientWidth);
  const width = right - left;
  if (width <= 0) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.fillStyle = colours.frozen;
  ctx.fillRect(left, top, width, height);
  ctx.strokeStyle = colours.hatch;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  // Lines keep their place on the page while a band grows: it is uncovered, not moved.
  const gap = SPACING * ratio;
  const first = Math.floor((left - height) / gap) * gap;
  for (let x = first; x < right; x += gap) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}
