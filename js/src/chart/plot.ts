/** The frame of a chart: its plotting area, what is painted in it, and its size. */

import { type Margins, type Pen, Sheet } from "./canvas";
import { div } from "./elements";
import type { Theme } from "./theme";

export class Plot {
  /** The element exactly over the plotting area: what can be touched lies in it. */
  readonly over = div("seqdream-area");
  readonly shown: Sheet;
  readonly #theme: Theme;
  readonly #margins: Margins;
  #width = 600;
  #height = 320;

  constructor(host: HTMLElement, theme: Theme, margins: Margins) {
    this.#theme = theme;
    this.#margins = margins;
    const { top, right, bottom, left } = margins;
    this.over.style.inset = `${top}px ${right}px ${bottom}px ${left}px`;
    this.shown = new Sheet(margins);
    host.append(this.shown.canvas, this.over);
  }

  /** Of the plotting area, in CSS pixels. */
  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  /** Takes the size of the host; whether it has changed. */
  resize(outerWidth: number, outerHeight: number): boolean {
    const { top, right, bottom, left } = this.#margins;
    const [width, height] = [outerWidth - left - right, outerHeight - top - bottom];
    if (width === this.#width && height === this.#height) return false;
    [this.#width, this.#height] = [width, height];
    return true;
  }

  /** A sheet with room for the axes, empty or with what is on another one. */
  begin(sheet = this.shown, ground?: Sheet): Pen | null {
    const { colours, font } = this.#theme;
    const blank = sheet.begin(this.#width, this.#height, ground ?? colours.surface);
    return blank && { ...blank, colours, font };
  }

  remove(): void {
    this.shown.canvas.remove();
    this.over.remove();
  }
}
