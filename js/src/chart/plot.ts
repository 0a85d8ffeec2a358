/** The frame of a chart: its plotting area, what is painted under it, and its size. */

import { type Margins, type Pen, Sheet } from "./canvas";
import { div } from "./elements";
import type { Theme } from "./theme";

export class Plot {
  /** The element exactly over the plotting area: what can be touched lies in it. */
  readonly over = div("seqdream-area");
  readonly #theme: Theme;
  readonly #margins: Margins;
  readonly #backdrop: Sheet;
  #width = 600;
  #height = 320;

  constructor(host: HTMLElement, theme: Theme, margins: Margins) {
    this.#theme = theme;
    this.#margins = margins;
    const { top, right, bottom, left } = margins;
    this.over.style.inset = `${top}px ${right}px ${bottom}px ${left}px`;
    this.#backdrop = new Sheet(this.over, "seqdream-backdrop", margins);
    host.append(this.over);
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

  /** An empty sheet under everything, with room for the axes. */
  begin(): Pen | null {
    return this.pen(this.#backdrop);
  }

  pen(sheet: Sheet): Pen | null {
    const blank = sheet.begin(this.#width, this.#height);
    return blank && { ...blank, colours: this.#theme.colours, font: this.#theme.font };
  }

  remove(): void {
    this.over.remove();
  }
}
