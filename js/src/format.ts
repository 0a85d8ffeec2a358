/** Numbers as people read them. */

const MINUS = "\u2212";

/** With a minus that is as wide as a plus. */
export function signed(digits: string): string {
  return digits.startsWith("-") ? MINUS + digits.slice(1) : digits;
}

/** Three significant digits; very large and very small ones in powers of ten. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa = "", exponent = ""] = value.toExponential(1).split("e");
    return signed(`${mantissa}e${exponent.replace("+", "")}`);
  }
  return signed(
    value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : size >= 0.01 ? 3 : 4),
  );
}

/** A probability: two digits, and never a 1.00 that is none. */
export function share(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value < 1 && value > 0.995) return ">0.99";
  return value.toFixed(2);
}

/** A parameter in its own units: as few digits as tell it apart. */
export function setting(value: number, unit: string): string {
  const digits = Number.isInteger(value)
    ? value.toString()
    : Number(value.toPrecision(2)).toString();
  const words = value === 1 ? unit.replace(/s$/, "") : unit;
  return signed(words === "" ? digits : `${digits} ${words}`);
}

/** A whole number with a thin space between thousands. */
export function whole(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}
