import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brushed, type Scale, sampleNear } from "../src/chart/geometry";
import { extent, fitted } from "../src/chart/range";
import { Linear, marks } from "../src/chart/scale";
import { components, isDark } from "../src/chart/theme";
import { normalised } from "../src/chart/timeline";

const scale: Scale = {
  time: 100,
  xOf: (index) => 10 * index,
  yOf: (value) => 100 - 10 * value,
  indexAt: (x) => x / 10,
  valueAt: (y) => (100 - y) / 10,
};

describe("a press", () => {
  const values = Float32Array.from({ length: 100 }, (_, index) => (index === 50 ? 5 : 0));

  test("near the curve takes the sample next to it", () => {
    expect(sampleNear(values, scale, 203, 104, 8)).toBe(20);
    expect(sampleNear(values, scale, 500, 54, 8)).toBe(50);
  });

  test("far from the curve takes none", () => {
    expect(sampleNear(values, scale, 203, 130, 8)).toBeNull();
  });

  test("on a gap in the curve takes none", () => {
    expect(sampleNear(new Float32Array(100).fill(Number.NaN), scale, 200, 100, 8)).toBeNull();
  });
});

test("a brush covers whole samples inside the sequence, in whichever direction it is drawn", () => {
  fc.assert(
    fc.property(
      fc.float({ noNaN: true }),
      fc.float({ noNaN: true }),
      fc.nat(500),
      (from, to, most) => {
        const time = most + 1;
        const span = brushed(from, to, time);
        expect(span).toEqual(brushed(to, from, time));
        expect(span.start).toBeLessThan(span.stop);
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.stop).toBeLessThanOrEqual(time);
      },
    ),
  );
});

describe("the value axis", () => {
  test("always shows all data", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1 }), (spans) => {
        let range = null;
        for (const [a, b] of spans) {
          const data = { low: Math.min(a, b), high: Math.max(a, b) };
          range = fitted(data, range);
          expect(range.low).toBeLessThanOrEqual(data.low);
          expect(range.high).toBeGreaterThanOrEqual(data.high);
          expect(range.low).toBeLessThan(range.high);
        }
      }),
    );
  });

  test("stands still while the data breathes, and follows where it shrinks a lot", () => {
    const first = fitted({ low: -2, high: 2 }, null);
    expect(fitted({ low: -1.8, high: 2.05 }, first)).toBe(first);
    expect(fitted({ low: -0.5, high: 0.5 }, first).high).toBeLessThan(1);
  });

  test("overlooks what is not a number", () => {
    expect(extent([Number.NaN, 1, Number.POSITIVE_INFINITY, -3])).toEqual({ low: -3, high: 1 });
    expect(extent([Number.NaN])).toBeNull();
    expect(fitted(null, null)).toEqual({ low: -1, high: 1 });
  });
});

describe("the marks of an axis", () => {
  const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  const domain = fc
    .tuple(value, value)
    .filter(([a, b]) => Math.abs(a - b) > 1e-6 * Math.max(1, Math.abs(a), Math.abs(b)))
    .map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }));

  test("lie inside it, in order, and no two say the same", () => {
    fc.assert(
      fc.property(domain, fc.integer({ min: 40, max: 2000 }), (range, length) => {
        const found = marks(new Linear(range, 0, length), length, 60);
        for (const { at } of found) {
          expect(at).toBeGreaterThanOrEqual(-1e-6);
          expect(at).toBeLessThanOrEqual(length + 1e-6);
        }
        const positions = found.map(({ at }) => at);
        expect(positions).toEqual([...positions].sort((a, b) => a - b));
        expect(new Set(found.map(({ text }) => text)).size).toBe(found.length);
      }),
    );
  });

  test("are written with the digits that their distance needs", () => {
    const said = (low: number, high: number, isWhole = false) =>
      marks(new Linear({ low, high }, 0, 300), 300, 60, isWhole).map(({ text }) => text);
    expect(said(-1, 1)).toEqual(["\u22121.0", "\u22120.5", "0.0", "0.5", "1.0"]);
    expect(said(0, 500)).toEqual(["0", "100", "200", "300", "400", "500"]);
    expect(said(0, 3, true)).toEqual(["0", "1", "2", "3"]);
  });
});

test("a scale finds the way back from a pixel to the value", () => {
  const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(finite, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), finite, (low, span, x) => {
      const scale = new Linear({ low, high: low + span }, 0, 700);
      expect(scale.at(scale.of(low + span / 3))).toBeCloseTo(low + span / 3, 3);
      expect(Number.isFinite(scale.at(x))).toBe(true);
    }),
  );
});

test("each term of the timeline fills the same height, whatever its size", () => {
  expect(normalised([0.001, 0.002, Number.NaN])).toEqual([0.5, 1, Number.NaN]);
  expect(normalised([0, 0])).toEqual([0, 0]);
});

test("a background counts as dark or light as it looks, and not at all where it is see-through", () => {
  expect(isDark("rgb(17, 17, 17)")).toBe(true);
  expect(isDark("rgb(255, 255, 255)")).toBe(false);
  expect(isDark("color(srgb 0.1 0.1 0.1)")).toBe(true);
  expect(isDark("rgba(0, 0, 0, 0)")).toBeNull();
  expect(components("rgb(255 0 0 / 50%)")?.slice(0, 3)).toEqual([1, 0, 0]);
});
