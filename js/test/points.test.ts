import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { closest, misfit, Points, pointCount, significant, type Window } from "../src/edit/points";

const curve = fc.array(fc.float({ noNaN: true, min: -5, max: 5 }), {
  minLength: 1,
  maxLength: 300,
});
const count = fc.integer({ min: 1, max: 24 });
const NEVER = () => false;

function whole({ length }: ArrayLike<number>): Window {
  return { first: 0, last: length - 1 };
}

/** A wave with noise on it: as a dream is from frame to frame. */
function wave(noise: number, shift = 0): Float32Array {
  let seed = 7 + Math.round(1000 * shift);
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  return Float32Array.from(
    { length: 500 },
    (_, at) => Math.sin((at + shift) / 30) + noise * random(),
  );
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("control points", () => {
  test("are few, in order, apart, and within what is seen", () => {
    fc.assert(
      fc.property(curve, count, fc.nat(), fc.nat(), (values, most, a, b) => {
        const ends = [a % values.length, b % values.length].sort((one, other) => one - other);
        const view = { first: ends[0] ?? 0, last: ends[1] ?? 0 };
        const points = significant(values, view, most);
        const apart = closest(view, most);
        expect(points.length).toBeGreaterThan(0);
        expect(points.length).toBeLessThanOrEqual(most);
        points.forEach((index, at) => {
          expect(index).toBeGreaterThanOrEqual(view.first);
          expect(index).toBeLessThanOrEqual(view.last);
          if (at > 0) expect(index - (points[at - 1] ?? 0)).toBeGreaterThanOrEqual(apart);
        });
      }),
    );
  });

  test("follow the curve no worse than as many that are evenly spread", () => {
    const values = Float32Array.from({ length: 500 }, (_, at) =>
      at < 350 ? 0.02 * Math.sin(at / 9) : Math.sin(at / 12),
    );
    const even = Array.from({ length: 13 }, (_, at) => Math.floor(((at + 0.5) * 500) / 13));
    const points = significant(values, whole(values), 13);
    expect(misfit(values, whole(values), points)).toBeLessThan(
      0.5 * misfit(values, whole(values), even),
    );
    // Peaks and troughs of sin(t / 12) after sample 350.
    for (const peak of [358, 396, 433, 471]) {
      expect(Math.min(...points.map((index) => Math.abs(index - peak)))).toBeLessThan(4);
    }
  });

  test("find a spike one sample wide", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 998 }), (spike) => {
        const values = Float32Array.from({ length: 1000 }, (_, at) => (at === spike ? 3 : 0));
        expect(significant(values, whole(values), 9)).toContain(spike);
      }),
    );
  });

  test("are spread over a straight line and over nothing that can be measured", () => {
    for (const values of [new Float32Array(500), new Float32Array(500).fill(Number.NaN)]) {
      const points = significant(values, whole(values), 8);
      if (Number.isFinite(values[0])) expect(points).toHaveLength(8);
      for (const index of points) expect(index).toBeGreaterThanOrEqual(0);
    }
    expect(significant([1, 2], whole([1, 2]), 8)).toEqual([0, 1]);
  });

  test("are as many as there is room for", () => {
    expect([200, 420, 1000, 5000].map(pointCount)).toEqual([5, 10, 23, 24]);
  });
});

describe("from frame to frame", () => {
  test("they stay where they are while the dream trembles, and follow when it has gone elsewhere", () => {
    const points = new Points();
    const view = whole(wave(0));
    const first = points.follow(wave(0.05), view, 13, null, NEVER);
    for (let frame = 1; frame < 100; frame += 1) {
      vi.advanceTimersByTime(33);
      expect(points.follow(wave(0.05, frame / 1000), view, 13, null, NEVER)).toEqual(first);
    }
    vi.advanceTimersByTime(2000);
    const later = points.follow(wave(0.05, 50), view, 13, null, NEVER);
    expect(later).not.toEqual(first);
    expect(misfit(wave(0, 50), view, later)).toBeLessThan(misfit(wave(0, 50), view, first));
  });

  test("at rest every step has its own, whatever came before: two views agree", () => {
    const [one, other] = [new Points(), new Points()];
    const view = whole(wave(0));
    one.follow(wave(0), view, 13, null, NEVER);
    vi.advanceTimersByTime(5000);
    one.follow(wave(0, 20), view, 13, null, NEVER);
    expect(one.follow(wave(0, 22), view, 13, 9, NEVER)).toEqual(
      other.follow(wave(0, 22), view, 13, 9, NEVER),
    );
  });

  test("what a hand is about to take stays, whatever the curve does", () => {
    const points = new Points();
    const view = whole(wave(0));
    const [held = 0] = points.follow(wave(0), view, 13, 7, NEVER).slice(4);
    for (let shift = 10; shift < 60; shift += 10) {
      expect(points.follow(wave(0, shift), view, 13, 7, (index) => index === held)).toContain(held);
    }
  });

  test("what a person has added stays, what one has removed does not come back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 499 }),
        fc.integer({ min: 0, max: 60 }),
        (at, shift) => {
          const points = new Points();
          const view = whole(wave(0));
          points.follow(wave(0), view, 13, 7, NEVER);
          points.add(at);
          expect(points.follow(wave(0, shift), view, 13, 7, NEVER)).toContain(at);
          points.remove(at);
          expect(points.follow(wave(0, shift), view, 13, 7, NEVER)).not.toContain(at);
          expect(points.follow(wave(0), view, 14, 7, NEVER)).not.toContain(at);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("one goes along with the sample that is slid", () => {
    const points = new Points();
    const view = whole(wave(0));
    const [from = 0] = points.follow(wave(0), view, 13, 7, NEVER).slice(3);
    points.move(from, from + 6);
    expect(points.all(view)).toContain(from + 6);
    expect(points.all(view)).not.toContain(from);
  });
});
