/** A straight line between values and pixels, and the round values to mark on it. */

import { tickIncrement, ticks } from "d3-array";
import { signed } from "../format";
import type { Range } from "./range";

export class Linear {
  readonly domain: Range;
  readonly #from: number;
  readonly #perUnit: number;

  /** `domain.low` lies at the pixel `from`, `domain.high` at `to`. */
  constructor(domain: Range, from: number, to: number) {
    this.domain = domain;
    this.#from = from;
    this.#perUnit = (to - from) / (domain.high - domain.low || 1);
  }

  of(value: number): number {
    return this.#from + (value - this.domain.low) * this.#perUnit;
  }

  at(pixel: number): number {
    return this.#perUnit === 0
      ? this.domain.low
      : this.domain.low + (pixel - this.#from) / this.#perUnit;
  }
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Beyond these a tick is written in powers of ten. */
const [LARGE, SMALL] = [1e6, 1e-5];

/**
 * Round values that stand about `spacing` pixels apart, all written with the digits that their distance needs.
 * What is counted (`isWhole`) has no marks between whole numbers.
 */
export function marks(scale: Linear, length: number, spacing: number, isWhole = false): Tick[] {
  const { low, high } = scale.domain;
  const count = Math.max(1, Math.floor(length / spacing));
  const increment = tickIncrement(low, high, count);
  // d3 tells a step below one as its negative inverse.
  const step = increment < 0 ? -1 / increment : increment;
  if (!(step > 0)) return [];
  const digits = isWhole ? 0 : Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const isPlain = isWhole || (step >= SMALL && largest < LARGE);
  const powers = Math.max(
    0,
    Math.min(15, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step))),
  );
  const text = (value: number) =>
    isPlain ? value.toFixed(digits) : value === 0 ? "0" : value.toExponential(powers);
  return ticks(low, high, count)
    .filter((value) => !isWhole || Number.isInteger(value))
    .map((value) => ({ at: scale.of(value), text: signed(text(value).replace("e+", "e")) }));
}
