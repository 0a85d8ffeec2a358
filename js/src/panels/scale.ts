/** Sliders in true units: positions are the value itself, or its decimal logarithm. */

import type { Parameter } from "../protocol";

export interface Track {
  readonly low: number;
  readonly high: number;
}

function isLog({ scale, low, high }: Parameter): boolean {
  return scale === "log" && low > 0 && high > low;
}

export function track(parameter: Parameter): Track {
  const { low, high } = parameter;
  return isLog(parameter) ? { low: Math.log10(low), high: Math.log10(high) } : { low, high };
}

export function positionOf(parameter: Parameter, value: number): number {
  const { low, high } = track(parameter);
  const position = isLog(parameter) ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value;
  return Math.min(high, Math.max(low, position));
}

/** The value at a position, rounded to what a person can mean by it. */
export function valueAt(parameter: Parameter, position: number): number {
  const raw = isLog(parameter) ? 10 ** position : position;
  const rounded = parameter.integer ? Math.round(raw) : Number(raw.toPrecision(3));
  return Math.min(parameter.high, Math.max(parameter.low, rounded));
}

/** How much of the track lies before a position, 0 … 1. */
export function filled(parameter: Parameter, value: number): number {
  const { low, high } = track(parameter);
  return high > low ? (positionOf(parameter, value) - low) / (high - low) : 0;
}
