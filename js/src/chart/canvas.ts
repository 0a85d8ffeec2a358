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
  readonly #canvas = document.createElement("canvas");
  readonly #margins: Margins;

  constructor(area: HTMLElement, className: string, margins: Margins) {
    this.#margins = margins;
    this.#canvas.className = className;
    const { style } = this.#canvas;
    style.left = `${-margins.left}px`;
    style.top = `${-margins.top}px`;
    area.append(this.#canvas);
  }

  /** An empty sheet for a plotting area of this size; null where there is nothing to paint on. */
  begin(width: number, height: number): Omit<Pen, "colours" | "font"> | null {
    const context = this.#canvas.getContext("2d");
    if (context === null || width <= 0 || height <= 0) return null;
    const { left, right, top, bottom } = this.#margins;
    const ratio = window.devicePixelRatio;
    const [outerWidth, outerHeight] = [left + width + right, top + height + bottom];
    const size = [Math.round(outerWidth * ratio), Math.round(outerHeight * ratio)] as const;
    if (this.#canvas.width !== size[0] || this.#canvas.height !== size[1]) {
      [this.#canvas.width, this.#canvas.height] = size;
      this.#canvas.style.width = `${outerWidth}px`;
      this.#canvas.style.height = `${outerHeight}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, outerWidth, outerHeight);
    context.translate(left, top);
    return { context, width, height, ratio };
  }
}
