/** What a chart is painted with: lines, bands, hatching. */

import type { Pen } from "./canvas";
import type { Scale } from "./geometry";

type Path = Pick<Path2D, "moveTo" | "lineTo">;
type Positions = Pick<Scale, "xOf" | "yOf">;

/** Beyond so many samples in a pixel a line is drawn as the range of each pixel: no spike is lost. */
const DENSE = 2;

/** A gap in the values lifts the pen. */
export function trace(
  path: Path,
  values: ArrayLike<number>,
  scale: Positions,
  from = 0,
  to = values.length,
): void {
  let isDown = false;
  for (let index = from; index < to; index += 1) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      isDown = false;
      continue;
    }
    if (isDown) path.lineTo(scale.xOf(index), scale.yOf(value));
    else path.moveTo(scale.xOf(index), scale.yOf(value));
    isDown = true;
  }
}

/**
 * Visits each pixel from 0 to `width` with the least and the greatest value there. The last one of the pixel before
 * counts as well: what a line connects, is connected. Pixels without values are left out.
 */
export function columns(
  values: ArrayLike<number>,
  scale: Scale,
  width: number,
  visit: (x: number, low: number, high: number) => void,
): void {
  let from = Math.max(0, Math.ceil(scale.indexAt(-0.5)));
  let last = Number.NaN;
  for (let x = 0; x <= width; x += 1) {
    const to = Math.min(values.length, Math.ceil(scale.indexAt(x + 0.5)));
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (; from < to; from += 1) {
      const value = values[from] ?? Number.NaN;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) {
      last = Number.NaN;
      continue;
    }
    visit(x, last < low ? last : low, last > high ? last : high);
    last = values[from - 1] ?? Number.NaN;
  }
}

/** As `trace`, with the smallest and the largest value of each pixel from 0 to `width`. */
export function traceDense(
  path: Path,
  values: ArrayLike<number>,
  scale: Scale,
  width: number,
): void {
  let before = Number.NaN;
  columns(values, scale, width, (x, low, high) => {
    if (x === before + 1) path.lineTo(x, scale.yOf(low));
    else path.moveTo(x, scale.yOf(low));
    path.lineTo(x, scale.yOf(high));
    before = x;
  });
}

/** The samples that are seen, and the one to each side. */
function seen(values: ArrayLike<number>, scale: Scale, width: number) {
  const first = Math.max(0, Math.floor(scale.indexAt(0)));
  const last = Math.min(values.length - 1, Math.ceil(scale.indexAt(width)));
  return { first, last, isDense: last - first > DENSE * width };
}

/** A line of samples, as finely as can be seen. */
export function traceVisible(
  path: Path,
  values: ArrayLike<number>,
  scale: Scale,
  width: number,
): void {
  const { first, last, isDense } = seen(values, scale, width);
  if (isDense) traceDense(path, values, scale, Math.ceil(width));
  else trace(path, values, scale, first, last + 1);
}

/** Around a line: where hairlines make it thicker. Where there is no GPU, four take a fifth of the time of a stroke. */
const AROUND = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

/** Paints a line of samples so thick. Where a pixel holds several, it is filled: a stroke would take ten times as long. */
export function paintLine(
  { context, width, ratio }: Pen,
  values: ArrayLike<number>,
  scale: Scale,
  colour: string,
  thickness: number,
): void {
  context.fillStyle = context.strokeStyle = colour;
  context.lineWidth = thickness;
  context.lineJoin = "round";
  if (seen(values, scale, width).isDense) {
    columns(values, scale, Math.ceil(width), (x, low, high) => {
      const top = scale.yOf(high) - thickness / 2;
      context.fillRect(x - 1, top, 2, scale.yOf(low) + thickness / 2 - top);
    });
    return;
  }
  const line = new Path2D();
  traceVisible(line, values, scale, width);
  const reach = (thickness - 1 / ratio) / 2;
  if (reach <= 0 || reach * ratio > 0.75) {
    context.stroke(line);
    return;
  }
  context.lineWidth = 1 / ratio;
  for (const [x, y] of AROUND) {
    context.save();
    context.translate(x * reach, y * reach);
    context.stroke(line);
    context.restore();
  }
}

/** Fills what lies between two lines, stretch by stretch where there are gaps. */
export function fillBand(
  { context, colours }: Pen,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  scale: Positions,
): void {
  const isThere = (index: number) =>
    Number.isFinite(low[index] ?? Number.NaN) && Number.isFinite(high[index] ?? Number.NaN);
  context.beginPath();
  for (let from = 0; from < low.length; from += 1) {
    if (!isThere(from)) continue;
    let to = from;
    context.moveTo(scale.xOf(from), scale.yOf(high[from] as number));
    while (isThere(to + 1)) {
      to += 1;
      context.lineTo(scale.xOf(to), scale.yOf(high[to] as number));
    }
    for (let back = to; back >= from; back -= 1) {
      context.lineTo(scale.xOf(back), scale.yOf(low[back] as number));
    }
    context.closePath();
    from = to;
  }
  context.fillStyle = colours.band;
  context.fill();
}

/** Between two lines of the hatching that says "frozen". */
const SPACING = 8;

export function fillHatch({ context, height, colours }: Pen, left: number, right: number): void {
  if (right <= left) return;
  context.save();
  context.beginPath();
  context.rect(left, 0, right - left, height);
  context.clip();
  context.fillStyle = colours.frozen;
  context.fillRect(left, 0, right - left, height);
  context.strokeStyle = colours.hatch;
  context.lineWidth = 1;
  context.beginPath();
  // Lines keep their place on the page while a band grows: it is uncovered, not moved.
  const first = Math.floor((left - height) / SPACING) * SPACING;
  for (let x = first; x < right; x += SPACING) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
  context.restore();
}
