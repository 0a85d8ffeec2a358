/** Samples that a hand sets itself, one after the other or again and again, as one deed. */

import type { Piece } from "../protocol";
import { type Changes, INTERVAL } from "./gesture";
import type { Shape } from "./kernel";
import { held, type Preview } from "./previews";
import { throttleNewest } from "./throttle";

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

export type Stroke = ReturnType<typeof strokeOn>;

export function strokeOn(changes: Changes, ground: Ground) {
  const id = changes.newGesture();
  /** The channel as it was found. */
  const base = Float64Array.from(ground.values);
  const now = base.slice();
  const touched = new Span();
  const unsent = new Span();
  const throttle = throttleNewest<null>(INTERVAL, () => send());
  let isOver = false;

  /** Sets samples on top of what the stroke has set already. */
  const add = ({ start, values }: Shape): void => {
    if (isOver) return;
    const from = Math.max(0, start);
    const to = Math.min(now.length, start + values.length);
    for (let index = from; index < to; index += 1) {
      const value = values[index - start] ?? Number.NaN;
      if (!Number.isFinite(value) || !ground.isFree(index)) continue;
      now[index] = Number(value.toPrecision(DIGITS));
      touched.include(index, index + 1);
      unsent.include(index, index + 1);
    }
    push();
  };

  /** Sets samples instead of what the stroke has set so far. */
  const become = (shape: Shape): void => {
    if (isOver) return;
    restore();
    add(shape);
  };

  const release = (): void => {
    if (isOver) return;
    throttle.flush();
    isOver = true;
    if (!touched.isEmpty) changes.release(id);
  };

  /** Everything as it was found. */
  const cancel = (): void => {
    if (isOver) return;
    const { first, last } = ground.known;
    const isKnown = touched.from >= first && touched.to <= last + 1;
    if (isKnown) {
      restore();
      push();
    }
    release();
    if (!isKnown && !touched.isEmpty) changes.takeBack(id);
  };

  const restore = (): void => {
    const { from, to } = touched;
    if (touched.isEmpty) return;
    now.set(base.subarray(from, to), from);
    unsent.include(from, to);
  };

  const push = (): void => {
    if (unsent.isEmpty) return;
    changes.draft(id, pieces(unsent));
    throttle.push(null);
  };

  const send = (): void => {
    const sent = pieces(unsent);
    unsent.clear();
    changes.sendChanges(id, sent);
  };

  /** The free samples of a span, piece by piece. */
  const pieces = ({ from, to }: Span): Piece[] => {
    const found: Piece[] = [];
    let start = from;
    for (let index = from; index <= to; index += 1) {
      const goesOn = index < to && ground.isFree(index) && index - start < MOST;
      if (goesOn) continue;
      if (index > start) found.push(piece(start, index));
      start = index < to && ground.isFree(index) ? index : index + 1;
    }
    return found;
  };

  const piece = (start: number, stop: number): Piece => {
    const values = Array.from(now.subarray(start, stop));
    return { start, values, channel: ground.channel };
  };

  return {
    base,
    get isUntouched() {
      return touched.isEmpty;
    },
    get previews() {
      return pieces(touched).map((one): Preview => held(id, one));
    },
    add,
    become,
    release,
    cancel,
  };
}
