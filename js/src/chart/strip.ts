/** Where the gradient pushes: under each sample a mark up or down, as high as the root of how hard. */

import { AXIS_WIDTH } from "./axes";
import type { Scale } from "./geometry";
import { Plot } from "./plot";
import type { Theme } from "./theme";

const MARGINS = { top: 0, right: 10, bottom: 0, left: AXIS_WIDTH };

/** In each pixel from 0 to `width` the hardest push up and the hardest down, in parts of the hardest of all. */
export function pushes(
  values: ArrayLike<number>,
  scale: Pick<Scale, "xOf" | "indexAt">,
  width: number,
): { readonly up: Float32Array; readonly down: Float32Array } {
  const up = new Float32Array(width);
  const down = new Float32Array(width);
  let most = 0;
  for (let index = 0; index < values.length; index += 1) {
    const size = Math.abs(values[index] ?? 0);
    if (size > most && Number.isFinite(size)) most = size;
  }
  if (most === 0) return { up, down };
  const first = Math.max(0, Math.ceil(scale.indexAt(0) - 0.5));
  const last = Math.min(values.length - 1, Math.floor(scale.indexAt(width) + 0.5));
  for (let index = first; index <= last; index += 1) {
    const value = (values[index] ?? 0) / most;
    if (!Number.isFinite(value) || value === 0) continue;
    // A sample has the place halfway to its neighbours, and one pixel at least.
    const left = Math.max(0, Math.round(scale.xOf(index - 0.5)));
    const right = Math.min(width, Math.max(left + 1, Math.round(scale.xOf(index + 0.5))));
    const side = value > 0 ? up : down;
    for (let x = left; x < right; x += 1) side[x] = Math.max(side[x] ?? 0, Math.abs(value));
  }
  return { up: up.map(Math.sqrt), down: down.map(Math.sqrt) };
}

export function stripOn(host: HTMLElement, theme: Theme) {
  const plot = new Plot(host, theme, MARGINS);
  return {
    resize: (width: number, height: number) => plot.resize(width, height),
    destroy: () => plot.remove(),
    /** `values` is null where no gradient is known, as after a return to the past. */
    paint: (values: Float32Array | null, scale: Pick<Scale, "xOf" | "indexAt">): void => {
      const pen = plot.begin();
      if (pen === null) return;
      const { context, colours, height, font } = pen;
      const width = Math.floor(pen.width);
      const middle = height / 2;
      context.fillStyle = colours.grid;
      context.fillRect(0, middle - 0.5, pen.width, 1);
      context.font = font;
      context.fillStyle = colours.muted;
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText("push", -8, middle);
      if (values === null) return;
      const { up, down } = pushes(values, scale, width);
      const reach = middle - 1;
      context.fillStyle = colours.up;
      for (let x = 0; x < width; x += 1) context.fillRect(x, middle, 1, -reach * (up[x] ?? 0));
      context.fillStyle = colours.down;
      for (let x = 0; x < width; x += 1) context.fillRect(x, middle, 1, reach * (down[x] ?? 0));
    },
  };
}
