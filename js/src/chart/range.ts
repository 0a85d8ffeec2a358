/** The value axis: fitted to the data, and calm. */

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Room above and below the data, as a part of its span. */
const PADDING = 0.08;
/** The axis shrinks only where the data fills less than this part of it. */
const SHRINK_BELOW = 0.6;

/** The least and the greatest finite value; null where there is none. */
export function extent(values: ArrayLike<number>, from = 0, to = values.length): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const stop = Math.min(to, values.length);
  for (let index = Math.max(0, from); index < stop; index += 1) {
    const value = values[index] as number;
    // NaN is neither less nor greater than anything.
    if (value < low && value > Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value < Number.POSITIVE_INFINITY) high = value;
  }
  return low <= high ? { low, high } : null;
}

export function union(ranges: readonly (Range | null)[]): Range | null {
  let all: Range | null = null;
  for (const range of ranges) {
    if (range === null) continue;
    all =
      all === null
        ? range
        : { low: Math.min(all.low, range.low), high: Math.max(all.high, range.high) };
  }
  return all;
}

function padded({ low, high }: Range): Range {
  const span = high - low || Math.max(1, Math.abs(high));
  return { low: low - PADDING * span, high: high + PADDING * span };
}

/** Follows the data outward at once and inward late, so that the axis does not flicker. */
export function fitted(data: Range | null, current: Range | null): Range {
  if (data === null) return current ?? { low: -1, high: 1 };
  const wanted = padded(data);
  if (current === null) return wanted;
  const isRoomy = wanted.high - wanted.low < SHRINK_BELOW * (current.high - current.low);
  if (isRoomy) return wanted;
  const low = data.low < current.low ? wanted.low : current.low;
  const high = data.high > current.high ? wanted.high : current.high;
  return low === current.low && high === current.high ? current : { low, high };
}
