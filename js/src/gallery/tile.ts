/** One card of the gallery: a curve with its verdict, used again for whichever dream comes into sight. */

import type { Colours } from "../chart/theme";
import { figure } from "../format";
import { type Card, NOTHING, type Thumbnails } from "./cards";

const MARGIN = 4;
const TINTS = ["dream", "term-0", "term-1", "term-2"] as const;

export class Tile {
  readonly element = document.createElement("button");
  readonly #canvas = document.createElement("canvas");
  readonly #target = document.createElement("span");
  readonly #verdict = document.createElement("span");
  readonly #figures = document.createElement("span");
  #card: Card | null = null;
  #place = 0;

  constructor(open: (place: number, dream: number) => void) {
    this.element.type = "button";
    this.element.className = "seqdream-tile";
    this.element.setAttribute("role", "option");
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#target.className = "seqdream-tile-target";
    this.#verdict.className = "seqdream-tile-verdict";
    this.#figures.className = "seqdream-tile-figures";
    const head = document.createElement("span");
    head.className = "seqdream-tile-head";
    head.append(this.#target, this.#verdict);
    this.element.append(head, this.#canvas, this.#figures);
    this.element.addEventListener("click", () => {
      if (this.#card !== null) open(this.#place, this.#card.dream);
    });
  }

  get hasFocus(): boolean {
    return (this.element.getRootNode() as Document | ShadowRoot).activeElement === this.element;
  }

  show(card: Card, place: number, of: number): void {
    this.#card = card;
    this.#place = place;
    const { verdict } = card;
    const score = card.score === null ? "" : `score ${figure(card.score)}`;
    this.element.dataset.dream = String(card.dream);
    this.element.dataset.verdict = verdict;
    this.element.title = card.failure || `dream ${card.dream}`;
    this.element.setAttribute("aria-posinset", String(place + 1));
    this.element.setAttribute("aria-setsize", String(of));
    this.element.setAttribute(
      "aria-label",
      [
        `Dream ${card.dream}`,
        card.target,
        verdict,
        `from ${card.start}`,
        `seed ${card.seed}`,
        score,
      ]
        .filter(Boolean)
        .join(", "),
    );
    this.#target.textContent = card.target;
    this.#verdict.textContent = verdict;
    this.#figures.textContent = `${card.start} · seed ${card.seed}${score ? ` · ${score}` : ""}`;
  }

  move(left: number, top: number, width: number, height: number): void {
    const { style } = this.element;
    style.transform = `translate(${left}px, ${top}px)`;
    style.width = `${width - 8}px`;
    style.height = `${height - 8}px`;
  }

  /** Whether Tab comes here: of all tiles to one. */
  reach(active: boolean): void {
    this.element.tabIndex = active ? 0 : -1;
  }

  mark(opened: number): void {
    this.element.setAttribute("aria-selected", String(this.#card?.dream === opened));
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  remove(): void {
    this.element.remove();
  }

  paint({ points, channels, bytes }: Thumbnails, colours: Colours): void {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const [width, height] = [156, 62];
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    const context = this.#canvas.getContext("2d");
    if (context === null || this.#card === null) return;
    context.scale(ratio, ratio);
    context.lineWidth = 1.2;
    context.lineJoin = "round";
    for (let channel = 0; channel < channels; channel += 1) {
      const begin = (this.#card.dream * channels + channel) * points;
      const tint = TINTS[channel % TINTS.length] ?? "dream";
      context.strokeStyle = this.#card.failure ? colours.muted : colours[tint];
      context.beginPath();
      for (let point = 0; point < points; point += 1) {
        const value = bytes[begin + point] ?? NOTHING;
        if (value === NOTHING) continue;
        const x = MARGIN + (point / Math.max(1, points - 1)) * (width - 2 * MARGIN);
        const y = height - MARGIN - (value / (NOTHING - 1)) * (height - 2 * MARGIN);
        if (point === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.stroke();
    }
  }
}
