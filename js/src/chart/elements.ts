/** Elements that are made by hand, and updated 30 times a second. */

const SVG = "http://www.w3.org/2000/svg";

export function div(className: string): HTMLDivElement {
  const element = document.createElement("div");
  element.className = className;
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  className: string,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  element.setAttribute("class", className);
  return element;
}

/** Writes only what has changed. */
export function set(element: Element, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const written = String(value);
    if (element.getAttribute(name) !== written) element.setAttribute(name, written);
  }
}
