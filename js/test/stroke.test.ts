import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BRUSHES, brushCommand, samples } from "../src/edit/brushes";
import { displacedWithin, drawn, slid } from "../src/edit/kernel";
import { LimitedDrag, Slide } from "../src/edit/shaping";
import { strokeOn } from "../src/edit/stroke";
import type { Change, Piece } from "../src/protocol";

const value = fc.integer({ min: -500, max: 500 }).map((whole) => whole / 100);
const curve = fc.array(value, { minLength: 2, maxLength: 120 });
const radius = fc.integer({ min: 1, max: 60 });

function host() {
  const drafts: Piece[][] = [];
  const sent: Piece[] = [];
  const released: number[] = [];
  const taken: string[] = [];
  const pieces = (changes: readonly Change[]) => changes as readonly Piece[];
  const changes = {
    newGesture: () => 7,
    draft: (_: number, drafted: readonly Change[]) => drafts.push([...pieces(drafted)]),
    sendChanges: (_: number, given: readonly Change[]) => sent.push(...pieces(given)),
    release: (gesture: number) => released.push(gesture),
    takeBack: () => taken.push("back"),
  };
  return { changes, drafts, sent, released, taken };
}

/** What the kernel makes of edits, one after the other. */
function applied(base: readonly number[], edits: readonly Piece[]): number[] {
  const values = [...base];
  for (const { start, values: given } of edits) values.splice(start, given.length, ...given);
  return values;
}

function ground(values: readonly number[], frozen: (index: number) => boolean = () => false) {
  const known = { first: 0, last: values.length - 1 };
  return { values, channel: null, known, isFree: (index: number) => !frozen(index) };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a line of the pen", () => {
  test("sets every sample on its way, exactly at both ends and between them elsewhere", () => {
    const place = fc.record({ index: fc.nat(500), value });
    fc.assert(
      fc.property(place, place, (from, to) => {
        const { start, values } = drawn(from, to);
        expect(start).toBe(Math.min(from.index, to.index));
        expect(values).toHaveLength(Math.abs(to.index - from.index) + 1);
        expect(values[to.index - start]).toBe(to.value);
        if (from.index !== to.index) expect(values[from.index - start]).toBe(from.value);
        for (const one of values) {
          expect(one).toBeGreaterThanOrEqual(Math.min(from.value, to.value) - 1e-9);
          expect(one).toBeLessThanOrEqual(Math.max(from.value, to.value) + 1e-9);
        }
      }),
    );
  });
});

describe("a slide", () => {
  const slide = fc.record({ values: curve, at: fc.nat(), to: fc.nat(), reach: radius });

  test("keeps the level of its sample, invents no values, and touches nothing beyond its reach", () => {
    fc.assert(
      fc.property(slide, ({ values, at, to, reach }) => {
        const [index, goal] = [at % values.length, to % values.length];
        const shape = slid(values, index, goal - index, reach);
        expect(shape.values[goal - shape.start]).toBeCloseTo(values[index] ?? 0, 6);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        for (const one of shape.values) {
          expect(one).toBeGreaterThanOrEqual(low - 1e-6);
          expect(one).toBeLessThanOrEqual(high + 1e-6);
        }
        expect(shape.start).toBeGreaterThanOrEqual(0);
        expect(shape.start + shape.values.length).toBeLessThanOrEqual(values.length);
        const after = applied(values, [{ ...shape, channel: null }]);
        const wide = Math.max(reach, Math.ceil(1.75 * Math.abs(goal - index)));
        after.forEach((one, place) => {
          if (Math.abs(place - goal) >= wide) expect(one).toBe(values[place]);
        });
      }),
    );
  });

  test("never runs time backwards: what rises still rises", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.nat(),
        fc.nat(),
        radius,
        (time, at, to, reach) => {
          const rising = Array.from({ length: time }, (_, index) => index);
          const index = at % time;
          const { values } = slid(rising, index, (to % time) - index, reach);
          values.forEach((one, place) => {
            if (place > 0) expect(one).toBeGreaterThanOrEqual((values[place - 1] ?? 0) - 1e-9);
          });
        },
      ),
    );
  });

  test("of no way changes nothing", () => {
    fc.assert(
      fc.property(curve, fc.nat(), radius, (values, at, reach) => {
        const shape = slid(values, at % values.length, 0, reach);
        expect(applied(values, [{ ...shape, channel: null }])).toEqual(values);
      }),
    );
  });
});

describe("a displacement within limits", () => {
  test("pushes no sample past them that was within, and leaves those outside no farther out", () => {
    const case_ = fc.record({
      values: curve,
      at: fc.nat(),
      goal: value,
      reach: radius,
      low: value,
    });
    fc.assert(
      fc.property(case_, ({ values, at, goal, reach, low }) => {
        const index = at % values.length;
        const [least, most] = [values.map(() => low), values.map(() => low + 1)];
        const shape = displacedWithin(values, index, goal, reach, least, most);
        shape.values.forEach((one, offset) => {
          const was = values[shape.start + offset] ?? 0;
          expect(one).toBeGreaterThanOrEqual(Math.min(low, was) - 1e-9);
          expect(one).toBeLessThanOrEqual(Math.max(low + 1, was) + 1e-9);
        });
      }),
    );
  });
});

describe("a stroke", () => {
  const marks = fc.array(
    fc.record({ start: fc.nat(110), values: fc.array(value, { minLength: 1, maxLength: 30 }) }),
    { minLength: 1, maxLength: 20 },
  );

  test("sends what it shows, in however many parts, and never a frozen sample", () => {
    const base = Array.from({ length: 120 }, (_, index) => index / 100);
    const isFrozen = (index: number) => index >= 40 && index < 50;
    fc.assert(
      fc.property(marks, fc.array(fc.boolean()), (given, pauses) => {
        const { changes, sent, released } = host();
        const stroke = strokeOn(changes, ground(base, isFrozen));
        given.forEach((shape, at) => {
          stroke.add(shape);
          if (pauses[at]) vi.advanceTimersByTime(50);
        });
        const shown = applied(
          base,
          stroke.previews.map(({ change }) => change as Piece),
        );
        stroke.release();
        const touched = sent.flatMap(({ start, values }) => values.map((_, at) => start + at));
        expect(touched.some(isFrozen)).toBe(false);
        expect(applied(base, sent)).toEqual(shown);
        expect(released).toEqual(stroke.isUntouched ? [] : [7]);
      }),
    );
  });

  test("that is escaped from leaves everything as it was found", () => {
    const base = Array.from({ length: 120 }, (_, index) => index / 100);
    fc.assert(
      fc.property(marks, (given) => {
        const { changes, sent } = host();
        const stroke = strokeOn(changes, ground(base));
        for (const shape of given) {
          stroke.add(shape);
          vi.advanceTimersByTime(20);
        }
        stroke.cancel();
        expect(applied(base, sent)).toEqual(base);
      }),
    );
  });

  test("over samples the page does not have is taken back by the kernel, which does", () => {
    const { changes, sent, taken } = host();
    const base = new Array<number>(120).fill(0.5);
    const stroke = strokeOn(changes, { ...ground(base), known: { first: 0, last: -1 } });
    stroke.add({ start: 30, values: [1, 2] });
    stroke.cancel();
    expect(sent).toEqual([{ start: 30, values: [1, 2], channel: null }]);
    expect(taken).toEqual(["back"]);
  });

  test("is sent at most 30 times a second, only what is new", () => {
    const { changes, sent } = host();
    const stroke = strokeOn(changes, ground(new Array<number>(5000).fill(0)));
    for (let index = 0; index < 1000; index += 1) {
      stroke.add({ start: index, values: [1] });
      vi.advanceTimersByTime(1);
    }
    stroke.release();
    expect(sent.length).toBeLessThanOrEqual(32);
    expect(sent.flatMap(({ values }) => values)).toHaveLength(1000);
  });

  test("across 100,000 samples is sent in messages that the kernel takes", () => {
    const { changes, sent } = host();
    const stroke = strokeOn(changes, ground(new Array<number>(100_000).fill(0)));
    stroke.add({ start: 0, values: new Array<number>(100_000).fill(0.1234567890123) });
    stroke.release();
    expect(sent.flatMap(({ values }) => values)).toHaveLength(100_000);
    for (const { values } of sent) expect(values.length).toBeLessThan(50_000);
    expect(sent[0]?.values[0]).toBe(0.1234568);
  });
});

describe("gestures that shape the curve", () => {
  const grip = { index: 20, channel: null, from: 0.2, radius: 6, time: 60 };
  const base = Array.from({ length: 60 }, (_, index) => index / 100);

  test("a slide back to where it began leaves the curve as it was", () => {
    const { changes, sent } = host();
    const slide = new Slide(changes, grip, ground(base));
    for (const index of [24, 31, 12, 20]) {
      slide.moveTo(index, 3);
      vi.advanceTimersByTime(50);
    }
    slide.release();
    expect(applied(base, sent)).toEqual(base);
    expect([slide.index, slide.value]).toEqual([20, 0.2]);
  });

  test("a slide sets nothing beyond the samples that are known", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 40 }), fc.nat(59), radius, (index, to, reach) => {
        const { changes, sent } = host();
        const known = { first: 10, last: 40 };
        const held = { ...grip, index, from: base[index] ?? 0, radius: reach };
        const slide = new Slide(changes, held, { ...ground(base), known });
        slide.moveTo(to, 0);
        slide.release();
        const after = applied(base, sent);
        after.forEach((one, at) => {
          if (at < 10 || at > 40) expect(one).toBe(base[at]);
        });
        expect(after[slide.index]).toBeCloseTo(base[index] ?? 0, 6);
      }),
    );
  });

  test("a drag within limits stops at them, and goes on with another reach", () => {
    const { changes, sent } = host();
    const limits = { low: base.map(() => -0.1), high: base.map(() => 0.5) };
    const drag = new LimitedDrag(changes, grip, ground(base), limits);
    drag.moveTo(20, 9);
    expect(drag.value).toBe(0.5);
    drag.reach(3);
    vi.advanceTimersByTime(50);
    drag.release();
    const after = applied(base, sent);
    expect(after[20]).toBe(0.5);
    expect(after.filter((one, index) => one !== base[index])).toHaveLength(5);
  });
});

describe("a brush", () => {
  test("names its stretch, its channel and its amount where it takes one", () => {
    const stretch = { start: 3, stop: 9, channel: 1 };
    for (const { type } of BRUSHES) {
      const command = brushCommand(type, 2, stretch);
      const amount = type === "scale" ? { factor: 2 } : type === "shift" ? { by: 2 } : {};
      expect(command).toEqual({ type, ...stretch, ...amount });
    }
    expect([samples({ start: 3, stop: 4 }), samples(stretch)]).toEqual([
      "Sample 3",
      "Samples 3 to 8",
    ]);
  });
});
