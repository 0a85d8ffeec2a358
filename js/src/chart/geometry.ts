/** Where things are on the chart: pure functions of samples and pixels. */

/** From samples to pixels and back; `value` positions grow downwards. */
export interface Scale {
  readonly time: number;
  xOf(index: number): number;
  yOf(value: number): number;
  indexAt(x: number): number;
  valueAt(y: number): number;
}

function distanceToSegment(
  [x, y]: readonly [number, number],
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
): { distance: number; along: number } {
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  const projected = squared === 0 ? 0 : ((x - ax) * dx + (y - ay) * dy) / squared;
  const along = Math.min(1, Math.max(0, projected));
  return { distance: Math.hypot(x - ax - along * dx, y - ay - along * dy), along };
}

/** The sample whose piece of the curve lies within `reach` pixels of a point; null where none does. */
export function sampleNear(
  values: ArrayLike<number>,
  scale: Scale,
  x: number,
  y: number,
  reach: number,
): number | null {
  const last = scale.time - 1;
  const from = Math.max(0, Math.floor(scale.indexAt(x - reach)));
  const to = Math.min(last, Math.ceil(scale.indexAt(x + reach)));
  let best: { index: number; distance: number } | null = null;
  for (let index = from; index <= Math.max(from, to - 1); index += 1) {
    const next = Math.min(last, index + 1);
    const a = [scale.xOf(index), scale.yOf(values[index] ?? Number.NaN)] as const;
    const b = [scale.xOf(next), scale.yOf(values[next] ?? Number.NaN)] as const;
    const { distance, along } = distanceToSegment([x, y], a, b);
    if (distance <= reach && (best === null || distance < best.distance)) {
      best = { index: along < 0.5 ? index : next, distance };
    }
  }
  return best?.index ?? null;
}

/** The whole samples between two positions of the brush, in any order: `[start, stop)`. */
export function brushed(from: number, to: number, time: number): { start: number; stop: number } {
  const clamp = (index: number) => Math.min(time - 1, Math.max(0, Math.round(index)));
  return { start: clamp(Math.min(from, to)), stop: clamp(Math.max(from, to)) + 1 };
}

/** The nearest sample whose value is known exactly, where that is one of `stride`. */
export function snapped(index: number, stride: number, time: number): number {
  return Math.min(Math.floor((time - 1) / stride), Math.round(index / stride)) * stride;
}
