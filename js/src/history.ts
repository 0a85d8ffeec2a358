/** The scalars of every step so far: rows in the order of their steps, thinned where they grow too many. */

import type { Rows } from "./protocol";

export interface History {
  readonly steps: readonly number[];
  /** One value for each step; NaN where a term was not measured. */
  readonly columns: ReadonlyMap<string, readonly number[]>;
}

export const EMPTY: History = { steps: [], columns: new Map() };

/** Rows kept by the browser; thinned down to half of it, so that thinning is rare. */
export const MOST_ROWS = 4000;

/** Positions of the rows to keep: spread evenly over the steps, always with the first and the last. */
export function thinned(steps: readonly number[], count: number): number[] {
  const first = steps[0];
  const last = steps.at(-1);
  if (first === undefined || last === undefined) return [];
  if (steps.length <= count) return steps.map((_, position) => position);
  // By step and not by position: rows thinned before would otherwise grow ever sparser.
  const stride = (last - first) / Math.max(1, count - 1);
  const kept: number[] = [];
  let wanted = first;
  steps.forEach((step, position) => {
    if (position === steps.length - 1 || step >= wanted) {
      kept.push(position);
      wanted = Math.max(wanted + stride, step + stride / 2);
    }
  });
  return kept;
}

function keepOnly(history: History, positions: readonly number[]): History {
  const pick = (values: readonly number[]) => positions.map((at) => values[at] ?? Number.NaN);
  return {
    steps: pick(history.steps),
    columns: new Map([...history.columns].map(([name, values]) => [name, pick(values)])),
  };
}

/**
 * Adds the rows that are new. A row at or before the newest step is already known (or was thinned
 * away), so the same rows may come any number of times.
 */
export function merge(history: History, rows: Rows, most = MOST_ROWS): History {
  const newest = history.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const fresh: number[] = [];
  let last = newest;
  rows.steps.forEach((step, row) => {
    if (step > last) {
      fresh.push(row);
      last = step;
    }
  });
  if (fresh.length === 0) return history;
  const width = rows.columns.length;
  const names = new Set([...history.columns.keys(), ...rows.columns]);
  const columns = new Map<string, readonly number[]>();
  for (const name of names) {
    const column = rows.columns.indexOf(name);
    const old = history.columns.get(name) ?? history.steps.map(() => Number.NaN);
    const added = fresh.map((row) =>
      column < 0 ? Number.NaN : (rows.values[row * width + column] ?? Number.NaN),
    );
    columns.set(name, old.concat(added));
  }
  const merged = { steps: history.steps.concat(fresh.map((row) => rows.steps[row] ?? 0)), columns };
  return merged.steps.length > most
    ? keepOnly(merged, thinned(merged.steps, Math.ceil(most / 2)))
    : merged;
}

/** The newest value of a column; NaN where there is none. */
export function newest(history: History, name: string): number {
  return history.columns.get(name)?.at(-1) ?? Number.NaN;
}

/** The place of the last of ascending values that is at most `wanted`; −1 where all are larger. */
export function lastUpTo(values: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
