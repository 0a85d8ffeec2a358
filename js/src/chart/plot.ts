/** The frame of a chart: its plotting area, the sheet under it that it is painted on, and its size. */

import type { Margins, Pen } from "./canvas";
import { div } from "./elements";
import type { Theme } from "./theme";

function sheet(): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = "seqdream-sheet";
  return canvas;
}

export class Plot {
  /** The element exactly over the plotting area: what can be touched lies in it. */
  readonly over = div("seqdream-area");
  readonly #theme: Theme;
  readonly #margins: Margins;
  readonly #sheet = sheet();
  /** Out of sight: what the sheet may begin with. */
  #ground = sheet();
  #width = 600;
  #height = 320;

  constructor(host: HTMLElement, theme: Theme, margins: Margins) {
    this.#theme = theme;
    this.#margins = margins;
    const { top, right, bottom, left } = margins;
    this.over.style.inset = `${top}px ${right}px ${bottom}px ${left}px`;
    host.append(this.#sheet, this.over);
  }

  /** Of the plotting area, in CSS pixels. */
  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** Takes the size of the host. */
  resize(outerWidth: number, outerHeight: number): void {
    const { top, right, bottom, left } = this.#margins;
    this.#width = outerWidth - left - right;
    this.#height = outerHeight - top - bottom;
  }

  /** The sheet, empty, with room for the axes. */
  begin(): Pen | null {
    return this.#pen(this.#sheet, null);
  }

  /** The ground, empty: a sheet out of sight. */
  ground(): Pen | null {
    return this.#pen(this.#ground, null);
  }

  /** The sheet with what is on the ground. */
  onGround(): Pen | null {
    return this.#pen(this.#sheet, this.#ground);
  }

  /** Null where there is nothing to paint on. */
  #pen(canvas: HTMLCanvasElement, ground: HTMLCanvasElement | null): Pen | null {
    const [width, height] = [this.#width, this.#height];
    // Opaque: without a GPU a browser takes as long to blend canvases as to paint them.
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null || width <= 0 || height <= 0) return null;
    const { colours, font } = this.#theme;
    const { top, right, bottom, left } = this.#margins;
    const ratio = window.devicePixelRatio;
    const outer = [left + width + right, top + height + bottom] as const;
    const size = [Math.round(outer[0] * ratio), Math.round(outer[1] * ratio)] as const;
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      [canvas.style.width, canvas.style.height] = [`${outer[0]}px`, `${outer[1]}px`];
    }
    context.resetTransform();
    if (ground === null) {
      // The surface of a host may be a veil.
      for (const colour of [colours.base, colours.surface]) {
        context.fillStyle = colour;
        context.fillRect(0, 0, ...size);
      }
    } else context.drawImage(ground, 0, 0);
    context.scale(ratio, ratio);
    context.translate(left, top);
    return { context, colours, font, width, height, ratio };
  }

  /** Another ground: a browser that took the sheet away has taken the old one, too, and may not have given it back yet. */
  renew(): void {
    this.#ground = sheet();
  }

  remove(): void {
    this.#sheet.remove();
    this.over.remove();
  }
}
