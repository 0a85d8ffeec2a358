import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL, cardsOf, chosen, counted, SORTS, type Sort, visible } from "../src/gallery/cards";

const card = fc.record({
  target: fc.constantFrom("normal", "abnormal"),
  verdict: fc.constantFrom("centered", "outside", "failed"),
  score: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  distance: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
});
const cards = fc.array(card).map(cardsOf);
const sort = fc.constantFrom(...(Object.keys(SORTS) as Sort[]));

describe("the cards that a choice leaves", () => {
  it("are all of a class and verdict, in order, what has no number last", () => {
    fc.assert(
      fc.property(cards, sort, fc.constantFrom(ALL, "normal"), (all, by, target) => {
        const left = chosen(all, { sort: by, target, verdict: ALL });
        expect(left.length).toBe(
          all.filter((one) => target === ALL || one.target === target).length,
        );
        expect(new Set(left.map((one) => one.dream)).size).toBe(left.length);
        const keys = left.map((one) => (by === "dream" ? one.dream : one[by]));
        const known = keys.filter((key) => key !== null);
        expect(keys.slice(0, known.length)).toEqual(known);
        const falls = by === "score" || by === "probability";
        known.slice(1).forEach((key, k) => {
          const before = known[k] ?? 0;
          expect(falls ? before >= key : before <= key).toBe(true);
        });
      }),
    );
  });

  it("are counted by class and verdict", () => {
    fc.assert(
      fc.property(cards, (all) => {
        const counts = [...counted(all, "verdict").values()];
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(all.length);
      }),
    );
  });

  it("survive whatever is sent in their place", () => {
    fc.assert(
      fc.property(fc.anything(), (given) => {
        for (const one of cardsOf(given)) expect(typeof one.target).toBe("string");
      }),
    );
  });
});

describe("what is in sight", () => {
  it("is a few rows however many dreams there are, and covers the view", () => {
    fc.assert(
      fc.property(
        fc.nat(20_000),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 900 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, width, height, share) => {
          const size = { width: 172, height: 124 };
          const rows = Math.ceil(count / Math.max(1, Math.floor(width / size.width)));
          const top = share * Math.max(0, rows * size.height - height);
          const grid = visible(count, size, { width, height, top });
          expect(grid.rows).toBe(rows);
          expect(grid.last - grid.first).toBeLessThanOrEqual(
            (height / size.height + 4) * grid.columns,
          );
          const from = Math.floor(top / size.height) * grid.columns;
          const to = Math.min(count, Math.ceil((top + height) / size.height) * grid.columns);
          if (count > 0) {
            expect(grid.first).toBeLessThanOrEqual(Math.min(from, count - 1));
            expect(grid.last).toBeGreaterThanOrEqual(to);
          }
        },
      ),
    );
  });
});
