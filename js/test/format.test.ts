import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { figure, setting, share, whole } from "../src/format";
import { filled, positionOf, valueAt } from "../src/panels/scale";
import type { Parameter } from "../src/protocol";

describe("numbers", () => {
  test.each([
    [0, "0"],
    [0.8712, "0.87"],
    [0.0342, "0.034"],
    [-2.5, "\u22122.50"],
    [31.47, "31.5"],
    [1234, "1234"],
    [0.00004, "4.0e\u22125"],
    [Number.NaN, "–"],
  ])("%d is written as a person reads it", (value, text) => {
    expect(figure(value).replace("e-", "e\u2212")).toBe(text);
  });

  test("a probability below one is never shown as one", () => {
    expect([0.934, 0.9999, 1, Number.NaN].map(share)).toEqual(["0.93", ">0.99", "1.00", "–"]);
  });

  test("units stand behind the number, thousands apart", () => {
    expect(setting(0.3, "Hz")).toBe("0.3 Hz");
    expect(whole(1234567)).toBe("1\u2009234\u2009567");
  });
});

describe("a slider", () => {
  const parameter = (change: Partial<Parameter>): Parameter => ({
    name: "weight",
    label: "weight",
    value: 0.02,
    low: 1e-4,
    high: 10,
    scale: "log",
    integer: false,
    unit: "",
    ...change,
  });

  test("stands where its value is, to three digits, on either scale", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<"log" | "linear">("log", "linear"),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (scale, part) => {
          const one = parameter({ scale });
          const value = one.low * (one.high / one.low) ** part;
          const back = valueAt(one, positionOf(one, value));
          expect(Math.abs(back - value) / value).toBeLessThan(0.006);
          expect(filled(one, value)).toBeGreaterThanOrEqual(0);
          expect(filled(one, value)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test("never leaves its bounds", () => {
    expect(valueAt(parameter({}), 99)).toBe(10);
    expect(valueAt(parameter({}), -99)).toBe(1e-4);
    expect(positionOf(parameter({}), 0)).toBe(-4);
  });

  test("counts in whole numbers where the parameter does", () => {
    expect(valueAt(parameter({ scale: "linear", low: 1, high: 50, integer: true }), 7.6)).toBe(8);
  });

  test("is linear where a logarithm makes no sense", () => {
    expect(positionOf(parameter({ low: 0, high: 1 }), 0.5)).toBe(0.5);
  });
});
