/** The gallery as it is drawn: choices above, and a grid of cards of which only those in sight exist. */

import type { Theme } from "../chart/theme";
import { whole } from "../format";
import {
  ALL,
  type Card,
  type Choice,
  chosen,
  counted,
  type Grid,
  SORTS,
  type Sort,
  type Thumbnails,
  visible,
} from "./cards";
import { Tile } from "./tile";

const SIZE = { width: 172, height: 124 };

export class Gallery {
  readonly #root: HTMLElement;
  readonly #cards: readonly Card[];
  readonly #thumbnails: Thumbnails;
  readonly #theme: Theme;
  readonly #open: (dream: number) => void;
  readonly #scroll = document.createElement("div");
  readonly #space = document.createElement("div");
  readonly #count = document.createElement("output");
  readonly #status = document.createElement("p");
  readonly #tiles = new Map<number, Tile>();
  readonly #resizes = new ResizeObserver(() => this.#settle());
  #choice: Choice = { sort: "dream", target: ALL, verdict: ALL };
  #shown: readonly Card[];
  #grid: Grid = { columns: 1, rows: 0, first: 0, last: 0 };
  #active = 0;
  #opened = -1;
  #frame = 0;

  constructor(
    root: HTMLElement,
    cards: readonly Card[],
    thumbnails: Thumbnails,
    theme: Theme,
    open: (dream: number) => void,
  ) {
    this.#root = root;
    this.#cards = cards;
    this.#shown = cards;
    this.#thumbnails = thumbnails;
    this.#theme = theme;
    this.#open = open;
    this.#build();
    this.#resizes.observe(this.#scroll);
    this.#draw();
  }

  /** Says which dream is open below, and what there is to say. */
  tell(opened: number, status: string): void {
    this.#opened = opened;
    this.#status.textContent = status;
    for (const tile of this.#tiles.values()) tile.mark(this.#opened);
  }

  /** Paints all that is in sight anew, in the colours of now. */
  repaint(): void {
    for (const tile of this.#tiles.values()) tile.paint(this.#thumbnails, this.#theme.colours);
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#resizes.disconnect();
  }

  /** Draws anew where there is more or less room; so one hears as well that the style sheet has come. */
  #settle(): void {
    this.#draw();
    if (this.#theme.refresh()) this.repaint();
  }

  #build(): void {
    const bar = document.createElement("div");
    bar.className = "seqdream-gallery-bar";
    const sorts = Object.entries(SORTS);
    bar.append(
      this.#select("Class", this.#options("target", "every class"), (target) =>
        this.#choose({ target }),
      ),
      this.#select("Verdict", this.#options("verdict", "every verdict"), (verdict) =>
        this.#choose({ verdict }),
      ),
      this.#select("Order", sorts, (sort) => this.#choose({ sort: sort as Sort })),
      this.#count,
    );
    this.#scroll.className = "seqdream-gallery-scroll";
    this.#scroll.setAttribute("role", "listbox");
    this.#scroll.setAttribute("aria-label", "Dreams");
    this.#space.className = "seqdream-gallery-space";
    this.#space.setAttribute("role", "presentation");
    this.#scroll.append(this.#space);
    this.#scroll.addEventListener("scroll", () => this.#soon(), { passive: true });
    this.#scroll.addEventListener("keydown", (event) => this.#key(event));
    this.#status.className = "seqdream-gallery-status";
    this.#status.setAttribute("role", "status");
    this.#root.append(bar, this.#scroll, this.#status);
    this.#say();
  }

  #options(field: "target" | "verdict", all: string): [string, string][] {
    const named = [...counted(this.#cards, field)].map(([name, count]): [string, string] => [
      name,
      `${name} (${whole(count)})`,
    ]);
    return [[ALL, all], ...named];
  }

  #select(
    label: string,
    options: readonly (readonly [string, string])[],
    change: (value: string) => void,
  ): HTMLLabelElement {
    const select = document.createElement("select");
    select.setAttribute("aria-label", label);
    for (const [value, text] of options) select.append(new Option(text, value));
    select.addEventListener("change", () => change(select.value));
    const around = document.createElement("label");
    around.append(`${label} `, select);
    return around;
  }

  #choose(change: Partial<Choice>): void {
    this.#choice = { ...this.#choice, ...change };
    this.#shown = chosen(this.#cards, this.#choice);
    this.#active = 0;
    this.#scroll.scrollTop = 0;
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.#say();
    this.#draw();
  }

  #say(): void {
    const [some, all] = [this.#shown.length, this.#cards.length].map(whole);
    this.#count.textContent = some === all ? `${all} dreams` : `${some} of ${all} dreams`;
  }

  #soon(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const { clientHeight: height, scrollTop: top } = this.#scroll;
    const width = this.#space.clientWidth;
    this.#grid = visible(this.#shown.length, SIZE, { width, height, top });
    const { columns, rows, first, last } = this.#grid;
    this.#space.style.height = `${rows * SIZE.height}px`;
    const free: Tile[] = [];
    for (const [place, tile] of this.#tiles) {
      if (place >= first && place < last) continue;
      // The one that has the focus keeps it.
      if (tile.hasFocus) continue;
      this.#tiles.delete(place);
      free.push(tile);
    }
    const wide = width / columns;
    for (let place = first; place < last; place += 1) {
      const card = this.#shown[place];
      if (card === undefined) break;
      let tile = this.#tiles.get(place);
      if (tile === undefined) {
        tile = free.pop() ?? this.#tile();
        this.#tiles.set(place, tile);
        tile.show(card, place, this.#shown.length);
        tile.paint(this.#thumbnails, this.#theme.colours);
        tile.mark(this.#opened);
      }
      tile.move(
        (place % columns) * wide,
        Math.floor(place / columns) * SIZE.height,
        wide,
        SIZE.height,
      );
      tile.reach(place === this.#active);
    }
    for (const tile of free) tile.remove();
    this.#root.dataset.painted = String(Number(this.#root.dataset.painted ?? 0) + 1);
  }

  #tile(): Tile {
    const tile = new Tile((place, dream) => {
      this.#active = place;
      for (const [at, one] of this.#tiles) one.reach(at === place);
      this.#open(dream);
    });
    this.#space.append(tile.element);
    return tile;
  }

  #key(event: KeyboardEvent): void {
    const { columns } = this.#grid;
    const page = columns * Math.max(1, Math.floor(this.#scroll.clientHeight / SIZE.height));
    const last = this.#shown.length - 1;
    const goals: Readonly<Record<string, number>> = {
      ArrowLeft: this.#active - 1,
      ArrowRight: this.#active + 1,
      ArrowUp: this.#active - columns,
      ArrowDown: this.#active + columns,
      PageUp: this.#active - page,
      PageDown: this.#active + page,
      Home: 0,
      End: last,
    };
    const goal = goals[event.key];
    if (goal === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#active = Math.max(0, Math.min(last, goal));
    const top = Math.floor(this.#active / columns) * SIZE.height;
    const { scrollTop, clientHeight } = this.#scroll;
    if (top < scrollTop) this.#scroll.scrollTop = top;
    else if (top + SIZE.height > scrollTop + clientHeight)
      this.#scroll.scrollTop = top + SIZE.height - clientHeight;
    this.#draw();
    this.#tiles.get(this.#active)?.focus();
  }
}
