import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY, merge, newest, thinned } from "../src/history";
import type { Rows } from "../src/protocol";

const someRows = fc
  .array(fc.integer({ min: 0, max: 500 }), { maxLength: 60 })
  .map((steps): Rows => {
    const ordered = [...steps].sort((a, b) => a - b);
    return {
      columns: ["score", "l2"],
      steps: Int32Array.from(ordered),
      values: Float32Array.from(ordered.flatMap((step) => [step, -step])),
    };
  });

describe("history", () => {
  test("is the same however often the same rows come", () => {
    fc.assert(
      fc.property(someRows, someRows, (first, second) => {
        const once = merge(merge(EMPTY, first), second);
        expect(merge(once, second)).toBe(once);
        expect(merge(once, first)).toBe(once);
      }),
    );
  });

  test("keeps its steps in order, each once, with its own values", () => {
    fc.assert(
      fc.property(
        fc.array(someRows, { maxLength: 5 }),
        fc.integer({ min: 4, max: 50 }),
        (all, most) => {
          const history = all.reduce((so, rows) => merge(so, rows, most), EMPTY);
          history.steps.forEach((step, at) => {
            if (at > 0) expect(step).toBeGreaterThan(history.steps[at - 1] ?? 0);
            expect(history.columns.get("score")?.[at]).toBe(step);
            expect(history.columns.get("l2")?.[at]).toBe(-step);
          });
          expect(history.steps.length).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  test("thinning keeps the first and the last step, and never more than asked for", () => {
    const steps = fc.uniqueArray(fc.nat(100_000), { minLength: 2, maxLength: 400 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 100 }), (unordered, count) => {
        const ordered = [...unordered].sort((a, b) => a - b);
        const kept = thinned(ordered, count);
        expect(kept[0]).toBe(0);
        expect(kept.at(-1)).toBe(ordered.length - 1);
        expect(kept.length).toBeLessThanOrEqual(Math.max(count, 2));
      }),
    );
  });

  test("a long run stays evenly dense, not ever sparser at its beginning", () => {
    let history = EMPTY;
    for (let step = 1; step <= 50_000; step += 10) {
      const steps = Int32Array.from({ length: 10 }, (_, row) => step + row);
      history = merge(history, { columns: ["score"], steps, values: new Float32Array(steps) }, 400);
    }
    const early = history.steps.filter((step) => step <= 25_000).length;
    expect(early).toBeGreaterThan(60);
    expect(history.steps.at(-1)).toBe(50_000);
  });

  test("a regularizer that joins later was not measured before", () => {
    const first = merge(EMPTY, {
      columns: ["score"],
      steps: Int32Array.of(1),
      values: Float32Array.of(7),
    });
    const second = merge(first, {
      columns: ["score", "l2"],
      steps: Int32Array.of(2),
      values: Float32Array.of(8, 0.5),
    });
    expect(second.columns.get("l2")).toEqual([Number.NaN, 0.5]);
    expect(newest(second, "l2")).toBe(0.5);
    expect(newest(second, "unknown")).toBeNaN();
  });
});
