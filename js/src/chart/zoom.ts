/** Which samples are seen: pure functions of ranges of positions, from the first sample to the last. */

import type { Range } from "./range";

/** Not fewer samples than this are shown: there is nothing between them. */
const FEWEST = 8;

export function everything(time: number): Range {
  return time > 1 ? { low: 0, high: time - 1 } : { low: -0.5, high: 0.5 };
}

/** As near to what is wished as there are samples. */
export function within({ low, high }: Range, time: number): Range {
  const all = everything(time);
  const most = all.high - all.low;
  const span = Math.min(most, Math.max(Math.min(FEWEST, most), high - low));
  const middle = (low + high) / 2;
  const begin = Math.min(Math.max(all.low, middle - span / 2), all.high - span);
  return { low: begin, high: begin + span };
}

/** Shows `factor` times as many samples; the one at `at` stays where it is. */
export function zoomed({ low, high }: Range, at: number, factor: number, time: number): Range {
  const all = everything(time);
  const most = all.high - all.low;
  const span = Math.min(most, Math.max(Math.min(FEWEST, most), (high - low) * factor));
  const share = (at - low) / (high - low || 1);
  const begin = Math.min(Math.max(all.low, at - share * span), all.high - span);
  return { low: begin, high: begin + span };
}

export function panned({ low, high }: Range, by: number, time: number): Range {
  const all = everything(time);
  const begin = Math.min(Math.max(all.low, low + by), all.high - (high - low));
  return { low: begin, high: begin + (high - low) };
}

/** Moves a range by as little as it takes to show a sample. */
export function revealing(range: Range, index: number, time: number): Range {
  const { low, high } = range;
  const by = index < low ? index - low : index > high ? index - high : 0;
  return by === 0 ? range : panned(range, by, time);
}
