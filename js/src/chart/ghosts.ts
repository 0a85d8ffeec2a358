/** The lines beside the dream, thin and under it. */

import type { Ghost } from "../reading/ghosts";
import type { Pen } from "./canvas";
import type { Scale } from "./geometry";
import { traceVisible } from "./layers";

export interface GhostLine extends Omit<Ghost, "sequence"> {
  readonly values: Float32Array;
}

export function paintGhosts(pen: Pen, ghosts: readonly GhostLine[], scale: Scale): void {
  const { context, colours, width } = pen;
  context.lineJoin = "round";
  for (const ghost of ghosts) {
    context.beginPath();
    traceVisible(context, ghost.values, scale, width);
    context.strokeStyle = colours[ghost.colour];
    context.lineWidth = ghost.width;
    context.globalAlpha = ghost.name === "start" ? 1 : 0.8;
    context.setLineDash([...ghost.dash]);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}
