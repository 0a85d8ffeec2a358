import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultRadius, displace, raisedCosine } from "../src/edit/kernel";
import type { Frozen, Move, Sequence } from "../src/protocol";

const radius = fc.integer({ min: 1, max: 200 });
const distance = fc.integer({ min: -300, max: 300 });

function flat(time: number, channels = 1): Sequence {
  return { channels, time, values: new Float32Array(time * channels) };
}

function moved(move: Partial<Move>, frozen: Frozen[] = [], sequence = flat(9)): number[] {
  displace(sequence, { index: 4, value: 1, radius: 3, channel: null, ...move }, frozen);
  return [...sequence.values];
}

describe("the raised cosine", () => {
  test("is symmetric, lies between 0 and 1, is 1 in the middle and 0 from the radius on", () => {
    fc.assert(
      fc.property(distance, radius, (d, r) => {
        const value = raisedCosine(d, r);
        expect(value).toBe(raisedCosine(-d, r));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(raisedCosine(0, r)).toBe(1);
        expect(raisedCosine(r, r)).toBe(0);
        expect(raisedCosine(-r, r)).toBe(0);
      }),
    );
  });
});

describe("a move", () => {
  test("puts the sample exactly where it is dragged, and its neighbours on the way", () => {
    const values = moved({});
    expect(values[4]).toBe(1);
    expect(values[3]).toBeCloseTo(0.75);
    expect(values[2]).toBeCloseTo(0.25);
    expect(values[1]).toBe(0);
  });

  test("of radius 1 moves a single sample", () => {
    expect(moved({ radius: 1 })).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  test("never moves frozen samples", () => {
    const values = moved({}, [{ start: 5, stop: 7, channel: null, dream: 0 }]);
    expect(values.slice(5, 7)).toEqual([0, 0]);
    expect(values[3]).toBeCloseTo(0.75);
  });

  test("stays in its channel, and heeds what is frozen there only", () => {
    const frozen = [{ start: 0, stop: 9, channel: 0, dream: 0 }];
    const values = moved({ channel: 1 }, frozen, flat(9, 2));
    expect(values.slice(0, 9)).toEqual(new Array(9).fill(0));
    expect(values[13]).toBe(1);
  });

  test("ends at the ends of the sequence", () => {
    expect(moved({ index: 0, radius: 100 }, [], flat(2))[0]).toBe(1);
    expect(moved({ index: 7, radius: 3 }, [], flat(2))).toEqual([0, 0]);
  });

  test("starts with a twentieth of the sequence, and with one sample at least", () => {
    expect([2, 30, 500].map(defaultRadius)).toEqual([1, 2, 25]);
  });
});
