/** What a chart is painted with, on a canvas as fine as the screen. */

import type { Colours } from "./theme";

/** In CSS pixels. */
export interface Margins {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** What a layer paints with: the origin is the upper left corner of the plotting area. */
export interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly colours: Colours;
  readonly font: string;
  /** Of the plotting area, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the screen in a CSS pixel. */
  readonly ratio: number;
}

/** The middle of the pixel of the screen that a position falls in: there a hairline is sharp. */
export function crisp({ ratio }: Pick<Pen, "ratio">, position: number): number {
  return (Math.floor(position * ratio + 1e-6) + 0.5) / ratio;
}

/** Keeps what `paint` paints inside the plotting area. */
export function clipped({ context, width, height }: Pen, paint: () => void): void {
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  paint();
  context.restore();
}
