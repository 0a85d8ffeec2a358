/** The dream and its control points, on a canvas of their own: 30 times a second only this is painted. */

import type { Scale } from "./geometry";
import type { Colours } from "./theme";

/** Beyond so many samples in a pixel the line is drawn as the range of each pixel: no spike is lost. */
const DENSE = 3;

/** Radius of a control point. */
const POINT = 5;

/** A gap in the values lifts the pen. */
export function trace(
  path: Pick<Path2D, "moveTo" | "lineTo">,
  values: ArrayLike<number>,
  scale: Scale,
): void {
  let isDown = false;
  for (let index = 0; index < values.length; index += 1) {
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

/** As `trace`, with the smallest and the largest value of each pixel. */
export function traceDense(
  path: Pick<Path2D, "moveTo" | "lineTo">,
  values: ArrayLike<number>,
  scale: Scale,
  width: number,
): void {
  let isDown = false;
  for (let x = 0; x < width; x += 1) {
    const from = Math.floor((x * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((x + 1) * values.length) / width));
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let index = from; index < to; index += 1) {
      const value = values[index] ?? Number.NaN;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) {
      isDown = false;
      continue;
    }
    if (isDown) path.lineTo(x + 0.5, scale.yOf(low));
    else path.moveTo(x + 0.5, scale.yOf(low));
    path.lineTo(x + 0.5, scale.yOf(high));
    isDown = true;
  }
}

export class Curve {
  readonly #canvas = document.createElement("canvas");
  readonly #over: HTMLElement;
  readonly #scale: Scale;

  constructor(over: HTMLElement, scale: Scale) {
    this.#over = over;
    this.#scale = scale;
    this.#canvas.className = "seqdream-curve";
    over.append(this.#canvas);
  }

  paint(values: Float32Array, points: readonly number[], colours: Colours): void {
    const { clientWidth: width, clientHeight: height } = this.#over;
    const context = this.#canvas.getContext("2d");
    if (context === null || width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio;
    const size = [Math.round(width * ratio), Math.round(height * ratio)] as const;
    if (this.#canvas.width !== size[0] || this.#canvas.height !== size[1]) {
      [this.#canvas.width, this.#canvas.height] = size;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.beginPath();
    if (values.length > DENSE * width) traceDense(context, values, this.#scale, Math.floor(width));
    else trace(context, values, this.#scale);
    context.strokeStyle = colours.dream;
    context.lineWidth = 2.25;
    context.lineJoin = "round";
    context.stroke();
    this.#paintPoints(context, values, points, colours);
  }

  #paintPoints(
    context: CanvasRenderingContext2D,
    values: Float32Array,
    points: readonly number[],
    colours: Colours,
  ): void {
    context.beginPath();
    for (const index of points) {
      const value = values[index] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const [x, y] = [this.#scale.xOf(index), this.#scale.yOf(value)];
      context.moveTo(x + POINT, y);
      context.arc(x, y, POINT, 0, 2 * Math.PI);
    }
    context.fillStyle = colours.surface;
    context.fill();
    context.lineWidth = 2;
    context.stroke();
  }
}
