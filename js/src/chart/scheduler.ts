/** Draws when asked and never otherwise: many wishes, one animation frame. */
export class Scheduler {
  readonly #draw: () => void;
  #handle: number | null = null;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  request(): void {
    this.#handle ??= requestAnimationFrame(() => {
      this.#handle = null;
      this.#draw();
    });
  }

  cancel(): void {
    if (this.#handle !== null) cancelAnimationFrame(this.#handle);
    this.#handle = null;
  }
}
