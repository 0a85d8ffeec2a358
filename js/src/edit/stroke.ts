/** Samples that a hand sets itself, one after the other or again and again, as one deed. */

import type { Piece } from "../protocol";
import { type Changes, INTERVAL } from "./gesture";
import type { Shape } from "./kernel";
import { held, type Preview } from "./previews";
import { type Throttle, throttleNewest } from "./throttle";

/** Beyond so many samples an edit is sent in parts: a message is bounded. */
const MOST = 20_000;
/** Digits that are sent: a float32 holds about seven. */
const DIGITS = 7;

class Span {
  from = Number.POSITIVE_INFINITY;
  to = Number.NEGATIVE_INFINITY;

  get isEmpty(): boolean {
    return this.from >= this.to;
  }

  include(from: number, to: number): void {
    this.from = Math.min(this.from, from);
    this.to = Math.max(this.to, to);
  }

  clear(): void {
    this.from = Number.POSITIVE_INFINITY;
    this.to = Number.NEGATIVE_INFINITY;
  }
}

/** What a stroke is drawn on. */
export interface Ground {
  /** The channel as it was found. */
  readonly values: ArrayLike<number>;
  readonly channel: number | null;
  /** The page has every sample from `first` to `last`; of the others it may only have what can be drawn of them. */
  readonly known: { readonly first: number; readonly last: number };
  /** Frozen samples are passed over. */
  isFree(index: number): boolean;
}

export class Stroke {
  readonly #changes: Changes;
  readonly #ground: Ground;
  readonly #id: number;
  readonly #base: Float64Array;
  readonly #now: Float64Array;
  readonly #touched = new Span();
  readonly #unsent = new Span();
  readonly #throttle: Throttle<null>;
  #isOver = false;

  constructor(changes: Changes, ground: Ground) {
    this.#changes = changes;
    this.#ground = ground;
    this.#id = changes.newGesture();
    this.#base = Float64Array.from(ground.values);
    this.#now = this.#base.slice();
    this.#throttle = throttleNewest(INTERVAL, () => this.#send());
  }

  /** The channel as it was found. */
  get base(): Float64Array {
    return this.#base;
  }

  get isUntouched(): boolean {
    return this.#touched.isEmpty;
  }

  get previews(): readonly Preview[] {
    return this.#pieces(this.#touched).map((piece) => held(this.#id, piece));
  }

  /** Sets samples on top of what the stroke has set already. */
  add({ start, values }: Shape): void {
    if (this.#isOver) return;
    const from = Math.max(0, start);
    const to = Math.min(this.#now.length, start + values.length);
    for (let index = from; index < to; index += 1) {
      const value = values[index - start] ?? Number.NaN;
      if (!Number.isFinite(value) || !this.#ground.isFree(index)) continue;
      this.#now[index] = Number(value.toPrecision(DIGITS));
      this.#touched.include(index, index + 1);
      this.#unsent.include(index, index + 1);
    }
    this.#push();
  }

  /** Sets samples instead of what the stroke has set so far. */
  become(shape: Shape): void {
    if (this.#isOver) return;
    this.#restore();
    this.add(shape);
  }

  release(): void {
    if (this.#isOver) return;
    this.#throttle.flush();
    this.#isOver = true;
    if (!this.isUntouched) this.#changes.release(this.#id);
  }

  /** Everything as it was found. */
  cancel(): void {
    if (this.#isOver) return;
    const { first, last } = this.#ground.known;
    const isKnown = this.#touched.from >= first && this.#touched.to <= last + 1;
    if (isKnown) {
      this.#restore();
      this.#push();
    }
    this.release();
    if (!isKnown && !this.isUntouched) this.#changes.takeBack(this.#id);
  }

  #restore(): void {
    const { from, to } = this.#touched;
    if (this.#touched.isEmpty) return;
    this.#now.set(this.#base.subarray(from, to), from);
    this.#unsent.include(from, to);
  }

  #push(): void {
    if (this.#unsent.isEmpty) return;
    this.#changes.draft(this.#id, this.#pieces(this.#unsent));
    this.#throttle.push(null);
  }

  #send(): void {
    const pieces = this.#pieces(this.#unsent);
    this.#unsent.clear();
    this.#changes.sendChanges(this.#id, pieces);
  }

  /** The free samples of a span, piece by piece. */
  #pieces({ from, to }: Span): Piece[] {
    const pieces: Piece[] = [];
    let start = from;
    for (let index = from; index <= to; index += 1) {
      const goesOn = index < to && this.#ground.isFree(index) && index - start < MOST;
      if (goesOn) continue;
      if (index > start) pieces.push(this.#piece(start, index));
      start = index < to && this.#ground.isFree(index) ? index : index + 1;
    }
    return pieces;
  }

  #piece(start: number, stop: number): Piece {
    const values = Array.from(this.#now.subarray(start, stop));
    return { start, values, channel: this.#ground.channel };
  }
}
