import fc from "fast-check";
import { expect, test } from "vitest";
import { trace, traceDense } from "../src/chart/curve";
import type { Scale } from "../src/chart/geometry";

class Pen {
  readonly strokes: [number, number][][] = [];

  moveTo(x: number, y: number): void {
    this.strokes.push([[x, y]]);
  }

  lineTo(x: number, y: number): void {
    this.strokes.at(-1)?.push([x, y]);
  }

  get heights(): number[] {
    return this.strokes.flat().map(([, y]) => y);
  }
}

const plain = (time: number): Scale => ({
  time,
  xOf: (index) => index,
  yOf: (value) => value,
  indexAt: (x) => x,
  valueAt: (y) => y,
});

test("a curve goes through every sample and lifts the pen at a gap", () => {
  const pen = new Pen();
  trace(pen, [1, 2, Number.NaN, 4, 5], plain(5));
  expect(pen.strokes).toEqual([
    [
      [0, 1],
      [1, 2],
    ],
    [
      [3, 4],
      [4, 5],
    ],
  ]);
});

test("a spike one sample wide is never lost, however many samples share a pixel", () => {
  const length = fc.integer({ min: 1, max: 3000 });
  const spike = fc.record({ length, at: fc.nat(), width: fc.integer({ min: 1, max: 300 }) });
  fc.assert(
    fc.property(spike, ({ length, at, width }) => {
      const values = new Float32Array(length);
      values[at % length] = 9;
      const pen = new Pen();
      traceDense(pen, values, plain(length), width);
      expect(Math.max(...pen.heights)).toBe(9);
    }),
  );
});

test("what is drawn of a long curve is bounded by the width, not by the length", () => {
  const pen = new Pen();
  traceDense(pen, new Float32Array(100_000), plain(100_000), 640);
  expect(pen.heights.length).toBe(1280);
});
