/** The raised cosine that carries an edit into its neighbourhood: the same formula as the kernel's. */

import type { Change, Frozen, Move, Piece, Sequence } from "../protocol";

/** The part (0 … 1) of a displacement that a sample at `distance` from the moved one takes. */
export function raisedCosine(distance: number, radius: number): number {
  if (Math.abs(distance) >= radius) return 0;
  return (1 + Math.cos((Math.PI * distance) / radius)) / 2;
}

/** The neighbourhood a control point starts with: a twentieth of the sequence. */
export function defaultRadius(time: number): number {
  return Math.max(1, Math.round(time / 20));
}

export function clampRadius(radius: number, time: number): number {
  return Math.min(Math.max(1, Math.round(radius)), Math.max(1, time));
}

export function isFrozen(frozen: readonly Frozen[], index: number, channel: number): boolean {
  return frozen.some(
    (band) =>
      band.dream === 0 &&
      (band.channel === null || band.channel === channel) &&
      index >= band.start &&
      index < band.stop,
  );
}

/** Displaces the neighbourhood of one sample in place, frozen samples excepted. */
export function displace(sequence: Sequence, move: Move, frozen: readonly Frozen[]): void {
  const { time, values } = sequence;
  const channel = move.channel ?? 0;
  const offset = channel * time;
  const now = values[offset + move.index];
  if (now === undefined || move.index >= time) return;
  const displacement = move.value - now;
  const reach = Math.ceil(move.radius) - 1;
  const from = Math.max(0, move.index - reach);
  const to = Math.min(time - 1, move.index + reach);
  for (let index = from; index <= to; index += 1) {
    if (isFrozen(frozen, index, channel)) continue;
    const value = values[offset + index] ?? 0;
    values[offset + index] = value + displacement * raisedCosine(index - move.index, move.radius);
  }
}

/** Sets samples in place, frozen ones excepted. */
function place(sequence: Sequence, piece: Piece, frozen: readonly Frozen[]): void {
  const { time, values } = sequence;
  const channel = piece.channel ?? 0;
  for (let at = 0; at < piece.values.length && piece.start + at < time; at += 1) {
    const index = piece.start + at;
    if (!isFrozen(frozen, index, channel)) values[channel * time + index] = piece.values[at] ?? 0;
  }
}

/** Does in place what the kernel will do. */
export function change(sequence: Sequence, change: Change, frozen: readonly Frozen[]): void {
  if ("index" in change) displace(sequence, change, frozen);
  else place(sequence, change, frozen);
}

/** New values of the samples from `start` on. */
export type Shape = Omit<Piece, "channel">;

/** A value kept between two others, which come in either order. */
export function between(value: number, one: number, other: number): number {
  return Math.min(Math.max(one, other), Math.max(Math.min(one, other), value));
}

/** How much wider than the way the neighbourhood of a slide is, so that time never runs backwards in it. */
const STRETCH = 1.75;

/** How far a slide reaches: farther than the hand would where the way is long. */
export function slideReach(by: number, radius: number): number {
  return Math.max(radius, Math.ceil(STRETCH * Math.abs(by)));
}

/**
 * The curve with one sample carried `by` samples along time at its level. Its neighbourhood follows by the raised
 * cosine: before the sample it is stretched, behind it pressed together.
 */
export function slid(base: ArrayLike<number>, index: number, by: number, radius: number): Shape {
  const reach = slideReach(by, radius);
  const [middle, last] = [index + by, base.length - 1];
  const start = Math.max(0, middle - reach);
  const values: number[] = [];
  for (let at = start; at <= Math.min(last, middle + reach); at += 1) {
    const from = Math.min(last, Math.max(0, at - by * raisedCosine(at - middle, reach)));
    const before = Math.floor(from);
    const [left = 0, right = 0] = [base[before], base[Math.min(last, before + 1)]];
    values.push(left + (from - before) * (right - left));
  }
  return { start, values };
}

/** The neighbourhood of one sample displaced to `value`, where no sample goes past `low` and `high` that was within. */
export function displacedWithin(
  base: ArrayLike<number>,
  index: number,
  value: number,
  radius: number,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): Shape {
  const start = Math.max(0, index - radius + 1);
  const displacement = value - (base[index] ?? 0);
  const values: number[] = [];
  for (let at = start; at < Math.min(base.length, index + radius); at += 1) {
    const was = base[at] ?? 0;
    const goal = was + displacement * raisedCosine(at - index, radius);
    const [least, most] = [low[at] ?? goal, high[at] ?? goal];
    values.push(Math.min(Math.max(most, was), Math.max(Math.min(least, was), goal)));
  }
  return { start, values };
}

/** The samples on a straight line of the pen from one place to another, in any order; both ends are exact. */
export function drawn(
  from: { readonly index: number; readonly value: number },
  to: { readonly index: number; readonly value: number },
): Shape {
  const [left, right] = from.index <= to.index ? [from, to] : [to, from];
  const span = right.index - left.index;
  const values = Array.from({ length: span + 1 }, (_, at) =>
    at === span && span > 0
      ? right.value
      : left.value + (at / Math.max(1, span)) * (right.value - left.value),
  );
  // A pen that goes up and down on one sample leaves it where it is now.
  return { start: left.index, values: span === 0 ? [to.value] : values };
}
