import fc from "fast-check";
import { expect, test } from "vitest";
import type { Scale } from "../src/chart/geometry";
import { columns, trace, traceDense, traceVisible } from "../src/chart/layers";
import { Linear } from "../src/chart/scale";

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

/** All of a sequence across a width; a value is its own height. */
function across(time: number, width: number): Scale {
  const x = new Linear({ low: 0, high: Math.max(1, time - 1) }, 0, width);
  return {
    time,
    xOf: (index) => x.of(index),
    yOf: (value) => value,
    indexAt: (at) => x.at(at),
    valueAt: (y) => y,
  };
}

test("a curve goes through every sample and lifts the pen at a gap", () => {
  const pen = new Pen();
  trace(pen, [1, 2, Number.NaN, 4, 5], across(5, 4));
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
      traceDense(pen, values, across(length, width), width);
      expect(Math.max(...pen.heights)).toBe(9);
    }),
  );
});

test("what is drawn of a long curve is bounded by the width, not by the length", () => {
  const pen = new Pen();
  traceVisible(pen, new Float32Array(100_000), across(100_000, 640), 640);
  expect(pen.heights.length).toBe(2 * 641);
});

test("the columns of a long curve hang together, as its line does", () => {
  const curve = fc.array(fc.float({ noNaN: true, min: -9, max: 9 }), {
    minLength: 50,
    maxLength: 400,
  });
  fc.assert(
    fc.property(curve, fc.integer({ min: 1, max: 20 }), (values, width) => {
      const found: [number, number, number][] = [];
      columns(values, across(values.length, width), width, (...column) => found.push(column));
      expect(found.map(([x]) => x)).toEqual(found.map((_, at) => at));
      for (const [x, low, high] of found.slice(1)) {
        const [, before, above] = found[x - 1] ?? [0, Number.NaN, Number.NaN];
        expect(low <= above && high >= before).toBe(true);
      }
    }),
  );
});
