/** A small field for an exact value, where a control point is. */

import { listen } from "../listen";

/** As people write numbers: with a comma, or a minus sign that is none. */
export function read(text: string): number | null {
  const plain = text.trim().replace(",", ".").replace("\u2212", "-");
  const value = Number(plain);
  return plain === "" || !Number.isFinite(value) ? null : value;
}

export interface ValueField {
  readonly element: HTMLElement;
  /** Asks for a value; `done` hears it, or null where it is left as it was. */
  open(
    name: string,
    text: string,
    place: readonly [number, number],
    done: (value: number | null) => void,
  ): void;
}

export function valueField(): ValueField {
  const element = document.createElement("input");
  let done: ((value: number | null) => void) | null = null;
  element.className = "seqdream-field";
  element.inputMode = "decimal";
  element.hidden = true;

  const close = (value: number | null): void => {
    const hear = done;
    if (hear === null) return;
    done = null;
    element.removeAttribute("aria-invalid");
    hear(value);
    element.hidden = true;
  };
  const keydown = (event: KeyboardEvent): void => {
    // Neither the notebook's keys nor ours: this is text.
    event.stopPropagation();
    if (event.key === "Escape") close(null);
    if (event.key !== "Enter") return;
    event.preventDefault();
    const value = read(element.value);
    if (value === null) element.setAttribute("aria-invalid", "true");
    else close(value);
  };
  const input = () => element.removeAttribute("aria-invalid");
  listen(element, { keydown, input, blur: () => close(null) });

  return {
    element,
    open: (name, text, [x, y], hear) => {
      done = hear;
      element.setAttribute("aria-label", name);
      element.value = text;
      element.hidden = false;
      element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      element.focus({ preventScroll: true });
      element.select();
    },
  };
}
