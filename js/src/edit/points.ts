/** Control points: far fewer than samples, where the curve needs a hand, and steady while it dreams. */

import { extent } from "../chart/range";

/** Pixels from one control point to the next, about. */
const SPACING = 44;
const [FEWEST, MOST] = [5, 24];
/** How far a straight piece counts to lie off, as part of the extent of the curve: it gets some points too. */
const STRAIGHT = 0.05;
/** Fresh points take over where they follow the curve so much better. */
const BETTER = 1.6;
/** While it dreams, that is asked once in so many milliseconds. */
const PATIENCE = 1000;

/** What part of the curve is seen: samples `first` … `last`. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

export function pointCount(width: number): number {
  return Math.min(MOST, Math.max(FEWEST, Math.round(width / SPACING)));
}

/** How near two control points may stand, in samples. */
export function closest({ first, last }: Window, count: number): number {
  return Math.max(1, Math.floor((last - first + 1) / (2 * count)));
}

interface Piece {
  readonly from: number;
  readonly to: number;
  /** The sample that lies farthest from the straight line between the ends; null where there is no room. */
  readonly split: number | null;
  readonly score: number;
}

/**
 * Samples that a curve of straight lines should go through, as Douglas and Peucker (1973) find them: the one that lies
 * farthest from its line first, of long pieces rather. They keep `closest` samples apart.
 */
export function significant(values: ArrayLike<number>, view: Window, count: number): number[] {
  const { first, last } = view;
  const apart = closest(view, count);
  const { low, high } = extent(values, first, last + 1) ?? { low: 0, high: 1 };
  const height = high - low || 1;
  const split = (from: number, to: number): Piece => {
    // Beyond the ends there is no point to keep away from.
    const inner = [from + (from < first ? 1 : apart), to - (to > last ? 1 : apart)] as const;
    const { index, off } = farthest(values, [from, to], inner);
    return { from, to, split: index, score: (off / height + STRAIGHT) * Math.sqrt(to - from) };
  };
  const open = [split(first - 1, last + 1)];
  const found: number[] = [];
  while (found.length < count) {
    const best = open.reduce((one, other) => (other.score > one.score ? other : one));
    if (best.split === null) break;
    found.push(best.split);
    open.splice(open.indexOf(best), 1, split(best.from, best.split), split(best.split, best.to));
  }
  return found.sort((a, b) => a - b);
}

/** The sample that lies farthest from a straight line, of samples `first` … `last`; null where there is none. */
function farthest(
  values: ArrayLike<number>,
  [from, to]: readonly [number, number],
  [first, last]: readonly [number, number],
): { index: number | null; off: number } {
  const line = chord(values, from, to);
  const middle = (from + to) / 2;
  let best: { index: number | null; off: number } = { index: null, off: Number.NEGATIVE_INFINITY };
  for (let index = first; index <= last; index += 1) {
    const off = Math.abs((values[index] ?? Number.NaN) - line(index));
    // On a straight piece the middle is as good as any, and better to hold.
    const isNearer = Math.abs(index - middle) < Math.abs((best.index ?? from) - middle);
    if (off > best.off || (off === best.off && isNearer)) best = { index, off };
  }
  return best;
}

/** The straight line between two samples; beyond the ends of the curve it goes on level. */
function chord(values: ArrayLike<number>, from: number, to: number): (index: number) => number {
  const left = values[Math.max(0, from)] ?? Number.NaN;
  const right = values[Math.min(values.length - 1, to)] ?? Number.NaN;
  const slope = (right - left) / Math.max(1, to - from);
  return (index) => left + (index - from) * slope;
}

/** One of `stride` samples. */
function everyOf(values: ArrayLike<number>, stride: number): ArrayLike<number> {
  if (stride === 1) return values;
  const count = Math.ceil(values.length / stride);
  return Float32Array.from({ length: count }, (_, place) => values[place * stride] ?? Number.NaN);
}

/** The mean square distance of the curve from straight lines through some of its samples. */
export function misfit(
  values: ArrayLike<number>,
  { first, last }: Window,
  points: readonly number[],
): number {
  const knots = [first - 1, ...points, last + 1];
  let sum = 0;
  for (let knot = 1; knot < knots.length; knot += 1) {
    const [from = 0, to = 0] = [knots[knot - 1], knots[knot]];
    const line = chord(values, from, to);
    for (let index = Math.max(first, from); index < Math.min(last + 1, to); index += 1) {
      const off = (values[index] ?? Number.NaN) - line(index);
      if (Number.isFinite(off)) sum += off * off;
    }
  }
  return sum / Math.max(1, last - first + 1);
}

/** The control points of one channel, as they are now. */
export class Points {
  #placed: readonly number[] = [];
  readonly #added = new Set<number>();
  readonly #removed = new Set<number>();
  #key = "";
  #step = -1;
  #asked = Number.NEGATIVE_INFINITY;

  /**
   * The points for a curve. Those for which `isKept` holds (under a hand, in focus) stay, and the others do while they
   * serve nearly as well as fresh ones. At rest (`step`; null while it dreams) every step has its own: two views agree.
   * Where only one of `stride` samples is known as it is, they are placed on those.
   */
  follow(
    values: ArrayLike<number>,
    view: Window,
    count: number,
    step: number | null,
    isKept: (index: number) => boolean,
    stride = 1,
  ): readonly number[] {
    const key = [view.first, view.last, count, values.length, step ?? this.#step].join();
    const asked = performance.now();
    const isDue = step !== null || asked - this.#asked > PATIENCE;
    if (key === this.#key && !isDue) return this.all(view);
    const known = everyOf(values, stride);
    const seen = { first: Math.ceil(view.first / stride), last: Math.floor(view.last / stride) };
    const places = significant(known, seen, count);
    const fresh = places.map((place) => place * stride);
    if (key !== this.#key) this.#placed = this.#placed.filter(isKept);
    const now = this.#placed.map((index) => Math.round(index / stride));
    const isWorse = misfit(known, seen, now) > BETTER * misfit(known, seen, places);
    if (key !== this.#key || isWorse) this.#place(fresh, closest(view, count), isKept);
    this.#key = key;
    this.#asked = asked;
    this.#step = step ?? this.#step;
    return this.all(view);
  }

  #place(fresh: readonly number[], apart: number, isKept: (index: number) => boolean): void {
    const near = (points: Iterable<number>, index: number, reach: number) =>
      [...points].find((point) => Math.abs(point - index) < reach);
    const kept = this.#placed.filter(isKept);
    const others = fresh
      .filter((index) => near(kept, index, apart) === undefined)
      .filter((index) => near(this.#added, index, apart) === undefined)
      .filter((index) => near(this.#removed, index, apart) === undefined)
      // What has hardly moved stays: a handle that trembles cannot be taken.
      .map((index) => near(this.#placed, index, apart / 4 + 1) ?? index);
    this.#placed = [...new Set([...kept, ...others])];
  }

  all({ first, last }: Window): readonly number[] {
    return [...new Set([...this.#placed, ...this.#added])]
      .filter((index) => index >= first && index <= last)
      .sort((a, b) => a - b);
  }

  add(index: number): void {
    this.#removed.delete(index);
    this.#added.add(index);
  }

  /** One goes along with its sample. */
  move(from: number, to: number): void {
    const isAdded = this.#added.delete(from);
    this.#placed = this.#placed.filter((point) => point !== from);
    if (isAdded) this.#added.add(to);
    else this.#placed = [...this.#placed, to];
  }

  /** Takes one away; none is placed there again by itself. */
  remove(index: number): void {
    this.#added.delete(index);
    this.#removed.add(index);
    this.#placed = this.#placed.filter((point) => point !== index);
  }
}
