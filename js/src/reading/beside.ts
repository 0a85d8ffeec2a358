/** What is read beside the dream: ghosts of its past, the gradient's push, the verdict, the shelf. */

import { batch, signal } from "@preact/signals";
import type {
  Kept,
  KernelMessage,
  Nearest,
  Sequence,
  ShelfMessage,
  Shown,
  VerdictMessage,
} from "../protocol";

/** A moment that was asked for; its sequence is null until it comes. */
export interface Moment {
  readonly step: number;
  readonly sequence: Sequence | null;
}

/** A snapshot to compare with. */
export interface Comparison {
  readonly snapshot: number;
  readonly sequence: Sequence | null;
}

export interface RealSequence extends Nearest {
  readonly sequence: Sequence;
}

type Ask = (
  message: { kind: "look"; step: number } | { kind: "compare"; snapshot: number },
) => void;

export class Beside {
  readonly beforeEdit = signal<Sequence | null>(null);
  /** Where the gradient of the last step pushes each sample. */
  readonly push = signal<Sequence | null>(null);
  readonly verdict = signal<VerdictMessage | null>(null);
  readonly nearest = signal<RealSequence | null>(null);
  readonly shelf = signal<readonly Kept[]>([]);
  /** A step that is looked at on the timeline. */
  readonly moment = signal<Moment | null>(null);
  readonly comparison = signal<Comparison | null>(null);
  readonly #ask: Ask;
  /** The step of a look that is on its way: the next one waits for its answer, the newest of all. */
  #asked: number | null = null;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Shows the sequence of a step, or (null) the present again. */
  look(step: number | null): void {
    const { value } = this.moment;
    if (step === (value?.step ?? null)) return;
    this.moment.value = step === null ? null : { step, sequence: value?.sequence ?? null };
    if (step !== null && this.#asked === null) this.#look(step);
  }

  #look(step: number): void {
    this.#asked = step;
    this.#ask({ kind: "look", step });
  }

  /** Draws a snapshot beside the present, or (null) none. */
  compare(snapshot: number | null): void {
    this.comparison.value = snapshot === null ? null : { snapshot, sequence: null };
    if (snapshot !== null) this.#ask({ kind: "compare", snapshot });
  }

  take(message: KernelMessage, isNewRun: boolean): void {
    switch (message.kind) {
      case "snapshot":
        this.beforeEdit.value = message.beforeEdit;
        this.push.value = message.push;
        this.#asked = null;
        if (isNewRun) this.moment.value = null;
        break;
      case "frame":
        if (message.push !== null) this.push.value = message.push;
        break;
      case "window":
        this.beforeEdit.value = message.beforeEdit;
        if (message.push !== null) this.push.value = message.push;
        if (this.nearest.value !== null && message.nearest !== null)
          this.nearest.value = { ...this.nearest.value, sequence: message.nearest };
        break;
      case "settings":
        this.beforeEdit.value = message.beforeEdit;
        break;
      case "verdict":
        this.#onVerdict(message);
        break;
      case "shelf":
        this.#onShelf(message);
        break;
      case "look":
        this.#onLook(message);
        break;
      case "compare":
        if (this.comparison.value?.snapshot === message.of)
          this.comparison.value = { snapshot: message.of, sequence: message.sequence };
        break;
      case "refusal":
        // It answers what was asked for without a number of its own.
        if (message.id === null) this.#asked = null;
        break;
    }
  }

  #onVerdict(message: VerdictMessage): void {
    batch(() => {
      this.verdict.value = message;
      const { nearest, sequence } = message;
      const known = this.nearest.value;
      const drawn =
        sequence ?? (known?.index === nearest?.index ? (known?.sequence ?? null) : null);
      this.nearest.value = nearest && drawn && { ...nearest, sequence: drawn };
    });
  }

  #onShelf({ snapshots }: ShelfMessage): void {
    this.shelf.value = snapshots;
    const compared = this.comparison.value?.snapshot;
    if (!snapshots.some(({ snapshot }) => snapshot === compared)) this.comparison.value = null;
  }

  #onLook({ of, sequence }: Shown): void {
    // Another page on this kernel may have asked for something else.
    if (of !== this.#asked) return;
    this.#asked = null;
    const { value } = this.moment;
    if (value === null) return;
    this.moment.value = { step: value.step, sequence };
    if (value.step !== of) this.#look(value.step);
  }
}
