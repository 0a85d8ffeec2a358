/** The raised cosine that carries an edit into its neighbourhood: the same formula as the kernel's. */

import type { Frozen, Move, Sequence } from "../protocol";

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
