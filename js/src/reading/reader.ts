/** How one view reads the dream: which lines it shows, and where on the timeline its eye is. */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Sequence } from "../protocol";
import type { Store } from "../store";
import { type Ghost, ghostsOf } from "./ghosts";

export class Reader {
  /** Names of the lines that are not wanted. */
  readonly hidden = signal<ReadonlySet<string>>(new Set());
  /** The step under the pointer. */
  readonly hovered = signal<number | null>(null);
  readonly ghosts: ReadonlySignal<readonly Ghost[]>;
  readonly shown: ReadonlySignal<readonly Ghost[]>;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.ghosts = computed(() => ghostsOf(store));
    this.shown = computed(() =>
      this.ghosts.value.filter(({ name }) => !this.hidden.value.has(name)),
    );
  }

  /** All that a picture depends on. */
  get inputs(): readonly ReadonlySignal<unknown>[] {
    const { moment, push } = this.#store.beside;
    return [this.shown, moment, push, this.hovered];
  }

  /** The sequence of a step of the past, while that is looked at. */
  get past(): Sequence | null {
    return this.#store.beside.moment.value?.sequence ?? null;
  }

  toggle(name: string): void {
    const hidden = new Set(this.hidden.value);
    if (!hidden.delete(name)) hidden.add(name);
    this.hidden.value = hidden;
  }

  /** The step that is read: under the pointer, or else looked at. */
  get step(): number | null {
    return this.hovered.value ?? this.#store.beside.moment.value?.step ?? null;
  }
}
