/** A canvas over a plotting area and a margin around it, as fine as the screen. */

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

export class Sheet {
  readonly canvas = document.createElement("canvas");
  readonly #margins: Margins;

  constructor(margins: Margins) {
    this.#margins = margins;
    this.canvas.className = "seqdream-sheet";
  }

  /**
   * Paints it anew, of one colour or with what is on another sheet of its size; null where there is nothing to paint on.
   * It is opaque: without a GPU a browser takes as long to blend sheets as to paint them.
   */
  begin(
    width: number,
    height: number,
    ground: string | Sheet,
  ): Omit<Pen, "colours" | "font"> | null {
    const { canvas } = this;
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null || width <= 0 || height <= 0) return null;
    const { left, right, top, bottom } = this.#margins;
    const ratio = window.devicePixelRatio;
    const [outerWidth, outerHeight] = [left + width + right, top + height + bottom];
    const size = [Math.round(outerWidth * ratio), Math.round(outerHeight * ratio)] as const;
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      canvas.style.width = `${outerWidth}px`;
      canvas.style.height = `${outerHeight}px`;
    }
    context.resetTransform();
    if (ground instanceof Sheet) context.drawImage(ground.canvas, 0, 0);
    else {
      context.fillStyle = ground;
      context.fillRect(0, 0, ...size);
    }
    context.scale(ratio, ratio);
    context.translate(left, top);
    return { context, width, height, ratio };
  }
}
