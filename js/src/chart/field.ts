/** A small field for an exact value, where a control point is. */

/** As people write numbers: with a comma, or a minus sign that is none. */
export function read(text: string): number | null {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  const value = Number(plain);
  return plain === "" || !Number.isFinite(value) ? null : value;
}

export class ValueField {
  readonly element = document.createElement("input");
  #done: ((value: number | null) => void) | null = null;

  constructor() {
    const { element } = this;
    element.className = "seqdream-field";
    element.type = "text";
    element.inputMode = "decimal";
    element.hidden = true;
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("blur", () => this.#close(null));
    element.addEventListener("input", () => element.removeAttribute("aria-invalid"));
  }

  /** Asks for a value; `done` hears it, or null where it is left as it was. */
  open(
    name: string,
    text: string,
    [x, y]: readonly [number, number],
    done: (value: number | null) => void,
  ): void {
    const { element } = this;
    this.#done = done;
    element.setAttribute("aria-label", name);
    element.value = text;
    element.hidden = false;
    element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    element.focus({ preventScroll: true });
    element.select();
  }

  #key(event: KeyboardEvent): void {
    // Neither the notebook's keys nor ours: this is text.
    event.stopPropagation();
    if (event.key === "Escape") this.#close(null);
    if (event.key !== "Enter") return;
    event.preventDefault();
    const value = read(this.element.value);
    if (value === null) this.element.setAttribute("aria-invalid", "true");
    else this.#close(value);
  }

  #close(value: number | null): void {
    const done = this.#done;
    if (done === null) return;
    this.#done = null;
    this.element.removeAttribute("aria-invalid");
    done(value);
    this.element.hidden = true;
  }
}
