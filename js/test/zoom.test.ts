import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Block } from "../src/arrays";
import { Units } from "../src/chart/units";
import { everything, panned, revealing, within, zoomed } from "../src/chart/zoom";
import type { BrowserMessage } from "../src/protocol";
import { showing as showingOf } from "../src/showing";
import { fill, Known, strideOf, type Window } from "../src/windows";

const time = fc.integer({ min: 1, max: 100_000 });
const part = fc.double({ min: 0, max: 1, noNaN: true });

/** A sequence and a part of it that is seen. */
const seen = fc.tuple(time, part, part).map(([samples, a, b]) => {
  const last = samples - 1;
  return {
    samples,
    range: within({ low: Math.min(a, b) * last, high: Math.max(a, b) * last }, samples),
  };
});

describe("what is seen", () => {
  test("never leaves the sequence, however one zooms and pans", () => {
    const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(seen, part, factor, ({ samples, range }, at, by) => {
        const all = everything(samples);
        const place = range.low + at * (range.high - range.low);
        const moved = (at - 0.5) * samples;
        for (const next of [zoomed(range, place, by, samples), panned(range, moved, samples)]) {
          expect(next.low).toBeGreaterThanOrEqual(all.low - 1e-6);
          expect(next.high).toBeLessThanOrEqual(all.high + 1e-6);
          expect(next.low).toBeLessThan(next.high);
        }
      }),
    );
  });

  test("keeps its place under the pointer while one zooms in", () => {
    fc.assert(
      fc.property(seen, part, ({ samples, range }, at) => {
        fc.pre(range.high - range.low > 32);
        const place = range.low + at * (range.high - range.low);
        const next = zoomed(range, place, 0.5, samples);
        expect((place - next.low) / (next.high - next.low)).toBeCloseTo(at, 6);
      }),
    );
  });

  test("goes no farther than it takes to a sample that is out of sight", () => {
    expect(revealing({ low: 10, high: 20 }, 25, 100)).toEqual({ low: 15, high: 25 });
    expect(revealing({ low: 10, high: 20 }, 15, 100)).toEqual({ low: 10, high: 20 });
  });
});

/** As the kernel makes them; `seqdream_widget/windows.py`. */
function columnsOf(values: Float32Array, { start, stop, stride }: Window): Float32Array {
  if (stride === 1) return values.slice(start, stop);
  const count = Math.ceil((stop - start) / stride);
  const columns = new Float32Array(3 * count);
  for (let column = 0; column < count; column += 1) {
    const begin = start + column * stride;
    const held = values.slice(begin, Math.min(begin + stride, stop));
    columns[column] = held[0] ?? 0;
    columns[count + column] = Math.min(...held);
    columns[2 * count + column] = Math.max(...held);
  }
  return columns;
}

function windowOf(start: number, stop: number, width: number, samples: number): Window {
  const stride = strideOf(stop - start, width);
  return {
    view: 1,
    start: Math.floor(start / stride) * stride,
    stop: Math.min(samples, Math.ceil(stop / stride) * stride),
    stride,
  };
}

const looked = fc
  .tuple(fc.integer({ min: 2, max: 5000 }), part, part, fc.integer({ min: 1, max: 900 }))
  .map(([samples, a, b, width]) => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)].map((at) => Math.floor(at * samples));
    const start = Math.min(from ?? 0, samples - 1);
    const stop = Math.min(samples, Math.max(start + 1, to ?? 0));
    return { samples, window: windowOf(start, stop, width, samples) };
  });

describe("columns of a long sequence", () => {
  test("keep a spike one sample wide in its column, and make up nothing", () => {
    fc.assert(
      fc.property(looked, fc.nat(), fc.constantFrom(9, -9), ({ samples, window }, at, height) => {
        const values = new Float32Array(samples);
        const place = window.start + (at % (window.stop - window.start));
        values[place] = height;
        const filled = new Float32Array(samples);
        fill(filled, window, columnsOf(values, window));
        const column = Math.floor((place - window.start) / window.stride);
        const begin = window.start + column * window.stride;
        const end = Math.min(begin + window.stride, window.stop);
        expect([...filled.slice(begin, end)]).toContain(height);
        filled.fill(0, begin, end);
        expect(filled.every((value) => value === 0)).toBe(true);
      }),
    );
  });

  test("give back every sample where a column holds one or two, and the first of each always", () => {
    fc.assert(
      fc.property(looked, ({ samples, window }) => {
        const values = Float32Array.from({ length: samples }, (_, at) => Math.sin(at * at));
        const filled = new Float32Array(samples);
        fill(filled, window, columnsOf(values, window));
        const step = window.stride <= 2 ? 1 : window.stride;
        for (let at = window.start; at < window.stop; at += step) {
          expect(filled[at]).toBe(values[at]);
        }
      }),
    );
  });

  function told(kind: string, windows: readonly Window[], samples: number, values: Float32Array) {
    const blocks = windows.map((window) => {
      const columns = columnsOf(values, window);
      const rows = window.stride === 1 ? 1 : 3;
      const shape = [1, rows, columns.length / rows];
      const block: Block = { dtype: "float32", shape, values: columns };
      return [`sequence@${window.view}`, block] as const;
    });
    return [{ kind, time: samples, windows }, new Map<string, Block>(blocks)] as const;
  }

  test("of two views are both right on one page: the narrow ones lie over the wide ones", () => {
    const samples = 20_000;
    const values = Float32Array.from({ length: samples }, (_, at) => Math.cos(at * at));
    const wide = windowOf(0, samples, 500, samples);
    const narrow = { ...windowOf(3000, 3400, 800, samples), view: 2 };
    const known = new Known();
    const sequence = known
      .assembled(...told("frame", [narrow, wide], samples, values))
      .get("sequence");
    expect(sequence?.shape).toEqual([1, samples]);
    expect(sequence?.values.slice(3000, 3400)).toEqual(values.slice(3000, 3400));
    expect(sequence?.values[wide.stride]).toBe(values[wide.stride]);
  });

  test("that are not what they say are refused", () => {
    const [message, blocks] = told(
      "frame",
      [windowOf(0, 5000, 500, 5000)],
      5000,
      new Float32Array(5000),
    );
    const broken = { ...message, windows: [{ view: 1, start: 0, stop: 5000, stride: 4 }] };
    expect(() => new Known().assembled(broken, blocks)).toThrow("not what its window says");
  });
});

test("a view speaks of what it shows only where sequences come in windows, and again where it was forgotten", () => {
  const sent: BrowserMessage[] = [];
  const showing = showingOf((message) => void sent.push(message));
  showing.show(7, { start: 0, stop: 9000, width: 500 });
  showing.heard(null);
  expect(sent).toEqual([]);
  showing.heard([{ view: 0, start: 0, stop: 9000, stride: 8 }]);
  expect(sent).toEqual([{ kind: "view", view: 7, start: 0, stop: 9000, width: 500 }]);
  showing.heard([{ view: 7, start: 0, stop: 9000, stride: 16 }]);
  expect(sent.length).toBe(1);
  showing.leave(7);
  expect(sent.at(-1)).toEqual({ kind: "view", view: 7, start: 0, stop: 1, width: 0 });
});

test("time and values are said in the units of the data", () => {
  const units = new Units(50, ["bar"], [{ mean: 3, deviation: 0.5 }]);
  expect(units.words(25, 2, 0)).toBe("0.5 s · 4.00 bar");
  expect(new Units(null, [], []).words(25, 2, 0)).toBe("t 25 · 2.00");
});
